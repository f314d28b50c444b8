"""An optimizer that is made does something."""

import pytest

from offline_coder.checks.idle_optimizers import check_idle_optimizers

HEAD = "import torch\n\n\ndef train(model, loader):\n"
MADE = "    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)\n"


def test_one_that_is_never_used_is_an_error() -> None:
    text = f"{HEAD}{MADE}    for inputs, targets in loader:\n        loss = model(inputs).mean()\n"
    (finding,) = check_idle_optimizers({"training.py": text})
    assert (finding.rule, finding.line, finding.severity) == ("idle-optimizer", 5, "error")
    assert "train makes the optimizer optimizer" in finding.message


@pytest.mark.parametrize(
    "body",
    [
        f"{MADE}    optimizer.step()\n",
        f"{MADE}    return optimizer\n",
        f"{MADE}    steps(model, optimizer)\n",
        f"{MADE}    def closure():\n        optimizer.step()\n    closure()\n",
        "    optimizer = make(model)\n",
        "    model.optimizer = torch.optim.Adam(model.parameters())\n",
    ],
)
def test_one_that_is_used_handed_on_or_kept_is_none(body: str) -> None:
    assert check_idle_optimizers({"training.py": HEAD + body}) == ()
