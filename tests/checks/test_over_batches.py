"""What is added up over all batches is divided by as many as it counts."""

import pytest

from offline_coder.checks.mend import mend
from offline_coder.checks.over_batches import check_over_batches

CODE = "def evaluate(model, test_loader):\n    total = 0\n    for inputs, targets in {}:\n{}\n{}"
COUNT = "        total += (model(inputs) == targets).sum().item()"
ALL = "len(test_loader.dataset)"


@pytest.mark.parametrize("length", ["len(targets)", "targets.size(0)", "inputs.size(0)"])
def test_all_batches_are_divided_by_all_examples(length: str) -> None:
    files = {"evaluation.py": CODE.format("test_loader", COUNT, f"    return 100 * (total / {length})\n")}
    found = check_over_batches(files)
    assert [(each.rule, each.line, each.severity) for each in found] == [("over-batches", 5, "error")]
    done = mend(files, check_over_batches)
    said = f"    return 100 * (total / {ALL})\n"
    assert done.files["evaluation.py"] == CODE.format("test_loader", COUNT, said)


@pytest.mark.parametrize("length", [ALL, "len(targets)"])
@pytest.mark.parametrize(
    "added",
    [
        "        total += (model(inputs) == targets).float().mean().item()",
        "        total += (model(inputs) == targets).sum().item() / len(targets)",
        "        right = (model(inputs) == targets).sum().item() / targets.size(0)\n        total += right",
        "        loss = F.cross_entropy(model(inputs), targets)\n        total += float(loss.item())",
        "        total += F.kl_div(model(inputs), targets, reduction='batchmean').item()",
    ],
)
def test_means_of_batches_are_divided_by_the_number_of_batches(added: str, length: str) -> None:
    files = {"evaluation.py": CODE.format("test_loader", added, f"    return total / {length}\n")}
    done = mend(files, check_over_batches)
    said = "    return total / len(test_loader)\n"
    assert done.files["evaluation.py"] == CODE.format("test_loader", added, said)


@pytest.mark.parametrize(
    ("over", "added", "end"),
    [
        ("test_loader", COUNT, "        print(total / len(targets))\n"),
        ("test_loader", COUNT, f"    return total / {ALL}\n"),
        ("test_loader", COUNT, "    return total / len(model)\n"),
        ("test_loader", COUNT, "    other = 1\n    return other / len(targets)\n"),
        ("[(1, 2)]", COUNT, "    return total / len(targets)\n"),
        ("test_loader", COUNT, "    return total / targets.size(1)\n"),
        ("test_loader", "        total += model(inputs).mean()", "    return total / len(test_loader)\n"),
        (
            "test_loader",
            "        loss = F.cross_entropy(model(inputs), targets, reduction='sum')\n        total += loss",
            f"    return total / {ALL}\n",
        ),
        (
            "test_loader",
            "        loss = F.cross_entropy(model(inputs), targets)\n        total += loss * len(targets)",
            f"    return total / {ALL}\n",
        ),
        ("test_loader", "        loss = loss.item()\n        total += loss", f"    return total / {ALL}\n"),
    ],
)
def test_other_divisions_are_left_alone(over: str, added: str, end: str) -> None:
    assert check_over_batches({"evaluation.py": CODE.format(over, added, end)}) == ()
