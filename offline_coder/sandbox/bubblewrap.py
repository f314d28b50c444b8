"""The first choice: bubblewrap, a small setuid-free program around the kernel's namespaces.

Covered: network, files outside, other processes, environment, time, memory, processes, disk, output.
Not covered: CPU share (it runs at a low priority), and holes in the kernel itself. Where we are root,
the code inside is the host's root without any capability.
"""

import functools
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.sandbox import gpu
from offline_coder.sandbox.protocol import WORKDIR, Limits, Outcome
from offline_coder.sandbox.view import (
    HOME,
    PASSWD,
    checked_workdir,
    environment,
    limited,
    readable_folders,
    system_links,
)
from offline_coder.sandbox.watch import run_watched

# bwrap outside and its first process inside.
OWN_PROCESSES = 2
PROBE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """Runs commands under `program`, the path of bwrap.

    `gpu` shows the NVIDIA devices of the machine inside (/dev/nvidia*), and read-only the driver's libraries
    and /sys.
    """

    program: str = "bwrap"
    gpu: bool = False

    @property
    def name(self) -> str:
        return "bubblewrap"

    def run(self, command: Sequence[str], *, workdir: Path, limits: Limits) -> Outcome:
        """See `Sandbox.run`."""
        folder = checked_workdir(list(command), workdir)
        argv = [*self._walls(folder, limits), "--", *limited(list(command), limits)]
        try:
            return run_watched(argv, limits, workdir=folder, own_processes=OWN_PROCESSES)
        except OSError as error:
            hint = "install it: apt-get install bubblewrap"
            raise MissingPrerequisite(f"cannot start {self.program}: {error.strerror}", hint) from error

    def _walls(self, workdir: Path, limits: Limits) -> list[str]:
        """bwrap's own arguments. The order counts: later mounts lie on top of earlier ones."""
        features = _features(self.program)
        size = ["--size", str(limits.memory_bytes)] if "--size" in features else []
        argv = [self.program, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
        argv += ["--uid", "1000", "--gid", "1000", "--hostname", "sandbox", "--cap-drop", "ALL", "--clearenv"]
        if "--disable-userns" in features:
            argv.append("--disable-userns")
        for name, value in environment().items():
            argv += ["--setenv", name, value]
        argv += ["--proc", "/proc", "--dev", "/dev", *size, "--tmpfs", "/dev/shm"]  # noqa: S108
        argv += [*size, "--tmpfs", "/tmp", *size, "--tmpfs", HOME]  # noqa: S108 - inside
        for target, path in system_links():
            argv += ["--symlink", target, path]
        shown = readable_folders()
        for folder in shown:
            argv += ["--ro-bind", str(folder), str(folder)]
        argv += ["--ro-bind", str(PASSWD), "/etc/passwd"]
        if self.gpu:
            argv += gpu.bindings(shown)
        # bwrap leaves /proc/sys to the kernel's file modes, which let the host's root write there even
        # without capabilities: the kernel's settings, and through them everything.
        readonly = [part for place in ("/proc", "/dev", "/") for part in ("--remount-ro", place)]
        return [*argv, "--bind", str(workdir), WORKDIR, "--chdir", WORKDIR, *readonly]


@functools.cache
def _features(program: str) -> frozenset[str]:
    """Options that this bwrap has and older ones (before 0.8) lack."""
    try:
        shown = subprocess.run(
            [program, "--help"], capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    return frozenset(option for option in ("--size", "--disable-userns") if f"{option} " in shown)
