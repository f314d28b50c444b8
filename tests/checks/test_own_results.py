"""A function is kept when it is called again; weights are loaded where something saves them."""

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend
from offline_coder.checks.own_results import check_own_results
from offline_coder.checks.unsaved import check_unsaved

MADE = "def train(rows):\n    loss = abs\n    for row in rows:\n        loss = loss(row)\n        print(f'{loss}')\n    return loss\n"
GIVEN = 'def train(rows, loss):\n    """Trains."""\n    while rows:\n        loss = loss(rows.pop())\n    return loss\n'


@pytest.mark.parametrize(("text", "arguments"), [(MADE, "[-1, -2]"), (GIVEN, "[-2, -1], abs")])
def test_a_function_that_its_result_replaces_gets_a_name_of_its_own(text: str, arguments: str) -> None:
    assert [each.subject for each in check_own_results({"a.py": text})] == ["loss"]
    done = mend({"a.py": text}, check_repository)
    assert not check_own_results(done.files)
    names: dict[str, object] = {}
    exec(done.files["a.py"], names)
    assert eval(f"train({arguments})", names) == 2


@pytest.mark.parametrize(
    "text",
    [
        "def f(rows):\n    loss = abs\n    loss = loss(rows)\n    return loss\n",
        "def f(rows):\n    for row in rows:\n        loss = abs\n        loss = loss(row)\n",
        "def f(rows):\n    loss = abs\n    for row in rows:\n        loss = abs\n        loss = loss(row)\n",
        "def f(rows):\n    x = 1\n    for row in rows:\n        x = row.x(x)\n",
    ],
)
def test_what_is_called_once_or_made_again_stays(text: str) -> None:
    assert check_own_results({"a.py": text}) == ()


LOADING = "import torch\n\n\ndef evaluate(model, path):\n    model.load_state_dict(torch.load(path))\n    return model\n"


def test_weights_that_nothing_saves_are_not_loaded() -> None:
    assert [each.line for each in check_unsaved({"evaluation.py": LOADING})] == [5]
    done = mend({"evaluation.py": LOADING}, check_repository)
    assert "load_state_dict" not in done.files["evaluation.py"]
    assert "    return model\n" in done.files["evaluation.py"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("training.py", "import torch\n\ntorch.save({}, 'a')\n"),
        ("training.py", "def train(model):\n    model.save_weights('a')\n"),
    ],
)
def test_weights_that_something_saves_are_loaded(path: str, text: str) -> None:
    assert check_unsaved({"evaluation.py": LOADING, path: text}) == ()


def test_a_network_of_its_own_may_be_loaded() -> None:
    text = LOADING.replace("model.load", "Net().load")
    assert check_unsaved({"evaluation.py": text}) == ()
