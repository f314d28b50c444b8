"""The smoke run in the real sandbox: what fails, and what of the plan really took part."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from offline_coder.core.plan import ClassPlan, Module, Routine
from offline_coder.runs.journal import Journal
from offline_coder.stages import smoke
from offline_coder.stages.opening import opening
from offline_coder.stages.prompting import render_prompt
from offline_coder.stages.smoke import SmokeRun, idle_part, smoke_run
from tests.stages.conftest import plan_of_two, sandbox_or_skip

Run = Callable[[str], SmokeRun]
MODULES = (
    Module(path="model.py", purpose="", classes=(ClassPlan(name="Net"), ClassPlan(name="Unused"))),
    Module(path="main.py", purpose="", functions=(Routine(name="main"),)),
)
PLAN = plan_of_two(MODULES)
MODEL = (
    "class Net:\n    def __init__(self):\n        self.x = 1\n\n\n"
    "class Unused:\n    def __init__(self):\n        self.x = 2\n"
)
REPRODUCE = render_prompt("coding/reproduce.sh.j2", entry_point="main.py") + "\n"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs with a journal of their own."""
    return partial(run_in, tmp_path / "journal.jsonl")


def run_in(journal: Path, body: str) -> SmokeRun:
    """The run of a program whose main has `body`, begun as every entry point is."""
    sandbox_or_skip()
    begun = opening(PLAN, MODULES[1], {"model.py": MODEL})
    program = f'{begun}\n\ndef main():\n{body}\n\n\nif __name__ == "__main__":\n    main()\n'
    files = {"model.py": MODEL, "main.py": program, "config.yaml": "seed: 3\n", "reproduce.sh": REPRODUCE}
    return asyncio.run(smoke_run(Journal(journal), MODULES, files))


def test_a_run_that_was_made_is_not_made_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run("    read_arguments()\n    print(Net().x)")
    monkeypatch.setattr(smoke, "find_sandbox", lambda gpu: pytest.fail("it was run again"))
    assert run("    read_arguments()\n    print(Net().x)") == first


def test_a_program_that_works_passes_and_says_what_it_called(run: Run) -> None:
    done = run(
        "    arguments = read_arguments()\n    assert arguments.smoke\n"
        "    assert read_config(arguments.config, arguments.smoke) == {'seed': 3}\n    print(Net().x)"
    )
    assert (done.status, done.failures) == ("passed", ())
    assert done.called == ("model.py: Net", "main.py: main")
    assert done.uncalled == ("model.py: Unused",)
    assert 0 < done.reached <= 5  # functions of the repository, not of what it imports


def test_a_program_that_does_nothing_of_the_plan_fails(run: Run) -> None:
    done = run("    read_arguments()\n    print(Net)")
    assert done.status == "failed"
    (failure,) = done.failures
    assert failure.step == "reproduce.sh --smoke"
    assert "model.py: Net" in failure.text


@pytest.mark.parametrize(
    ("called", "idle"),
    [
        (("main.py: main",), "the plan"),
        (("model.py: Net", "main.py: main"), "training.py and evaluation.py"),
        (("model.py: Net", "training.py: train"), "evaluation.py"),
        (("training.py: train", "evaluation.py: score"), ""),
    ],
)
def test_a_run_uses_something_of_what_trains_and_of_what_evaluates(
    called: tuple[str, ...], idle: str
) -> None:
    working = tuple(
        Module(path=path, purpose="", functions=(Routine(name=name),))
        for path, name in (("training.py", "train"), ("evaluation.py", "score"))
    )
    assert idle_part((*MODULES, *working, Module(path="empty.py", purpose="")), called) == idle


def test_a_program_that_fails_shows_its_traceback_and_how_far_it_came(run: Run) -> None:
    done = run("    read_arguments()\n    Net()\n    raise RuntimeError('half way')")
    assert [failure.step for failure in done.failures] == ["reproduce.sh --smoke"]
    assert "half way" in done.failures[0].text
    assert "model.py: Net" in done.called
    assert done.better_than(run("    raise RuntimeError('at once')"))


@pytest.mark.parametrize(
    "attack",
    [
        # Put in the place of our own folder while the modules are imported: a way out, a pipe to wait at.
        "shutil.rmtree('.smoke', ignore_errors=True); os.symlink({outside!r}, '.smoke')",
        "os.mkfifo('.smoke/calls.json')",
        "os.path.exists('.smoke/calls.json') or os.symlink({outside!r} + '/secret', '.smoke/calls.json')",
    ],
)
def test_our_own_folder_leads_nowhere(tmp_path: Path, attack: str) -> None:
    sandbox = sandbox_or_skip()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text('[["model.py", "Net", 1.0]]')
    hostile = "import os, shutil\n" + attack.format(outside=str(outside)) + "\n"
    files = {"model.py": hostile, "main.py": "print('done')\n", "reproduce.sh": "python3 main.py\n"}
    made = asyncio.run(smoke_run(Journal(tmp_path / "journal.jsonl"), MODULES, files))
    assert made.sandbox == sandbox.name
    assert made.called == ()
    assert [path.name for path in outside.iterdir()] == ["secret"]
