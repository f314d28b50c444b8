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
