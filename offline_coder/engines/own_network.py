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
PROBE = f"""
import socket
names = sorted(name for _, name in socket.if_nameindex())
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname(), 5).close()
try:
    socket.create_connection(("{ELSEWHERE}", 80), 2).close()
    print("could connect to {ELSEWHERE}")
except OSError as error:
    seen = "only loopback" if names == ["lo"] else " and ".join(names)
    print(seen, error.strerror or error, sep=": ")
"""
ALONE = "only loopback: "


@cache
def probe() -> tuple[bool, str]:
    """Whether an engine can have a network of its own here, and what was seen, in words. Takes about
    0.1 seconds, once a process."""
    command = [sys.executable, "-I", launcher.__file__, launcher.OWN_NETWORK]
    try:
        with subprocess.Popen(
            [*command, sys.executable, "-I", "-c", PROBE],
            # The launcher ends with its standard input, so it must have one.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            said, troubles = process.stdout.read(), process.stderr.read()
            process.wait(PROBE_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        return False, str(error)
    seen = (said.strip() or troubles.strip() or "no answer").splitlines()[-1]
    return seen.startswith(ALONE), seen.removeprefix(ALONE)


def network_of(identity: Identity) -> str:
    """Where the process that generates can connect to, in words for the manifest."""
    if identity.engine == "endpoint":
        return "unknown: the server is the user's own"
    if identity.engine != "vllm":
        return "loopback: it runs in this process, which refuses everything else"
    alone, seen = probe()
    return "loopback: a network namespace of its own" if alone else f"this machine's: {seen}"
