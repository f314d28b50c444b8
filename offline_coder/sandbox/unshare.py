"""The second choice: util-linux alone (unshare, mount, setpriv), for machines without bubblewrap.

It promises what `Bubblewrap` promises. A short shell script builds the view, because util-linux has no
program that does; the code inside sees itself as root, without any capability.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.sandbox.protocol import Limits, Outcome
from offline_coder.sandbox.view import (
    PASSWD,
    checked_workdir,
    environment,
    limited,
    readable_folders,
    system_links,
)
from offline_coder.sandbox.watch import run_watched

SCRIPT = Path(__file__).with_name("unshare.sh")
# unshare outside and the script inside.
OWN_PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Unshare:
    """Runs commands under `program`, the path of util-linux's unshare (2.38 or later)."""

    program: str = "unshare"

    @property
    def name(self) -> str:
        return "unshare"

    def run(self, command: Sequence[str], *, workdir: Path, limits: Limits) -> Outcome:
        """See `Sandbox.run`."""
        folder = checked_workdir(list(command), workdir)
        clean = ["env", "-i", *(f"{name}={value}" for name, value in environment().items())]
        links = [part for link in system_links() for part in link]
        # The view is built on an empty folder; its mounts live and die with the namespace.
        with tempfile.TemporaryDirectory(prefix="offline-coder-sandbox-") as root:
            argv = [self.program, "--user", "--map-root-user", "--mount", "--net", "--pid", "--ipc", "--uts"]
            argv += ["--fork", "--kill-child", "--", "sh", str(SCRIPT)]
            argv += [root, str(folder), str(PASSWD), str(limits.memory_bytes)]
            argv += [*map(str, readable_folders()), "--", *links, "--"]
            argv += [*clean, *limited(list(command), limits)]
            try:
                return run_watched(argv, limits, workdir=folder, own_processes=OWN_PROCESSES)
            except OSError as error:
                hint = "install it: apt-get install util-linux"
                raise MissingPrerequisite(f"cannot start {self.program}: {error.strerror}", hint) from error
