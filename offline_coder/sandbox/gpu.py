"""What a program needs to use an NVIDIA GPU: device nodes, the driver's libraries, which GPU to take."""

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

DEVICES = Path("/dev")
SYSTEM = Path("/sys")
VISIBLE = "CUDA_VISIBLE_DEVICES"
LIST_SECONDS = 10

_DRIVER_LIBRARY = re.compile(r"^\s*lib(?:cuda|nvidia|nvcuvid|nvoptix)\S*\.so\S* .*=> (/\S.*)$", re.MULTILINE)


def devices() -> list[Path]:
    """The driver's nodes (nvidia0, nvidiactl, nvidia-uvm, the folder nvidia-caps); empty without one."""
    return sorted(DEVICES.glob("nvidia*"))


def libraries(shown: Iterable[Path], listing: str | None = None) -> list[Path]:
    """The driver's libraries that the dynamic linker knows and that lie in none of the folders `shown`.

    `listing` is what `ldconfig -p` says, asked when it is None. Empty when the linker knows none.
    """
    text = _linker_cache() if listing is None else listing
    found = [Path(path) for path in dict.fromkeys(_DRIVER_LIBRARY.findall(text))]
    folders = list(shown)
    return [path for path in found if not any(path.is_relative_to(folder) for folder in folders)]


def variables() -> dict[str, str]:
    """Which of the machine's GPUs we may use; the code inside may use no other."""
    return {VISIBLE: os.environ[VISIBLE]} if VISIBLE in os.environ else {}


def bindings(shown: Sequence[Path]) -> list[str]:
    """bwrap's arguments that show the GPU: devices usable, the rest read-only."""
    readonly = [SYSTEM, *libraries(shown)]
    argv = [part for path in readonly for part in ("--ro-bind", str(path), str(path))]
    argv += [part for path in devices() for part in ("--dev-bind", str(path), str(path))]
    return argv + [part for pair in variables().items() for part in ("--setenv", *pair)]


def _linker_cache() -> str:
    try:
        return subprocess.run(
            ["/sbin/ldconfig", "-p"], capture_output=True, text=True, timeout=LIST_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
