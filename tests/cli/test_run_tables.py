"""The tables that a script makes of runs: they count what the checks count."""

import json
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


def test_what_each_device_brings_is_counted_from_the_run_and_from_others_that_go_on_from_its_journal(
    cli: Cli, paper_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("run", paper_file, "--model", "random-walk", "-o", "mine", "--quiet").code == 0
    Path("table.md").write_text("# Code\n\n<!-- ablation -->\nold\n\n<!-- tables -->\nstays\n")
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    options = ("mine", "--candidates", "2", "--debug", "1", "--debug", "1x2", "--write", "table.md")
    monkeypatch.setattr(sys, "argv", ["ablation.py", *options])
    runpy.run_path(str(ROOT / "scripts" / "ablation.py"), run_name="__main__")
    text = Path("table.md").read_text()
    assert "old" not in text
    assert text.endswith("<!-- tables -->\nstays\n")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if "mine" in line]
    devices = [
        "nothing",
        "mechanical changes",
        "+ the model's",
        "+ stand-ins",
        "best of 2",
        "debug 1",
        "debug 1x2",
    ]
    assert [row[1] for row in rows] == devices
    checks = json.loads(Path("mine/checks.json").read_text())
    errors = sum(finding["severity"] == "error" for finding in checks["findings"])
    assert int(rows[0][2]) >= int(rows[1][2]) >= int(rows[3][2]) == errors
    (total,) = [line for line in text.splitlines() if line.startswith("| all | + stand-ins")]
    assert f"{int(rows[3][6] == 'passed')} of 1 passed | {rows[3][7]} |" in total
    # The second candidates are asked for, the first ones come from the journal.
    again = json.loads(Path("mine-best-of-2/manifest.json").read_text())
    coding = next(stage for stage in again["stages"] if stage["name"] == "coding")
    assert 0 < coding["from_journal"] < coding["requests"]


def test_what_only_holds_a_place_is_counted_beside_what_is_there(
    cli: Cli, paper_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli("run", paper_file, "--model", "random-walk", "-o", "mine", "--quiet").code == 0
    monkeypatch.setattr(sys, "argv", ["run_tables.py", "mine"])

    def counted() -> tuple[int, int, str]:
        runpy.run_path(str(ROOT / "scripts" / "run_tables.py"), run_name="__main__")
        head, _, line = capsys.readouterr().out.splitlines()[:3]
        cells = dict(zip(head.split(" | "), line.split(" | "), strict=True))
        there, _, stubs = cells["planned names with their parameters"].partition(" (stubs: ")
        return int(there.partition("/")[0]), int(stubs.rstrip(")") or 0), cells["undefined names"]

    architecture = json.loads(Path("mine/plan/architecture.json").read_text())
    training = next(each for each in architecture["modules"] if each["path"] == "training.py")
    (function,) = training["functions"]
    parameters = ", ".join(each["name"] for each in function["parameters"])
    file = Path("mine/repo/training.py")

    def body(text: str) -> None:
        file.write_text(f'"""Trains."""\n\n\ndef {function["name"]}({parameters}):\n    {text}\n')

    body("return 1 + missing_here")
    there, stubs, undefined = counted()
    assert undefined == "1"
    body('raise NotImplementedError("not written")')
    assert counted() == (there, stubs + 1, "0")
    file.write_text('"""Trains."""\n')
    assert counted() == (there - 1, stubs, "0")
