"""Files written along their contract: what is planned is there, with its planned head."""

import asyncio
from typing import Any

import pytest

from offline_coder.checks.contracts import check_contract
from offline_coder.checks.syntax import parses
from offline_coder.core.plan import ClassPlan, Module, Parameter, Routine
from offline_coder.core.request import Completion, FinishReason, Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.stages.defining import write_file
from offline_coder.stages.prompting import Context
from offline_coder.stages.repair import Frame, Written

MODULE = Module(
    path="model.py",
    purpose="adds",
    classes=(ClassPlan(name="Net", purpose="a net"),),
    functions=(Routine(name="add", parameters=(Parameter(name="a", type="int"),), returns="int"),),
)
BEGUN = '"""model.py: adds"""\n\nimport math\n'


def written(*answers: str, finish_reason: FinishReason = "stop") -> tuple[Written, list[Request]]:
    """The file that comes of `answers`, and what was asked."""
    asked: list[Request] = []

    def answer(request: Request) -> Completion:
        asked.append(request)
        text = answers[len(asked) - 1]
        return Completion(
            text=text,
            finish_reason=finish_reason,
            prompt_tokens=9,
            cached_tokens=0,
            output_tokens=9,
            seconds=0.0,
        )

    frame = Frame(BEGUN, ("\n# data.py",))
    file = asyncio.run(
        write_file(ScriptedEngine(answer), Context("paper"), "write it", MODULE, StageSettings(), frame)
    )
    return file, asked


def test_each_planned_definition_is_begun_with_its_head() -> None:
    file, asked = written("    def run(self) -> int:\n        return 1\n", "    return a + math.inf\n")
    assert file.verdict == "first answer"
    assert asked[0].messages[-1].content.endswith('class Net:\n    """a net"""\n')
    assert asked[1].messages[-1].content.endswith("def add(a: int) -> int:\n")
    assert "\ndef add" in asked[0].sampling.stop
    assert "\ndef add" not in asked[1].sampling.stop
    assert "\nclass Net" in asked[1].sampling.stop
    assert "class Net" not in asked[1].messages[-1].content
    assert "\n# data.py" in asked[1].sampling.stop
    assert not [finding for finding in check_contract(MODULE, file.text) if finding.severity == "error"]


def test_a_helper_on_the_way_stays_and_each_name_is_defined_once() -> None:
    helper = "\n\n\n@cache\ndef helper() -> int:\n    return 2\n"
    file, asked = written(
        f"    x = 1\n{helper}\n\ndef add(a: int) -> int:\n    return 3\n", f"    return helper()\n{helper}"
    )
    assert len(asked) == 2
    assert file.text.count("@cache\ndef helper") == 1
    assert file.text.count("def add") == 1
    assert "return helper()" in file.text
    assert "return 3" not in file.text


def test_a_body_that_does_not_parse_is_asked_for_again_then_a_placeholder() -> None:
    good = "    def run(self) -> int:\n        return 1\n"
    file, asked = written(good, "    return (\n", "  nonsense nonsense\n")
    assert len(asked) == 3
    assert asked[2].seed != asked[1].seed
    assert 'raise NotImplementedError("stub: add was not written")' in file.text
    assert file.verdict == "repaired"
    assert [finding.rule for finding in file.findings] == ["unwritten"]
    assert parses("model.py", file.text)


def test_nothing_usable_at_all_is_a_stub() -> None:
    file, _ = written("", "", "", "")
    assert file.verdict == "stub"
    assert parses("model.py", file.text)
    # The module imports; what was not written fails when it is used.
    names: dict[str, Any] = {}
    exec(file.text, names)
    for use in (lambda: names["Net"](3), lambda: names["add"](1)):
        with pytest.raises(NotImplementedError, match="was not written"):
            use()


def test_an_answer_that_turns_in_circles_is_cut() -> None:
    loop = "    def run(self) -> int:\n        return 1\n" + "    x = 1\n" * 200
    file, _ = written(loop, "    return a\n", "\n", "\n", finish_reason="length")
    assert file.text.count("x = 1") < 10
    assert "cut Net back to its last whole statement" in file.repairs


def test_an_answer_that_stops_being_python_goes_on_from_its_last_good_statement() -> None:
    asked: list[Request] = []
    answers = iter(
        [
            "    def run(self) -> int:\n        return 1\n",
            "    b = a + 1\n    return b +* 2\n    more = 1\n" + "    even = more\n" * 7,
            "    return b\n",
        ]
    )

    def answer(request: Request) -> str:
        asked.append(request)
        return next(answers)

    frame = Frame(BEGUN)
    file = asyncio.run(
        write_file(ScriptedEngine(answer), Context("paper"), "write it", MODULE, StageSettings(), frame)
    )
    assert file.text.endswith("def add(a: int) -> int:\n    b = a + 1\n    return b\n")
    assert asked[2].messages[-1].content.endswith("    b = a + 1\n")
    assert asked[2].seed not in {request.seed for request in asked[:2]}
    assert all(request.watch == "python" for request in asked)
    assert "continued an answer that was no Python any more: add" in file.repairs
    (end,) = file.ends
    assert (end.name, end.reason) == ("add", "broken")
    assert 0 < end.kept < end.tokens
    assert end.spared > 0


