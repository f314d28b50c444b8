"""A plan is valid and consistent whatever the model says: here it says random text that the constraints
let through, which is more than any model would try."""

import asyncio
import json
import re
from pathlib import Path

import jsonschema
import pytest
from llguidance import LLMatcher
from llguidance.hf import from_tokenizer
from transformers import AutoTokenizer

from offline_coder.checks.plan import check_plan
from offline_coder.core.errors import EngineFailed, OfflineCoderError
from offline_coder.core.plan import GIVEN_PATHS, ClassPlan, Module, Plan
from offline_coder.core.request import Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.backends import BACKENDS, Backend
from offline_coder.engines.masking import llguidance_grammar
from offline_coder.engines.random_walk import RandomWalkEngine, walk
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.papers.markdown import read_markdown
from offline_coder.papers.paper import Paper
from offline_coder.stages.closing import closed
from offline_coder.stages.distilling.verdicts import TOPICS
from offline_coder.stages.grammar import grammar
from offline_coder.stages.planning import make_plan
from offline_coder.stages.planning.architecture import (
    Draft,
    DraftClass,
    DraftModule,
    architecture_of,
    defined_once,
    importable_path,
    in_own_words,
    module_of,
    says_something,
    some_of,
    telling_path,
    with_known_bases,
)
from offline_coder.stages.planning.artefacts import plan_files
from offline_coder.stages.planning.calls import purpose_of
from offline_coder.stages.planning.candidates import candidates
from offline_coder.stages.planning.config import texts_of
from offline_coder.stages.planning.overview import (
    Overview,
    begun_once,
    ended,
    overview_values,
    parts_of,
    write_overview,
)
from offline_coder.stages.planning.reading import read_plan
from offline_coder.stages.planning.signatures import routine_of, with_known_types
from offline_coder.stages.prompting import TEMPLATES, Context
from offline_coder.weights import resolve


# The bounds are the random walk's: it spends more tokens on a string than a model does.
def random_plan(paper: Paper, seed: int, backend: Backend = "llguidance") -> Plan:
    settings = StageSettings(
        seed=seed, architecture_tokens=6000, overview_tokens=6000, build_order_tokens=4000
    )
    engine = RandomWalkEngine(backend=backend)
    return asyncio.run(make_plan(engine, paper, Context("the paper"), settings, lambda name: None))


@pytest.mark.parametrize("seed", range(12))
def test_random_answers_make_a_consistent_plan(paper: Paper, seed: int) -> None:
    plan = random_plan(paper, seed)
    noted = check_plan(plan, texts_of(paper))
    assert {finding.rule for finding in noted} == {"assumption"}
    read = read_plan(plan_files(plan), texts_of(paper))
    assert (read.plan, read.findings) == (plan, noted)
    assert plan.architecture.modules[-1].path == "main.py"
    stated = {(repr(c.value), c.quote) for c in candidates(paper, 32)}
    traced = [entry for entry in plan.config if entry.source == "paper"]
    assert traced
    assert all((repr(entry.value), entry.quote) in stated for entry in traced)
    assert [entry.key for entry in plan.config if entry.source == "assumption"] == ["training.seed"]


@pytest.mark.parametrize(
    ("signature", "shown"),
    [
        ("forward(x: Tensor) -> Tensor", "def forward(x: Tensor) -> Tensor"),
        ("f(a: int = 1, b: int) -> None", "def f(a: int, b: int) -> None"),
        ("f(lambda: int, self: int) -> None", "def f(lambda_: int) -> None"),
        ("f(a: int, a: str) -> None", "def f(a: int) -> None"),
        ("__init__(none: none) -> None", "def __init__() -> None"),
        (
            "f(a: dict[str, int] = None) -> tuple[int, str]",
            "def f(a: dict[str, int] = None) -> tuple[int, str]",
        ),
        ("import(a: class) -> None", "def import_(a) -> None"),
    ],
)
def test_signatures_are_put_right(signature: str, shown: str) -> None:
    assert routine_of(signature).signature() == shown


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("losses.py", "losses.py"),
        ("torch.py", "torch_module.py"),
        ("setup.py", "setup_module.py"),
        ("aux.py", "aux_module.py"),
    ],
)
def test_a_path_that_means_something_else_is_renamed(written: str, kept: str) -> None:
    assert importable_path(written) == kept


