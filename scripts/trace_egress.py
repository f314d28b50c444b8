"""Run a command under strace and count whom it and all its processes talked to.

    python scripts/trace_egress.py [--label TEXT] offline-coder run PAPER --model NAME -o DIR

Prints a row of the table in docs/runs.md, then every destination that is neither a Unix socket, nor the
kernel, nor loopback. Exits with 1 when there was one, or when the command failed. Traced are the calls
connect, sendto, sendmsg and sendmmsg; sends on a socket that is already connected name no address and
are covered by its connect. Needs strace.
"""

import argparse
import ipaddress
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

CALLS = "connect,sendto,sendmsg,sendmmsg"
ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
PORT = re.compile(r"sin6?_port=htons\((\d+)\)")
KINDS = {"AF_UNIX": "unix", "AF_NETLINK": "kernel", "AF_UNSPEC": "none"}
DNS_PORT = "53"


def destination(line: str) -> tuple[str, str] | None:
    """The kind of destination that a line of strace names ("unix", "kernel", "loopback", "elsewhere",
    "none" for one taken back), and its words; None for a line that names none."""
    family = re.search(r"sa_family=(AF_\w+)", line)
    if family is None:
        return None
    if family[1] in KINDS:
        return KINDS[family[1]], family[1]
    found = ADDRESS.search(line)
    port = PORT.search(line)
    if found is None:
        return "elsewhere", line.strip()[:200]
    address = found[1] or found[2]
    words = f"{address} port {port[1] if port else '?'}"
    number = ipaddress.ip_address(address)
    mapped = getattr(number, "ipv4_mapped", None) or number
    # A look-up of a name on this machine would leave it by way of a resolver.
    if mapped.is_loopback and not (port and port[1] == DNS_PORT):
        return "loopback", words
    return "elsewhere", words


def counted(lines: Iterable[str]) -> tuple[Counter[str], list[str]]:
    """How many calls went to each kind of destination, and those to elsewhere in full."""
    kinds: Counter[str] = Counter()
    elsewhere: list[str] = []
    for line in lines:
        found = destination(line)
        if found is not None:
            kinds[found[0]] += 1
            if found[0] == "elsewhere":
                elsewhere.append(line.strip())
    return kinds, elsewhere


def main() -> int:
    """Trace the command, print the row, and say what left the machine."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--label", help="the row's first cell; the command by default")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="offline-coder-trace-") as place:
        trace = Path(place) / "trace"
        strace = ["strace", "-f", "-qq", "-e", f"trace={CALLS}", "-e", "signal=none", "-s", "64"]
        # --seccomp-bpf stops the traced only at these calls: everything else runs at its own pace.
        strace += ["--seccomp-bpf", "-o", str(trace)]
        try:
            code = subprocess.run([*strace, *arguments.command], check=False).returncode
        except FileNotFoundError:
            sys.exit("trace_egress: strace is not installed\n  hint: apt-get install strace")
        with trace.open(errors="replace") as file:
            kinds, elsewhere = counted(file)
    label = arguments.label or f"`{' '.join(arguments.command)}`"
    row = " | ".join(str(kinds[kind]) for kind in ("unix", "kernel", "loopback", "elsewhere"))
    print(f"| {label} | {row} |")
    for line in elsewhere:
        print(line)
    return code or (1 if elsewhere else 0)


if __name__ == "__main__":
    sys.exit(main())
