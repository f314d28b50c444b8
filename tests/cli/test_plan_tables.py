"""The table that a script makes of plans."""

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from offline_coder.core.plan import Architecture, BuildOrder, ClassPlan, Module, Plan, Routine
from tests.cli.conftest import Cli
from tests.conftest import ROOT

TABLES: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "plan_tables.py"))


def plan(*names: str) -> Plan:
    """A plan whose classes have these names."""
    classes = tuple(ClassPlan(name=name, methods=(Routine(name="forward"),)) for name in names)
    module = Module(path="model.py", purpose="x", classes=classes, functions=(Routine(name="main"),))
    return Plan(
        overview="x",
        architecture=Architecture(approach="x", modules=(module,)),
        build_order=BuildOrder(order=("model.py",), depends_on={"model.py": ()}),
        config=(),
    )


def test_a_name_that_stands_only_in_a_prompt_is_copied() -> None:
    copied = TABLES["copied_names"]
    assert copied(plan("Net", "purpose"), "The purpose of it.") == ()
    assert copied(plan("Net", "purpose", "parameters"), "A network.") == ("parameters", "purpose")


def test_a_plan_is_a_line_between_the_marks(
    cli: Cli, paper_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("plan", paper_file, "--model", "random-walk", "-o", "mine", "--quiet").code == 0
    Path("plans.md").write_text("# Plans\n\n<!-- plans -->\nold\n<!-- end of plans -->\n\nrest\n")
    monkeypatch.setattr(sys, "argv", ["plan_tables.py", "mine", "nowhere", "--output", "plans.md"])
    runpy.run_path(str(ROOT / "scripts" / "plan_tables.py"), run_name="__main__")
    text = Path("plans.md").read_text()
    assert "old" not in text
    assert text.endswith("\n\nrest\n")
    (line,) = [line for line in text.splitlines() if line.startswith("| mine |")]
    cells = dict(zip(TABLES["HEADS"], (cell.strip() for cell in line.split("|")[1:-1]), strict=True))
    assert cells["model"] == "random-walk"
    assert cells["with a quote"] == f"{cells['requirements']}/{cells['requirements']}"
    assert cells["assumptions"] == "1"
    assert [cells[name] for name in ("invalid answers", "plan problems")] == ["0", "0"]
    assert "| nowhere | no run |" in text
