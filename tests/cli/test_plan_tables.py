"""The table that a script makes of plans."""

import runpy
import sys
from pathlib import Path

import pytest
from plan_tables import HEADS, copied_names, joined, names_of_the_paper, spread

from offline_coder.core.plan import Architecture, BuildOrder, ClassPlan, Module, Plan, Routine
from tests.cli.conftest import Cli
from tests.conftest import ROOT


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
    assert copied_names(plan("Net", "purpose"), "The purpose of it.") == ()
    assert copied_names(plan("Net", "purpose", "parameters"), "A network.") == ("parameters", "purpose")


def test_a_name_with_a_word_of_the_paper_is_one_of_its_own() -> None:
    named = plan("NoisePairNet", "PairedLosses", "DataLoader", "Transformer")
    assert names_of_the_paper(named, "Noise is added. The paired images.") == (2, 4)


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (("5", "5"), "5"),
        (("1,200", "928", "1,000"), "928-1,200"),
        (("20/21", "21/21", "20/21"), "20-21/21"),
        (("34/34", "35/35", "34/34"), "103/103"),
        (("0", "loss", "0"), "loss"),
        (("", "7"), "; 7"),
    ],
)
def test_cells_of_several_plans_say_how_far_they_lie_apart(cells: tuple[str, ...], shown: str) -> None:
    assert spread(cells) == shown


def test_plans_of_a_paper_by_a_model_are_one_row() -> None:
    rows = [["mine-net-greedy", "net", "1"], ["mine-net-t0.7-s1", "net", "3"], ["other-net-s1", "net", "2"]]
    assert joined(rows) == [["mine", "net", "1-3"], ["other", "net", "2"]]


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
    cells = dict(zip(HEADS, (cell.strip() for cell in line.split("|")[1:-1]), strict=True))
    assert cells["model"] == "random-walk"
    assert cells["with a quote"] == f"{cells['requirements']}/{cells['requirements']}"
    assert cells["assumptions"] == "1"
    assert [cells[name] for name in ("invalid answers", "plan problems")] == ["0", "0"]
    assert "| nowhere | no run |" in text


def test_plans_of_a_design_are_a_line(
    cli: Cli, paper_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in (1, 2):
        options = ("--model", "random-walk", "--seed", seed, "--quiet")
        assert cli("plan", paper_file, "-o", f"plans/s{seed}", *options).code == 0
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    Path("plans/server.log").touch()
    monkeypatch.setattr(sys, "argv", ["plan_designs.py", "first=plans"])
    capsys.readouterr()
    runpy.run_path(str(ROOT / "scripts" / "plan_designs.py"), run_name="__main__")
    heads, _, line = (
        [cell.strip() for cell in row.split("|")[1:-1]] for row in capsys.readouterr().out.splitlines()
    )
    cells = dict(zip(heads, line, strict=True))
    assert (cells["design"], cells["model"], cells["plans"]) == ("first", "random-walk", "2")
    assert (cells["plan problems"], cells["invalid answers"]) == ("0", "0")
    assert cells["types of the plan that are dependencies"].count("/") == 1
