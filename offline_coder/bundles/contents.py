"""What a bundle holds: `bundle.json`, which the installer reads, and SHA256SUMS, which checks all of it."""

import hashlib
from pathlib import Path

from pydantic import Field

from offline_coder.bundles.cutting import parts_of, whole_name
from offline_coder.bundles.target import Target
from offline_coder.core.files import CHUNK_BYTES, file_digest, write_atomic
from offline_coder.core.values import Value
from offline_coder.weights.manifest import Digest

CONTENTS_NAME = "bundle.json"
SUMS_NAME = "SHA256SUMS"


class Carried(Value):
    """One file as it will be on the other side. `parts` is 0 when it was not cut; `size` in bytes."""

    path: str
    sha256: Digest
    size: int = Field(ge=0)
    parts: int = Field(ge=0)


class Environment(Value):
    """One virtual environment: its folder's name, the lock it is installed from with that file's digest,
    and the paths of its wheels in the bundle."""

    name: str
    lock: str
    lock_sha256: Digest
    wheels: tuple[str, ...]


class Contents(Value):
    """Everything the installer needs to know.

    Attributes:
        format: raised when an older installer would misread this.
        version: offline-coder's.
        target: what the wheels were chosen for; `glibc` is what they really need.
        models: names, the first one for the example.
        marker_weights: whether marker's weights are inside.
        files: every file but the three that describe the bundle, sorted by path.
    """

    format: int = 1
    version: str
    target: Target
    environments: tuple[Environment, ...]
    models: tuple[str, ...]
    marker_weights: bool
    files: tuple[Carried, ...]


def files_of(folder: Path) -> list[str]:
    """Paths of the files of a bundle, sorted. Hidden ones are of the bundling, not of the bundle."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts))


def carried_files(folder: Path) -> tuple[Carried, ...]:
    """Every file below `folder`, with those that were cut as the wholes they are parts of."""
    paths = set(files_of(folder))
    cut = {whole_name(path) for path in paths} - paths
    names = {whole_name(path) if whole_name(path) in cut else path for path in paths}
    return tuple(carried(folder, name) for name in sorted(names))


def carried(folder: Path, name: str) -> Carried:
    """The file `name` of `folder`, read whole or part by part."""
    parts = parts_of(folder / name)
    digest = hashlib.sha256()
    for part in parts:
        with part.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
    size = sum(part.stat().st_size for part in parts)
    whole = parts[:1] == [folder / name]
    return Carried(path=name, sha256=digest.hexdigest(), size=size, parts=0 if whole else len(parts))


def write_sums(folder: Path, known: dict[str, str]) -> str:
    """Write SHA256SUMS, in the form of `sha256sum`, over every file below `folder` but itself. `known` are
    digests by path that were just computed. Returns the digest of SHA256SUMS."""
    paths = [path for path in files_of(folder) if path != SUMS_NAME]
    lines = [f"{known.get(path) or file_digest(folder / path)}  {path}\n" for path in paths]
    write_atomic(folder / SUMS_NAME, "".join(lines))
    return file_digest(folder / SUMS_NAME)
