"""Nothing of ours reaches another machine. Each case runs in a process of its own: a guard stays."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUARDED = "from offline_coder.core.no_way_out import GUARD\nGUARD.close()\n{allowing}\nimport socket\n{code}"
UDP = "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"


def guarded(code: str, allowing: str = "") -> "subprocess.CompletedProcess[str]":
    script = GUARDED.format(allowing=allowing, code=code)
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("code", "host"),
    [
        ("socket.create_connection(('192.0.2.1', 80), 1)", "192.0.2.1"),
        (f"{UDP}.sendto(b'x', ('192.0.2.1', 53))", "192.0.2.1"),
        ("socket.getaddrinfo('example.org', 80)", "example.org"),
        ("socket.gethostbyname('example.org')", "example.org"),
        ("socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))", "2001:db8::1"),
        ("socket.socket(socket.AF_VSOCK).connect((2, 80))", "2"),
        ("import urllib.request; urllib.request.urlopen('http://192.0.2.1')", "192.0.2.1"),
    ],
)
def test_another_machine_is_refused(code: str, host: str) -> None:
    outcome = guarded(code)
    assert outcome.returncode != 0
    assert "ConnectionRefused" in outcome.stderr
    assert host in outcome.stderr.splitlines()[-1]


def test_the_offender_is_named() -> None:
    outcome = guarded("import http.client; http.client.HTTPConnection('192.0.2.1').connect()")
    assert "http.client tried to" in outcome.stderr.splitlines()[-1]


def test_this_machine_and_what_the_user_named_are_let_through() -> None:
    code = (
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname()).close()\n"
        "socket.getaddrinfo('localhost', 80)\n"
        f"{UDP}.connect(('192.0.2.7', 9))\n"
    )
    assert guarded(code, "GUARD.allow('192.0.2.7')").returncode == 0


def test_lifted_it_lets_through_and_closed_again_it_forgets() -> None:
    send = f"{UDP}.sendto(b'x', ('127.0.0.1', 9)); {UDP}.connect(('192.0.2.7', 9))"
    assert guarded(send, "GUARD.lift()").returncode == 0
    assert guarded(send, "GUARD.allow('192.0.2.7'); GUARD.lift(); GUARD.close()").returncode != 0


def test_the_kernel_may_be_asked_and_unix_sockets_used() -> None:
    code = (
        "import tempfile\n"
        "path = tempfile.mkdtemp() + '/s'\n"
        "server = socket.socket(socket.AF_UNIX); server.bind(path); server.listen()\n"
        "socket.socket(socket.AF_UNIX).connect(path)\n"
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).connect((0, 0))\n"
    )
    outcome = guarded(code)
    assert outcome.returncode == 0, outcome.stderr
