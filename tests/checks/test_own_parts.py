"""Parts of a network that are made anew beside the network that is given."""

import pytest

from offline_coder.checks.mend import mend
from offline_coder.checks.own_parts import check_own_parts

NETWORK = (
    "from torch import nn\n\n\nclass Adapter(nn.Module):\n    pass\n\n\nclass Net(nn.Module):\n"
    "    def __init__(self):\n        super().__init__()\n        self.adapter = Adapter()\n{}"
)


def measured(use: str, parameters: str = "model, loader", more: str = "") -> dict[str, str]:
    code = f"from model import Adapter\n\n\ndef evaluate({parameters}):\n    adapter = {use}\n    return adapter\n"
    return {"model.py": NETWORK.format(more), "evaluation.py": code}


@pytest.mark.parametrize(
    ("parameters", "part"), [("model, x", "model.adapter"), ("x, net=None", "net.adapter")]
)
def test_the_part_of_the_network_is_taken(parameters: str, part: str) -> None:
    files = measured("Adapter(3)", parameters)
    assert [(f.rule, f.line, f.severity) for f in check_own_parts(files)] == [("own-part", 5, "error")]
    done = mend(files, check_own_parts)
    assert done.files["evaluation.py"] == measured(part, parameters)["evaluation.py"]


@pytest.mark.parametrize(
    ("use", "parameters", "more"),
    [
        ("Adapter(3)", "loader", ""),
        ("Other(3)", "model", ""),
        ("Adapter(3)", "model", "        self.second = Adapter()\n"),
        ("model.adapter", "model", ""),
    ],
)
def test_what_is_no_part_of_what_is_given_is_made(use: str, parameters: str, more: str) -> None:
    assert check_own_parts(measured(use, parameters, more)) == ()
