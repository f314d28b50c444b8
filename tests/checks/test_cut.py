"""Cutting: what is kept can be continued, and loops are seen where they begin."""

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.checks.cut import last_good_prefix
from offline_coder.checks.syntax import parses
from offline_coder.core.repeating import repeats

MODULE = textwrap.dedent('''
    """Doc."""
    import os


    class Net:
        """A net."""

        def __init__(self, width):
            self.width = width
            self.layers = [
                1,
                2,
            ]

        def forward(self, x):
            """Go

            on."""
            try:
                with open(os.devnull) as file:
                    for line in file:
                        if line:
                            x += 1
                        else:
                            x -= 1
            except OSError:
                return None
            return x


    @staticmethod
    def late(a,
             b=(1, 2)):
        return f"{a} {b}"
''').lstrip()

CUTS = [
    ("x = 1\ny = (2,\n", "x = 1\n"),
    ("x = 1\ny = foo", "x = 1\n"),
    ("def f():\n    a = 1\n    b = [\n        1,\n", "def f():\n    a = 1\n"),
    ("def f():\n    a = 1\n    if a:\n", "def f():\n    a = 1\n"),
    ('x = 1\ny = """never\nclosed\n', "x = 1\n"),
    ("x = 1\n@wraps(f)\n@other\n", "x = 1\n"),
    ("try:\n    a = 1\n    b = (\n", "try:\n    a = 1\n"),
    ("def f():\n    try:\n        for i in x:\n            try:\n                a()\n", None),
    ("x = 1\nHere is more prose.\ny = 2\n", "x = 1\n"),
    ("not python at all\n", ""),
    ("", ""),
    ("x = 1", ""),
]


@pytest.mark.parametrize(("text", "kept"), CUTS)
def test_whole_statements_are_kept(text: str, kept: str | None) -> None:
    assert last_good_prefix(text) == (text if kept is None else kept)


def test_whole_text_is_kept_whole() -> None:
    assert last_good_prefix(MODULE) == MODULE


@pytest.mark.parametrize("size", range(0, len(MODULE), 7))
def test_a_cut_anywhere_keeps_all_but_the_last_statement(size: int) -> None:
    prefix = last_good_prefix(MODULE[:size])
    assert MODULE[:size].startswith(prefix)
    # What follows in the original continues the prefix.
    assert parses("a.py", prefix + MODULE[len(prefix) :])
    assert size - len(prefix) < 320


def test_the_prefix_of_deep_text_ends_quickly() -> None:
    for unit in ("(", "try:\n", "@a\n", "if x:\n", "x = [\n", "'''", "\\\n"):
        prefix = last_good_prefix(unit * (60_000 // len(unit)))
        assert prefix == "" or parses("a.py", prefix)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "x = 1",
                "def f():",
                "    y = 2",
                "try:",
                "    z = (",
                "    )",
                "'''",
                "if x:",
                "else:",
                "@d",
                "        pass",
                "except E:",
                "class A:",
                "    return",
                "é = '\u2028'",
                "\x0c",
                "\ud800",
                "\r",
            ]
        )
    ).map("\n".join)
    | st.text(max_size=200)
)
def test_any_text_gives_a_prefix_of_whole_lines(text: str) -> None:
    prefix = last_good_prefix(text)
    assert text.startswith(prefix)
    assert prefix == "" or prefix[-1] in "\r\n"


def test_a_line_again_and_again_is_seen_where_it_begins() -> None:
    good = "a = 1\nb = 2\n"
    offset = repeats(good + "c = 3\n" * 20)
    assert offset is not None
    assert (good + "c = 3\n" * 20)[:offset] == good + "c = 3\n"


def test_a_method_again_and_again_is_seen() -> None:
    method = "    def f(self):\n        a = 1\n        b = 2\n        return a\n\n"
    text = "class A:\n" + method * 5
    offset = repeats(text)
    assert offset is not None
    assert text[:offset] == "class A:\n" + method


def test_a_loop_within_a_line_is_seen() -> None:
    text = "x = [" + "nn.Linear(512, 512), " * 60
    offset = repeats(text)
    assert offset is not None
    assert offset <= len("x = [") + 2 * len("nn.Linear(512, 512), ")


@pytest.mark.parametrize(
    "block",
    [
        "        self.fc{0} = nn.Linear(64, 64)\n",
        "        self.fc{0} = nn.Linear(64, 64)\n        self.norm{0} = nn.LayerNorm(64)\n",
        "        x = self.fc{0}(x)\n        x = F.relu(x)\n\n",
        "        self.layer_{0} = self.layer_{1}\n",
    ],
)
def test_a_block_that_only_counts_on_is_seen_where_it_begins(block: str) -> None:
    start = "class Network(nn.Module):\n    def __init__(self):\n"
    text = start + "".join(block.format(number, number - 1) for number in range(8, 108))
    offset = repeats(text)
    assert offset is not None
    assert text[:offset] == start + block.format(8, 7)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1\n",
        MODULE,
        MODULE * 2,
        "layers = [\n" + "    nn.Conv2d(64, 64, 3),\n    nn.BatchNorm2d(64),\n    nn.ReLU(),\n" * 4 + "]\n",
        "rows = [\n" + "    [0, 0, 0],\n" * 6 + "]\n",
        "# " + "-" * 90 + "\n",
        "}\n" * 20,
        "a = 1\n" + "\n" * 30 + "b = 2\n",
        "".join(f"        self.fc{n} = nn.Linear(64, 64)\n" for n in range(12)),
        "sizes = [\n" + "".join(f"    {n},\n" for n in range(60)) + "]\n",
        "rows = {\n" + "".join(f'    "a{n}": {n * n},\n' for n in range(60)) + "}\n",
        f"x = {'9' * 6000}\n" * 4,
    ],
)
def test_honest_repetition_is_left_alone(text: str) -> None:
    assert repeats(text) is None


@settings(max_examples=25, deadline=None)
@given(st.text("ab\n", max_size=400), st.text("ab \n", min_size=1, max_size=30))
def test_what_is_cut_is_shorter_and_a_long_loop_is_always_found(start: str, unit: str) -> None:
    text = start + unit * 500
    offset = repeats(text)
    assert offset is not None
    assert 0 < offset < len(text)
