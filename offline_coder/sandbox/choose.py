"""Choosing the sandbox: bubblewrap, or none and a reason. Never code without one."""

import shutil
import tempfile
from functools import cache
from pathlib import Path

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.sandbox.bubblewrap import Bubblewrap
from offline_coder.sandbox.protocol import Limits, Sandbox

PROBE = Limits(seconds=10, processes=4096)


@cache
def find_sandbox() -> Sandbox:
    """A sandbox that was seen to start on this machine.

    Raises:
        MissingPrerequisite: there is none; the message names the cause.
    """
    for program, package in (("bwrap", "bubblewrap"), ("prlimit", "util-linux")):
        if shutil.which(program) is None:
            raise MissingPrerequisite(
                f"{program} is not installed, so generated code is not run", f"apt-get install {package}"
            )
    sandbox = Bubblewrap()
    with tempfile.TemporaryDirectory(prefix="offline-coder-") as folder:
        outcome = sandbox.run(["/bin/true"], workdir=Path(folder), limits=PROBE)
    if outcome.exit_code != 0:
        raise MissingPrerequisite(
            f"the sandbox does not work: {outcome.stderr.strip()[:200]}", "apt-get install bubblewrap"
        )
    return sandbox
