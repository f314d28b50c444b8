"""Sizes that the plan does not have are defaults of the constructor."""

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend
from offline_coder.checks.settled import rules_with
from offline_coder.core.plan import Architecture, ClassPlan, Module, Routine

NET = ClassPlan(name="Net", bases=("nn.Module",), methods=(Routine(name="__init__"),))
PLAN = Architecture(approach="", modules=(Module(path="model.py", purpose="", classes=(NET,)),))
CONFIG: dict[str, object] = {"model": {"hidden_size": 32}}


def mended(parameters: str) -> tuple[str, list[str]]:
    """model.py after what a machine can mend, and the rules of the errors that are left."""
    code = (
        '"""A network."""\n\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    """A network."""\n\n'
        f"    def __init__(self, {parameters}) -> None:\n        super().__init__()\n"
        "        self.layer = nn.Linear(hidden_size, heads)\n"
    )
    done = mend(
        {"model.py": code},
        lambda files: check_repository(files, PLAN, CONFIG),
        rules=rules_with(CONFIG),
    )
    return done.files["model.py"], [f.rule for f in done.findings if f.severity == "error"]


def test_a_size_of_config_yaml_is_read_and_another_is_assumed() -> None:
    text, errors = mended("hidden_size, heads: int")
    assert errors == []
    assert "def __init__(self, hidden_size: int=hidden_size, heads: int=heads) -> None:" in text
    assert 'hidden_size = CONFIG["model"]["hidden_size"]' in text
    assert "heads = 4  # ASSUMPTION" in text


@pytest.mark.parametrize("parameters", ["hidden_size, heads, other", "hidden_size, heads, *, other"])
def test_what_is_no_size_or_does_not_stand_last_is_left(parameters: str) -> None:
    text, errors = mended(parameters)
    assert f"def __init__(self, {parameters}) -> None:" in text
    assert "signature" in errors


def test_a_size_that_two_networks_want_is_assumed_once() -> None:
    heads = "    def __init__(self, heads) -> None:\n        super().__init__()\n        self.layer = nn.Linear(heads, heads)\n"
    code = "from torch import nn\n\n\n" + "\n\n".join(
        f"class {name}(nn.Module):\n{heads}" for name in ("Net", "Other")
    )
    other = ClassPlan(name="Other", bases=("nn.Module",), methods=(Routine(name="__init__"),))
    plan = Architecture(approach="", modules=(Module(path="model.py", purpose="", classes=(NET, other)),))
    done = mend({"model.py": code}, lambda files: check_repository(files, plan, {}), rules=rules_with({}))
    assert done.files["model.py"].count("heads = 4  # ASSUMPTION") == 1
    assert done.files["model.py"].count("heads: int=heads") == 2
