"""Plain bodies in the place of functions that fail: they run, and say what they are."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.skeleton import UNDEFINED_STUB
from offline_coder.checks.stubs import PLAIN, PLAIN_BODY
from offline_coder.core.plan import Architecture, BuildOrder, ClassPlan, Module, Plan, Routine
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.runs.journal import Journal
from offline_coder.stages.corrections import Author
from offline_coder.stages.debugging import smoke_run_and_debug
from offline_coder.stages.plain_bodies import plain_body
from offline_coder.stages.prompting import Context, render_prompt
from offline_coder.stages.smoke import Failure, SmokeRun
from tests.stages.conftest import sandbox_or_skip

ORDER = ("data.py", "model.py", "training.py", "evaluation.py", "main.py")
PLAN = Plan(
    overview="x",
    architecture=Architecture(
        approach="",
        modules=(
            Module(path="data.py", purpose="", functions=(Routine(name="load_data"),)),
            Module(path="model.py", purpose="", classes=(ClassPlan(name="Net"),)),
            Module(path="training.py", purpose="", functions=(Routine(name="train"),)),
            Module(
                path="evaluation.py", purpose="", functions=(Routine(name="evaluate"), Routine(name="bleu"))
            ),
            Module(path="main.py", purpose="", functions=(Routine(name="main"),)),
        ),
    ),
    build_order=BuildOrder(order=ORDER, depends_on={**dict.fromkeys(ORDER, ()), "main.py": ORDER[:4]}),
    config=(),
)
NET = """\
import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 3)

    def forward(self, x):
        return self.layer(x)
"""
MAIN = """\
import sys

import torch
from torch.utils.data import DataLoader, TensorDataset

from evaluation import evaluate
from model import Net
from training import train


def main():
    if "--smoke" in sys.argv:
        loader = DataLoader(TensorDataset(torch.rand(8, 4), torch.randint(0, 3, (8,))), batch_size=4)
        net = Net()
        train(net, loader, 1)
        print(evaluate(net, loader))


