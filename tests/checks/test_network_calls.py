"""The network is called as its forward() takes it."""

import pytest

from offline_coder.checks.network_calls import check_network_calls

HEAD = "from torch import nn\n\n\n"
NET = "class Net(nn.Module):\n    def forward(self, t, x, eps=0):\n        return t, x, eps\n\n\n"
WHOLE = "class Whole(nn.Module):\n    def __init__(self):\n        self.net = Net()\n\n    def forward(self, x):\n        return x\n\n\n"


def found(body: str, model: str = NET, head: str = "model: nn.Module, x") -> list[tuple[int, str, str]]:
    """Line, message and advice of all findings about train()."""
    files = {"model.py": HEAD + model, "training.py": f"{HEAD}def train({head}):\n    {body}\n"}
    return [(each.line, each.message, each.advice) for each in check_network_calls(files)]


def test_a_call_that_lacks_an_argument_is_an_error() -> None:
    message = "train calls model(x), but Net.forward needs 'x'"
    assert found("return model(x)") == [(5, message, "Call it as model(t, x, eps=...).")]


def test_a_part_of_another_network_is_not_what_is_called() -> None:
    ((_, message, _),) = found("return model(1, x)", NET + WHOLE)
    assert message == "train calls model(1, x), but Whole.forward takes 1 arguments by position, not 2"
    assert found("return model(x)", NET + WHOLE) == []


@pytest.mark.parametrize(
    ("body", "model", "head"),
    [
        ("return model(1, x)", NET, "model: nn.Module, x"),
        ("return model(*x)", NET, "model: nn.Module, x"),
        ("model = wrapped(model)\n    return model(x)", NET, "model: nn.Module, x"),
        ("return model(x)", NET, "model, x"),
        ("return model(x)", NET + WHOLE.replace("Net()", "1"), "model: nn.Module, x"),
        ("return model(x)", NET.replace("nn.Module", "Other"), "model: nn.Module, x"),
        ("return model(x)", NET + "class Next(Net):\n    pass\n", "model: nn.Module, x"),
        ("return model(x)", NET + "class Empty(nn.Module):\n    pass\n", "model: nn.Module, x"),
    ],
)
def test_what_fits_a_network_or_cannot_be_told_is_none(body: str, model: str, head: str) -> None:
    assert found(body, model, head) == []


def test_inputs_in_the_place_of_something_else_are_an_error() -> None:
    ((_, message, advice),) = found("return model(inputs, targets)", head="model: nn.Module, inputs, targets")
    assert message.endswith("but Net.forward takes 't' there, and the inputs as 'x'")
    assert advice == "Call it as model(t, x, eps=...)."


@pytest.mark.parametrize(
    "call", ["model(t, inputs)", "model(x, inputs)", "model(t=inputs, x=t)", "model(t, t)"]
)
def test_inputs_in_their_place_are_none(call: str) -> None:
    assert found(f"return {call}", head="model: nn.Module, inputs, t, x") == []
