"""A plan that computes with PyTorch has a network, in model.py."""

import pytest

from offline_coder.core.plan import ClassPlan, Module, Routine
from offline_coder.stages.planning.networks import with_networks
from offline_coder.stages.planning.signatures import routine_of

MADE = Routine(name="__init__", returns="None")
FORWARD = routine_of("forward(x: torch.Tensor) -> torch.Tensor")


def planned(name: str, *methods: str, base: str = "") -> ClassPlan:
    routines = (MADE, *map(routine_of, methods))
    return ClassPlan(name=name, bases=(base,) if base else (), methods=routines)


def classes(**modules: tuple[ClassPlan, ...]) -> dict[str, list[tuple[str, tuple[str, ...], list[str]]]]:
    """What stands in each module afterwards: name, bases and methods."""
    train = routine_of("train(data: torch.Tensor) -> None")
    before = [
        Module(path=f"{path}.py", purpose="", classes=found, functions=(train,) if path == "training" else ())
        for path, found in ({"model": ()} | modules | {"training": ()}).items()
    ]
    return {
        module.path: [
            (each.name, each.bases, [method.name for method in each.methods]) for each in module.classes
        ]
        for module in with_networks(before)
    }


def test_what_has_forward_is_a_network_and_leaves_the_data() -> None:
    computing = planned("Transformer", "forward(x: int) -> int", "backward(x: int) -> int")
    found = classes(data=(planned("Reader"), computing))
    assert found["data.py"] == [("Reader", (), ["__init__"])]
    assert found["model.py"] == [("Transformer", ("nn.Module",), ["__init__", "forward"])]


def test_data_that_would_be_left_with_nothing_keeps_its_network() -> None:
    found = classes(data=(planned("Net", "forward(x: int) -> int"),), model=(planned("Loss"),))
    assert found["data.py"] == [("Net", ("nn.Module",), ["__init__", "forward"])]
    assert found["model.py"] == [("Loss", (), ["__init__"])]


def test_without_a_network_the_first_class_of_the_model_is_one() -> None:
    found = classes(model=(planned("Model", "make() -> int", "train() -> None"), planned("Other")))
    assert found["model.py"] == [
        ("Model", ("nn.Module",), ["__init__", "make", "forward"]),
        ("Other", (), ["__init__"]),
    ]


def test_a_model_without_classes_gets_one() -> None:
    assert classes()["model.py"] == [("Network", ("nn.Module",), ["__init__", "forward"])]


@pytest.mark.parametrize(
    "modules",
    [
        {"model": (planned("Plain"),), "parts": (planned("Layer", base="torch.nn.Linear"),)},
        {"model": (planned("Net", "forward(x: int) -> int", base="nn.Module"), planned("Loss"))},
    ],
)
def test_a_plan_with_a_network_stays(modules: dict[str, tuple[ClassPlan, ...]]) -> None:
    found = classes(**modules)
    for path, given in modules.items():
        assert [(name, bases) for name, bases, _ in found[f"{path}.py"]] == [(c.name, c.bases) for c in given]


def test_what_only_makes_the_network_goes() -> None:
    net = planned(
        "Net",
        "forward(x: int) -> int",
        "create_model(path: str) -> torch.nn.Module",
        "build_model_with_experts(experts: int) -> None",
        "make_layer(width: int) -> nn.Module",
        base="nn.Module",
    )
    makers = (
        "build(config: str) -> Net",
        "build_model(width: int) -> None",
        "make_mask(size: int) -> torch.Tensor",
        "get_data() -> list",
        "init_model_weights(net: Net) -> None",
    )
    module = Module(path="model.py", purpose="", classes=(net,), functions=tuple(map(routine_of, makers)))
    (after,) = with_networks((module,))
    assert [each.name for each in after.classes[0].methods] == ["__init__", "forward", "make_layer"]
    assert [each.name for each in after.functions] == ["make_mask", "get_data", "init_model_weights"]
    (without,) = with_networks((module.model_copy(update={"classes": ()}),))
    assert [each.name for each in without.classes] == ["Network"]
    assert [each.name for each in without.functions] == [
        *("build", "make_mask", "get_data", "init_model_weights")
    ]


@pytest.mark.parametrize(
    ("name", "constructor", "forward", "left"),
    [
        (
            "Net",
            "embedding: torch.nn.Embedding, width: int",
            "x_i: torch.Tensor, y_i: torch.Tensor",
            ["width", "x_i"],
        ),
        ("Net", "encoder: nn.Module", "images, labels", ["encoder", "images"]),
        ("Net", "width: int", "source: torch.Tensor, target: torch.Tensor", ["width", "source", "target"]),
        ("Net", "width: int", "x: torch.Tensor, y: torch.Tensor, t: int", ["width", "x", "y", "t"]),
        ("ConditionalNet", "width: int", "x: torch.Tensor, y: torch.Tensor", ["width", "x", "y"]),
        ("Adapter", "states: torch.Tensor, width: int", "states: torch.Tensor", ["width", "states"]),
        ("ConditionalNet", "c: torch.Tensor, width: int", "x, c: torch.Tensor", ["width", "x", "c"]),
        ("Net", "betas: torch.Tensor", "x: torch.Tensor", ["betas", "x"]),
    ],
)
def test_a_network_is_made_of_settings_and_computes_from_inputs(
    name: str, constructor: str, forward: str, left: list[str]
) -> None:
    methods = (f"__init__({constructor}) -> None", f"forward({forward}) -> torch.Tensor")
    net = ClassPlan(name=name, bases=("nn.Module",), methods=tuple(map(routine_of, methods)))
    (module,) = with_networks((Module(path="model.py", purpose="", classes=(net,)),))
    assert [each.name for method in module.classes[0].methods for each in method.parameters] == left


def test_a_plan_without_pytorch_stays() -> None:
    before = (
        Module(path="model.py", purpose="", classes=(planned("Simplex", "solve(rows: list) -> list"),)),
    )
    assert with_networks(before) == before
