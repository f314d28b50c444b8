"""What is tested on is not what was trained on."""

import pytest

from offline_coder.checks.same_data import check_same_data

HEAD = "from torch.utils.data import DataLoader, TensorDataset\n\n\ndef load(x, y, whole):\n"
TRAIN = "    train_loader = DataLoader(whole, batch_size=8, shuffle=True)\n"


@pytest.mark.parametrize(
    "body",
    [
        f"{TRAIN}    test_loader = DataLoader(whole, batch_size=8)\n",
        f"    whole = read()\n{TRAIN}    val_loader = DataLoader(whole)\n",
        "    train_set = TensorDataset(x, y)\n    test_set = TensorDataset(x, y)\n",
        "    train = DataLoader(TensorDataset(x, y))\n    validation = DataLoader(TensorDataset(x, y))\n",
    ],
)
def test_two_loaders_of_the_same_data_are_an_error(body: str) -> None:
    (finding,) = check_same_data({"data.py": HEAD + body})
    assert (finding.rule, finding.severity) == ("same-data", "error")
    assert finding.line == (HEAD + body).count("\n")


@pytest.mark.parametrize(
    "body",
    [
        f"{TRAIN}    test_loader = DataLoader(rest, batch_size=8)\n",
        f"{TRAIN}    whole = rest\n    test_loader = DataLoader(whole)\n    whole = x\n",
        "    train_set = TensorDataset(x, y)\n    test_set = TensorDataset(x, z)\n",
        f"{TRAIN}    shuffled_loader = DataLoader(whole)\n",
        f"{TRAIN}    train_test_loader = DataLoader(rest)\n",
        "    train_test_loader = DataLoader(whole)\n",
    ],
)
def test_loaders_of_other_data_are_none(body: str) -> None:
    assert check_same_data({"data.py": HEAD + body}) == ()
