"""What a running sandbox uses, asked of /proc: memory in every form that Linux has, and room on the disk.

Memory is private memory, shared memory (mapped, or held by an open descriptor) and the files in the
sandbox's own /tmp, home and /dev/shm, which are memory too. Not seen: memory files whose only descriptor
is under way through a Unix socket. Shared memory and files in memory overlap, so at worst the half of
what they hold together is seen.
"""

import contextlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from offline_coder.sandbox.folder import BLOCK, Files, Folder
from offline_coder.sandbox.protocol import WORKDIR, Limits
from offline_coder.sandbox.view import SCRATCH

KIB = 1 << 10


@dataclass(frozen=True, slots=True)
class Pages:
    """Bytes of memory that belong to one process alone (swapped ones too), and that can be shared."""

    own: int
    shared: int


def over_limit(
    tree: Sequence[psutil.Process], limits: Limits, folder: Folder
) -> Literal["memory", "disk"] | None:
    """The limit that the processes of `tree` are over, if any: of memory, or of the room on the disk,
    for which the number of files in their own /tmp counts too."""
    scratch = _scratch(tree, folder)
    memory_files, deleted = _unnamed(tree, folder, scratch.devices)
    files = scratch.size + memory_files.size
    # The first count takes pages that several processes share for each of them; the exact one costs more.
    counts = ([measure(process) for process in tree] for measure in (_resident, _proportional))
    if all(_total(pages, files) > limits.memory_bytes for pages in counts):
        return "memory"
    return "disk" if scratch.number > limits.files or folder.over(deleted) else None


def _total(pages: Sequence[Pages], files: int) -> int:
    """Files in memory are often mapped as well, and which of them is not told: the larger counts."""
    return sum(each.own for each in pages) + max(files, sum(each.shared for each in pages))


def _resident(process: psutil.Process) -> Pages:
    """Shared memory counts in full for each process; files that it maps do not count."""
    found = _kilobytes(Path(f"/proc/{process.pid}/status"))
    return Pages(found.get("RssAnon", 0) + found.get("VmSwap", 0), found.get("RssShmem", 0))


def _proportional(process: psutil.Process) -> Pages:
    """Each shared page divided among those that share it; as `_resident` where the kernel does not say."""
    found = _kilobytes(Path(f"/proc/{process.pid}/smaps_rollup"))
    if "Pss_Anon" not in found:
        return _resident(process)
    return Pages(found["Pss_Anon"] + found.get("SwapPss", 0), found.get("Pss_Shmem", 0))


def _kilobytes(path: Path) -> dict[str, int]:
    """Name -> bytes of the lines `Name:   12 kB` that `path` has; empty when it cannot be read."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return {}
    words = [line.split() for line in lines]
    return {each[0].rstrip(":"): int(each[1]) * KIB for each in words if len(each) == 3 and each[2] == "kB"}


@dataclass(frozen=True, slots=True)
class Scratch:
    """What lies in the sandbox's own file systems, and the devices that these are."""

    size: int = 0
    number: int = 0
    devices: frozenset[int] = frozenset()


def _scratch(tree: Sequence[psutil.Process], folder: Folder) -> Scratch:
    """The sandbox's own file systems, seen through the first process that is inside."""
    for process in tree:
        root = f"/proc/{process.pid}/root"
        places = [Path(root + place) for place in SCRATCH]
        try:
            inside = Path(root + WORKDIR).stat()
            if (inside.st_dev, inside.st_ino) != folder.identity:
                continue
            mounts = [os.statvfs(place) for place in places]
            devices = frozenset(place.stat().st_dev for place in places)
        except OSError:
            continue
        used = sum((mount.f_blocks - mount.f_bfree) * mount.f_frsize for mount in mounts)
        return Scratch(used, sum(mount.f_files - mount.f_ffree for mount in mounts), devices)
    return Scratch()


def _unnamed(tree: Sequence[psutil.Process], folder: Folder, counted: frozenset[int]) -> tuple[Files, Files]:
    """Open files without a name: those in memory, except on the devices `counted`; those in the folder."""
    here = folder.identity[0]
    seen: dict[tuple[int, int], int] = {}
    for process in tree:
        with contextlib.suppress(OSError), os.scandir(f"/proc/{process.pid}/fd") as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    status = entry.stat()
                    if status.st_nlink == 0 and stat.S_ISREG(status.st_mode):
                        seen[status.st_dev, status.st_ino] = status.st_blocks * BLOCK
    deleted = [size for (device, _), size in seen.items() if device == here]
    memory = [size for (device, _), size in seen.items() if device not in counted | {here}]
    return Files(sum(memory), len(memory)), Files(sum(deleted), len(deleted))
