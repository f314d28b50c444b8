"""Forms that a model gives back unfilled, as the 1.5B model did of a long paper."""

import asyncio
import json

import pytest

from offline_coder.core.plan import Architecture
from offline_coder.core.request import Request
from offline_coder.core.stage_settings import StageSettings
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.stages.planning.architecture import design
from offline_coder.stages.planning.left_open import filled_name, left_open, told
from offline_coder.stages.planning.signatures import routine_of
from offline_coder.stages.prompting import Context


def answer(loads: str, forward: str, trains: str, evaluates: str) -> str:
    network = {
        "name": "Model",
        "base": "nn.Module",
        "purpose": "Is the network.",
        "parameters": "",
        "methods": [forward],
    }
    return json.dumps(
        {
            "approach": "The method of this paper is made of a router and of experts.",
            "data": {"purpose": "Loads the data.", "classes": [], "functions": [loads]},
            "components": [],
            "model": {"purpose": "Defines the network.", "classes": [network], "functions": []},
            "training": {"purpose": "Trains the network.", "classes": [], "functions": [trains]},
            "evaluation": {"purpose": "Measures perplexity.", "classes": [], "functions": [evaluates]},
        }
    )


UNFILLED = answer(
    "load_data_function_name_here(needed_parameters_here: type) -> tuple[torch.Tensor, torch.Tensor]",
    "forward_function_name_here(needed_parameters_here: type) -> type",
    "train_function_name_here(needed_parameters_here: type) -> None",
    "evaluate_function_name_here(needed_parameters_here: type) -> float",
)
FILLED = answer(
    "load_tokens(batch_size: int) -> tuple[torch.Tensor, torch.Tensor]",
    "forward(tokens: torch.Tensor) -> torch.Tensor",
    "train_experts(model: nn.Module, epochs: int) -> None",
    "measure_perplexity(model: nn.Module) -> float",
)


def designed(*answers: str) -> tuple[Architecture, list[Request]]:
    """The architecture out of `answers`, the last of which is given from then on; and what was asked."""
    asked: list[Request] = []

    def say(request: Request) -> str:
        asked.append(request)
        return answers[min(len(asked), len(answers)) - 1]

    engine = ScriptedEngine(say, context=100_000)
    settings = StageSettings(temperature=0.0)
    return asyncio.run(design(engine, Context("the paper"), "Experts", (), settings)), asked


def names(architecture: Architecture) -> list[str]:
    return [routine.name for module in architecture.modules for routine in module.functions]


def test_an_unfilled_form_is_asked_for_once_more_and_warmer() -> None:
    architecture, asked = designed(UNFILLED, FILLED)
    assert names(architecture) == ["load_tokens", "train_experts", "measure_perplexity", "main"]
    assert [request.sampling.temperature for request in asked] == [0.0, 0.7]
    assert asked[0].seed != asked[1].seed


def test_a_filled_form_is_asked_for_once() -> None:
    assert len(designed(FILLED)[1]) == 1


def test_what_was_left_open_twice_becomes_a_plan_of_what_was_said() -> None:
    architecture, asked = designed(UNFILLED)
    assert len(asked) == 2
    assert names(architecture) == ["load_data", "train", "evaluate", "main"]
    network = next(cls for module in architecture.modules for cls in module.classes)
    assert [method.signature() for method in network.methods] == [
        "def __init__() -> None",
        "def forward(x: torch.Tensor) -> torch.Tensor",
    ]
    said = [
        each
        for module in architecture.modules
        for routine in module.routines()
        for each in (routine.returns, *(f"{one.name} {one.type}" for one in routine.parameters))
    ]
    assert not [each for each in said if "here" in each or each.endswith("type")]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("train_function_name_here", "train"),
        ("load_data_splitting_functionname", "load_data_splitting"),
        ("split_class_name", "split"),
        ("stay_here", "stay"),
        ("where", "where"),
        ("adhere", "adhere"),
        ("_here", "_here"),
        ("get_name", "get_name"),
        ("functional", "functional"),
    ],
)
def test_words_of_the_form_leave_a_name(name: str, kept: str) -> None:
    assert filled_name(name) == kept


def test_a_parameter_of_such_words_says_nothing() -> None:
    signature = "fit(parameters_here: int, rate: float, other_parameter_name: str) -> None"
    assert routine_of(signature).signature() == "def fit(rate: float) -> None"


def test_a_parameter_that_chooses_by_a_word_stays() -> None:
    signature = "fit(loss_function_name: str, train_function_name_here: str, a_method_name: type) -> None"
    assert routine_of(signature).signature() == "def fit(loss_function_name: str) -> None"


def test_a_signature_of_types_alone_is_none() -> None:
    types = ("attributes_as_dict(str: str) -> dict", "both(int: int, dict: dict) -> str")
    rest = (
        "save(path: str) -> None",
        "mean(str: int, int: int) -> float",
        "reset() -> None",
        "f(x: x) -> None",
    )
    assert told((*types, *rest)) == rest


def test_signatures_that_are_left_open_are_counted() -> None:
    assert left_open([]) == 0.0
    assert left_open(["a_here() -> None", "sphere(x: int) -> None"]) == 0.5
    assert left_open(["sphere_heretic(adhere: int) -> None"]) == 0.0


def test_a_component_has_no_class_named_as_a_part_of_the_whole() -> None:
    draft = json.loads(FILLED)
    (network,) = draft["model"]["classes"]
    methods = ["forward(tokens: torch.Tensor) -> torch.Tensor", "attributes_as_dict(str: str) -> dict"]
    classes = [{**network, "name": name, "methods": methods} for name in ("Router", "Model")]
    functions = ["outputs_as_dict(str: str) -> dict", "routed(tokens: torch.Tensor) -> torch.Tensor"]
    component = {"purpose": "Routes tokens.", "classes": classes, "functions": functions, "requirements": []}
    draft["model"]["classes"] = [{**network, "name": "Experts"}]
    draft["components"] = [{**component, "path": "components.py"}]
    architecture, _ = designed(json.dumps(draft))
    (router,) = (module for module in architecture.modules if module.path == "router.py")
    assert [each.name for each in router.classes] == ["Router"]
    assert [each.name for each in router.classes[0].methods] == ["__init__", "forward"]
    assert [each.name for each in router.functions] == ["routed"]
