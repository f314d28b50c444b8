"""Calls of PyTorch, NumPy and scikit-learn with arguments that they do not take."""

from typing import Any

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.library_calls import check_library_calls, signatures_at
from offline_coder.checks.mend import mend

HEAD = (
    "import numpy as np\nimport sklearn.datasets\nimport torch\nfrom sklearn.model_selection import train_test_split\n"
    "from torch import nn, optim\nfrom torch.utils.data import DataLoader as Loader\n\n\n"
)


def found(use: str) -> list[tuple[str, str]]:
    code = f"{HEAD}def f(x, y, *rest, **more):\n    {use}\n"
    return [(finding.subject, finding.message) for finding in check_library_calls({"data.py": code})]


@pytest.mark.parametrize(
    ("use", "subject", "message"),
    [
        ("nn.Linear(3)", "torch.nn.Linear", "Linear needs 'out_features'"),
        ("nn.Linear(3, 4, activation='relu')", "torch.nn.Linear", "Linear has no parameter 'activation'"),
        ("optim.Adam(x, learning_rate=y)", "torch.optim.Adam", "Adam has no parameter 'learning_rate'"),
        ("Loader(x, seed=1)", "torch.utils.data.DataLoader", "DataLoader has no parameter 'seed'"),
        (
            "torch.nn.functional.cross_entropy(x)",
            "torch.nn.functional.cross_entropy",
            "cross_entropy needs 'target'",
        ),
        (
            "sklearn.datasets.load_digits(classes=3)",
            "sklearn.datasets.load_digits",
            "load_digits has no parameter 'classes'",
        ),
        (
            "a, b, c = train_test_split(x)",
            "sklearn.model_selection.train_test_split",
            "train_test_split gives 2 parts, two of each array, not 3",
        ),
        (
            "return train_test_split(x, y, val_size=3)",
            "sklearn.model_selection.train_test_split",
            "train_test_split has no parameter 'val_size'",
        ),
    ],
)
def test_a_call_that_the_library_does_not_take_is_a_finding(use: str, subject: str, message: str) -> None:
    assert found(use) == [(subject, message)]


@pytest.mark.parametrize(
    "use",
    [
        "nn.Linear(3, 4, bias=False), nn.Linear(*rest), nn.Linear(3, **more), nn.Sequential(x, y)",
        "optim.Adam(x, lr=y), optim.SGD(x, y, momentum=0.9), Loader(x, batch_size=3, shuffle=True)",
        "a, b, c, d = train_test_split(x, y, train_size=3, stratify=y, random_state=0)",
        "a, *b = train_test_split(x)\n    a, b = train_test_split(*rest)",
        "nn = x\n    nn.Linear(1, 2, 3, 4, 5, 6)",
        "x.Linear(3), np.zeros((3, 4)), torch.zeros(3, 4, device='cpu')",
    ],
)
def test_one_that_it_takes_or_that_cannot_be_judged_is_none(use: str) -> None:
    assert found(use) == []


def test_the_advice_says_what_it_takes() -> None:
    (finding,) = check_library_calls({"a.py": "from torch import nn\nnn.ReLU(3, 4)\n"})
    assert (finding.rule, finding.line, finding.severity) == ("library-call", 2, "error")
    assert finding.advice == "It is ReLU(inplace=False)."


@pytest.mark.parametrize(
    ("call", "mended"),
    [
        ("torch.optim.Adam(x, learning_rate=0.1)", "torch.optim.Adam(x, lr=0.1)"),
        ("torch.utils.data.DataLoader(x, batchsize=2)", "torch.utils.data.DataLoader(x, batch_size=2)"),
        ("torch.utils.data.TensorDataset(inputs=x, targets=x)", "torch.utils.data.TensorDataset(x, x)"),
        ("torch.utils.data.TensorDataset(**x)", "torch.utils.data.TensorDataset(**x)"),
        ("torch.utils.data.DataLoader(x, seed=2)", "torch.utils.data.DataLoader(x)"),
        ("torch.nn.Embedding(9, 4, bias=False)(x)", "torch.nn.Embedding(9, 4)(x)"),
        ("torch.optim.Adam(x, lr=0.1, learning_rate=0.2)", "torch.optim.Adam(x, lr=0.1)"),
    ],
)
def test_an_argument_gets_the_name_that_it_has_there_or_is_left_out(call: str, mended: str) -> None:
    code = '"""Made."""\n\nimport torch\n\n\ndef made(x):\n    """Made."""\n    return {}\n'
    done = mend({"a.py": code.format(call)}, check_repository)
    assert done.files["a.py"] == code.format(mended)


