"""The seal of a model folder: `weights.json`, which names every file with its digest, and its check.

Covered: a byte that changed, a file that is missing, a file that was added, a seal that was rewritten
(when the manifest or a pin in the store knows the digests). Not covered: someone who can change the
files while an engine is reading them.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.core.files import file_digest, write_atomic
from offline_coder.core.values import Value, canonical_json, text_digest
from offline_coder.weights.manifest import Digest, PinnedFile, SamplingDefaults
from offline_coder.weights.progress import OnProgress, Progress, silent

SEAL_NAME = "weights.json"
SIGNATURE_NAME = "model.sig"
"""A lab's signature (offline_coder.weights.model_signature). It vouches for a model and is no part of it."""
HASHING_THREADS = 4
"""hashlib frees the interpreter lock; more threads than this only queue at the disk."""


class Seal(Value):
    """What a model folder holds. `context_length` counts tokens, `files` are sorted by path.

    `origin` says where the bytes came from: "package-parts", "REPOSITORY@COMMIT" or an imported folder.
    `digest` is `digest_of(files)`; a seal that contradicts itself is not one.
    """

    name: str
    origin: str
    licence: str
    context_length: int
    sampling: SamplingDefaults
    files: tuple[PinnedFile, ...] = Field(min_length=1)
    digest: Digest

    @model_validator(mode="after")
    def agrees_with_itself(self) -> Self:
        if self.digest != digest_of(self.files):
            raise ValueError("the digest is not that of the files")
        return self


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a model folder: which file, and what it is."""

    file: str
    what: str


def digest_of(files: Iterable[PinnedFile]) -> str:
    """The digest of a whole: it depends on the files' paths and bytes, and on nothing else."""
    return text_digest(canonical_json(sorted([file.path, file.sha256] for file in files)))


def hash_folder(folder: Path, on_progress: OnProgress = silent) -> tuple[PinnedFile, ...]:
    """Every file below `folder` with digest and size, sorted by path; not hidden ones, seal, signature."""
    paths = sorted(files_below(folder))
    digests = digests_of(folder, paths, on_progress)
    return tuple(
        PinnedFile(path=path, sha256=digests[path], size=(folder / path).stat().st_size) for path in paths
    )


def files_below(folder: Path) -> set[str]:
    """Paths of the files in `folder` that an engine could read, relative to it, with forward slashes."""
    found = set()
    for path in folder.rglob("*"):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in relative.parts):
            found.add(relative.as_posix())
    return found - {SEAL_NAME, SIGNATURE_NAME}


def digests_of(folder: Path, paths: Iterable[str], on_progress: OnProgress) -> dict[str, str]:
    """sha256 of each of `paths`, several files at a time, the largest first."""
    sizes = {path: (folder / path).stat().st_size for path in paths}
    total, done = sum(sizes.values()), 0
    ordered = sorted(sizes, key=lambda path: -sizes[path])
    digests: dict[str, str] = {}
    on_progress(Progress("verify", 0, total))
    with ThreadPoolExecutor(HASHING_THREADS) as pool:
        for path, digest in zip(ordered, pool.map(lambda p: file_digest(folder / p), ordered), strict=True):
            digests[path] = digest
            done += sizes[path]
            on_progress(Progress("verify", done, total))
    return digests


def write_seal(folder: Path, seal: Seal) -> None:
    """Put the seal into `folder`."""
    write_atomic(folder / SEAL_NAME, seal.model_dump_json(indent=2) + "\n")


def read_seal(folder: Path) -> Seal | None:
    """The seal of `folder`; None when there is none, or it is not one, or it contradicts itself."""
    try:
        return Seal.model_validate_json((folder / SEAL_NAME).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        return None


def compare_files(found: Iterable[PinnedFile], expected: Iterable[PinnedFile]) -> list[Problem]:
    """What `found` has that differs from `expected`, file by file."""
    have = {file.path: file for file in found}
    want = {file.path: file for file in expected}
    problems = [Problem(path, "is missing") for path in sorted(want.keys() - have.keys())]
    problems += [Problem(path, "is not part of the model") for path in sorted(have.keys() - want.keys())]
    for path in sorted(want.keys() & have.keys()):
        if have[path] != want[path]:
            short = f"{have[path].sha256[:12]}... where {want[path].sha256[:12]}... is pinned"
            problems.append(Problem(path, f"has other bytes than it must have: sha256 {short}"))
    return problems


def glance(folder: Path, files: Iterable[PinnedFile]) -> list[Problem]:
    """What is wrong with `folder` as far as names and sizes tell, without reading the files."""
    want = {file.path: file.size for file in files}
    have = files_below(folder)
    problems = [Problem(path, "is missing") for path in sorted(want.keys() - have)]
    problems += [Problem(path, "is not part of the model") for path in sorted(have - want.keys())]
    for path in sorted(have & want.keys()):
        size = (folder / path).stat().st_size
        if size != want[path]:
            problems.append(Problem(path, f"has {size} bytes where {want[path]} are expected"))
    return problems


def inspect(folder: Path, files: Iterable[PinnedFile], on_progress: OnProgress = silent) -> list[Problem]:
    """What is wrong with `folder`: names and sizes first, then every byte; empty when all is right."""
    files = tuple(files)
    if problems := glance(folder, files):
        return problems
    digests = digests_of(folder, [file.path for file in files], on_progress)
    found = [file.model_copy(update={"sha256": digests[file.path]}) for file in files]
    return compare_files(found, files)


def refuse(name: str, folder: Path, problems: list[Problem], hint: str) -> MissingPrerequisite:
    """The error for a model that must not be loaded: names the first file that is wrong."""
    first, more = problems[0], len(problems) - 1
    also = f" (and {more} more)" if more else ""
    return MissingPrerequisite(
        f"the weights of {name} are damaged: {folder / first.file} {first.what}{also}", hint
    )
