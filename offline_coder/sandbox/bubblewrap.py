"""bubblewrap: namespaces for everything, without being root (Debian package bubblewrap)."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.sandbox.contained import limited, run_contained
from offline_coder.sandbox.protocol import Limits, Outcome

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
# What a program needs of /etc to start: the linker's cache, time, the names of users.
SETTINGS = ("/etc/ld.so.cache", "/etc/localtime", "/etc/passwd", "/etc/group", "/etc/alternatives")
GPU_DEVICES = ("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia0")
INSIDE = "/sandbox/repository"
STARTS_WITH = "bwrap: "


def python_folders() -> list[str]:
    """The folders of this Python and of its environment, outermost first, each once."""
    base = Path(sys.base_prefix).resolve()
    environment = Path(sys.prefix).resolve()
    executable = Path(sys.executable).resolve().parent.parent
    return sorted({str(folder) for folder in (base, environment, executable)}, key=len)


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """Runs commands under bwrap. With `gpu` the NVIDIA devices are passed through."""

    gpu: bool = False
    name: str = "bubblewrap"

    def command(self, inner: Sequence[str], workdir: Path, limits: Limits) -> list[str]:
        """The whole command line. Later binds lie over earlier ones."""
        words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
        for folder in (*SYSTEM, *SETTINGS):
            words += ["--ro-bind-try", folder, folder]
        words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/home/user"]  # noqa: S108
        for folder in python_folders():
            words += ["--ro-bind", folder, folder]
        if self.gpu:
            for device in GPU_DEVICES:
                words += ["--dev-bind-try", device, device]
        words += ["--bind", str(workdir.resolve()), INSIDE, "--chdir", INSIDE, "--remount-ro", "/"]
        for name, value in {
            "PATH": "/usr/bin:/bin",
            "HOME": "/home/user",
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HF_HUB_OFFLINE": "1",
        }.items():
            words += ["--setenv", name, value]
        return [*words, "--", *limited(inner, limits)]

    def run(self, command: Sequence[str], *, workdir: Path, limits: Limits) -> Outcome:
        """Run `command` with `workdir` as its only writable folder, seen as /sandbox/repository.

        Raises:
            MissingPrerequisite: bwrap could not make its namespaces.
        """
        outcome = run_contained(self.command(command, workdir, limits), limits, cwd=workdir)
        if outcome.exit_code == 1 and outcome.stderr.startswith(STARTS_WITH):
            raise MissingPrerequisite(f"the sandbox did not start: {outcome.stderr.splitlines()[0]}", ADVICE)
        return outcome


ADVICE = (
    "an administrator must allow unprivileged user namespaces: on Ubuntu 24.04 "
    "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or an AppArmor profile for bwrap"
)
