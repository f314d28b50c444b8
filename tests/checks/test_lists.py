"""Settings that are lists are not computed with."""

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.lists import check_lists
from offline_coder.checks.mend import mend
from offline_coder.checks.settled import rules_with

LEVELS: dict[str, object] = {"noise_std": [0.0, 0.2], "steps": 3}
NET = '"""Nets."""\n\n\nclass NoisePair:\n    """A net."""\n\n\nclass Other:\n    """A net."""\n'


def trained(use: str) -> str:
    return f'"""Trains."""\n\n\ndef train(config: dict, x: float) -> object:\n    """Trains."""\n    return {use}\n'


def mended(use: str, numbers: dict[str, object]) -> tuple[str, list[str]]:
    """What train() returns after what a machine can mend, and the errors that are left."""
    config: dict[str, object] = {"training": {**LEVELS, **numbers}}
    done = mend(
        {"model.py": NET, "training.py": trained(use)},
        lambda files: check_repository(files, None, config),
        rules=rules_with(config),
    )
    last = done.files["training.py"].rpartition("return ")[2].strip()
    return last, [f.rule for f in done.findings if f.severity == "error"]


@pytest.mark.parametrize(
    ("use", "wrong"),
    [
        ("x + config['training']['noise_std'] * x", True),
        ("x - config['training']['noise_std']", True),
        ("config['training']['noise_std'] / x", True),
        ("config['training']['noise_std'] * 2", False),
        ("config['training']['noise_std'] + [x]", False),
        ("config['training']['steps'] * x", False),
        ("config['training']['noise_std'][0] * x", False),
        ("[level * x for level in config['training']['noise_std']]", False),
    ],
)
def test_a_list_is_no_number(use: str, wrong: bool) -> None:
    found = check_lists({"training.py": trained(use)}, {"training": LEVELS})
    assert [(f.rule, f.line, f.severity) for f in found] == [("list-operand", 6, "error")] * wrong


@pytest.mark.parametrize(
    ("numbers", "taken"),
    [
        ({"noise_std_training": 0.4}, "noise_std_training"),
        ({"noise_std_noise": 0.4, "noise_std_noisepair": 0.8}, "noise_std_noisepair"),
        ({"noise_std_other": 0.4, "noise_std_noisepair": 0.8}, "noise_std_noisepair"),
        ({"noise_std_noise": 0.4, "noise_std_plain": 0.8}, None),
        ({}, None),
    ],
)
def test_the_number_that_is_meant_is_taken_where_it_is_plain(
    numbers: dict[str, object], taken: str | None
) -> None:
    use = "config['training']['noise_std'] * x"
    text, errors = mended(use, numbers)
    assert text == (use.replace("noise_std", taken) if taken else use)
    assert bool(errors) is (taken is None)


def test_the_advice_names_the_numbers() -> None:
    config: dict[str, object] = {"training": {**LEVELS, "noise_std_a": 1, "noise_std_b": 2}}
    (found,) = check_lists({"a.py": trained("config['training']['noise_std'] * x")}, config)
    assert found.advice == "Go over it, or take noise_std_a, or take noise_std_b."
