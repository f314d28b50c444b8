"""Loops over loaders take the parts that a batch has."""

import pytest

from offline_coder.checks.batches import check_batches

DATA = "from torch.utils.data import TensorDataset\n\n\ndef load(x, y):\n    return TensorDataset(x, y)\n"


def found(loop: str, data: str = DATA, kind: str = "torch.utils.data.DataLoader") -> list[tuple[str, str]]:
    """Message and advice of all findings about a function with this loop."""
    code = f"def train(model, train_loader: {kind}):\n    {loop}\n        pass\n"
    files = {"data.py": data, "training.py": code, "main.py": "TensorDataset(1, 2, 3)\n"}
    return [(each.message, each.advice) for each in check_batches(files)]


@pytest.mark.parametrize(
    "loop", ["for t, inputs, eps in train_loader:", "for at, (t, inputs, eps) in enumerate(train_loader):"]
)
def test_what_no_batch_has_is_an_error(loop: str) -> None:
    ((message, advice),) = found(loop)
    assert message == "a batch of train_loader has 2 parts, not 3: (t, inputs, eps)"
    assert advice == "Write `for inputs, targets in train_loader:` and make t, eps below it."


@pytest.mark.parametrize(
    ("loop", "data", "kind"),
    [
        ("for inputs, targets in train_loader:", DATA, "DataLoader"),
        ("for batch in train_loader:", DATA, "DataLoader"),
        ("for at, batch in enumerate(train_loader):", DATA, "DataLoader"),
        ("for first, *rest in train_loader:", DATA, "DataLoader"),
        ("for a, b, c in train_loader:", DATA, "list"),
        ("for a, b, c in other:", DATA, "DataLoader"),
        ("for a, b, c in train_loader:", DATA.replace("(x, y)\n", "(*x)\n"), "DataLoader"),
        ("for a, b, c in train_loader:", f"{DATA}\nOTHER = TensorDataset(1)\n", "DataLoader"),
        ("for a, b, c in train_loader:", f"{DATA}\nclass OwnDataset:\n    pass\n", "DataLoader"),
        ("for a, b, c in train_loader:", f"{DATA}\ncollate_fn = None\n", "DataLoader"),
        ("for a, b, c in train_loader:", "", "DataLoader"),
    ],
)
def test_what_fits_or_cannot_be_told_is_none(loop: str, data: str, kind: str) -> None:
    assert found(loop, data, kind) == []
