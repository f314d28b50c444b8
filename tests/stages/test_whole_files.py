"""The upper rungs of repair: a whole file again, then another candidate; only what helps stays."""

import asyncio
from collections.abc import Callable, Mapping

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import Mended
from offline_coder.core.finding import Finding
from offline_coder.core.plan import Architecture, BuildOrder, Module, Plan, Routine
from offline_coder.core.request import Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.stages.budget import Budget
from offline_coder.stages.prompting import Context
from offline_coder.stages.whole_files import rewrite_files

DATA = Module(path="data.py", purpose="numbers", functions=(Routine(name="load"), Routine(name="save")))
PLAN = Plan(
    overview="x",
    architecture=Architecture(approach="", modules=(DATA,)),
    build_order=BuildOrder(order=("data.py",), depends_on={"data.py": ()}),
    config=(),
)
BAD = "import math\n\n\ndef load():\n    return numbers\n\n\ndef save():\n    return math.inf\n"
GOOD = BAD.replace("numbers", "[1]").removeprefix("import math\n")
BODIES = {"coding:data.py:load": "    return [2]\n", "coding:data.py:save": "    return None\n"}


def taken_on(answer: Callable[[Request], str], tokens: int = 4000) -> tuple[Mended, list[Request]]:
    """What becomes of the file with `BAD`, and what was asked."""
    asked: list[Request] = []

    def listen(request: Request) -> str:
        asked.append(request)
        return answer(request)

    def look(files: Mapping[str, str]) -> tuple[Finding, ...]:
        return check_repository(files, PLAN.architecture)

    files = {"data.py": BAD}
    settings = StageSettings(rewrite_tokens=tokens, rewrite_file_tokens=tokens)
    mended = asyncio.run(
        rewrite_files(
            ScriptedEngine(listen),
            Context("paper"),
            PLAN,
            {"data.py": "the numbers"},
            Mended(files, check_repository(files, PLAN.architecture), ()),
            look,
            settings,
            Budget.of(settings),
        )
    )
    return mended, asked


def test_the_whole_file_is_written_again_with_the_error_shown() -> None:
    mended, asked = taken_on(lambda request: GOOD)
    assert "return [1]" in mended.files["data.py"]
    (request,) = asked
    assert "return numbers  # WRONG: undefined name 'numbers'" in request.messages[-2].content
    assert request.messages[-1].content.endswith("import math\n")
    (attempt,) = [attempt for attempt in mended.attempts if attempt.tokens]
    assert attempt.kept
    assert attempt.means == "the whole file written again by the model"


def test_when_that_does_not_help_another_candidate_is_written() -> None:
    mended, asked = taken_on(lambda request: BODIES.get(request.purpose, "x = 1\n"))
    assert "return [2]" in mended.files["data.py"]
    assert [attempt.kept for attempt in mended.attempts if attempt.tokens] == [False, True]
    assert {request.seed for request in asked[1:]} == {1000}


def test_what_makes_it_worse_never_was() -> None:
    mended, _ = taken_on(lambda request: "    return other + numbers\n")
    assert mended.files["data.py"] == BAD
    assert not any(attempt.kept for attempt in mended.attempts)


def test_a_file_that_does_not_fit_in_what_is_left_is_not_begun() -> None:
    mended, asked = taken_on(lambda request: GOOD, tokens=20)
    assert (mended.files["data.py"], asked, mended.attempts) == (BAD, [], ())
