"""What is said about the libraries where a definition is written."""

import pytest

from offline_coder.core.plan import (
    Architecture,
    BuildOrder,
    ClassPlan,
    Module,
    Parameter,
    Plan,
    Resource,
    Routine,
)
from offline_coder.stages.usage import usage_in, usage_of


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("def load(size: int) -> tuple[torch.utils.data.DataLoader, DataLoader]: ...", "train_test_split"),
        ("def measure(model: nn.Module, test: DataLoader) -> float: ...", "for inputs, targets in loader"),
        ("def measure(model: nn.Module, test: DataLoader) -> float: ...", "torch.no_grad()"),
        ("def train_model(model: nn.Module, lr: float) -> None: ...", "loss.backward()"),
        ("class Net(nn.Module):  # the network", "nn.Embedding"),
        ("def forward(self, x: torch.Tensor) -> torch.Tensor:", "nn.Embedding"),
    ],
)
def test_what_a_head_calls_for_is_said(head: str, said: str) -> None:
    assert said in usage_of(head)


@pytest.mark.parametrize(
    "head",
    [
        "def load_text(path: str) -> list[str]: ...  # no DataLoader",
        "class Settings:",
        "def main() -> None: ...",
        "",
    ],
)
def test_nothing_is_said_where_nothing_is_called_for(head: str) -> None:
    assert usage_of(head) == ""


def test_it_is_said_which_function_of_a_library_gives_data() -> None:
    digits = Resource(
        kind="dataset", name="digits", section="s1", quote="x", library="sklearn.datasets.load_digits"
    )
    moons = digits.model_copy(update={"name": "moons", "library": "sklearn.datasets.make_moons"})
    notes = usage_of("def load() -> None: ...", (digits, moons))
    assert "`X, y = load_digits(return_X_y=True)`" in notes
    assert "`X, y = make_moons(n_samples=100, shuffle=True, noise=None, random_state=None)`" in notes


def test_only_what_is_called_for_is_said() -> None:
    notes = usage_of("def evaluate(model: nn.Module, loader: DataLoader) -> float: ...")
    assert "train_test_split" not in notes
    assert "optimizer" not in notes
    assert all(line.startswith("- ") for line in notes.split("\n"))


def network(*names: str, name: str = "Net") -> ClassPlan:
    """A planned network whose forward() takes `names`."""
    taken = tuple(Parameter(name=each, type="torch.Tensor") for each in names)
    return ClassPlan(name=name, bases=("nn.Module",), methods=(Routine(name="forward", parameters=taken),))


@pytest.mark.parametrize(
    ("names", "call"),
    [
        (("x",), "model(inputs)"),
        (("t", "x", "eps"), "model(t, inputs, eps)"),
        (("input", "target"), "model(inputs, targets)"),
        (("a", "b"), "model(inputs)"),
    ],
)
def test_the_network_is_called_as_it_is_planned(names: tuple[str, ...], call: str) -> None:
    layer = Module(path="layer.py", purpose="", classes=(network("first", "second", name="Layer"),))
    model = Module(path="model.py", purpose="", classes=(network(*names),))
    plan = Plan(
        overview="x",
        architecture=Architecture(approach="", modules=(layer, model)),
        build_order=BuildOrder(order=("layer.py", "model.py"), depends_on={}),
        config=(),
    )
    notes = usage_in(plan, "training.py", "def train(model: nn.Module, loader: DataLoader) -> None: ...")
    assert f"outputs = {call}, the loss" in notes
    assert ("t, eps of model(t, inputs, eps) are made for each batch" in notes) == (len(names) == 3)
