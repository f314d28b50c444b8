"""Counts of all batches that are divided by the examples of the last one."""

import pytest

from offline_coder.checks.last_batch import check_last_batch
from offline_coder.checks.mend import mend

CODE = (
    "def evaluate(model, test_loader):\n    correct = 0\n    for inputs, targets in {}:\n"
    "        correct += (model(inputs) == targets).sum().item()\n{}"
)


@pytest.mark.parametrize("length", ["len(targets)", "targets.size(0)", "inputs.size(0)"])
def test_all_batches_are_divided_by_all_examples(length: str) -> None:
    files = {"evaluation.py": CODE.format("test_loader", f"    return 100 * (correct / {length})\n")}
    found = check_last_batch(files)
    assert [(each.rule, each.line, each.severity) for each in found] == [("last-batch", 5, "error")]
    done = mend(files, check_last_batch)
    said = "    return 100 * (correct / len(test_loader.dataset))\n"
    assert done.files["evaluation.py"] == CODE.format("test_loader", said)


@pytest.mark.parametrize(
    ("over", "end"),
    [
        ("test_loader", "        print(correct / len(targets))\n"),
        ("test_loader", "    return correct / len(test_loader.dataset)\n"),
        ("test_loader", "    return correct / len(model)\n"),
        ("test_loader", "    other = 1\n    return other / len(targets)\n"),
        ("[(1, 2)]", "    return correct / len(targets)\n"),
        ("test_loader", "    return correct / targets.size(1)\n"),
    ],
)
def test_other_divisions_are_left_alone(over: str, end: str) -> None:
    assert check_last_batch({"evaluation.py": CODE.format(over, end)}) == ()
