"""Disk space: asked for before a pull, and one clear line when it runs out all the same."""

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from offline_coder.core.errors import MissingPrerequisite

FULL = (errno.ENOSPC, errno.EDQUOT)


def shown_size(count: int) -> str:
    """`count` bytes for people: "1.2 GB", "480 MB", "3 kB" (powers of 1000)."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}" if count < 10 * size else f"{count / size:.0f} {unit}"
    return f"{count} B"


def require_space(folder: Path, needed: int) -> None:
    """Make sure that `needed` bytes fit beside `folder`, which exists.

    Raises:
        MissingPrerequisite: they do not.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise MissingPrerequisite(
            f"{shown_size(needed)} are needed in {folder} and {shown_size(free)} are free",
            "free some space, or set OFFLINE_CODER_HOME to a folder on a larger disk",
        )


@contextlib.contextmanager
def clear_when_full(folder: Path) -> Iterator[None]:
    """Turn "no space left" from anything inside into one line about `folder`.

    Raises:
        MissingPrerequisite: the disk or the user's quota is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise disk_full(folder) from error


def disk_full(folder: Path) -> MissingPrerequisite:
    """The error for a disk that filled up while something was written to `folder`."""
    return MissingPrerequisite(
        f"the disk of {folder} is full; what was fetched so far is kept",
        "free some space and give the same command again, or set OFFLINE_CODER_HOME to a larger disk",
    )
