"""Functions that never end are found, and those that may end are left alone."""

import pytest

from offline_coder.checks.endless import check_endless

NETWORK = "from torch import nn\nclass Net(nn.Module):\n"


@pytest.mark.parametrize(
    ("text", "line", "subject"),
    [
        ("def f(x):\n    y = x + 1\n    return f(y)\n", 3, "f"),
        (NETWORK + "    def forward(self, x):\n        return self.forward(x)\n", 4, "Net.forward"),
        (NETWORK + "    def forward(self, x):\n        return self(x) * 2\n", 4, "Net.forward"),
        (NETWORK + "    def __init__(self):\n        self.inner = Net()\n", 4, "Net.__init__"),
        ("class A:\n    @property\n    def size(self):\n        return self.size\n", 4, "A.size"),
        (
            "class A:\n    def f(self):\n        return self.g()\n    def g(self):\n        self.f()\n",
            3,
            "A.f",
        ),
        ("def f(x):\n    if x:\n        x = 0\n    with open(x) as file:\n        return f(file)\n", 5, "f"),
        ("def f(x):\n    return g(x)\ndef g(x):\n    return h(x)\ndef h(x):\n    return g(x)\n", 4, "g"),
    ],
)
def test_what_can_only_call_itself_again_is_an_error(text: str, line: int, subject: str) -> None:
    (finding,) = check_endless("model.py", text)
    assert (finding.rule, finding.severity) == ("endless-recursion", "error")
    assert (finding.line, finding.subject) == (line, subject)
    assert "never ends" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    if x == 0:\n        return 1\n    return x * f(x - 1)\n",
        "def f(x):\n    return 1 if x == 0 else f(x - 1)\n",
        "def f(x):\n    return x and f(x - 1)\n",
        "def f(xs):\n    for x in xs:\n        f(x)\n",
        "def f(xs):\n    return [f(x) for x in xs]\n",
        "def f(x):\n    return lambda: f(x)\n",
        "def f(x):\n    assert x > 0\n    return f(x - 1)\n",
        "def f(x):\n    try:\n        return f(x - 1)\n    except RecursionError:\n        return 0\n",
        "def f(x):\n    yield from f(x)\n",
        "def f():\n    from other import f\n    return f()\n",
        "def f(x):\n    def f(y):\n        return y\n    return f(x)\n",
        "@cache\ndef f(x):\n    return f(x)\n",
        "class A:\n    def f(self):\n        return self.g()\n    def g(self):\n        return 1\n",
        "class A(B):\n    def f(self):\n        return super().f()\n",
        "class A:\n    def f(self, other):\n        return other.f(self)\n",
        "class A:\n    def f(self):\n        return f(self)\n",
        NETWORK + "    def forward(self, x):\n        return self.layer(x)\n",
        "def broken(:\n",
        f"def f(x):\n    return {'+'.join(['x'] * 5000)}\n",
    ],
)
def test_what_may_end_is_left_alone(text: str) -> None:
    assert check_endless("model.py", text) == ()
