"""The wired entry point: each argument by the stated rules, from the signatures of the code; kept only when
it runs better; never a run that does nothing."""

import ast
import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.checks.ladder import check_repository
from offline_coder.core.plan import (
    Architecture,
    BuildOrder,
    ClassPlan,
    ConfigEntry,
    Module,
    Parameter,
    Plan,
    Routine,
)
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.runs.journal import Journal
from offline_coder.stages.corrections import Author
from offline_coder.stages.debugging import smoke_run_and_debug
from offline_coder.stages.prompting import Context, render_prompt
from offline_coder.stages.smoke import SmokeRun
from offline_coder.stages.wired_entry import WIRED, wired_entry
from tests.stages.conftest import sandbox_or_skip

MODULES = (
    Module(path="data.py", purpose="", functions=(Routine(name="load_data"),)),
    Module(path="model.py", purpose="", classes=(ClassPlan(name="Layer"), ClassPlan(name="Net"))),
    Module(path="training.py", purpose="", functions=(Routine(name="train"),)),
    Module(path="evaluation.py", purpose="", functions=(Routine(name="evaluate"),)),
    Module(path="main.py", purpose="The entry point.", functions=(Routine(name="main"),)),
)
ORDER = tuple(module.path for module in MODULES)
PLAN = Plan(
    overview="x",
    architecture=Architecture(approach="", modules=MODULES),
    build_order=BuildOrder(order=ORDER, depends_on={path: ORDER[:at] for at, path in enumerate(ORDER)}),
    config=(
        ConfigEntry(key="training.learning_rate", value=0.5, source="assumption"),
        ConfigEntry(key="training.steps", value=900, source="assumption"),
        ConfigEntry(key="model.hidden_size", value=4, source="assumption"),
        ConfigEntry(key="model.name", value="net", source="assumption"),
    ),
)
CODE = {
    "data.py": (
        "def load_data(data_path: str, shuffle: bool = True) -> tuple[list, list, list]:\n"
        '    """Announces three, gives two."""\n'
        "    rows = open(data_path).read().split()\n"
        "    train_rows, test_rows = rows[:9], rows[9:]\n"
        "    return train_rows, test_rows\n"
    ),
    "model.py": (
        "class Layer:\n    def __init__(self, size: int):\n        self.size = size\n\n\n"
        "class Net:\n    def __init__(self, d_model: int, name: int, *, heads: int = 2):\n"
        "        self.layer = Layer(d_model)\n        self.seen = 0\n"
    ),
    "training.py": (
        "from model import Net\n\n\n"
        "def train(model: Net, train_data: list, lr: float, num_steps: int, warmup: int) -> None:\n"
        "    for _ in range(num_steps):\n        model.seen += int(lr * 2) * len(train_data)\n"
    ),
    "evaluation.py": "def evaluate(net, test_set) -> float:\n    return net.seen / len(test_set)\n",
    "main.py": "from missing import nothing\n",
    "config.yaml": ("training:\n  learning_rate: 0.5\n  steps: 900\nmodel:\n  hidden_size: 4\n  name: net\n"),
    "reproduce.sh": render_prompt("coding/reproduce.sh.j2", entry_point="main.py") + "\n",
}


def calls_in(text: str) -> dict[str, str]:
    """The calls of main by what is called."""
    tree = ast.parse(text)
    main = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main")
    return {ast.unparse(n.func): ast.unparse(n) for n in ast.walk(main) if isinstance(n, ast.Call)}


def smoke(tmp_path: Path, files: Mapping[str, str], rounds: int = 0, plan: Plan = PLAN) -> SmokeRun:
    """The smoke run of `files`."""
    sandbox_or_skip()
    return asyncio.run(
        smoke_run_and_debug(
            Author(
                ScriptedEngine(lambda request: pytest.fail("no model is needed")), Context("paper"), plan, {}
            ),
            files,
            lambda files: (),
            StageSettings(debug_rounds=rounds),
            Journal(tmp_path / "journal.jsonl"),
            lambda text: None,
        )
    )


def test_each_argument_comes_from_a_setting_a_result_a_default_or_is_made_up() -> None:
    calls = calls_in(wired_entry(PLAN, CODE))
    assert calls["load_data"] == "load_data(data_path=data_file('data_path.txt', arguments.smoke))"
    assert calls["Net"] == "Net(d_model=config['model']['hidden_size'], name=8)"
    assert calls["train"] == (
        "train(model=net, train_data=train_rows, lr=config['training']['learning_rate'],"
        " num_steps=config['training']['steps'], warmup=8)"
    )
    assert calls["evaluate"] == "evaluate(net=net, test_set=test_rows)"
    assert "Layer" not in calls


