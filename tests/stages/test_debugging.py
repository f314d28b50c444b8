"""The debug loop in the real sandbox: line edits that always apply, and only what helps stays."""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import Look
from offline_coder.core.finding import Finding
from offline_coder.core.plan import Module, Parameter, Routine
from offline_coder.core.request import Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.runs.journal import Journal
from offline_coder.stages.corrections import Author, LineEdit
from offline_coder.stages.debugging import smoke_run_and_debug
from offline_coder.stages.prompting import Context, render_prompt
from offline_coder.stages.smoke import SmokeRun
from offline_coder.stages.tracebacks import shortened, traceback_of
from tests.stages.conftest import plan_of_two, sandbox_or_skip

MODULES = (
    Module(path="model.py", purpose="", functions=(Routine(name="half", parameters=(Parameter(name="x"),)),)),
    Module(path="main.py", purpose="", functions=(Routine(name="main"),)),
)
PLAN = plan_of_two(MODULES)
HALVES = {"model.py": "def half(x):\n    return x / 0\n"}
FILES = {
    **HALVES,
    "main.py": "import sys\n\nfrom model import half\n\nprint(half(2) if '--smoke' in sys.argv else 0)\n",
    "config.yaml": "seed: 3\n",
    "reproduce.sh": render_prompt("coding/reproduce.sh.j2", entry_point="main.py") + "\n",
}


