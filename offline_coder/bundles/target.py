"""The machine that a bundle is for: its processor, its C library, its Python, as wheels name them."""

import platform
import re
import sys
from collections.abc import Iterable
from typing import Self

from packaging.utils import parse_wheel_filename
from pydantic import Field

from offline_coder.core.errors import BadInput
from offline_coder.core.values import Value

LEGACY = {"manylinux1": 5, "manylinux2010": 12, "manylinux2014": 17}
"""Older names for platforms, and the minor version of glibc 2 that each stands for (PEP 600)."""
OLDEST_GLIBC = 5
PYTHONS = ("3.11", "3.12", "3.13")
HINT = "--platform manylinux_2_28_x86_64 --python 3.11, for example; `ldd --version` there tells the 28"
MANYLINUX = re.compile(r"manylinux_2_(\d+)_(\w+)")


class Target(Value):
    """What wheels are chosen for. `glibc` is the minor version of glibc 2; `python` is like "3.11"."""

    python: str
    glibc: int = Field(ge=OLDEST_GLIBC)
    machine: str

    @classmethod
    def named(cls, tag: str, python: str) -> Self:
        """The target with the platform tag `tag` and Python `python`; this machine's own where empty.

        Raises:
            BadInput: it is not a manylinux tag, or not a Python that this program runs on.
        """
        python = python or f"{sys.version_info.major}.{sys.version_info.minor}"
        if python not in PYTHONS:
            raise BadInput(f"not a Python to bundle for: {python!r}", f"one of {', '.join(PYTHONS)}")
        found = MANYLINUX.fullmatch(modern(tag or this_platform()))
        if found is None or int(found[1]) < OLDEST_GLIBC:
            raise BadInput(f"not a platform to bundle for: {tag or 'this machine'}", HINT)
        return cls(python=python, glibc=int(found[1]), machine=found[2])

    @property
    def platforms(self) -> tuple[str, ...]:
        """Every platform tag that runs there, the newest first: pip does not derive them by itself."""
        old_names = {minor: name for name, minor in LEGACY.items()}
        tags: list[str] = []
        for minor in range(self.glibc, OLDEST_GLIBC - 1, -1):
            tags.append(f"manylinux_2_{minor}_{self.machine}")
            if minor in old_names:
                tags.append(f"{old_names[minor]}_{self.machine}")
        return (*tags, f"linux_{self.machine}")


def this_platform() -> str:
    """The platform tag of this machine; empty where its C library is not glibc."""
    library, version = platform.libc_ver()
    return f"manylinux_{version.replace('.', '_')}_{platform.machine()}" if library == "glibc" else ""


def modern(tag: str) -> str:
    """`tag` in the form of PEP 600."""
    name, _, machine = tag.partition("_")
    return f"manylinux_2_{LEGACY[name]}_{machine}" if name in LEGACY else tag


def needed_glibc(wheels: Iterable[str]) -> int:
    """The minor version of glibc 2 that the most demanding of `wheels` (file names) asks for."""
    return max((glibc_of(wheel) for wheel in wheels), default=OLDEST_GLIBC)


def glibc_of(wheel: str) -> int:
    """The oldest glibc 2 that one wheel says it runs on."""
    tags = (MANYLINUX.fullmatch(modern(tag.platform)) for tag in parse_wheel_filename(wheel)[3])
    return min((int(found[1]) for found in tags if found), default=OLDEST_GLIBC)
