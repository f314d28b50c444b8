"""Runs whose engine does not fit the memory, is killed, hangs, or serves several of them at once.

Everything is as with a real engine, processes and all, but for the program that is called vllm: a
stand-in that answers with a random walk (tests/engines/walking_server.py).
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from offline_coder.engines.launcher import descendants
from offline_coder.weights.importing import import_folder
from tests.cli.conftest import Cli, killed_runs
from tests.cli.test_run import tree
from tests.conftest import HANGS, ROOT
from tests.engines.test_launcher import running, wait_for
from tests.engines.walking_server import HOLDS, SECONDS, stand_in_vllm, walking_server

CONTEXT = 16384
CONFIG = {
    "max_position_embeddings": CONTEXT,
    "num_attention_heads": 2,
    "hidden_size": 64,
    "num_hidden_layers": 1,
    "torch_dtype": "bfloat16",
}


@pytest.fixture
def run(
    cli: Cli, paper_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str | Path, ...]:
    """The arguments of a run with a model for the stand-in, but for the folder."""
    monkeypatch.setenv("PYTHONPATH", stand_in_vllm(tmp_path / "stand-in"))
    own = tmp_path / "own"
    own.mkdir()
    (own / "config.json").write_text(json.dumps(CONFIG))
    (own / "tokenizer.json").write_text("{}")
    (own / "model.safetensors").write_bytes(b"weights" * 1000)
    import_folder(own, name="small")
    return "run", paper_file, "--model", "small", "--context", str(CONTEXT), "--quiet", "-o"


def manifest(folder: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(Path(folder, "manifest.json").read_text())
    return found


def test_what_memory_does_not_hold_is_tried_with_a_shorter_context(
    cli: Cli, run: tuple[str | Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOLDS, str(CONTEXT // 2))
    planned = cli("plan", *run[1:], "out")
    assert planned.code == 0, planned.err
    before = manifest("out")
    assert (before["context"], before["context_asked"]) == (CONTEXT // 2, CONTEXT)
    (note,) = before["engine_notes"]  # type: ignore[misc]
    assert "out of memory" in note
    assert f"a context of {CONTEXT} tokens does not fit, trying {CONTEXT // 2}" in note
    # The same command goes on, and so does one that names the context that there is.
    written = cli(*run, "out")
    assert written.code == 0, written.err
    after = manifest("out")
    assert (after["status"], after["context"], after["engine_notes"]) == ("finished", CONTEXT // 2, [note])
    named = [str(CONTEXT // 2) if word == str(CONTEXT) else word for word in run]
    assert cli(*named, "out").code == 0
    other = ["4096" if word == str(CONTEXT) else word for word in run]
    assert "another value of --context" in cli(*other, "out").err
    assert cli("verify", "out").code == 0
    assert cli("replay", "out").code == 0


def test_a_run_is_not_gone_on_with_by_a_smaller_engine(
    cli: Cli, run: tuple[str | Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("plan", *run[1:], "out").code == 0
    monkeypatch.setenv(HOLDS, str(CONTEXT // 2))
    refused = cli(*run, "out")
    assert refused.code == 4
    first, second = refused.err.splitlines()
    assert "out of memory" in first
    assert "free memory" in second


def test_what_fits_with_no_context_is_one_line(
    cli: Cli, run: tuple[str | Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOLDS, "10")
    refused = cli(*run, "out")
    assert refused.code == 4
    assert "the engine did not start: out of memory" in refused.err.splitlines()[-2]
    assert "shorter --context" in refused.err.splitlines()[-1]


@pytest.mark.parametrize(("by", "kills"), [("ENGINE", 1), ("KILL", 1)])
def test_killed_with_its_engine_or_losing_it_a_run_ends_as_an_undisturbed_one(
    run: tuple[str | Path, ...], by: str, kills: int
) -> None:
    given = ("--engine", "small", "--context", str(CONTEXT), "--paper", str(run[1]))
    killed_runs(kills, by, *given, **{SECONDS: "0.05"})


def test_an_engine_that_hangs_is_started_again_and_the_run_ends_as_an_undisturbed_one(
    cli: Cli, run: tuple[str | Path, ...]
) -> None:
    assert cli(*run, "whole").code == 0
    command = [sys.executable, "-m", "offline_coder.cli.main", *map(str, run), "out", "--stall-seconds", "5"]
    with subprocess.Popen(
        command, env={**os.environ, SECONDS: "0.2"}, stderr=subprocess.PIPE, text=True
    ) as child:
        assert wait_for(lambda: Path("out/journal.jsonl").exists(), HANGS)
        tree_before = descendants(child.pid)
        engine = next(
            process
            for process in tree_before
            if Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[1:3] == [b"-P", b"-m"]
        )
        os.kill(engine, signal.SIGSTOP)
        _, said = child.communicate()
        assert child.returncode == 0, said
    assert tree(Path("out")) == tree(Path("whole"))
    (note,) = manifest("out")["engine_notes"]  # type: ignore[misc]
    assert "the engine hangs" in note
    assert "starting it again" in note
    assert not any(map(running, tree_before))


def test_two_runs_share_a_server_and_end_as_runs_that_have_it_alone(cli: Cli, paper_file: Path) -> None:
    longer = paper_file.with_name("longer.md")
    longer.write_text(paper_file.read_text() + "\n## 3 Data\n\nWe use 60000 images of size 28.\n")
    papers = {"one": paper_file, "other": longer}
    with walking_server("--seconds", "0.05", "--slots", "3") as (url, _):
        started = {
            name: subprocess.Popen(
                [sys.executable, "-m", "offline_coder.cli.main", *shared(url, paper), name],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            for name, paper in papers.items()
        }
        assert [child.wait() for child in started.values()] == [0, 0]
    with walking_server() as (url, _):
        for name, paper in papers.items():
            assert cli(*shared(url, paper), f"{name}-alone").code == 0
            assert tree(Path(name)) == tree(Path(f"{name}-alone"))
    assert tree(Path("one")) != tree(Path("other"))


def shared(url: str, paper: Path) -> tuple[str, ...]:
    """A run on the server at `url`, but for its folder."""
    return "run", str(paper), "--model", "walk", "--endpoint", url, "--quiet", "-o"
