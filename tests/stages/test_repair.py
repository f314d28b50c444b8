"""The ladder of repair: whatever the model answers, what leaves it parses."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.checks.skeleton import is_stub
from offline_coder.checks.syntax import parses
from offline_coder.core.plan import Module, Parameter, Routine
from offline_coder.core.request import Completion, FinishReason, Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.stages.prompting import Context
from offline_coder.stages.repair import Frame, Written, write_checked

MODULE = Module(
    path="model.py",
    purpose="adds",
    functions=(Routine(name="add", parameters=(Parameter(name="a", type="int"),), returns="int"),),
)
GOOD = "def add(a: int) -> int:\n    return a + 1\n"


def completion(text: str, finish_reason: FinishReason = "stop") -> Completion:
    return Completion(
        text=text, finish_reason=finish_reason, prompt_tokens=9, cached_tokens=0, output_tokens=9, seconds=0.0
    )


def written(
    answers: list[Completion], settings: StageSettings | None = None, begun: str = ""
) -> tuple[Written, list[Request]]:
    """The file that comes of `answers`, and what was asked."""
    asked: list[Request] = []

    def answer(request: Request) -> Completion:
        asked.append(request)
        return answers[len(asked) - 1]

    engine = ScriptedEngine(answer)
    file = asyncio.run(
        write_checked(engine, Context("paper"), "write it", MODULE, settings or StageSettings(), Frame(begun))
    )
    return file, asked


def test_a_good_answer_is_kept_as_it_is() -> None:
    file, asked = written([completion(GOOD)])
    assert (file.text, file.verdict, file.repairs) == (GOOD, "first answer", ())
    assert asked[0].messages[-1].content == "```python\n"
    assert asked[0].sampling.stop == ("```",)


def test_the_task_written_down_once_more_is_no_part_of_the_answer() -> None:
    echo = "\n\n# Contract of model.py\ndef add(a: int) -> int: ..."
    for reason in ("stop", "length"):
        file, asked = written([completion(f"{GOOD}{echo}", reason)])
        assert (file.text, file.verdict, len(asked)) == (GOOD, "first answer", 1)
    file, _ = written([completion(f"# Contract of model.py\n\n{GOOD}")])
    assert file.text == f"# Contract of model.py\n\n{GOOD}"


def test_a_begun_file_is_gone_on_with_and_is_no_answer_by_itself() -> None:
    begun = "import os\n"
    file, asked = written([completion("\n"), completion(f"\n\n{GOOD}")], begun=begun)
    assert file.text == f"{begun}\n\n{GOOD}"
    assert [request.messages[-1].content for request in asked] == ["```python\nimport os\n"] * 2
    assert file.findings[0].rule == "empty"


def test_a_cut_answer_is_continued_where_it_was_whole() -> None:
    file, asked = written(
        [
            completion("def add(a: int) -> int:\n    b = a\n    return b +", "length"),
            completion("    return b + 1\n"),
        ]
    )
    assert file.text == "def add(a: int) -> int:\n    b = a\n    return b + 1\n"
    assert file.verdict == "repaired"
    assert asked[1].messages[-1].content == "```python\ndef add(a: int) -> int:\n    b = a\n"


def test_an_answer_that_stays_cut_loses_its_unfinished_end() -> None:
    endless = completion("x = 1\ny = (", "length")
    file, asked = written([endless, endless, endless])
    assert len(asked) == 2
    assert parses("model.py", file.text)
    assert file.text.startswith("x = 1\n")
    assert "cut back to the last whole statement" in file.repairs


def test_a_broken_answer_is_asked_for_again_with_its_error_and_another_seed() -> None:
    file, asked = written([completion("def add(a:\n    return\n"), completion(GOOD)])
    assert (file.text, file.verdict) == (GOOD, "repaired")
    assert file.findings[0].rule == "syntax"
    assert "not valid Python" in asked[1].messages[1].content
    assert asked[1].seed != asked[0].seed


def test_what_stays_broken_becomes_a_stub_that_says_so() -> None:
    file, asked = written([completion("def add(a:\n"), completion("still not (")])
    assert file.verdict == "stub"
    assert is_stub(file.text)
    assert "def add(a: int) -> int" in file.text
    assert len(asked) == 2


def test_prose_or_nothing_is_no_file() -> None:
    file, _ = written([completion("Sure, I would be happy to help you with that!"), completion("")])
    assert file.verdict == "stub"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=80), st.sampled_from(["stop", "length"])), min_size=8, max_size=8))
def test_any_answers_end_in_a_file_that_parses(answers: list[tuple[str, FinishReason]]) -> None:
    file, asked = written([completion(text, reason) for text, reason in answers])
    assert parses("model.py", file.text)
    assert file.text.strip()
    assert len(asked) <= 4
