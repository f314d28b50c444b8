"""Running the command line in this process, and runs that are killed in processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from offline_coder.cli.main import main
from tests.conftest import ROOT

PAPER = """# A Small Paper

## Abstract

We train a small network.

## 1 Method

The network has 3 layers of width 128 and uses ReLU.

## 2 Training

We train with Adam, a learning rate of 0.001 and a batch size of 64 for 20 epochs.
"""


def killed_runs(kills: int, by: str, *arguments: str | Path, **environment: str) -> dict[str, int]:
    """What scripts/kill_harness.py counted when runs were killed `kills` times. Nothing was wrong, and no
    answer was asked for again."""
    harness = ROOT / "scripts" / "kill_harness.py"
    outcome = subprocess.run(
        [sys.executable, harness, *arguments, "--by", by, "--kills", str(kills)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert all(line.endswith(" kills so far") for line in outcome.stderr.splitlines()), outcome.stderr
    tally = json.loads(outcome.stdout)
    assert tally["wrong"] == []
    assert (tally["asked_again"], tally["kills"], outcome.returncode) == (0, kills, 0)
    counted: dict[str, int] = tally
    return counted


@dataclass(frozen=True)
class Result:
    """What a user sees of a command."""

    code: int
    out: str
    err: str


Cli = Callable[..., Result]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs `offline-coder` with an empty home and an empty working folder."""
    monkeypatch.setenv("OFFLINE_CODER_HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(*arguments: str | Path) -> Result:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_info:
            main([str(argument) for argument in arguments])
        shown = capsys.readouterr()
        code = exit_info.value.code
        assert isinstance(code, int)
        return Result(code, shown.out, shown.err)

    return run


@pytest.fixture
def paper_file(tmp_path: Path) -> Path:
    """A short Markdown paper."""
    path = tmp_path / "paper.md"
    path.write_text(PAPER)
    return path
