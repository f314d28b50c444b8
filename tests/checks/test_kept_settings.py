"""Settings that training expects of a network that keeps none."""

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend
from offline_coder.checks.settled import rules_with

MODEL = (
    "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.out = nn.Linear(2, 2)\n\n    def forward(self, x):\n        return self.out(x)\n"
)
CONFIG: dict[str, object] = {"training": {"beta1": 0.9, "warmup_steps": 50, "dropout": 0.1}}


def mended(body: str, head: str = "") -> str:
    """training.py after what a machine can mend."""
    code = f"import torch\nfrom torch import nn\n\n\ndef train(model: nn.Module{head}):\n{body}"
    files = {"model.py": MODEL, "training.py": code}
    done = mend(files, lambda files: check_repository(files, None, CONFIG), rules=rules_with(CONFIG))
    return done.files["training.py"]


@pytest.mark.parametrize(
    ("taken", "head", "read"),
    [
        ("2 * model.config.dropout", "", "2 * dropout"),
        ("2 * model.config['dropout']", "", "2 * dropout"),
        (
            "torch.optim.Adam(model.parameters(), lr=model.optimizer.lr, betas=(model.optimizer.beta1, 0.9))",
            "",
            "torch.optim.Adam(model.parameters(), betas=(beta1, 0.9))",
        ),
        (
            "torch.optim.Adam(model.parameters(), lr=model.optimizer.lr)",
            ", learning_rate",
            "torch.optim.Adam(model.parameters(), lr=learning_rate)",
        ),
    ],
)
def test_a_setting_is_read_where_it_is_and_left_out_where_nothing_has_it(
    taken: str, head: str, read: str
) -> None:
    text = mended(f"    return {taken}, model\n", head)
    assert f"    return {read}, model\n" in text
    assert ('CONFIG["training"]["' in text) == ("rate" not in read)


@pytest.mark.parametrize(
    "body",
    [
        "    return model.config.other * 2\n",
        "    return model.optimizer.step(), model.optimizer.lr\n",
        "    return model.config['no name']\n",
        "    dropout = 3\n    return model.config.dropout * dropout\n",
        "    model.config.dropout = 3\n",
    ],
)
def test_what_holds_no_settings_or_has_none_that_is_known_stays(body: str) -> None:
    assert body in mended(body)