def drafted(path: str, *classes: str, functions: tuple[str, ...] = ()) -> DraftModule:
    """A component as a model drafts it."""
    made = tuple(DraftClass(name=name, base="", purpose="Is.", parameters="", methods=()) for name in classes)
    return DraftModule(purpose="Is.", classes=made, functions=functions, path=path, requirements=())


@pytest.mark.parametrize(
    ("component", "path"),
    [
        (drafted("router.py", "Router"), "router.py"),
        (drafted("components.py", "SwitchRouter", functions=("f() -> None",)), "switch_router.py"),
        (drafted("module.py", functions=("balance_loss(x: int) -> None",)), "balance_loss.py"),
        (drafted("components.py"), "components.py"),
    ],
)
def test_a_component_is_not_called_by_a_word_of_the_prompt(component: DraftModule, path: str) -> None:
    assert telling_path(component) == path


@pytest.mark.parametrize(
    ("component", "says"),
    [
        (drafted("components.py", "Components", functions=("build_data(x: int) -> None",)), False),
        (drafted("components.py", "Router", "Components"), True),
        (drafted("losses.py", functions=("balance_loss(x: int) -> None",)), True),
        (drafted("router.py", "Router"), True),
    ],
)
def test_a_component_that_is_the_form_given_back_is_left_out(component: DraftModule, says: bool) -> None:
    assert says_something(component) is says
    part = drafted("data.py", functions=("load() -> list[int]",))
    draft = Draft(
        approach="It routes.",
        components=(component,),
        **dict.fromkeys(("data", "model", "training"), part),
        evaluation=part,
    )
    paths = [module.path for module in architecture_of(draft, "Routing").modules]
    assert (len(paths) == 6) is says


@pytest.mark.parametrize(
    ("purpose", "kept"),
    [
        (
            "Defines the parts of the method that deserve a file of their own.",
            "Defines Router, Gate and balance.",
        ),
        ("Sends each token to one expert.", "Sends each token to one expert."),
        ("Implements a part of the method.", "Implements a part of the method."),
    ],
)
def test_a_component_is_not_told_by_words_of_the_prompt(purpose: str, kept: str) -> None:
    task = "- components: parts of the method that deserve a file of their own; each with path"
    component = drafted("router.py", "Router", "Gate", functions=("balance(x: int) -> float",))
    part = drafted("data.py", functions=("load() -> list[int]",))
    draft = Draft(
        approach="It routes.",
        components=(component.model_copy(update={"purpose": purpose}),),
        **dict.fromkeys(("data", "model", "training", "evaluation"), part),
    )
    assert [told.purpose for told in in_own_words(draft, task).components] == [kept]


def test_a_component_that_repeats_what_others_define_is_left_out() -> None:
    once = [module_of("data.py", drafted("data.py", functions=("load() -> None",)))]
    again = module_of("loading.py", drafted("loading.py", functions=("load() -> None",)))
    given = module_of("training.py", drafted("training.py", functions=("load() -> None",)))
    other = module_of("router.py", drafted("router.py", "Router", functions=("load() -> None",)))
    kept = defined_once((*once, again, other, given))
    assert [module.path for module in kept] == ["data.py", "router.py", "training.py"]
    assert [module.names() for module in kept] == [("load",), ("Router",), ("load",)]


def test_a_component_does_not_take_all_that_the_model_is() -> None:
    part = module_of("layers.py", drafted("layers.py", "Net", "Encoder", "Extra"))
    model = module_of("model.py", drafted("model.py", "Net", "Encoder"))
    kept = defined_once((part, model))
    assert [module.names() for module in kept] == [("Extra",), ("Net", "Encoder")]
    more = module_of("model.py", drafted("model.py", "Net", "Encoder", "Decoder"))
    kept = defined_once((part, more))
    assert [module.names() for module in kept] == [("Net", "Encoder", "Extra"), ("Decoder",)]


