"""Files are written along the graph, and see the code they build on, or are told what they do not see."""

import asyncio
from pathlib import Path

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.core.plan import Architecture, BuildOrder, ClassPlan, Module, Plan, Routine
from offline_coder.core.request import Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.runs.journal import Journal
from offline_coder.stages.choosing import Chooser
from offline_coder.stages.coding import ends_of, fitting_task, would_be_copied, write_code
from offline_coder.stages.prompting import Context
from offline_coder.stages.repair import Written

PATHS = ("data.py", "model.py", "main.py")
PLAN = Plan(
    overview="x",
    architecture=Architecture(
        approach="plain", modules=tuple(Module(path=path, purpose=f"purpose of {path}") for path in PATHS)
    ),
    build_order=BuildOrder(
        order=PATHS, depends_on={"data.py": (), "model.py": (), "main.py": ("data.py", "model.py")}
    ),
    config=(),
)


def chooser(engine: ScriptedEngine, settings: StageSettings, journal: Path) -> Chooser:
    """Judges by the ladder of checks alone."""
    return Chooser(engine, Context("paper"), PLAN, check_repository, settings, Journal(journal))


def run(context: int, size: int = 1) -> tuple[dict[str, Written], list[Request], list[str]]:
    """All files, the requests in order, and the order in which files were done."""
    asked: list[Request] = []
    done: list[str] = []

    def answer(request: Request) -> str:
        asked.append(request)
        name = request.purpose.partition(":")[2].removesuffix(".py")
        body = "".join(f"    x{index} = {index * index}\n" for index in range(size))
        return f"def from_{name}() -> int:\n{body}    return 1\n"

    engine = ScriptedEngine(answer, context=context)
    files = asyncio.run(
        write_code(
            chooser(engine, StageSettings(), Path("unused")),
            dict.fromkeys(PATHS, "specification"),
            lambda file: done.append(file.path),
        )
    )
    return files, asked, done


def test_a_file_waits_for_what_it_builds_on_and_sees_its_code() -> None:
    files, asked, done = run(context=32768)
    assert set(done[:2]) == {"data.py", "model.py"}
    assert done[2] == "main.py"
    prompt = asked[-1].messages[1].content
    assert "def from_data() -> int:\n    x0 = 0" in prompt
    assert "def from_data" not in asked[1].messages[1].content
    assert files["main.py"].left_out == ()
    assert "from data import from_data\nfrom model import from_model\n" in asked[-1].messages[-1].content
    assert files["main.py"].text.startswith('"""main.py: purpose of main.py"""\n')


def test_where_the_code_does_not_fit_its_outline_is_shown_and_that_is_recorded() -> None:
    files, asked, _ = run(context=4000, size=220)
    prompt = asked[-1].messages[1].content
    assert "def from_data() -> int" in prompt
    assert "x0 = 0" not in prompt
    assert files["main.py"].left_out == ("the bodies of data.py", "the bodies of model.py")


@pytest.mark.parametrize(
    ("model", "copied"),
    [
        (Module(path="model.py", purpose="", classes=(ClassPlan(name="Net"),)), True),
        (Module(path="model.py", purpose="", classes=(ClassPlan(name="Net", bases=("Block",)),)), False),
        (Module(path="model.py", purpose="", functions=(Routine(name="from_model"),)), False),
    ],
)
def test_a_class_is_written_without_sight_of_the_code_of_others_that_it_is_not_made_from(
    model: Module, copied: bool
) -> None:
    block = Module(path="block.py", purpose="", classes=(ClassPlan(name="Block"),))
    assert would_be_copied(model, block) == copied
    assert not would_be_copied(model, Module(path="data.py", purpose=""))
    plan = PLAN.model_copy(
        update={
            "architecture": Architecture(approach="", modules=(block, model)),
            "build_order": BuildOrder(
                order=("block.py", "model.py"), depends_on={"block.py": (), "model.py": ("block.py",)}
            ),
        }
    )
    text = "class Block:\n    def forward(self, x):\n        return x + 1\n"
    task = asyncio.run(
        fitting_task(
            ScriptedEngine([]), Context("paper"), plan, model, "", {"block.py": text}, StageSettings(), ""
        )
    )
    assert "def forward(self, x):" in task.text
    assert ("return x + 1" in task.text) != copied
    assert task.left_out == (("the bodies of block.py",) if copied else ())


def test_the_shared_part_of_all_prompts_is_the_same() -> None:
    _, asked, _ = run(context=32768)
    starts = {request.messages[1].content.partition("# Task")[0] for request in asked}
    assert len(starts) == 1


def test_an_answer_ends_where_it_begins_another_file() -> None:
    modules = (
        Module(
            path="model.py",
            purpose="x",
            classes=(ClassPlan(name="Net", purpose="x"),),
            functions=(Routine(name="run"),),
        ),
        Module(path="training.py", purpose="x", functions=(Routine(name="run"), Routine(name="train"))),
        Module(path="main.py", purpose="x", functions=(Routine(name="main"),)),
    )
    plan = PLAN.model_copy(update={"architecture": Architecture(approach="plain", modules=modules)})
    ends = ends_of(plan, modules[1])
    assert {"\n# model.py", "\n# main.py", "\nclass Net", "\ndef main(", "\nif __name__"} == set(ends)
    assert "\nif __name__" not in ends_of(plan, modules[2])
