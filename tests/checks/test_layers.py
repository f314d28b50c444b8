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


@pytest.mark.parametrize(
    "use",
    [
        "self.w @ x",
        "x @ self.w",
        "torch.matmul(self.w, x)",
        "torch.mm(x, self.w)",
        "torch.relu(self.w * x)",
        "1 + self.w",
    ],
)
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
        ("torch.matmul(self.w, x + 1) + 3", "self.w(x + 1) + 3"),
        ("self.w @ (self.w @ x)", "self.w(self.w(x))"),
    ],
)
def test_a_matrix_product_with_a_layer_becomes_a_call(use: str, mended: str) -> None:
    files = {"model.py": network("self.w = nn.Linear(width, 2)", use)}
    done = mend(files, check_repository)
    assert f"return {mended}\n" in done.files["model.py"]
    assert all(finding.rule != "layer-operand" for finding in done.findings)


def with_forward(body: str, made: str = "self.width = width") -> str:
    lines = "".join(f"        {line}\n" for line in body.split("\n"))
    return (
        f"{HEAD}class Net(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n"
        f"        {made}\n\n    def forward(self, x):\n{lines}"
    )


def test_a_layer_that_forward_makes_is_made_in_the_constructor() -> None:
    body = "branch = nn.Sequential(\n    nn.Linear(2, self.width),\n    nn.ReLU(),\n)\nhead = nn.Linear(self.width, 1)\n"
    source = with_forward(body + "return head(branch(x))")
    assert [(each.rule, each.line) for each in check_layers({"model.py": source})] == [
        ("layer-in-call", 11),
        ("layer-in-call", 15),
    ]
    done = mend({"model.py": source}, check_repository)
    assert done.files["model.py"].rstrip().endswith("return self.head(self.branch(x))")
    assert "        self.width = width\n        self." in done.files["model.py"]
    assert (
        "        self.branch = nn.Sequential(nn.Linear(2, self.width), nn.ReLU())\n" in done.files["model.py"]
    )
    assert "        self.head = nn.Linear(self.width, 1)\n" in done.files["model.py"]
    assert check_layers(done.files) == ()


@pytest.mark.parametrize(
    "body",
    [
        "act = nn.ReLU()\nreturn act(x)",
        "loss = nn.CrossEntropyLoss()\nreturn loss(x, x)",
        "weight = nn.Parameter(x)\nreturn weight",
        "layer = self.layer\nreturn layer(x)",
        "pad = nn.ConstantPad1d(1, 0)\nreturn pad(x)",
        "y = nn.functional.relu(x)\nreturn y",
    ],
)
def test_what_learns_nothing_may_be_made_anywhere(body: str) -> None:
    assert check_layers({"model.py": with_forward(body)}) == ()


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("layer = nn.Linear(x.shape[1], 2)\nreturn layer(x)", "self.width = width"),
        ("layer = nn.Linear(2, 2)\nlayer = layer(x)\nreturn layer", "self.width = width"),
        ("layer = nn.Linear(2, 2)\nreturn layer(x)", "self.layer = width"),
    ],
)
def test_a_layer_that_cannot_move_is_left_and_named(body: str, made: str) -> None:
    source = with_forward(body, made)
    done = mend({"model.py": source}, check_repository)
    assert "nn.Linear(" in done.files["model.py"].partition("def forward")[2]
    assert [each.rule for each in check_layers(done.files)] == ["layer-in-call"]
