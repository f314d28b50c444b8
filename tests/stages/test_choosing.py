"""Of several candidates the one is kept that the checks, then a run, then a verdict prefer."""

import asyncio
import json
from pathlib import Path

from offline_coder.checks.ladder import check_repository
from offline_coder.core.plan import Architecture, BuildOrder, Module, Parameter, Plan, Routine
from offline_coder.core.request import Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.runs.journal import Journal
from offline_coder.stages.choosing import Chooser
from offline_coder.stages.coding import write_code
from offline_coder.stages.prompting import Context
from offline_coder.stages.repair import Written
from tests.stages.conftest import sandbox_or_skip

LOAD = Routine(name="load_data", parameters=(Parameter(name="size", type="int"),), returns="list[int]")
PLAN = Plan(
    overview="x",
    architecture=Architecture(
        approach="plain",
        modules=(
            Module(path="data.py", purpose="the numbers", functions=(LOAD,)),
            Module(path="main.py", purpose="the entry point", functions=(Routine(name="main"),)),
        ),
    ),
    build_order=BuildOrder(order=("data.py", "main.py"), depends_on={"data.py": (), "main.py": ("data.py",)}),
    config=(),
)
RIGHT = "    return list(range(size))\n"
FAILS = "    return list(size)\n"
LIKE_IT = "    return [*range(size)]\n"
UNDEFINED = "    return nothing\n"


def chosen(
    tmp_path: Path, bodies: tuple[str, ...], verdict: int = 1, *, sandbox: bool = True
) -> tuple[Written, list[Request]]:
    """What becomes of data.py, of which the candidates have these `bodies`; and the verdicts asked for."""
    if sandbox:
        sandbox_or_skip()
    asked: list[Request] = []

    def answer(request: Request) -> str:
        if request.purpose.startswith("verdict"):
            asked.append(request)
            return json.dumps({"reason": "it is nearer to the paper", "best": verdict})
        return bodies[request.seed // 1000] if "data.py" in request.purpose else "    print(1)\n"

    engine = ScriptedEngine(answer, context=32768)
    settings = StageSettings(candidates=len(bodies), regenerations=0, continuations=0)
    journal = Journal(tmp_path / "journal.jsonl")
    chooser = Chooser(engine, Context("paper"), PLAN, check_repository, settings, journal)
    said = dict.fromkeys(("data.py", "main.py"), "specification")
    files = asyncio.run(write_code(chooser, said, lambda file: None))
    return files["data.py"], [request for request in asked if "data.py" in request.purpose]


def test_the_fewest_errors_decide_first_and_all_are_counted(tmp_path: Path) -> None:
    data, asked = chosen(tmp_path, (UNDEFINED, RIGHT, "not Python ("), sandbox=False)
    assert RIGHT in data.text
    assert (data.chosen, data.chosen_by) == (1, "checks")
    assert [tally.errors for tally in data.candidates] == [1, 0, 0]
    assert asked == []


def test_of_those_without_errors_the_one_that_runs_is_kept(tmp_path: Path) -> None:
    data, asked = chosen(tmp_path, (FAILS, UNDEFINED, RIGHT))
    assert RIGHT in data.text
    assert (data.chosen, data.chosen_by) == (2, "trial run")
    assert asked == []


def test_the_model_decides_between_those_that_run(tmp_path: Path) -> None:
    data, asked = chosen(tmp_path, (RIGHT, FAILS, LIKE_IT), verdict=2)
    assert LIKE_IT in data.text
    assert (data.chosen, data.chosen_by) == (2, "verdict")
    (request,) = asked
    shown = request.messages[-1].content
    assert RIGHT in shown
    assert LIKE_IT in shown
    assert FAILS not in shown


def test_candidates_that_are_alike_need_no_verdict(tmp_path: Path) -> None:
    data, asked = chosen(tmp_path, (RIGHT, RIGHT))
    assert (data.chosen, data.chosen_by) == (0, "checks")
    assert asked == []


def test_one_alone_is_taken_as_it_is(tmp_path: Path) -> None:
    data, asked = chosen(tmp_path, (FAILS,), sandbox=False)
    assert (data.candidates, data.chosen_by, asked) == ((), "", [])
