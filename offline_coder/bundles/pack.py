"""Make a bundle: gather wheels, weights, example and texts, cut what is too large, write the checksums.

Everything happens in `.<name>.part` beside the bundle. Bundling again goes on there with what is missing
when the same is asked for; the finished folder is renamed into place, so a bundle is whole or not there.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from offline_coder import __version__
from offline_coder.bundles import install
from offline_coder.bundles.contents import (
    CONTENTS_NAME,
    Contents,
    Environment,
    carried_files,
    files_of,
    write_sums,
)
from offline_coder.bundles.cutting import cut
from offline_coder.bundles.debian import debian_packages, debian_text
from offline_coder.bundles.licences import licences
from offline_coder.bundles.target import Target, needed_glibc
from offline_coder.bundles.wheels import CHECKOUT, build_own, fetch, read_lock, wheels_of
from offline_coder.core.errors import BadInput
from offline_coder.core.files import file_digest, sync_folder, write_atomic
from offline_coder.core.values import Value
from offline_coder.weights.carrying import export_model
from offline_coder.weights.manifest import Digest
from offline_coder.weights.progress import OnProgress, silent
from offline_coder.weights.seal import SEAL_NAME, Seal
from offline_coder.weights.space import clear_when_full
from offline_coder.weights.verify import store_name

RECIPE_NAME = ".recipe.json"
INSTALLER_NAME = "install.py"
LICENCES_NAME = "LICENCES.txt"
README = """\
offline-coder {version} for Python {python} on {machine} (glibc 2.{glibc} or newer), with {models}.

Have the packages of DEBIAN.txt on the machine. Then type, in this folder:

    python{python} install.py --to DIR

Every file is verified first, and a wrong or missing one is named before anything is installed. No network
is used. `python{python} install.py --check` only verifies. When the files came on several media, name each
folder: --from DIR --from DIR. The licences of everything inside are in LICENCES.txt.
"""
EXAMPLE = "examples/noisepair/paper.md"


class Order(Value):
    """What is asked for. `split` is the most bytes of a file, 0 for whole files; `lock` a lock that takes
    the place of the one for `hardware`; `marker_weights` a folder with `hub/` and `models/`."""

    target: Target
    hardware: Literal["cpu", "cuda"]
    models: tuple[str, ...]
    marker: bool = False
    marker_weights: Path | None = None
    split: int = 0
    lock: Path | None = None

    def locks(self) -> dict[str, Path]:
        """Environment's name -> the lock it is installed from."""
        folder = CHECKOUT / "requirements"
        found = {".venv": self.lock or folder / f"{self.hardware}.txt"}
        return found | ({".venv-marker": folder / "marker.txt"} if self.marker else {})


class Recipe(Value):
    """What an unfinished bundle is made from; with another one it is begun anew."""

    order: Order
    locks: tuple[Digest, ...]
    own: Digest


class Packed(Value):
    """A finished bundle: its bytes, the number of its files, and the digest of SHA256SUMS."""

    contents: Contents
    bytes: int
    files: int
    sums: Digest


def pack(
    order: Order, folder: Path, say: Callable[[str], None] = lambda _: None, on_progress: OnProgress = silent
) -> Packed:
    """Make the bundle that `order` describes in the new folder `folder`.

    Raises:
        BadInput: `folder` exists, or no such model, lock or folder of weights.
        MissingPrerequisite: a model is damaged or not here, an index has no such wheel or does not answer,
            the disk is full, or this is not a checkout.
    """
    folder = folder.expanduser().absolute()
    if folder.exists():
        raise BadInput(f"{folder} is there already", "name a new folder")
    order = order.model_copy(update={"models": tuple(dict.fromkeys(map(store_name, order.models)))})
    work = folder.with_name(f".{folder.name}.part")
    with clear_when_full(folder.parent):
        own = build_own(folder.with_name(f".{folder.name}.own"))
        recipe = Recipe(
            order=order, locks=tuple(map(file_digest, order.locks().values())), own=file_digest(own)
        )
        begin(work, recipe, say)
        gather(order, work, own, say, on_progress)
        say("checksums")
        packed = describe(order, work)
        (work / RECIPE_NAME).unlink()
        work.replace(folder)
        sync_folder(folder.parent)
    return packed


