"""Layers that stand where a matrix would have to."""

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.layers import check_layers
from offline_coder.checks.mend import mend

HEAD = "import torch\nfrom torch import nn\n\n\n"


def network(made: str, use: str) -> str:
    return (
        f"{HEAD}class Net(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n"
        f"        {made}\n\n    def forward(self, x):\n        return {use}\n"
    )


@pytest.mark.parametrize("use", ["self.w @ x", "x @ self.w", "torch.relu(self.w * x)", "1 + self.w"])
def test_a_layer_is_no_operand(use: str) -> None:
    (finding,) = check_layers({"model.py": network("self.w = nn.Linear(width, 2)", use)})
    assert (finding.line, finding.rule, finding.subject) == (11, "layer-operand", "self.w")
    assert "nn.Linear" in finding.message


@pytest.mark.parametrize(
    ("made", "use"),
    [
        ("self.w = nn.Linear(width, 2)", "self.w(x) @ x + self.w.weight"),
        ("self.w = nn.Parameter(torch.zeros(width, 2))", "self.w @ x"),
        ("self.w = nn.Linear(width, 2) if width else 1", "self.w * x"),
        ("self.w = nn.Linear(width, 2); self.w = 3", "self.w * x"),
        ("self.w, self.v = nn.Linear(width, 2), 3", "self.w * x"),
        ("self.w = nn.Sequential(); self.w += nn.Sequential()", "self.w + self.w"),
        ("self.w = Linear(width, 2)", "self.w * x"),
    ],
)
def test_what_may_be_an_operand_is_none(made: str, use: str) -> None:
    assert check_layers({"model.py": network(made, use)}) == ()


@pytest.mark.parametrize(
    ("use", "mended"),
    [
        ("torch.relu(self.w @ (x + 1)) + 3", "torch.relu(self.w(x + 1)) + 3"),
        ("x @ self.w", "self.w(x)"),
        ("self.w @ (self.w @ x)", "self.w(self.w(x))"),
    ],
)
def test_a_matrix_product_with_a_layer_becomes_a_call(use: str, mended: str) -> None:
    files = {"model.py": network("self.w = nn.Linear(width, 2)", use)}
    done = mend(files, check_repository)
    assert f"return {mended}\n" in done.files["model.py"]
    assert all(finding.rule != "layer-operand" for finding in done.findings)
