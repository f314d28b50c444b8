"""The bench measures whatever answers."""

import runpy
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.conftest import ROOT


def requests(table: str) -> dict[str, int]:
    """Requests of each stage in a printed table."""
    rows = [line.split("│") for line in table.splitlines() if line.count("│") > 6]
    return {cells[1].strip(): int(cells[3]) for cells in rows if cells[3].strip()}


def test_both_schedules_ask_the_same_and_the_engine_alone_is_measured_too(
    cli: Cli, paper_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = (str(paper_file), "--model", "random-walk", "-o", "bench/run")
    monkeypatch.setattr(sys, "argv", ["bench.py", *options])
    runpy.run_path(str(ROOT / "scripts" / "bench.py"), run_name="__main__")
    printed = capsys.readouterr().out
    ours, naive = (table.split("engine start")[1] for table in printed.split("naive: engine loaded")[:2])
    asked = [requests(table) for table in (ours, naive)]
    assert set(asked[1]) >= {"planning", "analysis", "coding"}
    assert sum(asked[0].values()) == sum(asked[1].values()) > len(asked[1])
    assert "no request under way" in printed
    assert all(f"\n{stage}: " in printed for stage in ("analysis", "coding"))
    assert printed.count("the engine alone") == 2
    assert "times faster" in printed
