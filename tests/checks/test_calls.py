"""Calls inside the repository against the signatures of what they call."""

import pytest

from offline_coder.checks.calls import check_calls

LIBRARY = """
import torch
from torch import nn


def train(net, data, *, epochs=1):
    return net, data, epochs


def anything(first, *rest, **named):
    return first, rest, named


@torch.no_grad()
def quiet(x):
    return x


@contextmanager
def changed(x):
    yield x


class Plain:
    def __init__(self, width, depth=1):
        self.width = width

    def step(self, x):
        return self.helper(x) + self.width

    def helper(self, x):
        return x

    @staticmethod
    def made(a, b):
        return a, b


class Child(Plain):
    def step(self, x, y):
        return x, y


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()

    def forward(self, x, mask=None):
        return x


class Two(Net):
    def forward(self, x):
        return x, x


class Empty:
    kind = "none"
"""
KEPT = (
    "class Own:\n    def __init__(self):\n        self.net = Net(1)\n        self.two = Two(1)\n"
    "        self.p = Plain(1)\n"
)

LAYERS = (
    "class Own:\n    def __init__(self, n):\n        self.nets = nn.ModuleList([Net(1) for _ in range(n)])\n"
    "        self.twos = nn.ModuleList([Two(1), Two(2)])\n        self.mixed = nn.ModuleList([Two(1), Net(2)])\n"
)

