"""The stub: it always compiles and imports, keeps the contract, and says what it is."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.checks.skeleton import STUB_LINE, identifier, is_stub, skeleton
from offline_coder.checks.syntax import check_syntax
from offline_coder.core.finding import Finding
from offline_coder.core.plan import ClassPlan, Module, Parameter, Routine

NET = Module(
    path="model/net.py",
    purpose="The network of section 3.",
    classes=(
        ClassPlan(
            name="Net",
            bases=("nn.Module",),
            purpose="Two layers.",
            methods=(
                Routine(name="__init__", parameters=(Parameter(name="width", type="int", default="64"),)),
                Routine(
                    name="forward",
                    parameters=(Parameter(name="x", type="torch.Tensor"),),
                    returns="torch.Tensor",
                    purpose="Logits.",
                ),
            ),
        ),
    ),
    functions=(
        Routine(name="build", parameters=(Parameter(name="config", type="dict[str, int]"),), returns="Net"),
    ),
)

# Names and sources that have broken generators before, with arbitrary text beside them.
text = st.text(max_size=40) | st.sampled_from(
    [
        '"""',
        "\\",
        "x\\",
        "class",
        "None",
        "self",
        "*args",
        "**kwargs",
        "*",
        "/",
        "a b",
        "1x",
        "__debug__",
        "ﬁ",
        "_A__x",
        "__x",
        "yield 1",
        "x := 1",
        "[[[[",
        "int | None",
        "lambda: 0",
        "-'a'",
        "{[]: 1}",
        "1e999",
        "'\\ud800'",
        "\ud800",
        "\0",
        "a\nb",
        "\u2028",
        "f'{x}'",
        "nn.Module",
        "await x",
        "print(1)",
        "ª",
        "é",
        "(yield)",
        "Exception",
        "object",
    ]
)
parameters = st.builds(Parameter, name=text, type=text, default=st.none() | text)
routines = st.builds(
    Routine, name=text, parameters=st.lists(parameters, max_size=5).map(tuple), returns=text, purpose=text
)
classes = st.builds(
    ClassPlan,
    name=text,
    bases=st.lists(text, max_size=3).map(tuple),
    purpose=text,
    methods=st.lists(routines, max_size=3).map(tuple),
)
modules = st.builds(
    Module,
    path=text,
    purpose=text,
    classes=st.lists(classes, max_size=3).map(tuple),
    functions=st.lists(routines, max_size=3).map(tuple),
)
findings = st.lists(
    st.builds(Finding, file=text, line=st.integers(0, 9), rule=text, message=text), max_size=7
).map(tuple)


def test_the_stub_keeps_the_contract_and_says_what_it_is() -> None:
    why = Finding(file="model/net.py", line=3, rule="syntax", message="'(' was never closed")
    source = skeleton(NET, [why])
    assert STUB_LINE in source.split("\n")
    assert is_stub(source)
    assert "STUB of model/net.py." in source
    assert "line 3: '(' was never closed" in source
    assert "    def __init__(self, width: int = 64):" in source
    assert "    def forward(self, x: torch.Tensor) -> torch.Tensor:" in source
    assert "def build(config: dict[str, int]) -> Net:" in source
    assert "Planned bases: nn.Module." in source


def test_everything_in_the_stub_raises_when_used() -> None:
    namespace: dict[str, object] = {"__name__": "stub"}
    exec(skeleton(NET), namespace)
    for use in ("Net()", "build({})", "Net.forward(None, 1)"):
        with pytest.raises(NotImplementedError, match="stub: "):
            eval(use, namespace)
    assert namespace["STUB"] is True


def test_a_class_without_a_constructor_cannot_be_made_by_mistake() -> None:
    namespace: dict[str, object] = {"__name__": "stub"}
    exec(skeleton(Module(path="a.py", purpose="", classes=(ClassPlan(name="A"),))), namespace)
    with pytest.raises(NotImplementedError):
        eval("A(1, b=2)", namespace)


def test_code_that_was_written_is_no_stub() -> None:
    assert not is_stub("class Net:\n    STUBBORN = True\n")


def test_parameters_come_in_an_order_that_python_allows() -> None:
    names = [
        ("a", "1"),
        ("**kw", None),
        ("b", None),
        ("*rest", None),
        ("c", None),
        ("class", "len(x)"),
        ("a", None),
    ]
    planned = Routine(name="f", parameters=tuple(Parameter(name=n, default=d) for n, d in names))
    source = skeleton(Module(path="a.py", purpose="", functions=(planned,)))
    assert "def f(a=1, b=None, *rest, c, class_=None, a_, **kw):" in source


@settings(max_examples=150, deadline=None)
@given(modules, findings)
def test_any_plan_gives_a_stub_that_parses_and_imports(module: Module, why: tuple[Finding, ...]) -> None:
    source = skeleton(module, why)
    assert check_syntax("stub.py", source) == ()
    assert STUB_LINE in source
    tree = ast.parse(source)
    assert sum(isinstance(node, ast.ClassDef) for node in tree.body) == len(module.classes)
    assert sum(isinstance(node, ast.FunctionDef) for node in tree.body) == len(module.functions)
    exec(compile(source, "stub.py", "exec"), {"__name__": "stub"})


@given(text)
def test_an_identifier_is_one(name: str) -> None:
    assert identifier(name, "fallback").isidentifier()
    assert check_syntax("a.py", f"{identifier(name, 'fallback')} = 1\n") == ()