def test_the_network_of_the_paper_is_trained_and_not_a_part_beside_it() -> None:
    part = Module(path="encoding.py", purpose="", classes=(ClassPlan(name="Encoding"),))
    modules = (MODULES[0], part, *MODULES[1:])
    paths = tuple(module.path for module in modules)
    depends_on = {path: paths[:at] for at, path in enumerate(paths)}
    plan = PLAN.model_copy(
        update={
            "architecture": Architecture(approach="", modules=modules),
            "build_order": BuildOrder(order=paths, depends_on=depends_on),
        }
    )
    net = "class Net(nn.Module):\n    def __init__(self, d_model: int):\n        super().__init__()\n"
    files = {
        **CODE,
        "encoding.py": "from torch import nn\n\n\nclass Encoding(nn.Module):\n    pass\n",
        "model.py": f"from torch import nn\n\n\n{net}",
        "training.py": "def train(model, train_data: list) -> None:\n    model.train()\n",
    }
    calls = calls_in(wired_entry(plan, files))
    assert [name for name in calls if name in ("Encoding", "Net")] == ["Net", "Encoding"]
    assert "model=net" in calls["train"]


def test_what_is_read_by_key_has_these_keys_and_what_is_made_up_is_printed() -> None:
    body = "def evaluate(outputs):\n    return outputs['b'] + outputs['a']\n"
    calls = calls_in(wired_entry(PLAN, {**CODE, "evaluation.py": body}))
    assert calls["evaluate"] == "evaluate(outputs={'b': [0.1] * 8, 'a': [0.1] * 8})"
    said = wired_calls(body)
    assert "print('made up: outputs of evaluate')" in said
    assert said[-1] == "raise SystemExit('evaluate: gets nothing that was loaded, built or trained')"
    assert not any(line.startswith("print('evaluate_result") for line in said)
    assert "if not arguments.smoke:\n    raise SystemExit('nothing gives outputs of evaluate')" in said


def wired_calls(evaluation: str) -> list[str]:
    """All statements of main."""
    tree = ast.parse(wired_entry(PLAN, {**CODE, "evaluation.py": evaluation}))
    main = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main")
    return [ast.unparse(statement) for statement in main.body]


def test_a_type_that_nobody_knows_does_not_stop_its_module(tmp_path: Path) -> None:
    odd = CODE["training.py"].replace("train_data: list", "train_data: nn.DataList")
    run = smoke(tmp_path, {**CODE, "training.py": odd})
    assert (run.status, run.uncalled) == ("passed", ())
    assert "from __future__ import annotations" in run.files["training.py"]
    assert "train_data=train_rows" in run.files["main.py"]


def test_data_that_cannot_be_guessed_has_a_stand_in_only_for_a_smoke_run_but_flaws_show(
    tmp_path: Path,
) -> None:
    needy = CODE["data.py"].replace(".split()", ".split()['words']")
    run = smoke(tmp_path, {**CODE, "data.py": needy})
    assert (run.status, run.uncalled) == ("passed", ())
    assert "if not arguments.smoke:\n            raise" in run.files["main.py"]
    flawed = CODE["data.py"].replace("rows[9:]", "rows[:half]")
    run = smoke(tmp_path, {**CODE, "data.py": flawed})
    assert run.status == "failed"
    assert "half" in run.failures[0].text


def test_it_says_that_it_is_wired_and_what_is_made_up() -> None:
    text = wired_entry(PLAN, CODE)
    said = " ".join((ast.get_docstring(ast.parse(text)) or "").split())
    assert WIRED in said
    assert "data_path of load_data; name of Net; warmup of train." in said
    findings = check_repository(
        {**CODE, "main.py": text}, architecture=PLAN.architecture, packages=["pyyaml"]
    )
    assert [f for f in findings if f.file == "main.py" and f.severity == "error"] == []


def test_it_runs_where_the_written_one_fails_and_the_record_is_enough_to_run_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = smoke(tmp_path, CODE)
    assert (run.status, run.failures, run.wired) == ("passed", (), True)
    assert run.uncalled == ()
    assert WIRED in run.files["main.py"]
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("offline_coder.stages.smoke.find_sandbox", lambda: pytest.fail("it was run again"))
    assert smoke(tmp_path, CODE) == run


