"""What training and evaluation of a plan take, and whose their functions are."""

import pytest

from offline_coder.core.plan import ClassPlan, Module, Parameter, Routine
from offline_coder.stages.planning.roles import with_roles
from offline_coder.stages.planning.signatures import routine_of

NET = ClassPlan(name="Net", bases=("nn.Module",), methods=(routine_of("forward(x: torch.Tensor) -> None"),))


def planned(
    training: str = "train(model: Net, train_data: list) -> None",
    data: str = "load_data() -> tuple[torch.Tensor, torch.Tensor]",
    **others: str,
) -> dict[str, Module]:
    """Modules by path, after they got their roles."""
    evaluation = others.pop("evaluation", "evaluate(model: Net, test_data: list) -> float")
    modules = [
        Module(path="data.py", purpose="", functions=(routine_of(data),)),
        Module(
            path="model.py",
            purpose="",
            classes=(NET,),
            functions=tuple(routine_of(text) for text in others.values()),
        ),
        Module(path="training.py", purpose="", functions=(routine_of(training),)),
        Module(path="evaluation.py", purpose="", functions=(routine_of(evaluation),)),
    ]
    return {module.path: module for module in with_roles(modules)}


@pytest.mark.parametrize(
    ("signature", "whole"),
    [
        (
            "train(epochs: int, batch_size: int) -> None",
            "def train(model: nn.Module, train_data: tuple[torch.Tensor, torch.Tensor], epochs: int, "
            "batch_size: int) -> None",
        ),
        (
            "train(torch: torch.Tensor, epochs: int) -> None",
            "def train(model: nn.Module, train_data: tuple[torch.Tensor, torch.Tensor], epochs: int) -> None",
        ),
        (
            "train(network: str, images: torch.Tensor) -> None",
            "def train(model: nn.Module, network: str, images: torch.Tensor) -> None",
        ),
        (
            "fit_all(first: Net, seed: int) -> Net",
            "def fit_all(first: Net, train_data: tuple[torch.Tensor, torch.Tensor], seed: int) -> Net",
        ),
        (
            "train(data_path: str, dataset_size: int) -> None",
            "def train(model: nn.Module, train_data: tuple[torch.Tensor, torch.Tensor], data_path: str, "
            "dataset_size: int) -> None",
        ),
        (
            "train(net: Net, train_loader: DataLoader) -> None",
            "def train(net: Net, train_loader: DataLoader) -> None",
        ),
        (
            "train(model: Net = None, epochs: int = 1) -> None",
            "def train(model: Net, train_data: tuple[torch.Tensor, torch.Tensor], epochs: int = 1) -> None",
        ),
        (
            "train(model: Net, optimizer: Adam, loss_fn: Loss, train_data: list, optimizer_name: str) -> None",
            "def train(model: Net, train_data: list, optimizer_name: str) -> None",
        ),
        ("schedule(step: int) -> float", "def schedule(step: int) -> float"),
    ],
)
def test_training_takes_the_network_and_data(signature: str, whole: str) -> None:
    (function,) = planned(training=signature)["training.py"].functions
    assert function.signature() == whole


@pytest.mark.parametrize("kind", ["DataLoader", "Dataset"])
def test_the_data_is_what_the_data_module_gives(kind: str) -> None:
    modules = planned(
        training="train() -> None",
        evaluation="evaluate() -> float",
        data=f"load_data() -> tuple[torch.utils.data.{kind}, torch.utils.data.{kind}]",
    )
    for path, name in (("training.py", "train_data"), ("evaluation.py", "test_data")):
        (function,) = modules[path].functions
        assert function.parameters == (
            Parameter(name="model", type="nn.Module"),
            Parameter(name=name, type=f"torch.utils.data.{kind}"),
        )


def test_a_function_that_trains_stands_in_training_alone() -> None:
    modules = planned(again="train(model: Net) -> None", own="make_net(width: int) -> Net")
    assert modules["model.py"].names() == ("Net", "make_net")
    assert modules["training.py"].names() == ("train",)


def test_what_stands_as_a_method_and_as_a_function_stays_a_function() -> None:
    load = routine_of("load_data(seed: int) -> tuple[torch.Tensor, torch.Tensor]")
    made = Routine(name="__init__")
    rows = ClassPlan(name="Rows", methods=(made, load))
    more = ClassPlan(name="More", methods=(made, load, routine_of("split(seed: int) -> list")))
    (module,) = with_roles([Module(path="data.py", purpose="", classes=(rows, more), functions=(load,))])
    assert module.names() == ("More", "load_data")
    assert [method.name for method in module.classes[0].methods] == ["__init__", "split"]


@pytest.mark.parametrize(
    ("name", "bases", "kept"),
    [
        ("DataLoader", (), False),
        ("Data", (), False),
        ("Data", ("torch.utils.data.Dataset",), True),
        ("Vocabulary", (), True),
        ("NoisyData", (), True),
    ],
)
def test_a_class_that_says_no_more_than_data_goes_where_functions_load_it(
    name: str, bases: tuple[str, ...], kept: bool
) -> None:
    load = routine_of("load_pairs(seed: int) -> tuple[torch.Tensor, torch.Tensor]")
    planned = ClassPlan(
        name=name, bases=bases, methods=(Routine(name="__init__"), routine_of("take() -> list"))
    )
    with_functions = Module(path="data.py", purpose="", classes=(planned,), functions=(load,))
    alone = with_functions.model_copy(update={"functions": ()})
    assert [module.names() for module in with_roles([with_functions])] == [
        (name, "load_pairs") if kept else ("load_pairs",)
    ]
    assert [module.names() for module in with_roles([alone])] == [(name,)]


def test_a_network_does_not_train_itself_where_training_does() -> None:
    methods = ("__init__(width: int) -> None", "train_net(epochs: int) -> None", "forward(x: int) -> int")
    net = ClassPlan(name="Net", bases=("nn.Module",), methods=tuple(map(routine_of, methods)))
    modules = (
        Module(path="model.py", purpose="", classes=(net,)),
        Module(path="training.py", purpose="", functions=(routine_of("train_net(model: Net) -> None"),)),
    )
    (model, _) = with_roles(modules)
    assert [each.name for each in model.classes[0].methods] == ["__init__", "forward"]


def test_training_and_evaluation_are_nowhere_else_under_another_usual_name() -> None:
    modules = planned(
        "train_model(model: Net, train_data: list) -> None",
        first="train(x: torch.Tensor, t: int) -> None",
        second="test_bound(x: torch.Tensor) -> float",
        third="train_step(x: torch.Tensor) -> float",
    )
    assert [each.name for each in modules["model.py"].functions] == ["test_bound", "train_step"]
    net = NET.model_copy(update={"methods": (*NET.methods, routine_of("evaluate(x: torch.Tensor) -> float"))})
    evaluation = Module(path="evaluation.py", purpose="", functions=(routine_of("evaluate_all(m: Net)"),))
    model, _ = with_roles([Module(path="model.py", purpose="", classes=(net,)), evaluation])
    assert model.classes == (NET,)
