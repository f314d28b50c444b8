"""A parameter that holds all of config.yaml is held against all of it."""

import pytest

from offline_coder.checks.config_keys import check_config_keys
from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend
from offline_coder.checks.settled import rules_with

CONFIG: dict[str, object] = {
    "data": {"train_size": 400, "test_size": 100},
    "training": {"seed": 0, "steps": 20, "loss_weight": 0.1},
}
DATA = "def load(config: dict):\n    return config['train_size'], config['test_size']\n"
MAIN = "import yaml\nfrom data import load\n\nconfig = yaml.safe_load('')\nload({given})\n"


def wrong(main: str) -> list[tuple[str, int]]:
    """Where keys are read in data.py that are errors."""
    files = {"data.py": DATA, "main.py": main}
    found = [f for f in check_config_keys(files, CONFIG) if f.rule == "config-key" and f.severity == "error"]
    return [(f.file, f.line) for f in found]


@pytest.mark.parametrize(
    ("given", "times"),
    [
        ("config", 2),
        ("config=config", 2),
        ("config['data']", 0),
        ("config)\nload(config['data']", 0),
    ],
)
def test_what_every_call_hands_over_whole_is_whole(given: str, times: int) -> None:
    assert wrong(MAIN.format(given=given)) == [("data.py", 2)] * times


def test_it_is_read_where_it_is() -> None:
    main = MAIN.format(given="config")
    files = {"data.py": DATA.replace("test_size", "seed"), "main.py": main}
    done = mend(files, lambda given: check_repository(given, None, CONFIG), rules=rules_with(CONFIG))
    assert "return config['data']['train_size'], config['training']['seed']" in done.files["data.py"]
