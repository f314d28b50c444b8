"""What data.py gives is what training and evaluation take."""

import pytest

from offline_coder.core.plan import Architecture, ClassPlan, ConfigEntry, Module, Resource, Routine
from offline_coder.stages.planning.data_contract import with_data_contract, without_files
from offline_coder.stages.planning.pace import with_pace
from offline_coder.stages.planning.signatures import routine_of

LOADER = "torch.utils.data.DataLoader"
NET = ClassPlan(name="Net", bases=("nn.Module",))


def signatures(data: tuple[str, ...], training: tuple[str, ...], evaluation: str) -> dict[str, list[str]]:
    """The heads of the functions of each module, without `def`, once they agree."""
    modules = [
        Module(path=path, purpose="", functions=tuple(routine_of(text) for text in texts))
        for path, texts in (("data.py", data), ("training.py", training), ("evaluation.py", (evaluation,)))
    ]
    modules.append(Module(path="model.py", purpose="", classes=(NET,)))
    return {
        module.path: [each.signature().removeprefix("def ") for each in module.functions]
        for module in with_data_contract(modules)
    }


def test_where_the_types_do_not_meet_all_speak_of_loaders() -> None:
    heads = signatures(
        (
            "load(path: str, subset: str, epochs: int) -> Dataset",
            "split_data(data: Dataset) -> tuple[Dataset, Dataset]",
            "add_noise(x: torch.Tensor) -> torch.Tensor",
        ),
        ("train(model: Net, images: list, epochs: int) -> None", "train_step(x: torch.Tensor) -> float"),
        "evaluate(net: nn.Module, test_data: torch.Tensor, labels: torch.Tensor, top: int = 1) -> float",
    )
    assert heads["data.py"] == [
        f"load(path: str, batch_size: int) -> tuple[{LOADER}, {LOADER}]",
        "add_noise(x: torch.Tensor) -> torch.Tensor",
    ]
    assert heads["training.py"] == [
        f"train(model: Net, train_loader: {LOADER}, epochs: int) -> None",
        "train_step(x: torch.Tensor) -> float",
    ]
    assert heads["evaluation.py"] == [
        f"evaluate(net: nn.Module, test_loader: {LOADER}, top: int = 1) -> float"
    ]


@pytest.mark.parametrize(
    ("data", "training"),
    [
        (
            "load(seed: int) -> tuple[Dataset, Dataset, Dataset]",
            "train(model: Net, data: DataLoader) -> None",
        ),
        ("load(validation_size: int) -> Dataset", "train(model: Net, data: DataLoader) -> None"),
        ("load() -> Dataset", "train(model: Net, data: DataLoader, val_data: DataLoader) -> None"),
    ],
)
def test_a_split_for_validation_that_somebody_speaks_of_goes_to_training(data: str, training: str) -> None:
    heads = signatures((data,), (training,), "evaluate(model: Net, data: Dataset) -> float")
    assert heads["data.py"][0].endswith(f"-> tuple[{LOADER}, {LOADER}, {LOADER}]")
    assert f"train_loader: {LOADER}, validation_loader: {LOADER}" in heads["training.py"][0]
    assert "validation" not in heads["evaluation.py"][0]


@pytest.mark.parametrize(("tensors", "splits"), [(4, 2), (3, 3), (6, 3)])
def test_nobody_takes_all_splits_at_once(tensors: int, splits: int) -> None:
    every = f"tuple[{', '.join(['torch.Tensor'] * tensors)}]"
    heads = signatures(
        (f"load(path: str) -> {every}", f"split_data(data: {every}) -> {every}"),
        (f"train(model: Net, data: {every}, epochs: int) -> None",),
        f"evaluate(model: Net, data: {every}) -> float",
    )
    given = ", ".join([LOADER] * splits)
    assert heads["data.py"] == [f"load(path: str, batch_size: int) -> tuple[{given}]"]
    assert heads["training.py"][0].startswith(f"train(model: Net, train_loader: {LOADER}, ")
    assert heads["evaluation.py"] == [f"evaluate(model: Net, test_loader: {LOADER}) -> float"]


@pytest.mark.parametrize(
    ("data", "training", "evaluation"),
    [
        (
            "load() -> tuple[torch.Tensor, torch.Tensor]",
            "train(model: Net, images: Tensor, labels: torch.Tensor) -> None",
            "evaluate(model: Net, images: torch.Tensor) -> float",
        ),
        (
            "load() -> tuple[DataLoader, torch.utils.data.DataLoader]",
            "train(model: Net, train_loader: DataLoader) -> None",
            "evaluate(model: Net, test_loader: torch.utils.data.DataLoader) -> float",
        ),
        (
            "split(data: list) -> Dataset",
            "train(model: Net, data: list) -> None",
            "evaluate(model: Net) -> float",
        ),
        ("load() -> Dataset", "schedule(images: list) -> float", "test_all(labels: torch.Tensor) -> float"),
    ],
)
def test_a_plan_whose_types_meet_or_that_has_no_source_of_data_stays(
    data: str, training: str, evaluation: str
) -> None:
    heads = signatures((data,), (training,), evaluation)
    assert heads["data.py"] == [data]
    assert heads["training.py"] == [training]
    assert heads["evaluation.py"] == [evaluation]


