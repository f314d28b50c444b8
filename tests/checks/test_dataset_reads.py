"""What is read of a TensorDataset."""

import pytest

from offline_coder.checks.dataset_reads import check_dataset_reads
from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend

DATA = "import torch\n\nLOADED = torch.utils.data.TensorDataset(torch.zeros(2))\n"


def subjects(expression: str, data: str = DATA) -> list[str]:
    code = f"def train(loader):\n    return {expression}\n"
    return [each.subject for each in check_dataset_reads({"data.py": data, "training.py": code})]


def test_inputs_and_targets_are_found_and_read_from_the_tensors() -> None:
    read = "loader.dataset.x.sum() + loader.dataset.train_labels"
    assert sorted(subjects(read)) == ["loader.dataset.train_labels", "loader.dataset.x"]
    said = '"""Trains on datasets. No Subset."""\n\n\n'
    files = {"data.py": DATA, "training.py": f"{said}def train(loader):\n    return {read}\n"}
    mended = mend(files, check_repository).files["training.py"]
    assert "return loader.dataset.tensors[0].sum() + loader.dataset.tensors[1]\n" in mended


@pytest.mark.parametrize(
    ("expression", "data"),
    [
        ("loader.dataset.tensors[0]", DATA),
        ("loader.dataset.transform", DATA),
        ("loader.x", DATA),
        ("loader.dataset.data", DATA.replace("TensorDataset", "RowDataset")),
        ("loader.dataset.data", DATA + "OTHER = torch.utils.data.random_split(LOADED, [1, 1])\n"),
        ("loader.dataset.data", DATA + "import torchvision\n\nx = torchvision.datasets.MNIST('.')\n"),
    ],
)
def test_what_is_there_or_may_be_is_none(expression: str, data: str) -> None:
    assert subjects(expression, data) == []
