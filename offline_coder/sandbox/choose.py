"""Which sandbox this machine can have. Never silently none."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.sandbox.bubblewrap import Bubblewrap
from offline_coder.sandbox.gpu import devices
from offline_coder.sandbox.protocol import Limits, Sandbox
from offline_coder.sandbox.unshare import Unshare

PROBE = Limits(seconds=10)

_APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
_DEBIAN = Path("/proc/sys/kernel/unprivileged_userns_clone")
_NAMESPACES = Path("/proc/sys/user/max_user_namespaces")


def find_sandbox(*, gpu: bool = False) -> Sandbox:
    """The first sandbox that works here: bubblewrap, then unshare; each is tried, not assumed.

    `gpu` asks for one that shows the NVIDIA devices inside; only bubblewrap can.
    Raises MissingPrerequisite, with the cause and what to type, when there is none.
    """
    if gpu and not devices():
        raise MissingPrerequisite(
            "this machine shows no NVIDIA GPU (/dev/nvidia*)",
            "load the driver (nvidia-smi), or go without --gpu",
        )
    candidates: Sequence[Sandbox] = (Bubblewrap(gpu=gpu),) if gpu else (Bubblewrap(), Unshare())
    troubles = []
    for sandbox in candidates:
        trouble = probe(sandbox)
        if not trouble:
            return sandbox
        troubles.append(f"{sandbox.name}: {trouble}")
    raise MissingPrerequisite(f"no sandbox works here ({'; '.join(troubles)})", _hint())


def probe(sandbox: Sandbox) -> str:
    """Why `sandbox` does not work on this machine, in one line; "" when it does. Takes about 20 ms."""
    with tempfile.TemporaryDirectory(prefix="offline-coder-probe-") as folder:
        try:
            outcome = sandbox.run(["true"], workdir=Path(folder), limits=PROBE)
        except MissingPrerequisite as error:
            return error.message
    if outcome.ok:
        return ""
    said = outcome.stderr.strip().split("\n")[0]
    return said or f"ended with status {outcome.exit_code}"


def _hint() -> str:
    """What to type, by the cause that the kernel's settings show."""
    if _setting(_APPARMOR) == 1:
        return (
            "AppArmor keeps ordinary users from making namespaces (Ubuntu 23.10 and later): "
            "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or give bwrap an AppArmor profile"
        )
    if _setting(_DEBIAN) == 0:
        return "ordinary users may not make namespaces: sudo sysctl kernel.unprivileged_userns_clone=1"
    if _setting(_NAMESPACES) == 0:
        return "user namespaces are switched off: sudo sysctl user.max_user_namespaces=10000"
    if shutil.which("bwrap") is None:
        return "sudo apt-get install bubblewrap"
    return "in a container, allow it user namespaces (docker: --security-opt seccomp=unconfined)"


def _setting(path: Path) -> int | None:
    """The number in a file of /proc/sys; None where this kernel has no such setting."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
