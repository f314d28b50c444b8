"""Where a finding leads, and that an edit there always applies."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.checks.ladder import check_repository
from offline_coder.checks.source import parse_python
from offline_coder.checks.targets import targets
from offline_coder.core.finding import Finding
from offline_coder.core.plan import Architecture, ClassPlan, Module, Parameter, Routine
from tests.checks.test_ladder import sources

X = Parameter(name="x")
MODULE = Module(
    path="model.py",
    purpose="",
    classes=(ClassPlan(name="Net", methods=(Routine(name="forward", parameters=(X,)),)),),
    functions=(Routine(name="train", parameters=(X, Parameter(name="y")), returns="float"),),
)
TEXT = '''import os


class Net:
    def other(self):
        """Keep me."""
        return missing


@marked(os)
def train(
    x,
):
    return x


if os:
    print(1)
'''


def found(text: str) -> list[tuple[str, int, int, str, str]]:
    findings = check_repository({"model.py": text}, Architecture(approach="", modules=(MODULE,)))
    errors = [finding for finding in findings if finding.severity == "error"]
    return [(t.name, t.first, t.last, t.indent, t.head) for t in targets(text, MODULE, errors)]


def test_each_finding_leads_to_the_smallest_definition() -> None:
    assert found(TEXT) == [
        ("Net.other", 5, 7, "    ", 'def other(self):\n    """Keep me."""\n'),
        ("train", 10, 14, "", "@marked(os)\ndef train(x, y) -> float:\n"),
        ("Net.forward", 8, 7, "    ", "def forward(self, x):\n"),
    ]


PARTS = """from torch import nn


class Net(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.layers = nn.ModuleList([Layer(size) for _ in range(2)])
        self.size = SIZE


def load():
    return Loader()
"""


def test_a_part_of_a_network_that_nothing_defines_is_written_before_its_use_is() -> None:
    errors = [f for f in check_repository({"model.py": PARTS}) if f.rule == "undefined-name"]
    assert [target.name for target in targets(PARTS, None, errors)] == ["Layer", "Net.__init__", "load"]
    layer = targets(PARTS, None, errors)[0]
    assert layer.head == "class Layer(nn.Module):\n"
    assert layer.findings[0].message.endswith("of which Net is made: Layer(size)")
    new = layer.applied(PARTS, "class Layer(nn.Module):\n    pass")
    assert parse_python(new) is not None
    assert new.endswith("return Loader()\n\n\nclass Layer(nn.Module):\n    pass\n")


def test_what_is_missing_stands_before_the_program_starts() -> None:
    (train,) = [t for t in targets(TEXT, MODULE, [_missing("train")]) if t.name == "train"]
    assert (train.first, train.last) == (15, 14)
    new = train.applied(TEXT, "def train(x, y) -> float:\n    return x")
    assert new.index("def train(x, y)") < new.index("if os:")
    assert parse_python(new) is not None


def test_the_findings_stand_beside_their_lines() -> None:
    finding = Finding(file="model.py", line=7, rule="undefined-name", message="no name", advice="Import it.")
    (target,) = targets(TEXT, MODULE, [finding])
    assert "    return missing  # WRONG: no name. Import it." in target.shown


def test_a_wrong_import_leads_to_what_uses_it() -> None:
    text = "from data import nothing\n\n\ndef f():\n    return 1\n\n\ndef g():\n    return nothing()\n"
    finding = Finding(file="model.py", line=1, rule="missing-name", message="x", subject="nothing")
    assert [target.name for target in targets(text, None, [finding])] == ["g"]


def _missing(name: str) -> Finding:
    return Finding(file="model.py", line=0, rule="missing-function", message="x", subject=name)


@settings(max_examples=100, deadline=None)
@given(sources, st.integers(0, 12), st.sampled_from(["call", "missing-function", "missing-class"]))
def test_an_edit_always_applies(text: str, line: int, rule: str) -> None:
    finding = Finding(file="model.py", line=line, rule=rule, message="x", subject="train")
    for target in targets(text, MODULE, [finding]):
        new = target.applied(text, f"{target.head.rstrip()}\n    pass")
        assert "pass" in new


@pytest.mark.parametrize("text", ["def f(: pass", "x = 1\n", "def f(): return y\n"])
def test_where_there_is_no_definition_there_is_no_target(text: str) -> None:
    finding = Finding(file="model.py", line=1, rule="undefined-name", message="x", subject="y")
    assert targets(text, MODULE, [finding]) == []
