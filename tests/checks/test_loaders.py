"""A loader gives inputs and targets where both are loaded."""

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.loaders import check_loaders
from offline_coder.checks.mend import mend

HEAD = "from torch.utils.data import DataLoader\n\n\ndef load(size: int):\n"
DIGITS = "    from sklearn.datasets import load_digits\n    digits = load_digits()\n"
SPLIT = (
    DIGITS + "    from sklearn.model_selection import train_test_split\n"
    "    X, y = digits.data, digits.target\n"
    "    X_train, X_test, y_train, y_test = train_test_split(X, y)\n"
)


def subjects(body: str) -> list[str]:
    return [each.subject for each in check_loaders({"data.py": HEAD + body})]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (
            SPLIT + "    return DataLoader(X_train, batch_size=4), DataLoader(dataset=X_test)\n",
            ["X_train", "X_test"],
        ),
        (
            DIGITS + "    images, labels = digits.images, digits.target\n    return DataLoader(images)\n",
            ["images"],
        ),
        (
            DIGITS + "    train_data, train_targets = digits.data, digits.target\n"
            "    train_targets = train_targets + 1\n    return DataLoader(train_data)\n",
            ["train_data"],
        ),
    ],
)
def test_inputs_without_their_targets_are_found(body: str, found: list[str]) -> None:
    assert subjects(body) == found


@pytest.mark.parametrize(
    "body",
    [
        SPLIT + "    return DataLoader(X_train), y_train, DataLoader(list(zip(X_test, y_test)))\n",
        DIGITS + "    images = digits.images\n    return DataLoader(images)\n",
        SPLIT + "    train_set = make(X_train, y_train)\n    return DataLoader(train_set)\n",
        "    maximum = size\n    return DataLoader(maximum)\n",
    ],
)
def test_what_has_no_targets_or_reads_them_is_left(body: str) -> None:
    assert subjects(body) == []


def test_such_a_loader_is_made_of_both() -> None:
    files = {"data.py": HEAD + SPLIT + "    return DataLoader(X_train, batch_size=size)\n"}
    done = mend(files, check_repository)
    assert not [found for found in done.findings if found.severity == "error"]
    names: dict[str, object] = {}
    exec(done.files["data.py"], names)
    inputs, targets = next(iter(names["load"](5)))  # type: ignore[operator]
    assert (tuple(inputs.shape), str(inputs.dtype)) == ((5, 64), "torch.float32")
    assert (tuple(targets.shape), str(targets.dtype)) == ((5,), "torch.int64")
