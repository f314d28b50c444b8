"""The debug loop in the real sandbox: line edits that always apply, and only what helps stays."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.core.errors import MissingPrerequisite
from offline_coder.core.plan import Module, Routine
from offline_coder.core.request import Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.runs.journal import Journal
from offline_coder.sandbox.choose import find_sandbox
from offline_coder.stages.debugging import LineEdit, smoke_run_and_debug
from offline_coder.stages.prompting import Context, render_prompt
from offline_coder.stages.smoke import SmokeRun
from tests.stages.conftest import plan_of_two

MODULES = (
    Module(path="model.py", purpose="", functions=(Routine(name="half"),)),
    Module(path="main.py", purpose="", functions=(Routine(name="main"),)),
)
PLAN = plan_of_two(MODULES)
FILES = {
    "model.py": "def half(x):\n    return x / 0\n",
    "main.py": "import sys\n\nfrom model import half\n\nprint(half(2) if '--smoke' in sys.argv else 0)\n",
    "config.yaml": "seed: 3\n",
    "reproduce.sh": render_prompt("coding/reproduce.sh.j2", entry_point="main.py") + "\n",
}


def debugged(
    tmp_path: Path, answer: Callable[[Request], str], rounds: int = 1
) -> tuple[SmokeRun, list[Request]]:
    """The run after corrections, and what was asked."""
    try:
        find_sandbox()
    except MissingPrerequisite as error:
        pytest.skip(str(error))
    asked: list[Request] = []

    def listen(request: Request) -> str:
        asked.append(request)
        return answer(request)

    run = asyncio.run(
        smoke_run_and_debug(
            ScriptedEngine(listen),
            Context("paper"),
            PLAN,
            FILES,
            StageSettings(debug_rounds=rounds),
            Journal(tmp_path / "journal.jsonl"),
            lambda text: None,
        )
    )
    return run, asked


def test_a_line_that_fails_is_replaced(tmp_path: Path) -> None:
    edit = json.dumps({"first": 2, "last": 2, "text": "    return x / 2"})
    run, asked = debugged(tmp_path, lambda request: edit)
    assert run.failures == ()
    assert run.status == "passed"
    assert run.files["model.py"] == "def half(x):\n    return x / 2\n"
    assert (run.rounds, run.kept) == (1, 1)
    assert asked[0].purpose == "debugging:model.py"
    assert "2|    return x / 0" in asked[0].messages[-1].content
    assert "ZeroDivisionError" in asked[0].messages[-1].content


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        json.dumps({"first": 2, "last": 2, "text": "    return ("}),
        json.dumps({"first": 2, "last": 1, "text": "x = 1"}),
    ],
)
def test_what_does_not_help_is_rolled_back(tmp_path: Path, text: str) -> None:
    run, _ = debugged(tmp_path, lambda request: text)
    assert run.status == "failed"
    assert run.files == FILES
    assert (run.rounds, run.kept) == (1, 0)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("ab ", max_size=9), min_size=1, max_size=9), st.data(), st.text(max_size=30))
def test_an_edit_always_applies_and_touches_no_other_line(
    lines: list[str], data: st.DataObject, text: str
) -> None:
    numbers = st.integers(1, len(lines))
    edit = LineEdit(first=data.draw(numbers), last=data.draw(numbers), text=text)
    begin, end = sorted((edit.first, edit.last))
    kept = [line for line in (*lines[: begin - 1], *lines[end:]) if line.strip()]
    left = edit.applied(lines).split("\n")
    assert all(line.rstrip() in [other.rstrip() for other in left] for line in kept)
