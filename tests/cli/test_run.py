"""The main job, with engines that need no weights: a paper becomes a repository, resumes, and is kept."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from offline_coder.checks.syntax import check_syntax
from tests.cli.conftest import Cli
from tests.conftest import ROOT


def tree(folder: Path) -> dict[str, bytes]:
    """Path -> bytes of what a run is for: the repository, the plan, the analyses."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for part in ("repo", "plan", "analysis")
        for path in sorted((folder / part).rglob("*"))
        if path.is_file()
    }


def test_a_paper_becomes_a_repository(cli: Cli, paper_file: Path) -> None:
    result = cli("run", paper_file, "--model", "random-walk", "-o", "out", "--json")
    assert result.code == 0, result.err
    facts = json.loads(result.out)
    order = json.loads(Path("out/plan/build_order.json").read_text())["order"]
    modules = [
        module["path"] for module in json.loads(Path("out/plan/architecture.json").read_text())["modules"]
    ]
    on_disk = {path.name for path in Path("out/repo").iterdir()}
    assert order == modules
    assert on_disk == {*modules, "config.yaml", "requirements.txt", "README.md", "reproduce.sh"}
    assert set(facts["files"]) == on_disk
    for path in Path("out/repo").iterdir():
        assert not [f for f in check_syntax(path.name, path.read_text()) if f.severity == "error"]
    config = yaml.safe_load(Path("out/repo/config.yaml").read_text())
    assert config == yaml.safe_load(Path("out/plan/config.yaml").read_text())
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert Path("out/report.html").read_text().startswith("<!doctype html>")
    assert [stage["name"] for stage in manifest["stages"]] == [
        "planning",
        "analysis",
        "coding",
        "repair",
        "checking",
    ]


def test_a_finished_run_is_not_done_again(cli: Cli, paper_file: Path) -> None:
    cli("run", paper_file, "--model", "random-walk", "-o", "out", "--quiet")
    before = Path("out/manifest.json").read_bytes()
    assert cli("run", paper_file, "--model", "random-walk", "-o", "out").code == 0
    assert Path("out/manifest.json").read_bytes() == before


def test_plan_then_write_is_run(cli: Cli, paper_file: Path) -> None:
    assert cli("run", paper_file, "--model", "random-walk", "-o", "at-once", "--quiet").code == 0
    assert cli("plan", paper_file, "--model", "random-walk", "-o", "steps", "--quiet").code == 0
    assert not Path("steps/repo").exists()
    assert cli("write", "steps", "--quiet").code == 0
    assert tree(Path("steps")) == tree(Path("at-once"))


@pytest.mark.parametrize(
    "options", [("--seed", "1"), ("--model", "scripted:x.jsonl"), ("--temperature", "1")]
)
def test_another_run_in_the_same_folder_is_refused(
    cli: Cli, paper_file: Path, options: tuple[str, str]
) -> None:
    cli("run", paper_file, "--model", "random-walk", "-o", "out", "--quiet")
    before = tree(Path("out"))
    result = cli("run", paper_file, "--model", "random-walk", *options, "-o", "out")
    assert result.code == 2
    assert "another" in result.err
    assert tree(Path("out")) == before


def test_a_file_changed_by_hand_is_not_written_over(cli: Cli, paper_file: Path) -> None:
    cli("plan", paper_file, "--model", "random-walk", "-o", "out", "--quiet")
    Path("out/paper.md").write_text("# My own paper")
    result = cli("write", "out")
    assert result.code == 2
    assert "paper.md" in result.err
    assert Path("out/paper.md").read_text() == "# My own paper"


