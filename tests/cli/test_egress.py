"""No command of ours reaches another machine, and `doctor --egress` shows it."""

import json

import pytest

from offline_coder.core.no_way_out import GUARD, ConnectionRefused
from offline_coder.engines.own_network import probe
from tests.cli.conftest import Cli


def test_doctor_tries_to_get_out_and_is_refused(cli: Cli) -> None:
    result = cli("doctor", "--egress", "--json")
    lines = json.loads(result.out)
    assert result.code == 0, result.out
    assert len(lines) == 4
    assert [line["ok"] for line in lines] == [True, True, probe()[0], True]
    assert "offline_coder.cli.egress tried to connect to 192.0.2.1" in lines[0]["found"]
    assert "offline_coder.cli.egress tried to look up example.org" in lines[1]["found"]


def test_doctor_says_so_when_something_gets_out(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    # A command whose guard is open.
    monkeypatch.setattr(GUARD, "close", GUARD.lift)
    result = cli("doctor", "--egress", "--json")
    monkeypatch.undo()
    assert result.code == 3
    assert json.loads(result.out)[1]["ok"] is False


def test_only_the_host_of_the_endpoint_is_let_through(cli: Cli, paper_file: object) -> None:
    import socket

    refused = cli("run", str(paper_file), "--endpoint", "http://192.0.2.9:9", "--model", "m", "-o", "x")
    assert refused.code in (3, 4)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probing:
        probing.connect(("192.0.2.9", 9))
        with pytest.raises(ConnectionRefused):
            probing.connect(("192.0.2.10", 9))
