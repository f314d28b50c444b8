"""Calls with too many arguments keep those whose names say where they belong."""

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
