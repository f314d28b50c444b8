"""The outline of a source: its public face as valid Python, and little else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.checks.signatures import outline_of
from offline_coder.checks.syntax import check_syntax

SOURCE = '''"""The network.

More words.
"""
import torch
from torch import nn

WIDTH = 64
TABLE = {"a": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "b": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}
_hidden = 1


class Net(nn.Module):
    """Two layers.

    Details.
    """

    size: int = 3

    def __init__(self, width: int = WIDTH, *rest, deep: bool = False, **other) -> None:
        super().__init__()
        self.layer = nn.Linear(width, width)

    @property
    def device(self):
        return 1

    def _private(self):
        pass

    async def forward(self, x: "torch.Tensor") -> torch.Tensor:
        """Logits of `x`."""
        return self.layer(x)


def build(config): return Net(**config)


if __name__ == "__main__":
    build({})
'''

OUTLINE = '''"""The network."""
WIDTH = 64
TABLE = ...
class Net(nn.Module):
    """Two layers."""
    size: int = 3
    def __init__(self, width: int=WIDTH, *rest, deep: bool=False, **other) -> None: ...
    @property
    def device(self): ...
    async def forward(self, x: 'torch.Tensor') -> torch.Tensor:
        """Logits of `x`."""
        ...
def build(config): ...
'''


def test_the_outline_is_the_public_face() -> None:
    assert outline_of(SOURCE) == OUTLINE
    assert check_syntax("a.py", OUTLINE) == ()


def test_what_does_not_parse_or_offers_nothing_has_no_outline() -> None:
    assert outline_of("def f(:") == ""
    assert outline_of("import os\nos.getcwd()\n") == ""
    assert outline_of("x = " + "1+" * 50_000 + "1\n") == ""


def test_docstrings_with_quotes_stay_docstrings() -> None:
    outline = outline_of('def f():\n    \'says """hi""" \\\\ and "\'\n')
    assert check_syntax("a.py", outline) == ()
    assert "says" in outline


pieces = st.sampled_from(
    [
        "def f(a, b=1): pass",
        "class A: x = 1",
        "@d",
        "X: int",
        "Y = 'é'",
        "'''doc'''",
        "async def g(): ...",
        "if 1:",
        "    def m(self): 'doc \\\\ \"'",
        "class B(A, metaclass=M):",
        "    z = lambda: 0",
        "    ...",
        "A.b = 2",
        "c, d = 1, 2",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(pieces, max_size=8).map("\n".join) | st.text(max_size=200))
def test_any_outline_parses(source: str) -> None:
    assert check_syntax("outline.py", outline_of(source)) == ()
