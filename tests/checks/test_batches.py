"""Loops over loaders take the parts that a batch has."""

import pytest

from offline_coder.checks.batches import check_batches
from offline_coder.checks.mend import mend
from offline_coder.checks.settled import rules_with

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


def test_a_data_set_of_all_splits_is_what_is_wrong() -> None:
    ((message, advice),) = found("for x, y in train_loader:", DATA.replace("(x, y)\n", "(x, z, y, w)\n"))
    assert message == "TensorDataset(x, z, y, w) has 4 parts, loops take inputs and targets"
    assert advice == "Make a TensorDataset(inputs, targets) of each split."


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


CONFIG: dict[str, object] = {"model": {"timesteps": 50}}
LOOP = """import torch


def train(model, train_loader: torch.utils.data.DataLoader):
    for LOOP:
        model(t, inputs, eps)
"""


@pytest.mark.parametrize(
    ("loop", "after"),
    [
        ("t, inputs, eps in train_loader", "inputs, targets in train_loader"),
        ("_, (inputs, y, t, eps) in enumerate(train_loader)", "_, (inputs, y) in enumerate(train_loader)"),
    ],
)
def test_noise_and_steps_are_made_in_the_loop(loop: str, after: str) -> None:
    files = {"data.py": DATA, "training.py": LOOP.replace("LOOP", loop)}
    text = mend(files, check_batches, rules=rules_with(CONFIG)).files["training.py"]
    assert f"    for {after}:\n" in text
    assert "        eps = torch.randn_like(inputs)\n" in text
    assert "        t = torch.randint(0, timesteps, (len(inputs),), device=inputs.device)\n" in text
    assert 'timesteps = CONFIG["model"]["timesteps"]\n' in text
    assert check_batches({**files, "training.py": text}) == ()


@pytest.mark.parametrize("loop", ["t, inputs, mask in train_loader", "t, eps, noise in train_loader"])
def test_what_no_name_says_is_left(loop: str) -> None:
    files = {"data.py": DATA, "training.py": LOOP.replace("LOOP", loop)}
    assert mend(files, check_batches, rules=rules_with(CONFIG)).files == files
    steps = {**files, "training.py": LOOP.replace("LOOP", "t, inputs, eps in train_loader")}
    assert mend(steps, check_batches, rules=rules_with({})).files == steps
