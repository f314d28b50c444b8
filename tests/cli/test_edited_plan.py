"""A person changes the plan: it is checked, and the repository is made from it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Cli


def planned(cli: Cli, paper_file: Path) -> None:
    assert cli("plan", paper_file, "--model", "random-walk", "-o", "out", "--quiet").code == 0


def load(name: str) -> Any:
    return json.loads(Path("out/plan", name).read_text())


def save(name: str, data: Any) -> None:
    Path("out/plan", name).write_text(json.dumps(data, indent=2))


def with_a_module(cli: Cli, paper_file: Path) -> str:
    """Adds a module to the plan by hand; its path."""
    architecture, order = load("architecture.json"), load("build_order.json")
    architecture["modules"].insert(0, {"path": "my_losses.py", "purpose": "a loss of my own"})
    order["order"].insert(0, "my_losses.py")
    order["depends_on"]["my_losses.py"] = []
    order["depends_on"]["training.py"] = [*order["depends_on"]["training.py"], "my_losses.py"]
    save("architecture.json", architecture)
    save("build_order.json", order)
    return "my_losses.py"


def asked() -> list[dict[str, Any]]:
    """The requests of the journal."""
    entries = map(json.loads, Path("out/journal.jsonl").read_text().splitlines())
    return [entry["request"] for entry in entries if "request" in entry]


def test_the_repository_follows_the_changed_plan(cli: Cli, paper_file: Path) -> None:
    planned(cli, paper_file)
    path = with_a_module(cli, paper_file)
    Path("out/plan/overview.md").write_text("## Goals\n\nMy own plan.\n")
    result = cli("write", "out", "--quiet")
    assert result.code == 0, result.err
    assert Path("out/repo", path).is_file()
    assert Path("out/plan/overview.md").read_text() == "## Goals\n\nMy own plan.\n"
    assert "my_losses.py" in Path("out/plan/call_flow.mmd").read_text()
    coding = [request for request in asked() if request["purpose"].startswith(("analysis", "coding"))]
    assert all("My own plan." in request["messages"][1]["content"] for request in coding)
    assert cli("check", "out", "--quiet").code == 0


def test_a_plan_that_does_not_hold_is_refused_by_file_and_key(cli: Cli, paper_file: Path) -> None:
    planned(cli, paper_file)
    architecture = load("architecture.json")
    architecture["modules"][0]["path"] = "../data.py"
    save("architecture.json", architecture)
    result = cli("write", "out")
    assert result.code == 2
    assert "plan/architecture.json: modules[0].path" in result.err
    assert "offline-coder check out" in result.err
    assert load("architecture.json") == architecture
    assert not Path("out/repo").exists()


def test_a_value_changed_by_hand_reaches_the_repository_as_an_assumption(cli: Cli, paper_file: Path) -> None:
    planned(cli, paper_file)
    config = Path("out/plan/config.yaml")
    # The network's constructor has the settings of the model for defaults, so they stay.
    kept = {
        section: values
        for section, values in yaml.safe_load(config.read_text()).items()
        if section == "model"
    }
    changed = {**kept, "training": {"batch_size": 3}}
    config.write_text(yaml.safe_dump(changed))
    assert cli("write", "out", "--quiet").code == 0
    assert yaml.safe_load(Path("out/repo/config.yaml").read_text()) == changed
    (source,) = (each for each in load("config_sources.json") if each["key"] == "training.batch_size")
    assert (source["source"], source["quote"]) == ("assumption", None)


def test_only_what_depends_on_the_change_is_asked_again(cli: Cli, paper_file: Path) -> None:
    assert cli("run", paper_file, "--model", "random-walk", "-o", "out", "--quiet").code == 0
    before = len(asked())
    order = load("build_order.json")
    diagram = Path("out/plan/call_flow.mmd")
    diagram.write_text(diagram.read_text() + "    M1->>M1: mine\n")
    assert cli("write", "out", "--quiet").code == 0
    assert len(asked()) == before
    assert "mine" not in diagram.read_text()
    order["depends_on"]["model.py"] = []
    order["depends_on"]["main.py"] = order["order"][:-1]
    save("build_order.json", order | {"packages": []})
    calls = load("architecture.json") | {"calls": []}
    save("architecture.json", calls)
    assert cli("write", "out", "--quiet").code == 0
    again = {request["purpose"] for request in asked()[before:]}
    assert not any(purpose.startswith("planning") for purpose in again)
    assert "analysis:data.py" not in again


def test_a_module_taken_out_leaves_no_file_behind(cli: Cli, paper_file: Path) -> None:
    planned(cli, paper_file)
    path = with_a_module(cli, paper_file)
    assert cli("write", "out", "--quiet").code == 0
    architecture, order = load("architecture.json"), load("build_order.json")
    architecture["modules"] = [module for module in architecture["modules"] if module["path"] != path]
    order["order"].remove(path)
    del order["depends_on"][path]
    order["depends_on"] = {
        name: [n for n in needed if n != path] for name, needed in order["depends_on"].items()
    }
    save("architecture.json", architecture)
    save("build_order.json", order)
    assert cli("write", "out", "--quiet").code == 0
    assert not Path("out/repo", path).exists()
    assert Path("out/repo/data.py").is_file()
    assert cli("write", "out", "--quiet").code == 0


def test_a_missing_file_beside_changed_ones_is_refused(cli: Cli, paper_file: Path) -> None:
    planned(cli, paper_file)
    Path("out/plan/overview.md").write_text("mine")
    Path("out/plan/requirements.json").unlink()
    result = cli("write", "out")
    assert result.code == 2
    assert "requirements.json" in result.err
    assert Path("out/plan/overview.md").read_text() == "mine"


def test_plan_edit_waits_until_the_plan_holds(
    cli: Cli, paper_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(cli, paper_file)
    good = Path("out/plan/build_order.json").read_text()

    class Person(io.StringIO):
        """Presses Enter twice, and mends the plan in between."""

        pressed = 0

        def readline(self, size: int | None = -1, /) -> str:
            self.pressed += 1
            Path("out/plan/build_order.json").write_text(good if self.pressed == 2 else "{}")
            return "\n"

    person = Person()
    monkeypatch.setattr("sys.stdin", person)
    result = cli("plan", paper_file, "--model", "random-walk", "-o", "out", "--edit", "--quiet")
    assert result.code == 0
    assert person.pressed == 2
    assert "plan/build_order.json: order: Field required" in result.err
    assert "offline-coder write out" in result.err


def test_plan_edit_without_a_terminal_ends(
    cli: Cli, paper_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    result = cli("plan", paper_file, "--model", "random-walk", "-o", "out", "--edit", "--quiet")
    assert result.code == 0
    Path("out/plan/overview.md").write_text("")
    monkeypatch.setattr("sys.stdin", io.StringIO("q\n"))
    result = cli("plan", paper_file, "--model", "random-walk", "-o", "out", "--edit", "--quiet")
    assert result.code == 1
    assert "overview.md" in result.err
