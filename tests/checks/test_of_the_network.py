"""What a function reads of the network that it is given."""

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend
from offline_coder.checks.of_the_network import check_network_reads

MODEL = (
    "from torch import nn\n\n\nclass Net(nn.Module):\n    size = 3\n\n    def __init__(self):\n"
    "        super().__init__()\n        self.out = nn.Linear(2, 2)\n\n    def loss(self):\n        return 0\n"
)


def subjects(body: str, head: str = "model: nn.Module", model: str = MODEL) -> list[tuple[int, str]]:
    code = f"from torch import nn\n\n\ndef train({head}):\n{body}"
    return [
        (each.line, each.subject) for each in check_network_reads({"training.py": code, "model.py": model})
    ]


def test_what_no_network_has_is_a_finding_once() -> None:
    body = (
        "    optimizer = model.optimizer(0.1)\n    model.optimizer.step()\n    return optimizer, model.rate\n"
    )
    assert subjects(body) == [(5, "model.optimizer"), (7, "model.rate")]
    assert subjects("    return net.rate\n", "net: Net") == [(5, "net.rate")]
    others = MODEL + "\n\nclass Rows(torch.utils.data.Dataset):\n    rows = 1\n"
    assert subjects("    return net.rate\n", "net: Net", others) == [(5, "net.rate")]


@pytest.mark.parametrize(
    ("body", "head"),
    [
        (
            "    model.train()\n    return model.out, model.loss(), model.size, model.parameters()\n",
            "model: nn.Module",
        ),
        ("    model.rate = 3\n    return model.rate\n", "model: nn.Module"),
        ("    return model.rate\n", "model"),
        ("    return model.rate\n", "model: dict"),
        ("    model = wrapped(model)\n    return model.rate\n", "model: nn.Module"),
        ("    return model.rate if hasattr(model, 'rate') else 0\n", "model: nn.Module"),
        ("    return model._rate\n", "model: nn.Module"),
    ],
)
def test_what_is_there_or_may_be_is_none(body: str, head: str) -> None:
    assert subjects(body, head) == []


@pytest.mark.parametrize(
    "model", ["SIZE = 3\n", MODEL.replace("nn.Module", "Other"), MODEL + "\n\nclass A(B):\n    x = 1\n"]
)
def test_nothing_is_said_where_networks_come_from_elsewhere(model: str) -> None:
    assert subjects("    return model.rate\n", model=model) == []


def test_the_network_of_a_network_is_the_network() -> None:
    code = '"""Train."""\n\nfrom torch import nn\n\n\ndef train(model: nn.Module, x):\n    """Train."""\n'
    body = "    model.model.train()\n    return {}(x), {}.parameters()\n"
    files = {"training.py": code + body.format("model.model", "model.model"), "model.py": MODEL}
    done = mend(files, check_repository)
    assert done.files["training.py"] == code + body.replace("model.model", "model").format("model", "model")


@pytest.mark.parametrize("read", ["model.num_parameters()", "model.num_params", "model.count_parameters()"])
def test_the_parameters_of_a_network_are_counted(read: str) -> None:
    code = (
        '"""Measure."""\n\nfrom torch import nn\n\n\ndef cost(model: nn.Module) -> float:\n'
        f'    """Cost."""\n    return {read} * 1e-9\n'
    )
    done = mend({"evaluation.py": code, "model.py": MODEL}, check_repository)
    assert "return sum(each.numel() for each in model.parameters()) * 1e-9" in done.files["evaluation.py"]
    assert not [each for each in done.findings if each.rule == "network-attribute"]