def begin(work: Path, recipe: Recipe, say: Callable[[str], None]) -> None:
    """Have `work` with what an interrupted bundling of the same left, else empty."""
    path = work / RECIPE_NAME
    with suppress(OSError, ValidationError):
        if Recipe.model_validate_json(path.read_text(encoding="utf-8")) == recipe:
            say("going on with what is there")
            return
    shutil.rmtree(work, ignore_errors=True)
    write_atomic(path, recipe.model_dump_json(indent=2) + "\n")


def gather(order: Order, work: Path, own: Path, say: Callable[[str], None], on_progress: OnProgress) -> None:
    """Have everything in `work`, cut where asked for. The list of licences comes last but for the cutting,
    so where it lies nothing is missing."""
    if not (work / LICENCES_NAME).is_file():
        wheels = work / "wheels"
        for lock in order.locks().values():
            fetch(read_lock(lock), order.target, wheels, say)
        own.replace(wheels / own.name)
        for name in order.models:
            if not (work / "models" / name).is_dir():
                say(f"weights of {name}")
                (work / "models").mkdir(exist_ok=True)
                export_model(name, work / "models" / name, on_progress)
        if order.marker_weights:
            carry_folder(order.marker_weights, work / "marker-weights")
        example = work / EXAMPLE
        example.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CHECKOUT / EXAMPLE, example)
        packages = debian_packages(order.target.python, order.hardware)
        write_atomic(work / "DEBIAN.txt", debian_text(packages))
        write_atomic(work / INSTALLER_NAME, Path(install.__file__).read_bytes())
        seals = [read_model_seal(work / "models" / name) for name in order.models]
        write_atomic(work / LICENCES_NAME, licences(sorted(wheels.glob("*.whl")), seals, packages))
    shutil.rmtree(own.parent)
    if order.split:
        for path in large_files(work, order.split):
            say(f"cutting {path.name}")
            cut(path, order.split)


def read_model_seal(folder: Path) -> Seal:
    """The seal of a model that was just exported."""
    return Seal.model_validate_json((folder / SEAL_NAME).read_text(encoding="utf-8"))


def large_files(work: Path, size: int) -> Iterator[Path]:
    """Files of more than `size` bytes; those at the top, for people and for the installer, stay whole."""
    for name in files_of(work):
        if "/" in name and (work / name).stat().st_size > size:
            yield work / name


def carry_folder(source: Path, target: Path) -> None:
    """Copy the files below `source`; links are followed, for a medium may know none, and what only links
    point to (a hub cache's blobs) or is hidden stays behind.

    Raises:
        BadInput: it is not a folder with `hub` or `models` in it.
    """
    if not any((source / name).is_dir() for name in ("hub", "models")):
        raise BadInput(
            f"{source} has no folder hub or models in it",
            "hub as in ~/.cache/huggingface, models as in ~/.cache/datalab",
        )
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("blobs", ".*"))


def describe(order: Order, work: Path) -> Packed:
    """Write bundle.json, README.txt and SHA256SUMS over all that is in `work`."""
    files = tuple(file for file in carried_files(work) if "/" in file.path)
    wheels = [file.path.removeprefix("wheels/") for file in files if file.path.startswith("wheels/")]
    target = order.target.model_copy(update={"glibc": needed_glibc(wheels)})
    contents = Contents(
        version=__version__,
        target=target,
        environments=tuple(environments(order, work, wheels)),
        models=order.models,
        marker_weights=order.marker_weights is not None,
        files=files,
    )
    write_atomic(work / CONTENTS_NAME, contents.model_dump_json(indent=1) + "\n")
    said = README.format(
        version=__version__,
        python=target.python,
        machine=target.machine,
        glibc=target.glibc,
        models=", ".join(order.models),
    )
    write_atomic(work / "README.txt", said)
    sums = write_sums(work, {file.path: file.sha256 for file in files if not file.parts})
    paths = files_of(work)
    size = sum((work / path).stat().st_size for path in paths)
    return Packed(contents=contents, bytes=size, files=len(paths), sums=sums)


def environments(order: Order, work: Path, wheels: list[str]) -> Iterator[Environment]:
    """Each environment with the wheels that its lock names; the first one has this package too."""
    own = [wheel for wheel in wheels if wheel.startswith("offline_coder-")]
    for name, lock in order.locks().items():
        found = sorted(wheels_of(read_lock(lock), work / "wheels").values())
        yield Environment(
            name=name,
            lock=lock.name,
            lock_sha256=file_digest(lock),
            wheels=tuple(f"wheels/{wheel}" for wheel in found + (own if name == ".venv" else [])),
        )
