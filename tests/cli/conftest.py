"""Running the command line in this process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from offline_coder.cli.main import main

PAPER = """# A Small Paper

## Abstract

We train a small network.

## 1 Method

The network has 3 layers of width 128 and uses ReLU.

## 2 Training

We train with Adam, a learning rate of 0.001 and a batch size of 64 for 20 epochs.
"""


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
