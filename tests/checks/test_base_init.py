"""A network's constructor calls that of its base."""

import pytest

from offline_coder.checks.base_init import check_base_init
from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend

NET = (
    "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self, width):\n"
    '        """Makes a layer."""\n        self.layer = nn.Linear(width, width)\n\n'
    "    def forward(self, x):\n        return self.layer(x)\n"
)


def test_a_network_begins_with_its_base() -> None:
    assert [each.subject for each in check_base_init({"model.py": NET})] == ["Net"]
    done = mend({"model.py": NET}, check_repository)
    assert not [found for found in done.findings if found.severity == "error"]
    names: dict[str, object] = {}
    exec(done.files["model.py"], names)
    assert len(list(names["Net"](2).parameters())) == 2  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        NET.replace("        self.layer", "        super().__init__()\n        self.layer", 1),
        NET.replace("        self.layer", "        nn.Module.__init__(self)\n        self.layer", 1),
        NET.replace("(nn.Module)", ""),
        "from torch import nn\n\n\nclass Net(nn.Module):\n    def forward(self, x):\n        return x\n",
    ],
)
def test_what_calls_it_or_has_none_is_left(text: str) -> None:
    assert check_base_init({"model.py": text}) == ()