def test_forward_is_no_function_of_a_module_with_networks() -> None:
    forward = ("forward(x: torch.Tensor) -> torch.Tensor", "loss(x: torch.Tensor) -> torch.Tensor")
    forward = (*forward, "load_state_dict(state: dict) -> None")
    assert module_of("model.py", drafted("model.py", "Net", functions=forward)).names() == ("Net", "loss")
    alone = module_of("model.py", drafted("model.py", functions=forward[:1]))
    assert alone.names() == ("forward",)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("f(x: torch.Tensor, n: int) -> dict[str, float]", "f(x: torch.Tensor, n: int) -> dict[str, float]"),
        ("f(outputs: outputs, loss: Loss) -> score", "f(outputs, loss: Loss)"),
        ("f(x: list[expert_mask]) -> Optional[np.ndarray]", "f(x) -> Optional[np.ndarray]"),
        ("f(x: torch.utils.dataLoader, y: nn.Module) -> nn.Tensor", "f(x, y: nn.Module)"),
    ],
)
def test_only_types_that_something_defines_stay(written: str, kept: str) -> None:
    assert with_known_types(routine_of(written), {"Loss"}).signature() == f"def {kept}"


def test_only_bases_that_something_defines_stay() -> None:
    classes = tuple(
        ClassPlan(name=name, bases=(base,))
        for name, base in (
            *(("A", "nn.Module"), ("B", "A"), ("C", "D"), ("D", "D"), ("E", "some.Thing")),
            *(("F", "torch.utils.data"), ("G", "nn.Network"), ("H", "torch.utils.data.Dataset")),
        )
    )
    (module,) = with_known_bases((Module(path="a.py", purpose="x", classes=classes),))
    bases = [planned.bases for planned in module.classes]
    assert bases == [("nn.Module",), ("A",), (), (), (), (), (), ("torch.utils.data.Dataset",)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short and\n  open", "short and open"),
        ("It ends here. It goes on and is cu", "It ends here. It goes on and is cu"),
        ("It ends right here, all is said. It goe", "It ends right here, all is said."),
        ("One. Then there is a long sentence whi", "One. Then there is a long sentence ..."),
        ("It stops exactly where its limit stops.", "It stops exactly where its limit stops."),
    ],
)
def test_a_sentence_that_met_its_limit_is_cut_at_a_whole_one(text: str, shown: str) -> None:
    assert ended(text, 38) == shown


def part(verb: str, methods: list[str], functions: list[str]) -> dict[str, object]:
    """A module as the grammar wants it, with a class when it has methods."""
    net = {
        "name": "Net",
        "base": "nn.Module",
        "purpose": "an MLP",
        "parameters": "width: int",
        "methods": methods,
    }
    return {
        "purpose": f"{verb} what section 2 describes.",
        "classes": [net] if methods else [],
        "functions": functions,
    }


EXAMPLES = {
    "overview": (
        overview_values(["s2", "s3"]),
        {
            "goals": "A reproduction should show that the loss helps.",
            "method": {"s2": "Embed both views.", "s3": "Minimise the loss."},
            "data": "The experiments use the digits.",
            "experiments": "Train with the loss and without it.",
            "metrics": "The paper reports accuracy.",
            "unclear": "How are weights started?",
        },
        {"goals": "x" * 50},
    ),
    "architecture": (
        {"max_components": 1, "requirements": some_of(["r1"])},
        {
            "approach": "The method of this paper is a small network that learns to add.",
            "data": part("Loads", [], ["load_digits(seed: int) -> tuple[torch.Tensor, torch.Tensor]"]),
            "components": [
                {
                    "path": "losses.py",
                    "purpose": "Computes the loss of section 2.",
                    "requirements": ["r1"],
                    "classes": [],
                    "functions": ["pair_loss(a: Tensor, b: Tensor) -> Tensor"],
                }
            ],
            "model": part("Implements", ["forward(x: Tensor) -> Tensor"], []),
            "training": part("Trains", [], ["train(model: Net, epochs: int = 20) -> None"]),
            "evaluation": part("Measures", [], ["measure_accuracy(model: Net) -> float"]),
        },
        {
            "approach": "The method of this paper is a small network that learns to add.",
            "data": part("Loads", [], ["load_digits(seed: int) -> tuple[torch.Tensor, torch.Tensor]"]),
            "components": [
                {
                    "path": "../losses.py",
                    "requirements": ["r1"],
                    **part("Computes", [], ["pair_loss(a: Tensor) -> Tensor"]),
                }
            ],
            "model": part("Implements", ["forward(x: Tensor) -> Tensor"], []),
            "training": part("Trains", [], ["train(model: Net, epochs: int = 20) -> None"]),
            "evaluation": part("Measures", [], ["measure_accuracy(model: Net) -> float"]),
        },
    ),
    "requirements": (
        {"kinds": ["data", "nothing"]},
        {"kind": "data"},
        {"kind": "model"},
    ),
    "distilling": (
        {"passages": ["p1", "p2"], "topics": {name: {"enum": TOPICS} for name in ("p1", "p2")}},
        {"p1": "method", "p2": "background"},
        {"p1": "method", "p2": "keep"},
    ),
    "build_order": (
        {
            "depends_on": {"b.py": {"type": "array", "items": {"enum": ["a.py"]}}},
            "dependents": ["b.py"],
            "packages": ["torch"],
        },
        {"depends_on": {"b.py": ["a.py"]}, "packages": [{"name": "torch", "why": "tensors"}]},
        {"depends_on": {"b.py": ["b.py"]}, "packages": [{"name": "torch", "why": "tensors"}]},
    ),
    "calls": (
        {"edges": ["b.py -> a.py"], "purposes": {"b.py -> a.py": purpose_of(("load", "Net"))}},
        {"b.py -> a.py": "load to have the data"},
        {"b.py -> a.py": "loads to have the data"},
    ),
    "config": (
        {"candidates": ["c1"], "names": {"c1": {"enum": ["training.learning_rate", ""]}}},
        {"c1": "training.learning_rate"},
        {"c1": "training.invented"},
    ),
}


