"""Names of the code that are symbols of the paper."""

from functools import partial

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend
from offline_coder.checks.settled import rules_with
from offline_coder.checks.symbols import symbols_of
from offline_coder.core.plan import Architecture, ConfigEntry, ConfigValue

LOOK = partial(check_repository, architecture=Architecture(approach="", modules=()))
CLASSES = {"data": {"classes": 10, "width": 64}}


def setting(key: str, value: ConfigValue, quote: str | None) -> ConfigEntry:
    """A setting of the paper."""
    return ConfigEntry(key=key, value=value, source="paper", section="s1", quote=quote)


@pytest.mark.parametrize(
    ("quote", "value", "name"),
    [
        ("Its label is one of $K = 10$ classes.", 10, "K"),
        ("| Classes | $K$ | 10 |", 10, "K"),
        (r"of size $d_{\text{model}}=512$ each", 512, "d_model"),
        ("with alpha = 0.01, as before", 0.01, "alpha"),
        ("a stack of N = 6 identical layers.", 6, "N"),
    ],
)
def test_a_passage_tells_the_symbol_of_its_value(quote: str, value: ConfigValue, name: str) -> None:
    assert symbols_of([setting("data.this", value, quote)]) == {name: ("data", "this")}


@pytest.mark.parametrize(
    ("quote", "value"),
    [
        ("one of $K = 10$ classes", 9),
        ("| Classes | $K$ | 10 |", 9),
        ("$K = 10.5$", 10),
        ("$K = 10^4$ and 10 classes", 10),
        ("10 classes", 10),
        ("the loss = cross-entropy", "cross-entropy"),
        (None, 10),
    ],
)
def test_what_is_no_symbol_of_the_value_is_none(quote: str | None, value: ConfigValue) -> None:
    assert symbols_of([setting("data.this", value, quote)]) == {}


def test_a_symbol_of_two_settings_is_the_symbol_of_none() -> None:
    entries = [setting("data.one", 2, "$k = 2$"), setting("data.other", 2, "$k = 2$ too")]
    assert symbols_of(entries) == {}


def test_an_undefined_symbol_is_read_from_the_configuration() -> None:
    files = {"model.py": "def scores() -> list[int]:\n    return [0] * K\n"}
    symbols = symbols_of([setting("data.classes", 10, "| Classes | $K$ | 10 |")])
    done = mend(files, LOOK, ("model.py",), rules_with(CLASSES, symbols))
    assert 'K = CONFIG["data"]["classes"]' in done.files["model.py"]
    assert not [finding for finding in done.findings if finding.severity == "error"]


def test_a_symbol_that_the_code_defines_is_left_alone() -> None:
    files = {"model.py": "K = 3\n\n\ndef scores() -> list[int]:\n    return [0] * K\n"}
    symbols = symbols_of([setting("data.classes", 10, "| Classes | $K$ | 10 |")])
    assert mend(files, LOOK, ("model.py",), rules_with(CLASSES, symbols)).files == files
