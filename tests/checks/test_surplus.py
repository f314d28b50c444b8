"""Calls with arguments that nobody takes keep those whose names say where they belong."""

import pytest

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.mend import mend

LAYER = '''"""Layers."""


class Layer:
    """A layer."""

    def __init__(self, hidden_dim, style_size, steps=1):
        self.sizes = hidden_dim, style_size, steps
'''


def mended(call: str) -> str:
    """The line with `call` after what a machine can mend."""
    code = f'"""Uses a layer."""\n\nfrom layers import Layer\n\n\ndef made(a, b, hidden_dim, num_styles, steps):\n    """A layer."""\n    return {call}, 0, a, b, hidden_dim, num_styles, steps\n'
    files = {"layers.py": LAYER, "use.py": code}
    done = mend(files, check_repository)
    return done.files["use.py"].split("    return ")[1].partition(", 0, a, b, ")[0]


def test_arguments_stay_where_their_names_say_that_they_belong() -> None:
    assert (
        mended("Layer(hidden_dim, hidden_dim, num_styles, steps)") == "Layer(hidden_dim, num_styles, steps)"
    )
    assert mended("Layer(a, hidden_dim, num_styles, steps)") == "Layer(hidden_dim, num_styles, steps)"


@pytest.mark.parametrize(
    "call",
    [
        "Layer(a, b, num_styles, steps)",
        "Layer(hidden_dim, num_styles, 3, 4)",
        "Layer(hidden_dim, num_styles, steps)",
        "Layer(hidden_dim, hidden_dim, num_styles, steps=steps)",
        "Layer(*a, hidden_dim, hidden_dim, hidden_dim, num_styles, steps)",
        "Layer(hidden_dim, hidden_dim, a, b, a, b, a, num_styles, steps)",
    ],
)
def test_what_names_do_not_decide_is_left(call: str) -> None:
    assert mended(call) == call


@pytest.mark.parametrize(
    ("call", "made"),
    [
        ("Layer(a, num_styles, step=steps)", "Layer(a, num_styles, steps=steps)"),
        ("Layer(dim=a, style_size=b)", "Layer(hidden_dim=a, style_size=b)"),
        # Two that it may be, one that is given already, and none.
        ("Layer(a, dim=b)", "Layer(a, dim=b)"),
        ("Layer(a, b, styles_size=1)", "Layer(a, b, styles_size=1)"),
        ("Layer(a, b, other=1)", "Layer(a, b, other=1)"),
    ],
)
def test_a_keyword_is_the_parameter_that_shares_a_word_with_it(call: str, made: str) -> None:
    assert mended(call) == made
