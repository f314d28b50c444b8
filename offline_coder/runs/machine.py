"""The machine that a run is made on: hardware, driver, system, and the locks its packages came from."""

import json
import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import psutil

from offline_coder.core.values import Value

LOCKS_NAME = "offline-coder.locks.json"
"""Where scripts/setup.py notes, in the environment that it makes, which locks it installed."""
PROBE_SECONDS = 30


class Gpu(Value):
    """One NVIDIA GPU: its name, its memory in MiB, the driver's version."""

    name: str
    memory_mib: int
    driver: str


class Machine(Value):
    """What this process runs on.

    Attributes:
        system: kernel and architecture.
        cpu: the processor's own name for itself.
        cores: physical cores, 0 where the system does not tell.
        threads: logical processors that this process may use; an engine on the CPU gets one thread each.
        memory_bytes: all memory, free or not.
        gpus: as nvidia-smi lists them; empty without an NVIDIA driver.
    """

    system: str
    cpu: str
    cores: int
    threads: int
    memory_bytes: int
    gpus: tuple[Gpu, ...]


@cache
def this_machine() -> Machine:
    """The machine, looked at once a process."""
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        cpu=cpu_name(),
        cores=psutil.cpu_count(logical=False) or 0,
        threads=len(os.sched_getaffinity(0)),
        memory_bytes=psutil.virtual_memory().total,
        gpus=find_gpus(),
    )


def cpu_name() -> str:
    """The name in /proc/cpuinfo; the architecture's where that has none, as on many ARM machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def find_gpus() -> tuple[Gpu, ...]:
    """The GPUs that nvidia-smi lists; none when it is not there, fails, or hangs."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    query = [program, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"]
    try:
        outcome = subprocess.run(query, capture_output=True, text=True, check=True, timeout=PROBE_SECONDS)
        rows = [line.rsplit(",", 2) for line in outcome.stdout.splitlines() if line.strip()]
        return tuple(
            Gpu(name=name.strip(), memory_mib=int(memory), driver=driver.strip())
            for name, memory, driver in rows
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return ()


def installed_locks() -> dict[str, str]:
    """Name -> sha256 of each lock (requirements/*.txt) that this environment was installed from; empty when
    scripts/setup.py did not make it."""
    try:
        found = json.loads((Path(sys.prefix) / LOCKS_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}