def test_a_step_that_fails_is_not_passed_over(tmp_path: Path) -> None:
    broken = {**CODE, "training.py": CODE["training.py"] + "    raise RuntimeError('half way')\n"}
    run = smoke(tmp_path, broken)
    assert run.status == "failed"
    assert "half way" in run.failures[0].text
    assert run.wired
    assert run.uncalled == ("evaluation.py: evaluate",)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"main.py": "x = 1\n"},
        {**CODE, "model.py": "", "training.py": "", "evaluation.py": ""},
        dict.fromkeys(CODE, "def ("),
    ],
)
def test_without_anything_but_data_to_call_there_is_none(files: dict[str, str]) -> None:
    assert wired_entry(PLAN, files) == ""


def test_what_else_the_plan_wants_in_main_stays_or_there_is_none() -> None:
    main = Module(
        path="main.py",
        purpose="",
        functions=(
            Routine(name="greet"),
            Routine(name="main", parameters=(Parameter(name="rank", type="int"),)),
        ),
    )
    plan = PLAN.model_copy(update={"architecture": Architecture(approach="", modules=(*MODULES[:-1], main))})
    assert wired_entry(plan, CODE) == ""
    text = wired_entry(plan, {**CODE, "main.py": "def greet():\n    return 1\n"})
    assert "def greet():\n    return 1\n" in text
    assert "def main(rank=None) -> None:" in text


TYPES = st.sampled_from(
    ["", "int", "str", "list", "dict", "Net", "Net | None", "'Net'", "tuple[int, ...]", "x.Y"]
)
NAMES = st.sampled_from(
    ["model", "config", "data", "optimizer", "loss", "path", "x", "steps", "device", "lr"]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(NAMES, TYPES), unique_by=lambda pair: pair[0], max_size=6),
    st.sampled_from(["return 1", "return data, x", "pass", "return *x, 1", "return None", "yield 1"]),
    st.text(max_size=20),
)
def test_every_call_fits_the_signature_whatever_it_is(
    parameters: list[tuple[str, str]], body: str, purpose: str
) -> None:
    shown = ", ".join(f"{name}: {kind}" if kind else name for name, kind in parameters)
    files = {**CODE, "training.py": f"data = x = ()\n\n\ndef train({shown}):\n    {body}\n"}
    entry = Module(path="main.py", purpose=purpose)
    plan = PLAN.model_copy(update={"architecture": Architecture(approach="", modules=(*MODULES[:-1], entry))})
    text = wired_entry(plan, files)
    assert text == wired_entry(plan, files)
    findings = check_repository({**files, "main.py": text}, architecture=plan.architecture)
    assert [
        f for f in findings if f.file == "main.py" and f.rule in ("syntax", "call", "undefined-name")
    ] == []
    assert f"train({', '.join(name + '=' for name, _ in parameters[:1])}" in text


@pytest.mark.parametrize(("asked", "wired"), [('undefined("Trainer")', True), ("Net", False)])
def test_a_main_that_wants_what_nothing_defines_gives_way_though_it_came_farther(
    tmp_path: Path, asked: str, wired: bool
) -> None:
    main = (
        "import sys\n\nfrom model import Layer, Net\n\n\n"
        "def undefined(name):\n    raise NotImplementedError(name)\n\n\n"
        f"def main():\n    net = Net(Layer(3).size, 2)\n    {asked}(net)\n\n\n"
        "if '--smoke' in sys.argv:\n    main()\n"
    )
    files = {**CODE, "data.py": "def load_data(data_path: str):\n    raise ValueError\n", "main.py": main}
    run = smoke(tmp_path, files)
    assert (run.status, run.wired) == ("failed", wired)
    assert "Trainer" not in run.files["main.py"]


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (
            "    if kind == 'enwik8':\n        return [1]\n    if kind == 'text8':\n        return [2]\n",
            "enwik8",
        ),
        ("    assert kind in ('text8', 'enwik8')\n    return [1]\n", "text8"),
        ("    return {'rows': [1]}[kind]\n", "kind"),
    ],
)
def test_a_word_that_nothing_gives_is_one_that_the_code_knows(asked: str, word: str) -> None:
    said = wired_entry(PLAN, CODE | {"data.py": f"def load_data(kind: str) -> list:\n{asked}"})
    assert f"load_data(kind={word!r})" in said
