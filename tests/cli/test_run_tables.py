"""The tables that a script makes of runs: they count what the checks count."""

import runpy
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.conftest import ROOT


def test_a_run_is_a_line_and_its_stages_are_lines(
    cli: Cli, paper_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli("run", paper_file, "--model", "random-walk", "-o", "mine", "--quiet").code == 0
    Path("table.md").write_text("# Runs\n\n<!-- tables -->\nold\n")
    monkeypatch.setattr(sys, "argv", ["run_tables.py", "mine", "nowhere", "--output", "table.md"])
    runpy.run_path(str(ROOT / "scripts" / "run_tables.py"), run_name="__main__")
    text = Path("table.md").read_text()
    assert "old" not in text
    (line,) = [line for line in text.splitlines() if line.startswith("| mine | random-walk")]
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    parsing, whole = map(int, cells[2].split("/"))
    assert parsing == whole == len([path for path in Path("mine/repo").rglob("*") if path.is_file()])
    assert cells[3] == "yes"
    assert "| nowhere | no run |" in text
    assert all(f"|  | {stage} |" in text for stage in ("planning", "analysis", "coding", "checking"))