def test_prose_after_a_definition_is_cut_off_and_nothing_is_asked_again() -> None:
    prose = "\nThis function adds one to its argument and returns it.\n" * 3
    file, asked = written("    def run(self) -> int:\n        return 1\n", f"    return a + 1\n{prose}")
    assert len(asked) == 2
    assert file.text.endswith("    return a + 1\n")


def test_a_class_whose_constructor_turns_in_circles_goes_on_with_its_next_method() -> None:
    forward = Routine(name="forward", parameters=(Parameter(name="x", type="int"),), returns="int")
    net = ClassPlan(name="Net", purpose="a net", methods=(Routine(name="__init__"), forward))
    module = Module(path="model.py", purpose="adds", classes=(net,))
    widths = "".join(f"        self.width_{at} = {at}\n" for at in range(8))
    asked: list[Request] = []

    def answer(request: Request) -> str:
        asked.append(request)
        return f"    def __init__(self):\n{widths * 20}" if len(asked) == 1 else "        return x\n"

    file = asyncio.run(
        write_file(ScriptedEngine(answer), Context(""), "write it", module, StageSettings(), Frame(BEGUN))
    )
    assert asked[1].messages[-1].content.endswith(f"{widths}\n    def forward(self, x: int) -> int:\n")
    assert file.text.endswith(f"{widths}\n    def forward(self, x: int) -> int:\n        return x\n")
    assert file.ends[0].reason == "circles"


def test_a_class_that_breaks_again_where_it_is_gone_on_with_goes_on_with_its_next_method() -> None:
    forward = Routine(name="forward", parameters=(Parameter(name="x", type="int"),), returns="int")
    net = ClassPlan(name="Net", purpose="a net", methods=(Routine(name="__init__"), forward))
    module = Module(path="model.py", purpose="adds", classes=(net,))
    good, broken = (
        "        self.a = 1\n",
        "        self.b = 2 +* 3\n        self.c = 4\n" + "        x = 1\n" * 7,
    )
    texts = [f"    def __init__(self):\n{good}{broken}", broken, "        return x\n"]
    asked: list[Request] = []

    def answer(request: Request) -> str:
        asked.append(request)
        return texts[len(asked) - 1]

    file = asyncio.run(
        write_file(ScriptedEngine(answer), Context(""), "write it", module, StageSettings(), Frame(BEGUN))
    )
    assert asked[1].messages[-1].content.endswith(f"    def __init__(self):\n{good}")
    assert asked[1].sampling.temperature > asked[0].sampling.temperature
    assert asked[2].messages[-1].content.endswith(f"{good}\n    def forward(self, x: int) -> int:\n")
    assert file.text.endswith(f"{good}\n    def forward(self, x: int) -> int:\n        return x\n")
    assert [end.reason for end in file.ends] == ["broken", "broken"]


def test_an_answer_that_is_too_long_twice_does_not_go_on_again() -> None:
    adding = iter(["    b = a + 1\n    return (", "    c = b * 2\n    return (c"])

    def answer(request: Request) -> Completion:
        net = request.purpose.endswith(":Net")
        return Completion(
            text="    def run(self) -> int:\n        return 1\n" if net else next(adding),
            finish_reason="stop" if net else "length",
            prompt_tokens=9,
            cached_tokens=0,
            output_tokens=9,
            seconds=0.0,
        )

    file = asyncio.run(
        write_file(ScriptedEngine(answer), Context(""), "write it", MODULE, StageSettings(), Frame(BEGUN))
    )
    assert file.text.endswith("    b = a + 1\n    c = b * 2\n")


@pytest.mark.parametrize(
    "cut",
    [
        "    b = a + 1\n    return (b +",
        "    b = a + 1\n    return a",
        "    b = a + 1\n    # Two are",
        "    b = a + 1\n    ",
        "    b = a + 1\n",
    ],
)
def test_an_answer_that_was_cut_goes_on_from_its_last_whole_statement(cut: str) -> None:
    asked: list[Request] = []

    def answer(request: Request) -> Completion:
        asked.append(request)
        texts = ("    def run(self) -> int:\n        return 1\n", cut, "    return b\n")
        reasons: tuple[FinishReason, ...] = ("stop", "length", "stop")
        at = len(asked) - 1
        return Completion(
            text=texts[at],
            finish_reason=reasons[at],
            prompt_tokens=9,
            cached_tokens=0,
            output_tokens=request.sampling.max_tokens if reasons[at] == "length" else 9,
            seconds=0.0,
        )

    file = asyncio.run(
        write_file(ScriptedEngine(answer), Context(""), "write it", MODULE, StageSettings(), Frame(BEGUN))
    )
    assert file.text.endswith("    b = a + 1\n    return b\n")
    assert asked[2].messages[-1].content.endswith("    b = a + 1\n")
    assert asked[2].sampling.max_tokens == asked[1].sampling.max_tokens
    assert "continued a cut answer: add" in file.repairs
    assert file.ends == ()