WRONG = [
    ("train(1)", "train needs 'data'"),
    ("train(1, 2, 3)", "train takes 2 arguments by position, not 3"),
    ("train(1, 2, lr=3)", "train has no parameter 'lr'"),
    ("train(1, data=2, net=3)", "train gets 'net' twice"),
    ("library.train(1)", "train needs 'data'"),
    ("anything()", "anything needs 'first'"),
    ("quiet(1, 2)", "quiet takes 1 arguments by position, not 2"),
    ("Plain()", "Plain needs 'width'"),
    ("Empty(1)", "Empty takes 0 arguments by position, not 1"),
    ("p = Plain(1)\np.step()", "Plain.step needs 'x'"),
    ("p = Plain(1)\np.walk(2)", "Plain has no method 'walk'"),
    ("p = Plain(1)\np.made(1)", "Plain.made needs 'b'"),
    ("c = Child(1)\nc.helper()", "Child.helper needs 'x'"),
    ("c = Child(1)\nc.step(1)", "Child.step needs 'y'"),
    ("a, b = train(1, 2)", "train gives 3 values, not 2"),
    ("def f(p):\n    p = Plain(1)\n    a, b, c = p.made(1, 2)", "made gives 2 values, not 3"),
    ("Plain.step(1)", "Plain.step is called on the class, but it needs an object"),
    ("n = Net(3)\nn(1, mark=2)", "n has no parameter 'mark'"),
    ("def f(q):\n    p = Plain(1)\n    return p.step(q, q)", "Plain.step takes 1 arguments by position, not 2"),
    ("class Own:\n    def a(self):\n        return self.b(1)\n    def b(self):\n        return 1", "Own.b takes 0 arguments by position, not 1"),
    ("class Own:\n    def a(self):\n        return self.c()", "Own has no method 'c'"),
    ("def f(net: Net, x: int):\n    return net(x, mark=x)", "net has no parameter 'mark'"),
    ("class Own:\n    def a(self, p: Plain):\n        return p.step()", "Plain.step needs 'x'"),
    (f"{KEPT}    def a(self, x):\n        return self.net(x, mark=x)", "self.net has no parameter 'mark'"),
    (f"{KEPT}    def a(self):\n        return self.p.step()", "Plain.step needs 'x'"),
    (f"{KEPT}    def a(self):\n        return self.p.walk()", "Plain has no method 'walk'"),
    (f"{KEPT}    def a(self, x):\n        a, b, c = self.two(x)", "forward gives 2 values, not 3"),
    (f"{LAYERS}    def a(self, x):\n        for net in self.nets:\n            x = net(x, mark=x)", "net has no parameter 'mark'"),
    (f"{LAYERS}    def a(self, x):\n        for i, two in enumerate(self.twos):\n            x = two()", "two needs 'x'"),
]  # fmt: skip
RIGHT = [
    "train(1, data=2, epochs=3)",
    "train(*[1, 2])",
    "train(1, **{'data': 2})",
    "anything(1, 2, 3, other=4)",
    "with changed(1, 2, 3):\n    pass",
    "p = Plain(1, depth=2)\np.step(1)",
    "p = Plain(1)\np = object()\np.walk()",
    "n = Net(1)\nn(1, mask=2)\nn.to('cpu')",
    "def f(train):\n    return train()",
    "def f(net: Net, p: Plain, q: 'Plain'):\n    p = q\n    return net(1), p.walk(), q.walk()",
    "def f(p):\n    return p.walk()\np = Plain(1)",
    "class Own:\n    def __init__(self, c):\n        self.c = c\n    def a(self):\n        return self.c()",
    "class Own(Net):\n    def a(self):\n        return self.parameters()",
    "class Own:\n    @classmethod\n    def a(cls):\n        return cls()\n    def b(self):\n        return self.a()",
    "Empty().kind",
    "a, b, c = train(1, 2)\na, *b = train(1, 2)\n(a, b), c = 1, train(1, 2)\na, b = quiet(1)",
    "def two(x):\n    return (1, 2) if x else 3\n\n\ndef some(x):\n    if x:\n        return 1, 2\n    return 1, 2, 3\n\n\n"
    "a, b, c = two(1)\na, b = some(1)",
    "Plain.step(Plain(1), 2), Plain.made(1, 2), Plain(1).step(1)",
    "class Own(Net):\n    def __init__(self):\n        Net.__init__(self, 3)",
    f"{KEPT}    def a(self, x):\n        a, b = self.two(self.net(x, mask=x))\n        return self.p.step(a) + b",
    f"{KEPT}    def a(self, x):\n        return self.net.to('cpu'), self.p.width, self.p.made(1, 2)",
    f"{KEPT}    def a(self, x):\n        self.net = x\n        return self.net(1, 2, 3)",
    f"{KEPT}    def a(self, x):\n        def b(self):\n            return self.net(1, 2, 3)\n        return b",
    f"{LAYERS}    def a(self, x):\n        for net in self.nets:\n            x = net(x, mask=x)\n        return self.nets[0].to(x)",
    f"{LAYERS}    def a(self, x):\n        for net in self.mixed:\n            x = net(1, 2, 3)",
    f"{LAYERS}    def a(self, x):\n        for net in self.nets:\n            net = x\n            net(1, 2, 3)",
    f"{LAYERS}    def a(self, x):\n        for net in x:\n            net(1, 2, 3)",
    f"{KEPT}\n\nown = Own()\nown.net = print\nown.net(1, 2, 3)",
]


def findings(text: str) -> list[str]:
    head = (
        "import library\nfrom library import Child, Empty, Net, Plain, Two, anything, changed, quiet, train\n"
    )
    found = check_calls({"library.py": LIBRARY, "main.py": head + text + "\n"})
    assert all(finding.severity == "error" and finding.advice for finding in found)
    return [finding.message for finding in found]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_call_that_would_fail_is_seen(text: str, message: str) -> None:
    assert findings(text) == [message]


@pytest.mark.parametrize("text", RIGHT)
def test_a_call_that_works_or_cannot_be_followed_passes(text: str) -> None:
    assert findings(text) == []


def test_the_advice_shows_the_signature() -> None:
    (finding,) = check_calls({"a.py": "def f(x, *, y=1):\n    return x, y\n\n\nf()\n"})
    assert finding.advice == "Call it as f(x, y=...)."
    assert (finding.file, finding.line, finding.subject) == ("a.py", 5, "f")


def test_a_dataclass_and_a_class_of_unknown_make_are_not_judged() -> None:
    text = "@dataclass\nclass A:\n    x: int\n\n\nclass B(Outside):\n    y = 1\n\n\nA(1)\nB(1, 2)\nB(1).z()\n"
    assert check_calls({"a.py": text}) == ()
