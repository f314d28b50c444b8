"""A TensorDataset is made of tensors."""

import pytest

from offline_coder.checks.arrays import check_arrays
from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend

HEAD = (
    "import numpy as np\nimport torch\nfrom torch.utils.data import TensorDataset\n\n\ndef load(size: int):\n"
)
DIGITS = "    from sklearn.datasets import load_digits\n    digits = load_digits()\n    x, y = digits.data / 16, digits.target\n"


def subjects(body: str) -> list[str]:
    return [each.subject for each in check_arrays({"data.py": HEAD + body})]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (DIGITS + "    return TensorDataset(x[:size], y[:size])\n", ["x[:size]", "y[:size]"]),
        ("    x = np.zeros(size)\n    return torch.utils.data.TensorDataset(x, torch.zeros(3))\n", ["x"]),
        (
            "    from sklearn.model_selection import train_test_split\n"
            "    a, b, c, d = train_test_split(np.ones(4), np.ones(4))\n    return TensorDataset(a, c)\n",
            ["a", "c"],
        ),
    ],
)
def test_arrays_are_found(body: str, found: list[str]) -> None:
    assert subjects(body) == found


@pytest.mark.parametrize(
    "body",
    [
        DIGITS + "    x = torch.tensor(x)\n    y = torch.tensor(y)\n    return TensorDataset(x, y)\n",
        DIGITS + "    return TensorDataset(torch.tensor(x), torch.from_numpy(y))\n",
        "    x = torch.randn(size)\n    return TensorDataset(x, x * 2)\n",
        "    x = make(np.zeros(size))\n    return TensorDataset(x)\n",
        "    return TensorDataset(size)\n",
    ],
)
def test_what_is_or_may_be_a_tensor_is_none(body: str) -> None:
    assert subjects(body) == []


SPLIT = (
    "\n\ndef split(data: torch.Tensor, labels: torch.Tensor, seed: int) -> tuple[torch.Tensor, torch.Tensor]:\n"
    "    a, b, c, d = train_test_split(data, labels, random_state=seed)\n    return a, c\n"
)


def test_arrays_for_tensors_of_a_function_and_of_its_result_are_found_and_mended() -> None:
    text = HEAD + DIGITS + "    return split(x, seed=size, labels=y)\n" + SPLIT
    given = text.replace(HEAD, f"from sklearn.model_selection import train_test_split\n{HEAD}")
    assert [each.message for each in check_arrays({"data.py": given})] == [
        "split is given x, an array and no tensor",
        "split is given y, an array and no tensor",
    ]
    done = mend({"data.py": given}, check_repository).files["data.py"]
    assert "split(torch.as_tensor(x, dtype=torch.float32), seed=size, labels=torch.as_tensor(y))\n" in done
    announced = HEAD.replace("):", ") -> tuple[torch.Tensor, torch.Tensor]:") + DIGITS + "    return x, y\n"
    assert [each.message for each in check_arrays({"data.py": announced})] == [
        "load returns x, an array and no tensor",
        "load returns y, an array and no tensor",
    ]
    done = mend({"data.py": announced}, check_repository).files["data.py"]
    assert "return torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(y)\n" in done


def test_arrays_become_tensors_and_targets_keep_their_type() -> None:
    files = {
        "data.py": HEAD + DIGITS + "    return TensorDataset(\n        x[:size],\n        y[:size],\n    )\n"
    }
    done = mend(files, check_repository)
    assert "torch.as_tensor(x[:size], dtype=torch.float32)" in done.files["data.py"]
    assert "torch.as_tensor(y[:size])" in done.files["data.py"]
    names: dict[str, object] = {}
    exec(done.files["data.py"], names)
    inputs, target = names["load"](5)[0]  # type: ignore[operator]
    assert (str(inputs.dtype), str(target.dtype)) == ("torch.float32", "torch.int64")


def test_without_torch_nothing_can_be_made_one() -> None:
    text = HEAD.replace("import torch\n", "") + "    x = np.zeros(size)\n    return TensorDataset(x)\n"
    assert "as_tensor" not in mend({"data.py": text}, check_repository).files["data.py"]
