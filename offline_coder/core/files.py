"""Files that are whole or not there, paths that stay inside, digests of bytes."""

import contextlib
import hashlib
import os
import re
import tempfile
from pathlib import Path, PurePosixPath

from offline_coder.core.errors import BadInput

CHUNK_BYTES = 1 << 20

# Windows device names and files that tools run by themselves are refused on every system,
# because a generated repository travels.
RESERVED_STEMS = frozenset(
    {"con", "prn", "aux", "nul"} | {f"com{i}" for i in range(1, 10)} | {f"lpt{i}" for i in range(1, 10)}
)
SELF_RUNNING_NAMES = frozenset(
    {"sitecustomize.py", "usercustomize.py", "conftest.py", "setup.py", "noxfile.py", "makefile"}
)
SAFE_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def write_atomic(path: Path, data: str | bytes) -> None:
    """Put `data` at `path` so that a reader or a crash sees the old file or the new one, never a part.

    A temporary file in the same folder is written, fsynced and renamed; the folder is fsynced too.
    Parent folders are made. Text is written as UTF-8 with its line ends as they are.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            # A disk that fills is noticed by a write, which knows no name.
            error.filename = str(path)
        raise
    sync_folder(path.parent)


def sweep_parts(folder: Path) -> None:
    """Delete what `write_atomic` leaves below `folder` when it is killed before the rename. Only for whoever
    has the folder to himself: another's part may be in use."""
    for part in folder.rglob(".*.part"):
        part.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` last through a power cut, where the file system allows it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        # Some network file systems refuse to fsync a directory; the rename itself is still atomic.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_digest(path: Path) -> str:
    """Lower-case hexadecimal sha256 of the bytes of `path`, read in 1 MiB pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def safe_relative_path(text: str) -> PurePosixPath:
    """`text` as a path that stays below its folder on every system.

    Raises:
        BadInput: the path is empty, absolute, climbs, is hidden, is over 200 characters or 8 folders
            deep, holds a character outside A-Z a-z 0-9 _ . -, ends in a dot, or is a name that an
            operating system or a tool treats specially.
    """
    parts = text.split("/")
    if not text or len(text) > 200 or len(parts) > 8:
        raise BadInput(f"not a usable path: {text[:60]!r}")
    for part in parts:
        stem = part.split(".", 1)[0].lower()
        if not SAFE_PART.fullmatch(part) or part.endswith(".") or stem in RESERVED_STEMS:
            raise BadInput(f"not a safe relative path: {text[:60]!r}")
    if parts[-1].lower() in SELF_RUNNING_NAMES:
        raise BadInput(f"a tool would run this file by itself: {text[:60]!r}")
    return PurePosixPath(*parts)
