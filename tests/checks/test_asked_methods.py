"""Methods that a network is asked for and that nobody wrote."""

import pytest

from offline_coder.checks.asked_methods import method_asked_for
from offline_coder.checks.of_the_network import check_network_reads

MODEL = (
    "from torch import nn\n\n\nclass Part(nn.Module):\n    def forward(self, x):\n        return x\n\n\n"
    "class Net(nn.Module):\n    def forward(self, x):\n        return x\n"
)
TRAINING = (
    "from torch import nn\n\nfrom model import Net\n\n\ndef train(model: {}, inputs, targets, weights):\n"
    "    loss = model(inputs).mean()\n    {}\n    return loss\n"
)


def asked(line: str, type_: str = "Net", model: str = MODEL) -> tuple[str, str, str]:
    """The name, the head and the file with a body of the method that `line` asks for; "" where it is none."""
    files = {"model.py": model, "training.py": TRAINING.format(type_, line)}
    (finding,) = check_network_reads(files)
    target = method_asked_for(files, finding)
    if target is None:
        return "", "", ""
    (told,) = target.findings
    assert told.message == f"train in training.py has the line `{line}`"
    assert target.file == "model.py"
    return target.name, target.head, target.applied(files[target.file], f"{target.head}    return 0")


def test_it_begins_with_what_the_call_gives_and_stands_in_the_network() -> None:
    name, head, text = asked("loss += 0.1 * model.pairing(inputs, targets, scale=2)")
    assert (name, head) == ("Net.pairing", "def pairing(self, inputs, targets, scale):\n")
    assert text == f"{MODEL}\n    def pairing(self, inputs, targets, scale):\n        return 0\n"


def test_of_a_network_without_a_name_it_is_the_first_of_the_model() -> None:
    assert asked("loss += model.penalty()", "nn.Module")[0] == "Part.penalty"


@pytest.mark.parametrize(
    "line",
    [
        "loss += model.weight_of_loss",
        "loss += model.penalty(1.0)",
        "loss += model.penalty(inputs, inputs)",
        "loss += model.penalty(inputs[0])",
        "loss += model.penalty(*weights)",
    ],
)
def test_what_says_not_what_it_is_given_leads_to_none(line: str) -> None:
    assert asked(line)[0] == ""


def test_a_loop_is_not_the_line_that_says_what_it_is_for() -> None:
    files = {"model.py": MODEL, "training.py": TRAINING.format("Net", "for x in model.parts(inputs): pass")}
    (finding,) = check_network_reads(files)
    assert method_asked_for(files, finding) is None
    other = finding.model_copy(update={"rule": "call"})
    assert method_asked_for(files, other) is None
