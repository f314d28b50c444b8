"""The optimizer, the loss and the settings that code expects of a network."""

from functools import partial

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import Mended
from offline_coder.checks.standing_in import stand_in
from offline_coder.core.plan import Architecture

MODEL = (
    "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.out = nn.Linear(2, 2)\n\n    def forward(self, x):\n        return self.out(x)\n"
)
CONFIG = {"training": {"optimizer": "AdamW", "loss": "Cross-Entropy", "weight": 3, "learning_rate": 0.1}}
LOOK = partial(check_repository, architecture=Architecture(approach="", modules=()))


def stood_in(body: str, head: str = "", config: dict[str, dict[str, object]] | None = None) -> str:
    """training.py after the last resort."""
    code = f"from torch import nn\n\n\ndef train(model: nn.Module{head}):\n{body}"
    files = {"model.py": MODEL, "training.py": code}
    known = CONFIG if config is None else config
    done = stand_in(Mended(files, LOOK(files), ()), (), LOOK, ("model.py", "training.py"), known)
    return done.files["training.py"]


@pytest.mark.parametrize(
    ("call", "head", "made"),
    [
        ("model.optimizer(0.5)", "", "torch.optim.AdamW(model.parameters(), lr=0.5)"),
        ("model.optimizer(lr=r, betas=b)", ", r, b", "torch.optim.AdamW(model.parameters(), lr=r)"),
        ("model.optimizer()", ", lr", "torch.optim.AdamW(model.parameters(), lr=lr)"),
        ("model.optimizer()", "", "torch.optim.AdamW(model.parameters())"),
        ("model.loss(x, y)", ", x, y", "torch.nn.functional.cross_entropy(x, y)"),
        ("model.criterion(x, y)", ", x, y", "torch.nn.functional.cross_entropy(x, y)"),
        ("model.weight * 2", "", "weight * 2"),
        ("model.training_weight", "", "training_weight"),
    ],
)
def test_what_the_plan_knows_is_taken_from_there(call: str, head: str, made: str) -> None:
    text = stood_in(f"    return {call}, model\n", head)
    assert f"    return {made}, model\n" in text
    assert "import torch\n" in text or 'weight = CONFIG["training"]["weight"]' in text


@pytest.mark.parametrize(
    ("body", "head"),
    [
        ("    return model.other(3)\n", ""),
        ("    model.optimizer.step()\n    return model.optimizer\n", ""),
        ("    return model.weight * weight\n", ", weight"),
    ],
)
def test_what_nobody_knows_stays(body: str, head: str) -> None:
    assert body in stood_in(body, head)


def test_labels_are_smoothed_in_a_cross_entropy() -> None:
    body, smoothed = "    return model.loss(1, 2), model\n", {"label_smoothing": 0.1}
    assert "functional.cross_entropy(1, 2)" in stood_in(body, config={"training": smoothed})
    assert body in stood_in(body, config={"training": {**smoothed, "loss": "hinge"}})


def test_without_the_setting_nothing_is_made_up() -> None:
    body = "    return model.optimizer(0.1), model.loss(1, 2)\n"
    assert body in stood_in(body, config={})
    assert body in stood_in(body, config={"training": {"optimizer": "Lion", "loss": "hinge"}})


@pytest.mark.parametrize(
    ("body", "head", "mended"),
    [
        (
            "    return criterion(x, y), model\n",
            ", x, y",
            "    return torch.nn.functional.cross_entropy(x, y), model\n",
        ),
        (
            '    """Trains."""\n    optimizer.step()\n    return model\n',
            ", lr",
            "    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)\n    optimizer.step()\n",
        ),
    ],
)
def test_a_tool_that_nothing_defines_is_the_one_that_the_plan_names(
    body: str, head: str, mended: str
) -> None:
    text = stood_in(body, head)
    assert mended in text
    assert "import torch\n" in text


def test_a_loss_that_is_handed_on_stays() -> None:
    assert 'undefined("criterion")' in stood_in("    return criterion, model\n")
