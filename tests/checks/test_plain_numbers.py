"""Functions of tensors that are given plain numbers."""

import pytest
import torch

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend
from offline_coder.checks.plain_numbers import check_plain_numbers

HEAD = '"""Code."""\n\nimport torch\nfrom torch import nn\n\n\n'
ATTENTION = f'''{HEAD}class Attention(nn.Module):
    """Attention."""

    def __init__(self, heads: int = 8, size: int = 512) -> None:
        super().__init__()
        self.heads = heads
        self.head_size = size // heads
        self.output = nn.Linear(size, size)

    def forward(self, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
        """Scores."""
        return torch.matmul(query, key.transpose(-2, -1)) / torch.sqrt(self.head_size)
'''


def lines(body: str) -> list[int]:
    """The lines of findings in a function of `body`, from 1."""
    code = f'{HEAD}def f(x, n: int, rate: float = 0.1):\n    """Something."""\n'
    code += "".join(f"    {line}\n" for line in body.split("\n"))
    return [each.line - 8 for each in check_plain_numbers({"f.py": code})]


def test_the_root_of_a_number_is_taken_of_a_tensor() -> None:
    done = mend({"model.py": ATTENTION}, check_repository)
    assert [each for each in done.findings if each.severity == "error"] == []
    scope: dict[str, object] = {}
    exec(done.files["model.py"], scope)
    made = scope["Attention"]
    assert isinstance(made, type)
    given = made(heads=2, size=8)(torch.ones(1, 3, 4), torch.ones(1, 3, 4))
    assert torch.equal(given, torch.full((1, 3, 3), 2.0))


@pytest.mark.parametrize(
    "body",
    [
        "return torch.sqrt(n)",
        "return torch.exp(-rate * n)",
        "return torch.log(len(x))",
        "width = x.size(-1)\nscale = width ** 0.5\nreturn torch.sqrt(scale)",
        "return torch.sqrt(x.shape[-1])",
        "return x / torch.sqrt(x.size()[1])",
        "return torch.sqrt(float(x))",
        "return torch.sin(2).item()",
    ],
)
def test_a_number_is_found(body: str) -> None:
    assert lines(body) == [body.count("\n") + 1]


@pytest.mark.parametrize(
    "body",
    [
        "return torch.sqrt(x)",
        "return torch.sqrt(x * n)",
        "return torch.sqrt(torch.tensor(n))",
        "n = torch.tensor(n)\nreturn torch.sqrt(n)",
        "width = 3\nwidth = x + width\nreturn torch.sqrt(width)",
        "return torch.sqrt(n, out=x)",
        "return torch.sqrt(x.shape)",
        "return torch.sqrt(x.size())",
        "return torch.sqrt(True), torch.sqrt(other(x))",
        "return torch.abs(n)",
    ],
)
def test_what_may_be_a_tensor_is_left_alone(body: str) -> None:
    assert lines(body) == []


@pytest.mark.parametrize(
    "assigned",
    [
        "self.scale = nn.Parameter(torch.ones(size))",
        "self.scale = size\n        self.scale = torch.tensor(size)",
        "self.scale: torch.Tensor",
        "self.scale = size\n        self.scale /= torch.ones(1)",
        "self.scale, self.other = torch.ones(2)",
    ],
)
def test_what_an_object_keeps_may_be_a_tensor(assigned: str) -> None:
    code = f'{HEAD}class Net(nn.Module):\n    """Net."""\n\n    def __init__(self, size: int):\n'
    code += f"        super().__init__()\n        {assigned}\n\n"
    code += "    def forward(self, x):\n        return x * torch.exp(self.scale)\n"
    assert check_plain_numbers({"model.py": code}) == ()
