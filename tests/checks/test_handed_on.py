"""Variables that a helper reads from its caller are handed on."""

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend

HEAD = '"""Trains."""\n\n\n'
CALLER = "def train(model, batches):\n    for inputs in batches:\n        print({call})\n\n\n"


@pytest.mark.parametrize(
    ("call", "head", "handed", "taken"),
    [
        ("pair(model)", "pair(model)", "pair(model, inputs=inputs)", "pair(model, inputs)"),
        (
            "pair(model, weight=2)",
            "pair(model: object, weight: float = 1.0) -> float",
            "pair(model, weight=2, inputs=inputs)",
            "pair(model: object, weight: float = 1.0, *, inputs) -> float",
        ),
        ("pair(m=model)", "pair(*, m)", "pair(m=model, inputs=inputs)", "pair(*, m, inputs)"),
        ("pair()", "pair()", "pair(inputs=inputs)", "pair(inputs)"),
    ],
)
def test_it_becomes_a_parameter_and_every_call_gives_it(
    call: str, head: str, handed: str, taken: str
) -> None:
    code = f"{HEAD}{CALLER}def {{}}:\n    return inputs + 1\n"
    done = mend({"training.py": code.format(head, call=call)}, check_repository)
    assert done.files["training.py"] == code.format(taken, call=handed)


@pytest.mark.parametrize(
    "code",
    [
        "def train(model):\n    return pair(model)\n\n\ndef pair(model):\n    return inputs + model\n",
        "def train(inputs):\n    return map(pair, inputs)\n\n\ndef pair(model):\n    return inputs + model\n",
        "def train(inputs, more):\n    return pair(**more), inputs\n\n\ndef pair(model):\n    return inputs + model\n",
        "def pair(model):\n    return inputs + model\n",
    ],
)
def test_what_no_caller_has_is_left(code: str) -> None:
    assert mend({"training.py": HEAD + code}, check_repository).files["training.py"] == HEAD + code


NETWORK = (
    "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.a = nn.Linear(2, 2)\n\n    def forward(self, x):\n        return {call}\n\n    def {head}:\n"
    "        {first}return self.a(x)\n"
)


@pytest.mark.parametrize("first", ["", "x = x.view(-1)\n        "])
def test_a_method_is_handed_what_the_method_that_calls_it_has(first: str) -> None:
    code = NETWORK.format(call="self.scaled(2) * 3", head="scaled(self, by)", first=first)
    done = mend({"model.py": code}, check_repository)
    taken = NETWORK.format(call="self.scaled(2, x=x) * 3", head="scaled(self, by, x)", first=first)
    assert done.files["model.py"] == taken


@pytest.mark.parametrize("other", ["", "\n\ndef use(net):\n    return net.scaled(3)\n"])
def test_a_method_that_others_call_or_name_is_left(other: str) -> None:
    call = "self.scaled(2)" if other else "map(self.scaled, x)"
    code = NETWORK.format(call=call, head="scaled(self, by)", first="")
    files = {"model.py": code, **({"training.py": f'"""Uses it."""{other}'} if other else {})}
    assert "def scaled(self, by):" in mend(files, check_repository).files["model.py"]


def test_what_pytorch_calls_takes_no_more_than_it_gives() -> None:
    code = NETWORK.format(call="self.a(x) + y", head="run(self, y)", first="self.forward(y)\n        ")
    assert "def forward(self, x):" in mend({"model.py": code}, check_repository).files["model.py"]
