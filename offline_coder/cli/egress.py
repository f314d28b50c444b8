"""`doctor --egress`: tries to get out of this machine from every process that a run has, and tells what came
of it."""

import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from offline_coder.core.errors import OfflineCoderError
from offline_coder.core.no_way_out import ConnectionRefused
from offline_coder.engines.own_network import ELSEWHERE, try_to_leave
from offline_coder.sandbox.choose import find_sandbox
from offline_coder.sandbox.protocol import Limits

NAME = "example.org"
SECONDS = 5.0
ATTEMPT = f"import socket; socket.create_connection(('{ELSEWHERE}', 80), 2)"


def attempts() -> Iterator[tuple[str, bool, str, str]]:
    """What was tried, whether it was refused, in what words, and what to do where it was not."""
    yield tried(f"connect from this process to {ELSEWHERE}", connect)
    yield tried(f"look up {NAME} in this process", lambda: socket.getaddrinfo(NAME, 80))
    advice = "allow network namespaces to ordinary users, or take the machine off the network"
    yield f"connect from an engine of ours to {ELSEWHERE}", *try_to_leave(), advice
    yield in_the_sandbox()


def connect() -> None:
    """Connect to where nobody is, by number."""
    with socket.socket() as probing:
        probing.settimeout(SECONDS)
        probing.connect((ELSEWHERE, 80))


def tried(what: str, deed: Callable[[], object]) -> tuple[str, bool, str, str]:
    """Whether the guard refuses `deed`; an error of the network is no refusal."""
    try:
        deed()
    except ConnectionRefused as refusal:
        return what, True, refusal.message, ""
    except OSError as error:
        return what, False, f"the guard let it through; {error}", "report this with your Python version"
    return what, False, "connected", "report this with your Python version"


def in_the_sandbox() -> tuple[str, bool, str, str]:
    """Whether generated code can connect."""
    what = f"connect from generated code to {ELSEWHERE}"
    try:
        sandbox = find_sandbox()
    except OfflineCoderError as error:
        # Then generated code is not run at all.
        return what, True, f"it is never run here: {error.message}", ""
    with tempfile.TemporaryDirectory(prefix="offline-coder-egress-") as folder:
        outcome = sandbox.run(["python3", "-c", ATTEMPT], workdir=Path(folder), limits=Limits(seconds=30))
    said = (outcome.stderr.strip().splitlines() or ["connected"])[-1]
    return what, "unreachable" in said, f"{sandbox.name}: {said}", "report this with your kernel version"