main()
"""
FILES = {
    "data.py": "def load_data() -> None:\n    return\n",
    "model.py": NET,
    "training.py": 'def train(model, train_loader, epochs: int) -> None:\n    """Train by \\\\alpha."""\n'
    "    raise ValueError(model)\n",
    "evaluation.py": "def bleu(model):\n    raise ImportError('nltk')\n\n\n"
    "def evaluate(model, test_loader) -> dict[str, float]:\n    return {'bleu': bleu(model)}\n",
    "main.py": MAIN,
    "config.yaml": "seed: 3\n",
    "reproduce.sh": render_prompt("coding/reproduce.sh.j2", entry_point="main.py") + "\n",
}


def debugged(tmp_path: Path, files: dict[str, str], rounds: int) -> SmokeRun:
    """The run after `rounds` of debugging by a model that says nothing."""
    sandbox_or_skip()
    return asyncio.run(
        smoke_run_and_debug(
            Author(ScriptedEngine(lambda request: ""), Context("paper"), PLAN, dict.fromkeys(ORDER, "")),
            files,
            lambda these: check_repository(these, PLAN.architecture),
            StageSettings(debug_rounds=rounds),
            Journal(tmp_path / "journal.jsonl"),
            lambda text: None,
        )
    )


def test_training_and_evaluation_that_fail_get_plain_bodies_last_of_all(tmp_path: Path) -> None:
    run = debugged(tmp_path, FILES, rounds=1)
    assert (run.status, run.kept) == ("passed", 0)
    assert [each.means for each in run.attempts if each.kept] == [
        "a plain body stands in for train()",
        "a plain body stands in for evaluate()",
    ]
    assert "evaluation.py: bleu" in run.uncalled
    assert "Train by \\\\alpha." in run.files["training.py"]
    assert run.files["as_written/training.py.txt"] == FILES["training.py"]
    found = [each for each in check_repository(run.files, PLAN.architecture) if each.rule == PLAIN]
    assert [(each.file, each.subject) for each in found] == [
        ("evaluation.py", "evaluate"),
        ("training.py", "train"),
    ]


LOADED = {
    "data.py": "from torch.utils.data import DataLoader\n\n\ndef load_data() -> DataLoader:\n"
    "    raise NotImplementedError('stub: nothing defines load_dataset')\n    return loader\n",
    "training.py": "def train(model, train_loader) -> None:\n    model(next(iter(train_loader))[0])\n",
    "evaluation.py": "def bleu(model):\n    return 1.0\n\n\n"
    "def evaluate(model, test_loader) -> float:\n    return bleu(model)\n",
    "main.py": "import sys\n\nfrom data import load_data\n\n\ndef main():\n    if '--smoke' in sys.argv:\n"
    "        load_data()\n\n\nmain()\n",
}


def test_data_that_cannot_be_loaded_is_data_that_is_not_there(tmp_path: Path) -> None:
    run = debugged(tmp_path, FILES | LOADED, rounds=1)
    assert (run.failures, run.wired) == ((), True)
    assert "raise FileNotFoundError" in run.files["data.py"]
    assert run.files["as_written/data.py.txt"] == LOADED["data.py"]
    assert "made-up data stands in for load_data" in run.files["main.py"]


def test_data_that_nothing_defines_costs_no_round(tmp_path: Path) -> None:
    missing = (
        "\n\n\ndef load_data() -> DataLoader:\n    loader = undefined('load_dataset')()\n    return loader\n"
    )
    data = f"from torch.utils.data import DataLoader\n\n\n{UNDEFINED_STUB}{missing}"
    files = (
        FILES | LOADED | {"data.py": data, "training.py": "def train(model, train_loader):\n    assert 0\n"}
    )
    run = debugged(tmp_path, files, rounds=1)
    assert run.rounds == 1
    assert "raise FileNotFoundError" in run.files["data.py"]
    assert run.files["as_written/data.py.txt"] == data


def test_without_debugging_nothing_stands_in(tmp_path: Path) -> None:
    run = debugged(tmp_path, FILES, rounds=0)
    assert run.status == "failed"
    assert run.files["training.py"] == FILES["training.py"]


def test_a_network_that_fails_is_not_hidden(tmp_path: Path) -> None:
    files = FILES | {"model.py": NET.replace("return self.layer(x)", "raise KeyError(x)")}
    run = debugged(tmp_path, files, rounds=1)
    assert run.status == "failed"
    assert PLAIN_BODY not in run.files["training.py"]


def stood_in(path: str, text: str, line: int, name: str) -> str | None:
    """The file after a run that failed there."""
    where = f'  File "/repo/{path}", line {line}, in {name}\n'
    failure = Failure("reproduce.sh --smoke", f"Traceback (most recent call last):\n{where}ValueError: x\n")
    edit = plain_body(SmokeRun("failed", "none", (failure,), {path: text}), PLAN)
    return None if edit is None else edit.text


def called(text: str, name: str, *given: Any) -> Any:
    """What the function `name` of the file gives."""
    space: dict[str, Any] = {}
    exec(compile(text, "stood_in.py", "exec"), space)
    return space[name](*given)


def test_an_evaluation_that_training_calls_stands_in_by_itself() -> None:
    where = "".join(
        f'  File "/repo/{path}", line {line}, in {name}\n'
        for path, line, name in (
            ("training.py", 2, "train"),
            ("evaluation.py", 2, "evaluate"),
            ("model.py", 1, "f"),
        )
    )
    files = {
        "training.py": "def train(model, loader):\n    evaluate(model, loader)\n",
        "evaluation.py": "def evaluate(model, loader):\n    model.f()\n",
        "model.py": "raise ValueError\n",
    }
    failure = Failure("reproduce.sh --smoke", f"Traceback (most recent call last):\n{where}ValueError: x\n")
    edit = plain_body(SmokeRun("failed", "none", (failure,), files), PLAN)
    assert edit is not None
    assert edit.file == "evaluation.py"


CLASSES = torch.tensor([0, 1, 2, 1])
INPUTS = torch.eye(3)[CLASSES]
PAIRS = TensorDataset(INPUTS, CLASSES)


@pytest.mark.parametrize(
    ("head", "given"),
    [
        ("model: nn.Module, val_loader: DataLoader, test_loader: DataLoader", (None, DataLoader(PAIRS, 2))),
        ("network, test_dataset: Dataset", (PAIRS,)),
        ("model: nn.Module, X_test: torch.Tensor, y_test: torch.Tensor", (INPUTS, CLASSES)),
        ("model: nn.Module, X_test: np.ndarray, y_test: np.ndarray", (INPUTS.numpy(), CLASSES.numpy())),
        ("net: Net, data_test: tuple[torch.Tensor, torch.Tensor], beside: str", ((INPUTS, CLASSES), "")),
        ("net: Net, loader", ([{"inputs": INPUTS, "labels": CLASSES}],)),
    ],
)
def test_a_plain_evaluation_measures(head: str, given: tuple[Any, ...]) -> None:
    text = f"from __future__ import annotations\n\n\ndef evaluate({head}):\n    raise ValueError\n"
    changed = stood_in("evaluation.py", text, 5, "evaluate")
    assert changed is not None
    right = called(changed, "evaluate", torch.nn.Identity(), *given)
    assert right["accuracy"] == 1.0
    assert 0 < right["loss"] < 1


@pytest.mark.parametrize(
    ("returns", "kind"),
    [("float", float), ("tuple[float, float]", tuple), ("dict", dict), ("nn.Module", torch.nn.Identity)],
)
def test_an_evaluation_gives_what_it_announces(returns: str, kind: type) -> None:
    text = (
        "from __future__ import annotations\n\n\ndef evaluate(model: nn.Module, loader: DataLoader)"
        f' -> {returns}:\n    """The accuracy."""\n    raise ValueError\n'
    )
    changed = stood_in("evaluation.py", text, 6, "evaluate")
    assert changed is not None
    got = called(changed, "evaluate", torch.nn.Identity(), DataLoader(PAIRS))
    assert isinstance(got, kind)
    assert returns != "float" or got == 1.0


@pytest.mark.parametrize("returns", ["nn.Module", "list[float]", "float", "dict[str, float]", "None"])
def test_a_plain_training_lowers_the_loss(returns: str) -> None:
    text = (
        "from __future__ import annotations\n\n\ndef train(model: nn.Module, train_loader: DataLoader, "
        f"num_epochs: int, learning_rate: float) -> {returns}:\n    raise ValueError\n"
    )
    changed = stood_in("training.py", text, 5, "train")
    assert changed is not None
    torch.manual_seed(0)
    network, loss = torch.nn.Linear(3, 3), torch.nn.CrossEntropyLoss()
    before = loss(network(INPUTS), CLASSES).item()
    called(changed, "train", network, DataLoader(PAIRS, 2), 20, 0.05)
    assert loss(network(INPUTS), CLASSES).item() < before / 2


def test_a_plain_training_tells_the_loss_of_validation(capsys: pytest.CaptureFixture[str]) -> None:
    head = "model: nn.Module, validation_loader: DataLoader, train_loader: DataLoader"
    text = f"from __future__ import annotations\n\n\ndef train({head}) -> None:\n    raise ValueError\n"
    changed = stood_in("training.py", text, 5, "train")
    assert changed is not None
    called(changed, "train", torch.nn.Linear(3, 3), DataLoader(PAIRS, 4), DataLoader(PAIRS, 4))
    assert "validation loss: " in capsys.readouterr().out


def test_what_is_no_class_is_trained_by_its_distance() -> None:
    text = "import torch\n\n\ndef train(model, loader, optimizer: torch.optim.Adam):\n    raise ValueError\n"
    changed = stood_in("training.py", text, 5, "train")
    assert changed is not None
    network = torch.nn.Linear(3, 1)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    called(changed, "train", network, [(INPUTS, torch.ones(4))] * 200, optimizer)
    assert torch.allclose(network(INPUTS), torch.ones(4, 1), atol=0.1)


@pytest.mark.parametrize(
    "text",
    [
        "\n\n\ndef evaluate(results: dict[str, float]) -> float:\n    raise ValueError\n",
        "\n\n\ndef evaluate(model: nn.Module, loader: DataLoader) -> Report:\n    raise ValueError\n",
        "\n\n\ndef evaluate(model: nn.Module) -> float:\n    raise ValueError\n",
        "\n\n\nclass Evaluator:\n    def evaluate(self, model, loader): raise ValueError\n",
        "\n\n\n\ndef evaluate(model, loader): raise ValueError\n",
        f'\n\n\ndef evaluate(model, loader):\n    """{PLAIN_BODY}."""\n',
        "def evaluate(:\n\n\n\n",
    ],
)
def test_where_a_plain_body_says_nothing_none_is_made(text: str) -> None:
    assert stood_in("evaluation.py", text, 5, "evaluate") is None
