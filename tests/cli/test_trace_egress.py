"""The script that counts whom a command talked to."""

import runpy
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT

SCRIPT = ROOT / "scripts" / "trace_egress.py"
LINES = {
    '7 connect(3, {sa_family=AF_UNIX, sun_path="/run/x"}, 110) = 0': "unix",
    "7 sendto(3, [{nlmsg_len=20}], 20, 0, {sa_family=AF_NETLINK, nl_pid=0}, 12) = 20": "kernel",
    '7 connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = 0': "loopback",
    '7 connect(3, {sa_family=AF_INET6, sin6_port=htons(80), inet_pton(AF_INET6, "::1", &sin6_addr)}, 28) = 0': "loopback",
    '7 connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}, 16) = 0': "elsewhere",
    '7 sendto(3, "x", 1, 0, {sa_family=AF_INET, sin_port=htons(9), sin_addr=inet_addr("192.0.2.1")}, 16) = 1': "elsewhere",
    '7 connect(3, {sa_family=AF_INET6, sin6_port=htons(80), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr)}, 28) = -1': "elsewhere",
    "7 connect(3, {sa_family=AF_VSOCK, svm_cid=2}, 16) = 0": "elsewhere",
}


def test_every_destination_has_its_kind() -> None:
    script = runpy.run_path(str(SCRIPT))
    assert {line: script["destination"](line)[0] for line in LINES} == LINES
    assert script["destination"]('7 sendto(3, "x", 1, 0, NULL, 0) = 1') is None
    kinds, elsewhere = script["counted"](LINES)
    assert (sum(kinds.values()), kinds["elsewhere"], len(elsewhere)) == (8, 4, 4)


def test_a_command_that_leaves_is_told_from_one_that_does_not() -> None:
    if shutil.which("strace") is None:
        pytest.skip("no strace: apt-get install strace")
    inside = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())"
    )
    outside = "import socket; socket.socket(type=socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
    codes = []
    for code in (inside, outside):
        command = [sys.executable, str(SCRIPT), "--label", "it", sys.executable, "-c", code]
        traced = subprocess.run(command, capture_output=True, text=True, check=False)
        if "PTRACE" in traced.stderr or "Operation not permitted" in traced.stderr:
            pytest.skip("nothing may be traced here")
        codes.append((traced.returncode, traced.stdout.splitlines()[0]))
    assert codes == [(0, "| it | 0 | 0 | 1 | 0 |"), (1, "| it | 0 | 0 | 0 | 1 |")]