def nothing_found(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Checks that see nothing."""
    return ()


def debugged(
    tmp_path: Path,
    answer: Callable[[Request], str],
    rounds: int = 1,
    files: Mapping[str, str] = FILES,
    look: Look = nothing_found,
) -> tuple[SmokeRun, list[Request]]:
    """The run after corrections, and what was asked."""
    sandbox_or_skip()
    asked: list[Request] = []

    def listen(request: Request) -> str:
        asked.append(request)
        return answer(request)

    run = asyncio.run(
        smoke_run_and_debug(
            Author(ScriptedEngine(listen), Context("paper"), PLAN, {"model.py": "halves", "main.py": ""}),
            files,
            look,
            StageSettings(debug_rounds=rounds),
            Journal(tmp_path / "journal.jsonl"),
            lambda text: None,
        )
    )
    return run, asked


def test_what_pytorch_explains_is_mended_without_the_model(tmp_path: Path) -> None:
    embed = (
        "import torch\n\n\ndef half(x):\n    size = torch.ones(x)\n"
        "    return torch.nn.Embedding(9, 4)(size).view(8)\n"
    )
    run, asked = debugged(tmp_path, lambda request: "", rounds=0, files={**FILES, "model.py": embed})
    assert (run.status, run.kept, asked) == ("passed", 0, [])
    assert "(size.long())" in run.files["model.py"]
    assert [(each.file, each.kept, each.tokens) for each in run.attempts] == [("model.py", True, 0)]


def test_a_line_that_stands_there_twice_is_mended_twice(tmp_path: Path) -> None:
    line = "    embed(size)\n"
    twice = (
        "import torch\n\n\ndef half(x):\n    embed, size = torch.nn.Embedding(9, 4), torch.ones(x)\n"
        f"{line}    x = x + 1\n{line}    return x\n"
    )
    run, asked = debugged(tmp_path, lambda request: "", rounds=0, files={**FILES, "model.py": twice})
    assert (run.status, asked) == ("passed", [])
    assert run.files["model.py"].count("embed(size.long())") == 2


def test_the_tensors_of_the_line_that_failed_are_shown_to_the_model(tmp_path: Path) -> None:
    added = (
        "import torch\n\n\nclass Tensor:\n    pass\n\n\ndef half(x):\n    size, odd = torch.ones(x), Tensor()\n"
        "    return size + torch.zeros(5), odd\n"
    )
    _, asked = debugged(tmp_path, lambda request: "", files={**FILES, "model.py": added})
    assert any("There: size float32 (2,)" in request.messages[1].content for request in asked)


def lines_replaced(text: str) -> Callable[[Request], str]:
    """Answers line 2 with `text` where lines are asked for, nothing else."""
    edit = json.dumps({"cause": "the divisor is zero", "first": 2, "last": 2, "text": text})
    return lambda request: edit if request.constraint else ""


def written(code: str) -> Callable[[Request], str]:
    """Answers with `code` where a definition is asked for, nothing else."""
    return lambda request: "" if request.constraint else code


def test_a_line_that_fails_is_replaced(tmp_path: Path) -> None:
    run, asked = debugged(tmp_path, lines_replaced("    return x / 2"))
    assert run.failures == ()
    assert run.status == "passed"
    assert run.files["model.py"] == "def half(x):\n    return x / 2\n"
    assert (run.rounds, run.kept) == (1, 1)
    by_lines = next(request for request in asked if request.constraint)
    assert by_lines.purpose == "debugging:model.py"
    assert "2|    return x / 0" in by_lines.messages[-1].content
    assert "model.py line 2, in half: return x / 0" in by_lines.messages[-1].content
    assert "ZeroDivisionError" in by_lines.messages[-1].content


def test_taking_away_what_comes_after_a_failure_is_no_progress(tmp_path: Path) -> None:
    text = "def half(x):\n    y = x / 0\n    y = y + 1\n    y = y - 1\n    return y\n"
    edit = json.dumps({"cause": "it is long", "first": 3, "last": 4, "text": ""})
    run, _ = debugged(
        tmp_path, lambda request: edit if request.constraint else "x", files={**FILES, "model.py": text}
    )
    assert run.status == "failed"
    assert run.kept == 0
    assert run.files["model.py"] == text


def test_lines_without_indentation_get_that_of_what_they_replace(tmp_path: Path) -> None:
    run, _ = debugged(tmp_path, lines_replaced("if x:\n    x = 2 * x\nreturn x / 4"))
    assert run.status == "passed"
    assert run.files["model.py"] == "def half(x):\n    if x:\n        x = 2 * x\n    return x / 4\n"


def gone_on_with(*lines: str) -> Callable[[Request], str]:
    """Answers with one line after the other where the next line is drawn, and nothing else."""
    left = list(lines)
    return lambda request: left.pop(0) if "\n" in request.sampling.stop and left else ""


def test_a_definition_goes_on_with_another_line_than_the_one_that_failed(tmp_path: Path) -> None:
    answer = gone_on_with(
        "    return x/0  # again", "", "    # a remark", "    return x / 2", "    return 7", ""
    )
    run, asked = debugged(tmp_path, answer)
    assert run.status == "passed"
    assert run.files["model.py"] == "def half(x):\n    return x / 2\n"
    of_half = [request for request in asked if request.purpose == "debugging:model.py:half"]
    drawn = [request for request in of_half if "\n" in request.sampling.stop]
    before = (
        "def half(x):\n    # Failed: `return x / 0`, ZeroDivisionError: division by zero. "
        "So this is done in another way:\n"
    )
    assert all(request.messages[-1].role == "assistant" for request in drawn)
    assert all(request.messages[-1].content.endswith(before) for request in drawn)
    assert len({request.seed for request in drawn}) == len(drawn) == 6
    assert any(request.messages[-1].content.endswith(before + "    return x / 2\n") for request in of_half)
    assert [(each.kept, each.means) for each in run.attempts] == [
        (True, "half written (going on) by the model after a run that failed")
    ]


def test_a_definition_is_not_gone_on_with_where_only_the_line_that_failed_is_drawn(tmp_path: Path) -> None:
    run, asked = debugged(tmp_path, gone_on_with(*["    return  x / 0"] * 6))
    assert (run.status, run.attempts) == ("failed", ())
    assert not any("return  x / 0" in request.messages[-1].content for request in asked)


def test_a_correction_that_comes_farther_is_kept_though_the_run_still_fails(tmp_path: Path) -> None:
    code = "def half(x):\n    y = x / 0\n    y = y + 1\n    return y.nothing\n"
    run, _ = debugged(tmp_path, lines_replaced("    y = x / 2"), files={**FILES, "model.py": code})
    assert run.status == "failed"
    assert run.kept == 1
    assert "AttributeError" in run.failures[0].text


def test_what_marks_a_name_that_nothing_defines_is_no_place_to_correct(tmp_path: Path) -> None:
    marked = (
        "def undefined(name):\n    raise NotImplementedError(name)\n\n\n"
        'def half(x):\n    return undefined("divisor")(x)\n'
    )
    _, asked = debugged(tmp_path, lambda request: "", rounds=2, files={**FILES, "model.py": marked})
    purposes = {request.purpose for request in asked if request.purpose.startswith("debugging:")}
    assert purposes == {"debugging:model.py", "debugging:model.py:half"}
    by_lines = next(request for request in asked if request.constraint)
    assert '6|    return undefined("divisor")(x)' in by_lines.messages[-1].content


def test_a_name_that_nothing_defines_is_no_other_line_without_its_mark(tmp_path: Path) -> None:
    marked = 'def undefined(name):\n    raise NotImplementedError(name)\n\n\ndef half(x):\n    return undefined("Halver")(x)\n'
    answer = gone_on_with(*["    return Halver(x)"] * 6)
    run, asked = debugged(tmp_path, answer, files={**FILES, "model.py": marked})
    assert run.attempts == ()
    assert not any("return Halver(x)" in request.messages[-1].content for request in asked)


def test_each_round_asks_in_the_ways_that_were_not_asked_for_yet(tmp_path: Path) -> None:
    run, asked = debugged(tmp_path, lambda request: "", rounds=3)
    assert (run.status, run.rounds, run.kept) == ("failed", 3, 0)
    form = [(r.purpose, r.messages, r.seed, r.sampling) for r in asked]
    drawn = [request for request in asked if "\n" in request.sampling.stop]
    files = [request for request in asked if request.purpose.startswith("coding:")]
    assert (len(drawn), len(files)) == (2 * 6, 2 * 2)
    assert len(form) - len(drawn) - len(files) == 2 * 3
    assert all(form.count(each) == 1 for each in form)
    shown = [request for request in asked if "marked WRONG" in request.messages[1].content]
    assert "return x / 0  # WRONG:" in shown[0].messages[1].content


def test_what_no_few_lines_mend_is_written_anew_from_its_task(tmp_path: Path) -> None:
    def answer(request: Request) -> str:
        return "    return x / 2\n" if request.purpose.startswith("coding:") else ""

    run, asked = debugged(tmp_path, answer, rounds=1)
    assert run.status == "failed"
    assert not any(request.purpose.startswith("coding:") for request in asked)
    run, asked = debugged(tmp_path, answer, rounds=2)
    assert (run.status, run.kept) == ("passed", 1)
    assert "return x / 2" in run.files["model.py"]
    (kept,) = [attempt for attempt in run.attempts if attempt.kept]
    assert kept.means.startswith("another candidate for the file written")
    seeds = [request.seed for request in asked if request.purpose.startswith("coding:")]
    assert len(seeds) == len(set(seeds)) > 1


def test_a_new_file_that_fails_of_the_same_with_another_number_is_no_progress(tmp_path: Path) -> None:
    body = "    n = {}\n    if n:\n        raise ValueError(n)\n"

    def answer(request: Request) -> str:
        return body.format(2) if request.purpose.startswith("coding:") else ""

    before = f"def half(x):\n{body.format(1)}    return x\n"
    run, asked = debugged(tmp_path, answer, rounds=2, files={**FILES, "model.py": before})
    assert any(request.purpose.startswith("coding:") for request in asked)
    assert (run.kept, run.files["model.py"]) == (0, before)


def test_a_new_file_with_more_names_that_nothing_defines_is_not_run(tmp_path: Path) -> None:
    def answer(request: Request) -> str:
        return "    return missing(x)\n" if request.purpose.startswith("coding:") else ""

    before = {**FILES, "model.py": "def half(x):\n    y = x / 0\n    return y\n"}
    run, _ = debugged(tmp_path, answer, rounds=2, files=before, look=check_repository)
    assert [each.kept for each in run.attempts if each.tokens] == [False]
    assert run.files["model.py"] == before["model.py"]


def test_what_the_model_gave_may_be_at_fault_where_it_was_not_called(tmp_path: Path) -> None:
    def answer(request: Request) -> str:
        return "    return x / 2\n" if request.purpose.startswith("coding:model.py") else ""

    main = "from model import half\n\ngiven = half(2)\nprint(given + 1)\n"
    files = {**FILES, "model.py": "def half(x):\n    return 'a'\n", "main.py": main}
    run, _ = debugged(tmp_path, answer, rounds=2, files=files)
    assert run.status == "passed"
    assert "return x / 2" in run.files["model.py"]
    assert run.files["main.py"] == main


@pytest.mark.parametrize(
    "answer",
    [
        lines_replaced("    return ("),
        lines_replaced(""),
        lines_replaced("    return x / 0.0"),
        lambda request: "{",
        written("    pass"),
        written("    return ("),
    ],
)
def test_what_does_not_help_is_rolled_back(tmp_path: Path, answer: Callable[[Request], str]) -> None:
    def look(files: Mapping[str, str]) -> tuple[Finding, ...]:
        stubs = "pass" in files["model.py"]
        return (Finding(file="model.py", line=1, rule="stub", message="a stub"),) if stubs else ()

    run, _ = debugged(tmp_path, answer, look=look)
    assert run.status == "failed"
    assert run.files == FILES
    assert (run.rounds, run.kept) == (1, 0)


def test_what_drops_something_of_the_plan_is_rolled_back(tmp_path: Path) -> None:
    broken = FILES["main.py"] + "raise RuntimeError('after all')\n"
    cut = json.dumps({"cause": "it raises", "first": 5, "last": 6, "text": ""})
    run, _ = debugged(
        tmp_path,
        lambda request: cut if request.constraint else "",
        files={**FILES, "model.py": "def half(x):\n    return x / 2\n", "main.py": broken},
    )
    assert run.status == "failed"
    assert run.files["main.py"] == broken
    (attempt,) = run.attempts
    assert not attempt.kept


def test_a_traceback_is_told_without_calls_outside() -> None:
    text = (
        'Traceback (most recent call last):\n  File "/repo/.smoke/tracing.py", line 53, in <module>\n'
        '    run()\n  File "main.py", line 2, in main\n    half(1)\n'
        '  File "/usr/lib/python3/site-packages/model.py", line 1, in half\n    x\n'
        '  File "/repo/model.py", line 2, in half\n    return x / 0\n           ~~^~~\n'
        "ZeroDivisionError: division by zero\n"
    )
    told = traceback_of(f"a warning\n{text}", {"main.py": "def main():\n    half(1)\n", **HALVES})
    assert told is not None
    assert told.told() == (
        "main.py line 2, in main: half(1)\nmodel.py line 2, in half: return x / 0\n"
        "ZeroDivisionError: division by zero"
    )


@pytest.mark.parametrize(
    "text", ["", "no end within 120 seconds", 'Traceback\n  File "x.py", line 1, in f\n']
)
def test_what_is_no_traceback_of_the_repository_is_none(text: str) -> None:
    assert traceback_of(text, FILES) is None


def test_a_long_traceback_loses_the_calls_in_libraries_first() -> None:
    library = "".join(
        f'  File "/usr/lib/torch/nn/modules/module.py", line {line}, in _call\n    return call(x)\n'
        "           ^^^^^^^\n"
        for line in range(20)
    )
    text = (
        f'a warning\nTraceback (most recent call last):\n  File "main.py", line 2, in main\n    half(1)\n'
        f'{library}  File "/repo/model.py", line 2, in half\n    return x / 0\n           ~~^~~\n{library}'
        "ZeroDivisionError: division by zero\nThere: x float32 (8, 4)\n"
    )
    short = shortened(text, 1000)
    assert short == (
        'Traceback (most recent call last):\n  File "main.py", line 2, in main\n    half(1)\n'
        '  File "/repo/model.py", line 2, in half\n    return x / 0\n           ~~^~~\n'
        "ZeroDivisionError: division by zero\nThere: x float32 (8, 4)\n"
    )
    assert shortened(text, 10_000) == text
    files = {"main.py": "def main():\n    half(1)\n", **HALVES}
    assert traceback_of(short, files) == traceback_of(text, files)


def test_a_traceback_of_a_recursion_keeps_its_beginning_and_its_end() -> None:
    calls = '  File "main.py", line 2, in main\n    main()\n' * 500
    short = shortened(f"Traceback (most recent call last):\n{calls}RecursionError: too deep\n", 300)
    told = traceback_of(short, {"main.py": "def main():\n    main()\n"})
    assert told is not None
    assert told.error == "RecursionError: too deep"
    assert len(short) < 350


@given(st.text(max_size=300), st.integers(1, 100))
def test_other_output_is_shortened_to_its_end(text: str, most: int) -> None:
    assert shortened(text, most) == text[-most:]


@given(st.text(alphabet='\n "File,line in<>x.py0123456789main', max_size=200))
def test_any_output_can_be_read(text: str) -> None:
    found = traceback_of("Traceback (most recent call last):\n" + text, FILES)
    assert found is None or all(frame.path in FILES for frame in found.frames)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("ab ", max_size=9), min_size=1, max_size=9), st.data(), st.text(max_size=30))
def test_an_edit_always_applies_and_touches_no_other_line(
    lines: list[str], data: st.DataObject, text: str
) -> None:
    numbers = st.integers(1, len(lines))
    edit = LineEdit(cause="", first=data.draw(numbers), last=data.draw(numbers), text=text)
    begin, end = sorted((edit.first, edit.last))
    kept = [line for line in (*lines[: begin - 1], *lines[end:]) if line.strip()]
    left = edit.applied(lines).split("\n")
    assert all(line.rstrip() in [other.rstrip() for other in left] for line in kept)
