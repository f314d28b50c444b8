"""Files cut for media: parts of a stated size, `NAME.001` and on, which in their order are the file."""

import os
import re
from pathlib import Path

from offline_coder.core.errors import BadInput
from offline_coder.core.files import CHUNK_BYTES

FAT_LIMIT = (1 << 32) - 1
"""Bytes that a file may have on a FAT32 medium: one less than 4 GiB."""
MOST_PARTS = 999
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def read_size(text: str) -> int:
    """Bytes that "700M" or "4G" stand for (powers of 1024), and never more than a FAT medium takes.

    Raises:
        BadInput: it is not a size of at least 1 KiB.
    """
    found = re.fullmatch(r"(\d{1,15})([KMG]?)", text.strip().upper().removesuffix("B").removesuffix("I"))
    size = int(found[1]) * UNITS[found[2]] if found else 0
    if size < UNITS["K"]:
        raise BadInput(f"not a size for parts: {text!r}", "--split 4G, --split 700M")
    return min(size, FAT_LIMIT)


def part_name(path: str, number: int) -> str:
    """The name of part `number` of the file `path`, from 1."""
    return f"{path}.{number:03d}"


def cut(path: Path, size: int) -> None:
    """Put parts of at most `size` bytes in the place of `path` when it is larger.

    The file goes when all its parts are on the disk, so that a cut that was interrupted is made again.

    Raises:
        BadInput: there would be more than 999 parts.
    """
    total = path.stat().st_size
    if total <= size:
        return
    if total > size * MOST_PARTS:
        raise BadInput(
            f"{path.name} would be cut into more than {MOST_PARTS} parts", "--split with a larger size"
        )
    with path.open("rb") as whole:
        for number in range(1, -(-total // size) + 1):
            left = size
            with path.with_name(part_name(path.name, number)).open("wb") as part:
                while left and (chunk := whole.read(min(left, CHUNK_BYTES))):
                    part.write(chunk)
                    left -= len(chunk)
                part.flush()
                os.fsync(part.fileno())
    path.unlink()


def whole_name(name: str) -> str:
    """The name of the file that `name` is, or is a part of."""
    return re.sub(r"\.\d{3}$", "", name)


def parts_of(path: Path) -> list[Path]:
    """The files that hold `path`: itself where it is whole, else its parts in order; empty for neither."""
    if path.is_file():
        return [path]
    parts: list[Path] = []
    while (part := path.with_name(part_name(path.name, len(parts) + 1))).is_file():
        parts.append(part)
    return parts