def test_check_sees_the_plan_and_the_repository(cli: Cli, paper_file: Path) -> None:
    cli("plan", paper_file, "--model", "random-walk", "-o", "out", "--quiet")
    result = cli("check", "out", "--strict")
    assert result.code == 0, result.out
    order = json.loads(Path("out/plan/build_order.json").read_text())
    order["depends_on"]["data.py"] = ["main.py"]
    Path("out/plan/build_order.json").write_text(json.dumps(order))
    result = cli("check", "out", "--strict")
    assert result.code == 1
    assert "plan/build_order.json: error: depends_on" in result.out
    Path("out/plan/build_order.json").unlink()
    result = cli("check", "out", "--json")
    assert [finding["rule"] for finding in json.loads(result.out)] == ["missing-file"]


def test_a_script_that_runs_out_fails_in_one_line_and_keeps_the_journal(cli: Cli, paper_file: Path) -> None:
    Path("answers.jsonl").write_text(json.dumps({"text": "{}"}) + "\n")
    result = cli("run", paper_file, "--model", "scripted:answers.jsonl", "-o", "out")
    assert result.code == 4
    assert json.loads(Path("out/manifest.json").read_text())["status"] == "failed"
    assert sum('"request"' in line for line in Path("out/journal.jsonl").read_text().splitlines()) == 1


def offline_coder(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """The command as a process of its own."""
    command = [sys.executable, "-m", "offline_coder.cli.main", *arguments]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)


def wait_for_journal(path: Path, lines: int) -> None:
    """Until the journal has that many lines; at most a minute."""
    for _ in range(1200):
        if path.is_file() and path.read_bytes().count(b"\n") >= lines:
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} never had {lines} lines")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)]
)
def test_a_stopped_run_goes_on_where_it_was(
    cli: Cli, paper_file: Path, number: signal.Signals, code: int
) -> None:
    cli("run", paper_file, "--model", "random-walk", "-o", "whole", "--quiet")
    folder = Path.cwd()
    arguments = ("run", str(paper_file), "--model", "random-walk", "-o", "out", "--quiet")
    with offline_coder(folder, *arguments) as child:
        wait_for_journal(folder / "out" / "journal.jsonl", 2)
        os.kill(child.pid, number)
        _, shown = child.communicate(timeout=60)
    assert child.returncode == code
    if code == 130:
        assert "interrupted" in shown
        assert "Traceback" not in shown
        assert json.loads(Path("out/manifest.json").read_text())["status"] == "interrupted"
    journaled = Path("out/journal.jsonl").read_bytes()
    assert cli(*arguments).code == 0
    assert Path("out/journal.jsonl").read_bytes().startswith(journaled)
    assert tree(Path("out")) == tree(Path("whole"))


def test_a_registry_gives_paths_and_says_what_it_lacks(cli: Cli, paper_file: Path) -> None:
    paper_file.write_text(paper_file.read_text() + "\nWe use the MNIST dataset and the CIFAR-10 dataset.\n")
    Path("lab").mkdir()
    Path("lab/datasets.toml").write_text('[mnist]\npath = "/data/mnist"\n')
    result = cli("run", paper_file, "--model", "random-walk", "-o", "out", "--registry", "lab")
    assert result.code == 0, result.err
    assert "in no local registry: dataset CIFAR-10" in result.err
    config = yaml.safe_load(Path("out/repo/config.yaml").read_text())
    assert config["data"]["mnist_path"] == "/data/mnist"
    notes = json.loads(cli("check", "out", "--json").out)
    assert [note["rule"] for note in notes if "CIFAR-10" in note["message"]] == ["not-registered"]
    assert cli("run", paper_file, "--registry", "nowhere", "-o", "other").code == 2


@pytest.mark.parametrize("context", [2000, 3000])
def test_a_short_context_leaves_out_and_ends_with_a_repository(cli: Cli, context: int) -> None:
    paper = ROOT / "examples" / "noisepair" / "paper.md"
    result = cli("run", paper, "--model", "random-walk", "--context", context, "-o", "out", "--quiet")
    assert result.code == 0, result.err
    files = json.loads(Path("out/checks.json").read_text())["files"]
    assert any(file["left_out"] for file in files)
    short = [repair for file in files for repair in file["repairs"] if repair.startswith("no room in")]
    assert bool(short) == (context == 2000)
