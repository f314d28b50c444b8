"""A mean is one of numbers."""

from typing import Any

import pytest
import torch

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend
from offline_coder.checks.truths import check_truths

HEAD = '"""Measure."""\n\nimport torch\n\n\ndef measure(a, b):\n    """Measure."""\n'


@pytest.mark.parametrize(
    ("body", "mended"),
    [
        ("    return torch.mean(a == b).item()\n", "    return torch.mean((a == b).float()).item()\n"),
        (
            "    right = a.argmax(1) == b\n    return torch.mean(right, dim=0)\n",
            "    right = a.argmax(1) == b\n    return torch.mean(right.float(), dim=0)\n",
        ),
    ],
)
def test_a_mean_of_truth_values_is_found_and_becomes_one_of_numbers(body: str, mended: str) -> None:
    (finding,) = check_truths({"evaluation.py": HEAD + body})
    assert (finding.rule, finding.severity) == ("mean-of-truths", "error")
    done = mend({"evaluation.py": HEAD + body}, check_repository).files["evaluation.py"]
    assert done == HEAD + mended
    names: dict[str, Any] = {}
    exec(done, names)
    scores = torch.eye(3)
    assert names["measure"](scores, scores.argmax(1) if "argmax" in body else scores) == 1.0


@pytest.mark.parametrize(
    "body",
    [
        "    return torch.mean((a == b).float())\n",
        "    return torch.mean(a - b), (a == b).mean()\n",
        "    right = a == b\n    right = right.float()\n    return torch.mean(right)\n",
        "    for right in a:\n        right = right == b\n    return torch.mean(right)\n",
        "    return torch.mean()\n",
    ],
)
def test_numbers_and_what_may_be_numbers_are_left_alone(body: str) -> None:
    assert check_truths({"evaluation.py": HEAD + body}) == ()