@pytest.mark.parametrize(
    ("names", "purpose", "allowed"),
    [
        (("Net", "make"), "make to build the network", True),
        (("Net", "make"), "Net, make", False),
        (("Net",), "Net to train it for 20 epochs", False),
        (("Net",), ": trains the network", False),
        ((), "trains the network", True),
    ],
)
def test_a_call_says_what_is_called_and_what_for(names: tuple[str, ...], purpose: str, allowed: bool) -> None:
    schema = purpose_of(names)
    assert bool(re.search(str(schema["pattern"]), purpose)) == allowed
    assert re.search(str(schema["pattern"]), str(schema["default"]))


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_grammar_takes_what_is_right_and_refuses_what_is_wrong(name: str) -> None:
    values, right, wrong = EXAMPLES[name]
    schema = json.loads(grammar(name, **values).schema)
    jsonschema.validate(right, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


def test_a_cut_answer_is_asked_again_with_more_room_and_then_closed(paper: Paper) -> None:
    asked: list[Request] = []
    part = next(iter(parts_of(paper)))

    def cut(request: Request) -> str:
        asked.append(request)
        return (
            '{"goals": "A reproduction should show that it helps.", "method": {"'
            + part
            + '": "Apply '
            + "endless " * 100_000
        )

    engine = ScriptedEngine(cut, context=100_000)
    overview = asyncio.run(write_overview(engine, Context("paper"), paper, StageSettings()))
    assert "## Goals\n\nA reproduction should show that it helps.\n" in overview
    assert "## Data\n\nThe experiments use what was not said: the answer was cut." in overview
    assert "endless" not in overview
    rooms = [request.sampling.max_tokens for request in asked]
    assert rooms == [rooms[0], rooms[0] * 2]
    assert len({request.seed for request in asked}) == 2


def test_an_answer_that_is_no_beginning_of_json_is_refused(paper: Paper) -> None:
    engine = ScriptedEngine(lambda request: "once upon a time " * 10_000, context=100_000)
    with pytest.raises(EngineFailed, match="cut at"):
        asyncio.run(write_overview(engine, Context("paper"), paper, StageSettings()))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_answer_cut_anywhere_is_closed_to_one_that_the_grammar_accepts(name: str) -> None:
    constraint = grammar(name, **EXAMPLES[name][0])
    schema = json.loads(constraint.schema)
    texts = [json.dumps(EXAMPLES[name][1]), *(walk(constraint, seed, 6000)[0] for seed in range(3))]
    for text in texts:
        for end in range(0, len(text), max(1, len(text) // 150)):
            whole = closed(text[:end], constraint)
            assert whole is not None
            jsonschema.validate(json.loads(whole), schema)
        assert json.loads(closed(text, constraint) or "") == json.loads(text)


@pytest.mark.parametrize("model", ["qwen2.5-coder-0.5b-int8", "smollm2-135m"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_real_vocabulary_can_be_masked_all_along_an_answer(name: str, model: str) -> None:
    """llguidance gives up in the middle of an answer when a pattern grows too complex, first with large
    vocabularies; over single bytes that does not happen."""
    try:
        weights = resolve(model)
    except OfflineCoderError as error:
        pytest.skip(str(error))
    right = EXAMPLES[name][1]
    tokenizer = from_tokenizer(AutoTokenizer.from_pretrained(weights.folder, local_files_only=True))
    matcher = LLMatcher(tokenizer, llguidance_grammar(grammar(name, **EXAMPLES[name][0])))
    for token in tokenizer.tokenize_str(json.dumps(right, separators=(",", ":"))):
        matcher.compute_bitmask()
        assert matcher.consume_token(token), matcher.get_error()
    assert matcher.is_accepting()


@pytest.mark.parametrize("seed", range(2))
def test_plans_by_another_backend_are_as_consistent(paper: Paper, seed: int) -> None:
    pytest.importorskip("xgrammar")
    plan = random_plan(paper, seed, "xgrammar")
    assert {finding.rule for finding in check_plan(plan, texts_of(paper))} == {"assumption"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_backend_lets_only_the_named_words_through(backend: Backend) -> None:
    pytest.importorskip(backend)
    names = {name: {"enum": ["data", "training", ""]} for name in ("c1", "c2", "c3")}
    constraint = grammar("config", candidates=list(names), names=names)
    for seed in range(5):
        text, ended = walk(constraint, seed, 4000, backend)
        assert ended
        jsonschema.validate(json.loads(text), json.loads(constraint.schema))


@pytest.mark.parametrize(
    "template", sorted((TEMPLATES / "planning").glob("*.j2")), ids=lambda path: path.stem
)
def test_prompts_of_planning_hold_no_example_that_a_plan_could_copy(template: Path) -> None:
    """Upstream's models copy the example's file names. Here there are none: the only paths and quoted words
    are those that every plan has, and a form is shown in characters that the grammar refuses."""
    text = template.read_text()
    assert set(re.findall(r"\b\w+\.py\b", text)) <= GIVEN_PATHS
    assert set(re.findall(r'"([^"\n{}|]*)"', re.sub(r"{[{%].*?[%}]}", "", text))) <= {"", "none", "nn.Module"}
    assert not re.search(r"\w\(\w+:|e\.g\.|for example", text)


@pytest.mark.parametrize(
    ("field", "text", "once"),
    [
        ("goals", "A reproduction should show that a reproduction should show the gain.", "A reproduction should show the gain."),
        ("data", "The experiments use The experiments use the experiments use digits.", "The experiments use digits."),
        ("metrics", "The paper reports accuracy.", "The paper reports accuracy."),
        ("experiments", "Train Train it.", "Train Train it."),
    ],
)  # fmt: skip
def test_a_field_of_the_overview_begins_once(field: str, text: str, once: str) -> None:
    assert begun_once(field, text) == once


def test_the_overview_has_a_sentence_for_each_section_of_the_method() -> None:
    body = "# T\n\n## 1 Introduction\n\n{0}\n\n## 2 Loss\n\n{0}\n\n## 3 Results\n\nIt is good.\n"
    told = "We train our network of layers with a loss, and the loss is minimised in each training step."
    assert parts_of(read_markdown(body.format(told))) == {"s2": "Loss"}
    assert list(parts_of(read_markdown("# T\n\n## 1 Ideas\n\nOne.\n\n## 2 Method\n\nTwo.\n"))) == ["s2"]
    assert list(parts_of(read_markdown("# T\n\n## 1 Ideas\n\nOne.\n\n## 2 Thoughts\n\nTwo.\n"))) == [
        "s1",
        "s2",
    ]
    assert parts_of(Paper(title="T", source_format="markdown", sections=())) == {"abstract": "Abstract"}


def test_sections_of_which_the_same_is_said_are_one_part() -> None:
    said = {"goals": "A.", "data": "B.", "experiments": "C.", "metrics": "D.", "unclear": "How is it?"}
    same = Overview(method={"s2": "Scale it.", "s3": "Split it.", "s4": "Scale it."}, **said)
    text = same.markdown({"s2": "Two", "s3": "Three", "s4": "Four"})
    assert "## Method\n\n1. Two (s2); Four (s4): Scale it.\n2. Three (s3): Split it.\n\n##" in text