def test_what_a_line_calls_is_shown_with_its_parameters() -> None:
    code = f"{HEAD}def f(x):\n    return nn.functional.relu(\n        nn.Flatten()(x)\n    )\n"
    shown = ["torch.nn.functional.relu(input, inplace=False)", "torch.nn.Flatten(start_dim=1, end_dim=-1)"]
    assert signatures_at(code, 11) == shown
    assert signatures_at(code, 10) == shown[:1]
    assert signatures_at("def broken(", 1) == []


def test_a_well_known_name_is_judged_before_it_is_imported_so_that_its_import_helps() -> None:
    code = '"""Splits."""\n\n\ndef split(x, y):\n    """Splits."""\n    {} = train_test_split(x, y, val_size=3)\n    return a, b\n'
    wrong = {"data.py": code.format("a, b, c")}
    assert len(check_library_calls(wrong)) == 2
    done = mend(wrong, check_repository)
    assert "from sklearn.model_selection import train_test_split\n" in done.files["data.py"]
    own = "def train_test_split(x):\n    return x\n\n\na = train_test_split(1)\n"
    assert check_library_calls({"data.py": own}) == ()


@pytest.mark.parametrize(
    ("taken", "mended"),
    [
        ("dev, dev_y = train_test_split(x, y, test_size=3)", "x, dev, y, dev_y"),
        ("(dev, dev_y) = train_test_split(\n        x, y, test_size=3\n    )", "x, dev, y, dev_y"),
        ("x, y = train_test_split(x, y, test_size=3)", None),
        ("dev, y = train_test_split(x[:3], y, test_size=3)", None),
        ("dev, dev_y, rest = train_test_split(x, y, test_size=3)", None),
    ],
)
def test_a_split_that_takes_half_of_the_parts_takes_all(taken: str, mended: str | None) -> None:
    head = (
        '"""Splits."""\n\nfrom sklearn.model_selection import train_test_split\n\n\ndef split(x, y, dev=0):\n'
    )
    text = f'{head}    """Splits."""\n    {taken}\n    return x, y, dev\n'
    done = mend({"data.py": text}, check_library_calls).files["data.py"]
    whole = text.replace(taken.partition(" = ")[0], mended or "") if mended else text
    assert done == whole


THREE = "X_train, X_val, X_test, y_train, y_val, y_test"
IN_PAIRS = "X_train, y_train, X_val, y_val, X_test, y_test"


@pytest.mark.parametrize(
    ("taken", "sizes", "lengths"),
    [
        (THREE, "train_size=6, random_state=0, stratify=y", [6, 2, 2]),
        (THREE, "train_size=4, test_size=4", [4, 2, 4]),
        (IN_PAIRS, "test_size=2, val_size=3, shuffle=False", [5, 3, 2]),
        (IN_PAIRS, "test_size=0.2", [6, 2, 2]),
        ("train_x, dev_x, test_x, train_y, dev_y, test_y", "train_size=0.6", [6, 2, 2]),
    ],
)
def test_a_split_into_three_is_two_splits(taken: str, sizes: str, lengths: list[int]) -> None:
    names = [name.strip() for name in taken.split(",")]
    inputs = [name for name in names if "x" in name.lower()]
    code = (
        '"""Splits."""\n\nfrom sklearn.model_selection import train_test_split\n\n\n'
        f'def split(X, y):\n    """Splits."""\n    {taken} = train_test_split(X, y, {sizes})\n'
        f"    return {', '.join(sorted(names))}\n"
    )
    done = mend({"data.py": code}, check_library_calls)
    assert not done.findings
    scope: dict[str, Any] = {}
    exec(done.files["data.py"], scope)
    parts = dict(zip(sorted(names), scope["split"](list(range(10)), [0, 1] * 5), strict=True))
    assert [len(parts[name]) for name in inputs] == lengths
    assert sorted(number for name in inputs for number in parts[name]) == list(range(10))
    for name, other in zip(inputs, [name for name in names if name not in inputs], strict=True):
        assert [number % 2 for number in parts[name]] == parts[other]


@pytest.mark.parametrize(
    "taken",
    ["X_train, X_val, X_test = train_test_split(X, y)", "a, b, c, d, e, f = train_test_split(X, y)"],
)
def test_a_split_into_parts_that_do_not_say_what_they_are_is_left(taken: str) -> None:
    code = f"from sklearn.model_selection import train_test_split\n\n\ndef split(X, y):\n    {taken}\n"
    assert mend({"data.py": code}, check_library_calls).files["data.py"] == code
