"""A network of an engine's own: a namespace with nothing in it but loopback, where the system allows one.

The launcher makes it (launcher.py, --own-network). We reach the server through a Unix socket, which
is a file and so no part of any network.
"""

import subprocess
import sys
from functools import cache

from offline_coder.core.engine import Identity
from offline_coder.engines import launcher

PROBE_SECONDS = 30
ELSEWHERE = "192.0.2.1"
"""An address that documentation may use and nobody has (RFC 5737)."""
LOOPBACK = "only loopback"
LOOK = f"""
import socket
names = sorted(name for _, name in socket.if_nameindex())
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname(), 5).close()
print("{LOOPBACK}" if names == ["lo"] else " and ".join(names))
"""
LEAVE = f"""
import socket
try:
    socket.create_connection(("{ELSEWHERE}", 80), 5).close()
    print("connected")
except OSError as error:
    print(error.strerror or error)
"""


@cache
def probe() -> tuple[bool, str]:
    """Whether an engine can have a network of its own here, and what is in it or why not. Takes about
    0.1 seconds, once a process."""
    seen = said_inside(LOOK)
    return seen == LOOPBACK, seen


def try_to_leave() -> tuple[bool, str]:
    """Whether the kernel refuses another machine to a process that is run as an engine is, and in what
    words."""
    alone, seen = probe()
    if not alone:
        return False, f"an engine would have this machine's network: {seen}"
    said = said_inside(LEAVE)
    return "unreachable" in said, said


def said_inside(code: str) -> str:
    """The last line that Python says when it runs `code` as an engine is run, or why it was not run."""
    command = [
        sys.executable,
        "-I",
        launcher.__file__,
        launcher.OWN_NETWORK,
        sys.executable,
        "-I",
        "-c",
        code,
    ]
    try:
        with subprocess.Popen(
            command,
            # The launcher ends with its standard input, so it must have one.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            said = process.stdout.read()
            process.wait(PROBE_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return (said.strip() or "no answer").splitlines()[-1]


def network_of(identity: Identity) -> str:
    """Where the process that generates can connect to, in words for the manifest."""
    if identity.engine == "endpoint":
        return "unknown: the server is the user's own"
    if identity.engine != "vllm":
        return "loopback: it runs in this process, which refuses everything else"
    alone, seen = probe()
    return "loopback: a network namespace of its own" if alone else f"this machine's: {seen}"
