"""Functions that do not use what they are given."""

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend
from offline_coder.checks.parameters import check_parameters

MODEL = "from torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return x\n"


def found(source: str) -> list[tuple[int, str, str]]:
    return [(each.line, each.subject, each.severity) for each in check_parameters({"training.py": source})]


@pytest.mark.parametrize(
    ("code", "findings"),
    [
        ("def train(model, rate):\n    return rate\n", [(1, "model", "error")]),
        ("def train(model: str, rate):\n    return rate\n", [(1, "model", "warning")]),
        ("def train(model, rate):\n    return model\n", [(1, "rate", "warning")]),
        ("def train(model):\n    net = 1\n    model = Net()\n    return model\n", [(3, "model", "error")]),
        ("def fit(data: list):\n    return 1\n", [(1, "data", "error")]),
        (
            "def fit(train_data, count):\n    train_data, count = load()\n    return train_data + count\n",
            [(2, "train_data", "error"), (2, "count", "warning")],
        ),
        ("class Loop:\n    def train(self, *, rate):\n        return self\n", [(2, "rate", "warning")]),
    ],
)
def test_what_is_given_and_not_used_is_a_finding(code: str, findings: list[tuple[int, str, str]]) -> None:
    assert found(code) == findings


@pytest.mark.parametrize(
    "code",
    [
        "def train(model, rate):\n    return model(rate)\n",
        'def train(model, data):\n    """STAND-IN of offline-coder: x."""\n    return model\n',
        "def train(model, _rate, *rest, **others):\n    return f'{model}'\n",
        "def train(model):\n    model = model or Net()\n    return model\n",
        "def train(model):\n    if not model:\n        model = Net()\n    return model\n",
        "def train(model):\n    raise NotImplementedError\n",
        'def train(model):\n    """Says nothing."""\n',
        "@hook\ndef train(model):\n    return 1\n",
        "class Net(nn.Module):\n    def forward(self, x, mask):\n        return x\n",
        "def train(model):\n    return locals()\n",
        "def fit(data, labels):\n    data, labels = labels, data\n    return data, labels\n",
    ],
)
def test_what_is_used_or_may_have_to_be_taken_is_none(code: str) -> None:
    assert found(code) == []


@pytest.mark.parametrize("own", ["net", "model"])
def test_the_network_that_is_given_is_trained_and_no_other(own: str) -> None:
    code = (
        "from model import Net\n\n\ndef train(model, steps):\n"
        f"    {own} = Net()\n    for _ in range(steps):\n        {own}(1)\n    return {own}\n"
    )
    done = mend({"training.py": code, "model.py": MODEL}, check_repository)
    assert done.files["training.py"].lstrip() == (
        "def train(model, steps):\n    for _ in range(steps):\n        model(1)\n    return model\n"
    )


def test_the_data_that_is_given_is_used_and_not_loaded_again() -> None:
    code = "def fit(data, labels, rest):\n    data, labels = {}\n    return data, labels, rest\n"
    done = mend({"training.py": code.format("load(400)")}, check_repository)
    assert done.files["training.py"] == "def fit(data, labels, rest):\n    return data, labels, rest\n"


def test_what_was_made_only_for_another_network_is_made_no_more() -> None:
    code = (
        "from torch import nn\n\n\ndef train(model, steps):\n    base = load('x')['model']\n    rate = 3\n"
        "    adapter = Adapter(base.width)\n    model = nn.Sequential(base, adapter)\n"
        "    for _ in range(steps):\n        model(rate)\n"
    )
    done = mend({"training.py": code}, check_repository)
    assert done.files["training.py"].lstrip() == (
        "def train(model, steps):\n    rate = 3\n    for _ in range(steps):\n        model(rate)\n"
    )


@pytest.mark.parametrize(
    "code",
    [
        "def fit(data, size=3):\n    data, labels = [size], 2\n    return data, labels\n",
        "def fit(data=None, size=3):\n    data = [size]\n    return data\n",
        "def fit(*, data=None, size=3):\n    data = [size]\n    return data\n",
        "class Adam:\n    pass\n\n\ndef fit(train_loader):\n    optimizer = Adam()\n    return optimizer\n",
        "class Adam:\n    pass\n\n\ndef fit(model):\n    optimizer = Adam()\n    return optimizer\n",
    ],
)
def test_what_is_made_as_well_or_may_not_be_given_is_left(code: str) -> None:
    assert mend({"training.py": code}, check_repository).files["training.py"] == code


def test_pairs_that_are_loaded_again_are_those_of_the_loader() -> None:
    code = (
        '"""Evaluates."""\n\nimport torch\nfrom torch.utils.data import DataLoader\n\n\n'
        "def evaluate(model, test_loader: DataLoader):\n"
        "    x, y = {}\n    return (model(x) == y).sum() / torch.numel(y)\n"
    )
    done = mend({"evaluation.py": code.format("load_test_split(size=3)")}, check_repository)
    assert done.files["evaluation.py"] == code.format("(torch.cat(part) for part in zip(*test_loader))")