@pytest.mark.parametrize(
    ("head", "stays"),
    [
        (
            "load(only_train: bool, only_val: bool, test_only: bool, seed: int) -> tuple[DataLoader, DataLoader]",
            "load(seed: int)",
        ),
        ("load(train_size: int) -> tuple[DataLoader, DataLoader]", "load(train_size: int)"),
        ("load(split_name: str, seed: int) -> tuple[DataLoader, DataLoader]", "load(seed: int)"),
        ("load(root: str, train: bool = True) -> tuple[Tensor, Tensor, Tensor]", "load(root: str)"),
        ("load(split: str) -> tuple[Tensor, Tensor]", "load(split: str)"),
        ("load(split: float, mode: int) -> tuple[Dataset, Dataset]", "load(split: float, mode: int)"),
    ],
)
def test_where_all_splits_are_given_none_is_asked_for(head: str, stays: str) -> None:
    heads = signatures((head,), ("train(model: Net, data: float) -> None",), "evaluate(m: Net) -> float")
    assert heads["data.py"][0].startswith(stays)


def test_what_has_the_network_and_the_data_is_not_told_where_they_lie() -> None:
    places = "data_path: str, model_path: str, output_dir: str"
    heads = signatures(
        ("load(path: str) -> DataLoader",),
        (
            f"train(model: Net, loader: DataLoader, {places}) -> None",
            f"train_from_files(model: Net, {places}) -> None",
        ),
        f"evaluate(model: Net, loader: DataLoader, {places}) -> float",
    )
    assert heads["training.py"] == [
        "train(model: Net, loader: DataLoader, model_path: str, output_dir: str) -> None",
        f"train_from_files(model: Net, {places}) -> None",
    ]
    assert heads["evaluation.py"] == ["evaluate(model: Net, loader: DataLoader, output_dir: str) -> float"]
    assert heads["data.py"] == ["load(path: str) -> DataLoader"]


def test_data_comes_from_nowhere_and_without_settings_of_training() -> None:
    heads = signatures(
        ("load(labels, noise_level, epochs, learning_rate, adam_first_decay_rate) -> torch.Tensor",),
        ("train(model: Net, x: torch.Tensor, y: torch.Tensor) -> None",),
        "evaluate(model: Net, x: torch.Tensor) -> float",
    )
    assert heads["data.py"] == [f"load(noise_level, batch_size: int) -> tuple[{LOADER}, {LOADER}]"]
    assert heads["training.py"] == [f"train(model: Net, train_loader: {LOADER}) -> None"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("load(r4, s3_3_path: str, s000000: int) -> int", ["path"]),
        ("step(s1: torch.Tensor, r_max: float) -> int", ["s1", "r_max"]),
        ("read(path: str, length1: int, length2: int, length3: int) -> int", ["path"]),
        ("rotate(x1: torch.Tensor, x2: torch.Tensor, x3: torch.Tensor) -> int", ["x1", "x2", "x3"]),
        ("betas(beta1: float, beta2: float) -> int", ["beta1", "beta2"]),
    ],
)
def test_ids_and_what_is_only_counted_are_no_parameters(text: str, names: list[str]) -> None:
    assert [each.name for each in routine_of(text).parameters] == names


@pytest.mark.parametrize(
    ("head", "added"),
    [
        ("train(model: Net) -> None", ["learning_rate", "epochs"]),
        ("train(model: Net, lr: float) -> None", ["epochs"]),
        ("train(model: Net, num_steps: int = 3) -> None", ["learning_rate"]),
        ("schedule(step: int) -> float", []),
    ],
)
def test_training_is_told_how_fast_and_how_long(head: str, added: list[str]) -> None:
    before = routine_of(head)
    module = Module(path="training.py", purpose="", functions=(before,))
    config = [
        ConfigEntry(key=key, value=value, source="assumption", reason="x")
        for key, value in (("training.epochs", 3), ("training.steps", 9), ("training.learning_rate", 0.1))
    ]
    paced = with_pace(Architecture(approach="", modules=(module,)), config)
    (after,) = paced.modules[0].functions
    assert [each.name for each in after.parameters if each.name not in names(before)] == added
    assert all(each.type in ("int", "float") for each in after.parameters if each.name in added)
    assert with_pace(Architecture(approach="", modules=(module,)), []).modules[0].functions == (before,)


def names(routine: Routine) -> set[str]:
    """The names of the parameters."""
    return {parameter.name for parameter in routine.parameters}


def test_a_function_says_what_its_loaders_hold() -> None:
    texts = (("data.py", "load() -> Dataset"), ("training.py", "train(model: Net, val_data: list) -> None"))
    modules = [Module(path=path, purpose="", functions=(routine_of(text),)) for path, text in texts]
    said = with_data_contract([*modules, Module(path="model.py", purpose="", classes=(NET,))])
    assert said[0].functions[0].purpose == (
        "Gives loaders for train, validation, test, split twice, whose batches are tensors of inputs and targets."
    )


@pytest.mark.parametrize(
    ("libraries", "taken"),
    [
        (("sklearn.datasets.load_digits",), "seed: int"),
        (("sklearn.datasets.load_digits", None), "data_dir: str, seed: int"),
        ((), "data_dir: str, seed: int"),
    ],
)
def test_where_libraries_give_all_data_no_file_is_asked_for(
    libraries: tuple[str | None, ...], taken: str
) -> None:
    load = routine_of("load(data_dir: str, seed: int) -> Dataset")
    write = routine_of("write(path: str) -> None")
    modules = (
        Module(path="data.py", purpose="", functions=(load,)),
        Module(path="main.py", purpose="", functions=(write,)),
    )
    sets = [Resource(kind="dataset", name="x", section="s1", quote="x", library=each) for each in libraries]
    kept = without_files(Architecture(approach="", modules=modules), sets)
    assert [each.signature() for module in kept.modules for each in module.functions] == [
        f"def load({taken}) -> Dataset",
        "def write(path: str) -> None",
    ]
