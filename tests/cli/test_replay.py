"""A finished run can be made again without its engine, and every change to it is seen."""

import json
from pathlib import Path

from tests.cli.conftest import Cli


def test_a_run_is_made_again_from_its_journal_alone(cli: Cli, paper_file: Path) -> None:
    assert cli("run", paper_file, "--model", "random-walk", "-o", "out", "--quiet").code == 0
    paper_file.unlink()
    before = {path: path.read_bytes() for path in Path("out").rglob("*") if path.is_file()}

    again = cli("replay", "out")
    assert again.code == 0, again.err
    assert "byte for byte" in again.out
    assert {path: path.read_bytes() for path in Path("out").rglob("*") if path.is_file()} == before

    asked = cli("replay", "out", "--verify", "--parallel", "4", "--quiet")
    assert asked.code == 0, asked.err
    completions = before[Path("out/journal.jsonl")].count(b'"request"')
    assert f"{completions} of {completions} completions are the same" in asked.out

    Path("out/repo/README.md").write_text("mine")
    Path("out/plan/overview.md").unlink()
    Path("out/repo/extra.py").write_text("x = 1\n")
    changed = cli("replay", "out", "--json")
    assert changed.code == 1
    assert {entry["file"] for entry in json.loads(changed.out)["differences"]} == {
        "plan/overview.md",
        "repo/README.md",
        "repo/extra.py",
    }

    lines = Path("out/journal.jsonl").read_text().splitlines(keepends=True)
    number = next(index for index, line in enumerate(lines) if '"request"' in line)
    entry = json.loads(lines[number])
    entry["completion"]["text"] += " "
    lines[number] = json.dumps(entry) + "\n"
    Path("out/journal.jsonl").write_text("".join(lines))
    asked = cli("replay", "out", "--verify", "--quiet")
    assert asked.code == 1
    assert f"differs: {entry['request']['purpose']}" in asked.out

    del lines[number]
    Path("out/journal.jsonl").write_text("".join(lines))
    lacking = cli("replay", "out")
    assert lacking.code == 2
    assert entry["request"]["purpose"] in lacking.err


def test_a_plan_changed_by_hand_and_a_registry_are_part_of_what_is_replayed(
    cli: Cli, paper_file: Path
) -> None:
    Path("lab").mkdir()
    Path("lab/datasets.toml").write_text('[mnist]\npath = "/data/mnist"\naliases = ["digits"]\n')
    given = (paper_file, "--model", "random-walk", "-o", "out", "--registry", "lab", "--quiet")
    assert cli("plan", *given).code == 0
    overview = Path("out/plan/overview.md")
    overview.write_text(overview.read_text().replace("## Goals", "## Goals\n\nBy hand."))
    written = cli("write", "out", "--quiet")
    assert written.code == 0, written.err
    again = cli("replay", "out")
    assert again.code == 0, again.out + again.err


def test_what_holds_no_finished_run_is_refused(cli: Cli) -> None:
    assert cli("replay", "nowhere").code == 2
