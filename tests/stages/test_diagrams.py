"""Diagrams: drawn from the plan, and no string of the plan can become syntax.

The outputs for plans of hostile strings were parsed with mermaid 11.17.2, all of them well; the line
shapes below are what that parser was shown. `scripts/check_mermaid.mjs` asks the parser again.
"""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.core.plan import Architecture, Call, ClassPlan, Module, Parameter, Routine
from offline_coder.stages.diagrams import call_flow, class_diagram

LABEL = r"(?:[A-Za-z0-9 _./,=]|#\d{2,3};|[^\x00-\x7f])+"
CLASS_LINE = re.compile(rf'    (class [CFE]\d*\["{LABEL}"\]|[CF]\d+ : \+?{LABEL}|C\d+ <\|-- C\d+)')
FLOW_LINE = re.compile(rf"    (participant (M\d+|E) as {LABEL}|M\d+->>M\d+: {LABEL})")

ARCHITECTURE = Architecture(
    approach="small",
    modules=(
        Module(
            path="model/net.py",
            purpose="",
            classes=(
                ClassPlan(
                    name="Base",
                    methods=(Routine(name="forward", parameters=(Parameter(name="x"),), returns="Tensor"),),
                ),
                ClassPlan(name="Net", bases=("Base", "nn.Module")),
            ),
        ),
        Module(path="main.py", purpose="", functions=(Routine(name="main"),)),
    ),
    calls=(
        Call(caller="main.py", callee="model/net.py", purpose="build; the <end>"),
        Call(caller="main.py", callee="nowhere.py", purpose="lost"),
    ),
)

CLASSES = """classDiagram
    class C1["Base"]
    C1 : +forward#40;x#41; Tensor
    C1 : in model/net.py
    class C2["Net"]
    C2 : in model/net.py
    class F2["main.py"]
    F2 : +main#40;#41;
    C1 <|-- C2
"""

FLOW = """sequenceDiagram
    participant M1 as model/net.py
    participant M2 as main.py
    M2->>M1: build#59; the #60;e#110;d#62;
"""


def test_classes_and_calls_are_drawn() -> None:
    assert class_diagram(ARCHITECTURE) == CLASSES
    assert call_flow(ARCHITECTURE) == FLOW


def test_an_empty_architecture_still_renders() -> None:
    empty = Architecture(approach="", modules=())
    assert class_diagram(empty) == 'classDiagram\n    class E["nothing is planned"]\n'
    assert call_flow(empty) == "sequenceDiagram\n    participant E as nothing is planned\n"


text = st.text(max_size=30) | st.sampled_from(
    ["end", "END", "%%{init}%%", '"]', "->>", "a\nb", "~T~", "", "eendnd"]
)
routines = st.lists(
    st.builds(
        Routine,
        name=text,
        parameters=st.lists(st.builds(Parameter, name=text), max_size=2).map(tuple),
        returns=text,
    ),
    max_size=3,
).map(tuple)
classes = st.builds(ClassPlan, name=text, bases=st.lists(text, max_size=2).map(tuple), methods=routines)
modules = st.builds(
    Module, path=text, purpose=text, classes=st.lists(classes, max_size=2).map(tuple), functions=routines
)
architectures = st.builds(
    Architecture,
    approach=text,
    modules=st.lists(modules, max_size=3).map(tuple),
    calls=st.lists(st.builds(Call, caller=text, callee=text, purpose=text), max_size=3).map(tuple),
)


@settings(deadline=None)
@given(architectures)
def test_every_line_has_a_known_shape(architecture: Architecture) -> None:
    head, *lines = class_diagram(architecture).removesuffix("\n").split("\n")
    assert head == "classDiagram"
    assert all(CLASS_LINE.fullmatch(line) for line in lines)
    head, *lines = call_flow(architecture).removesuffix("\n").split("\n")
    assert head == "sequenceDiagram"
    assert all(FLOW_LINE.fullmatch(line) for line in lines)
