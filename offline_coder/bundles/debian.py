"""The Debian packages that a machine needs beside a bundle: what each is for, and its licence."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class DebianPackage:
    """One package. `needed` says whether nothing runs without it."""

    name: str
    licence: str
    purpose: str
    needed: bool


HEAD = """\
Debian (or Ubuntu) packages to have on the machine; they are not in this bundle, because they belong to its
release: on a machine of the same release with a mirror, `apt-get download NAME`, and `dpkg -i` here.
"""


def debian_packages(python: str, hardware: Literal["cpu", "cuda"]) -> tuple[DebianPackage, ...]:
    """What a machine needs for Python `python` (like "3.11") and the set of packages `hardware`."""
    packages = [
        DebianPackage(f"python{python}", "PSF-2.0", "the interpreter", True),
        DebianPackage(f"python{python}-venv", "PSF-2.0", "venv and ensurepip, which install.py uses", True),
        DebianPackage("bubblewrap", "LGPL-2.0-or-later", "the sandbox that runs generated code", False),
    ]
    if hardware == "cpu":
        packages.append(DebianPackage("libnuma1", "LGPL-2.1-only", "vLLM on the CPU links it", True))
    else:
        # Triton compiles a launcher for each kernel at its first use.
        packages += [
            DebianPackage("gcc", "GPL-3.0-or-later", "Triton compiles with it at run time", True),
            DebianPackage(f"python{python}-dev", "PSF-2.0", "Triton compiles against its headers", True),
            DebianPackage("nvidia-driver", "proprietary, by NVIDIA", "the GPU", True),
        ]
    return tuple(packages)


def debian_text(packages: tuple[DebianPackage, ...]) -> str:
    """The list as text."""
    lines = [
        f"{package.name:<18}{'needed' if package.needed else 'wanted'}  {package.purpose}"
        for package in packages
    ]
    return "\n".join([HEAD, *lines]) + "\n"
