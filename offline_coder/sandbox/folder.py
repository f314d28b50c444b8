"""How much the folder of a sandbox grows."""

import contextlib
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from offline_coder.sandbox.protocol import Limits

BLOCK = 512
WALK_SHARE = 0.2
"""At most this share of the time goes into walking through the folder."""


@dataclass(frozen=True, slots=True)
class Files:
    """Files, folders and links; `whole` is false when counting stopped early."""

    size: int = 0
    number: int = 0
    whole: bool = True


class Folder:
    """How much a folder has grown since this object was made, looked at as often as is cheap."""

    def __init__(self, path: Path, limits: Limits) -> None:
        status = path.stat()
        self.identity = (status.st_dev, status.st_ino)
        self._path = path
        self._limits = limits
        self._before = files_below(path)
        self._next = 0.0

    def over(self, deleted: Files = Files(), *, final: bool = False) -> bool:
        """Whether it has grown past the limits, `deleted` (open, but without a name) included. Between
        two walks the answer is false, except the `final` one."""
        started = time.monotonic()
        if started < self._next and not final:
            return False
        size = self._before.size + self._limits.disk_bytes - deleted.size
        number = self._before.number + self._limits.files - deleted.number
        now = files_below(self._path, lambda found: found.size > size or found.number > number)
        taken = time.monotonic() - started
        self._next = started + taken / WALK_SHARE
        return not now.whole or now.size > size or now.number > number


def files_below(folder: Path, enough: Callable[[Files], bool] = lambda found: False) -> Files:
    """Size on the disk and number of what lies below `folder`, a file with several names once.

    Not whole when `enough` ended it early, or where a folder is closed to us or its path too long for the
    kernel.
    """
    waiting = [str(folder)]
    seen: set[tuple[int, int]] = set()
    size = number = 0
    whole = True
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    with contextlib.suppress(FileNotFoundError):
                        status = entry.stat(follow_symlinks=False)
                        if stat.S_ISDIR(status.st_mode):
                            waiting.append(entry.path)
                        elif status.st_nlink > 1:
                            key = (status.st_dev, status.st_ino)
                            if key in seen:
                                continue
                            seen.add(key)
                        size += status.st_blocks * BLOCK
                        number += 1
                        if enough(Files(size, number)):
                            return Files(size, number, whole=False)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            whole = False
    return Files(size, number, whole)
