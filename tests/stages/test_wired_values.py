"""Settings for parameters that have a part of their name, and tuples of tensors."""

import ast

import pytest

from offline_coder.stages.wired_values import Result, Values, Wanted, returned, tensors_in, words_of

PAIR = "tuple[torch.Tensor, torch.Tensor]"


def given(name: str, *variables: str, type_: str = PAIR, kind: str = "Tensor") -> str:
    """The argument for a parameter after results of these names."""
    values = Values({}, frozenset(), torch=True)
    types = frozenset({kind} if kind else ())
    values.results += [Result(each, types, words_of(each)) for each in variables]
    return values.choose(Wanted(name, type_, default=False), "training", set()).text


@pytest.mark.parametrize(
    ("source", "count"),
    [
        (PAIR, 2),
        ("typing.Tuple[Tensor, np.ndarray, Tensor]", 3),
        ("tuple[torch.Tensor, ...]", 0),
        ("tuple[int, int]", 0),
        ("tuple", 0),
        ("torch.Tensor", 0),
        ("list[torch.Tensor]", 0),
    ],
)
def test_only_a_tuple_of_tensors_holds_tensors(source: str, count: int) -> None:
    assert tensors_in(source) == count


def test_a_pair_is_made_of_the_tensors_of_its_split() -> None:
    four = ("X_train", "X_test", "y_train", "y_test")
    assert given("train_data", *four) == "(X_train, y_train)"
    assert given("test_data", *four) == "(X_test, y_test)"
    assert given("evaluation_data", *four) == "(X_test, y_test)"


def test_without_names_of_splits_training_has_the_first_and_a_test_the_last() -> None:
    assert given("train_data", "a", "b", "c", "d") == "(a, b)"
    assert given("test_data", "a", "b", "c", "d") == "(c, d)"
    assert given("test_data", "x", "y") == "(x, y)"


def test_a_result_of_that_name_is_the_pair_itself() -> None:
    assert given("train_data", "train_data", "test_data", kind="") == "train_data"


def test_a_test_is_given_anything_rather_than_what_was_trained_on() -> None:
    loaders = {"type_": "DataLoader", "kind": "DataLoader"}
    assert given("test_loader", "train_loader", "validation_loader", **loaders) == "validation_loader"
    assert given("test_loader", "train_loader", "test_loader_", **loaders) == "test_loader_"
    assert given("test_loader", "train_loader", **loaders) == "train_loader"
    assert given("train_loader", "test_loader", "train_set", **loaders) == "train_set"


def test_data_that_is_a_tuple_of_nobody_says_what_is_all_that_came_together() -> None:
    values = Values({}, frozenset(), torch=True)
    values.together = ("x", "y", "z")
    wanted = Wanted("data", "tuple", default=False)
    assert values.choose(wanted, "data", set()).text == "(x, y, z)"


@pytest.mark.parametrize(
    ("name", "type_", "text"),
    [
        ("noise_std", "float", "config['training']['noise_std'][-1]"),
        ("level", "float", "config['data']['levels'][-1]"),
        ("level", "str", "'level'"),
        ("noise_std", "list[float]", "config['training']['noise_std']"),
        ("empty", "int", "8"),
    ],
)
def test_of_several_values_a_plain_parameter_takes_the_last(name: str, type_: str, text: str) -> None:
    settings = {"training": {"noise_std": [0, 0.2, 0.4], "empty": []}, "data": {"levels": [1, 2]}}
    values = Values(settings, frozenset(), torch=True)
    assert values.choose(Wanted(name, type_, default=False), "training", set()).text == text


def test_where_there_are_too_few_tensors_the_pair_is_made_up() -> None:
    assert given("train_data", "x") == "(torch.rand(8, 8), torch.rand(8, 8),)"
    assert given("train_data", "a", "b", kind="float") == "(torch.rand(8, 8), torch.rand(8, 8),)"


@pytest.mark.parametrize(
    ("name", "type_", "text"),
    [
        ("divisor", "float", "config['data']['divisor_pixel']"),
        ("val_size", "int", "config['data']['validation_size']"),
        ("random_state", "int", "config['training']['seed']"),
        ("size", "int", "8"),
        ("divisor", "str", "'divisor'"),
        ("divisor", "", "torch.rand(8, 8)"),
    ],
)
def test_the_only_setting_that_has_the_words_of_a_parameter_is_meant(
    name: str, type_: str, text: str
) -> None:
    settings = {
        "data": {"divisor_pixel": 16.0, "validation_size": 397},
        "training": {"seed": 3, "batch_size": 8},
    }
    values = Values(settings, frozenset(), torch=True)
    assert values.choose(Wanted(name, type_, default=False), "data", set()).text == text


@pytest.mark.parametrize(
    ("code", "given"),
    [
        (
            "def f() -> tuple[DataLoader, DataLoader]:\n    return DataLoader(a), DataLoader(b)\n",
            (("train_data", "DataLoader"), ("test_data", "DataLoader")),
        ),
        (
            "def f() -> tuple[Dataset, Dataset, Dataset]:\n    return g(0), g(1), g(2)\n",
            (("train_data", "Dataset"), ("validation_data", "Dataset"), ("test_data", "Dataset")),
        ),
        (
            "def f() -> tuple[Dataset, Dataset]:\n    return train, g(1)\n",
            (("train", "Dataset"), ("", "Dataset")),
        ),
        ("def f() -> tuple[Tensor, Tensor]:\n    return g(0), g(1)\n", (("", "Tensor"), ("", "Tensor"))),
    ],
)
def test_splits_without_names_are_named_by_their_place(code: str, given: tuple[tuple[str, str], ...]) -> None:
    (node,) = ast.parse(code).body
    assert isinstance(node, ast.FunctionDef)
    assert returned(node) == given


def test_a_loss_is_never_the_network() -> None:
    assert given("criterion", "model", type_="nn.Module", kind="Module") == "torch.nn.CrossEntropyLoss()"
    assert given("criterion", "loss", type_="nn.Module", kind="Module") == "torch.nn.CrossEntropyLoss()"
    assert given("loss_fn", "loss_fn", type_="nn.Module", kind="Module") == "loss_fn"


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("pairing_weight", "config['training']['loss_weight']"),
        ("lambda_", "config['training']['loss_weight']"),
        ("adam_first_decay_rate", "config['training']['beta1']"),
        ("eps", "config['training']['epsilon']"),
        ("noise_level", "config['training']['noise_std'][-1]"),
        ("weight_decay", "0.1"),
    ],
)
def test_a_parameter_takes_the_setting_that_papers_call_otherwise(name: str, setting: str) -> None:
    training = {"loss_weight": 0.01, "beta1": 0.9, "epsilon": 1e-8, "noise_std": [0.0, 0.4]}
    values = Values({"training": training}, frozenset(), torch=True)
    assert values.choose(Wanted(name, "float", default=False), "training", set()).text == setting


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("num_styles", "config['model']['predefined_styles']"),
        ("hidden_dim", "config['model']['embedding_size']"),
        ("num_steps", "1"),
    ],
)
def test_a_size_of_the_network_is_the_setting_that_is_nearly_called_so(name: str, text: str) -> None:
    settings = {"model": {"predefined_styles": 4, "embedding_size": 384}, "training": {"warmup_steps": 100}}
    values = Values(settings, frozenset(), torch=True)
    assert values.choose(Wanted(name, "int", default=False), "model", set()).text == text


@pytest.mark.parametrize(
    ("name", "text"), [("test_noise", "0.1"), ("noise_seed", "config['training']['seed_test_noise']")]
)
def test_the_seed_of_something_is_not_that(name: str, text: str) -> None:
    values = Values({"training": {"seed_test_noise": 1}}, frozenset(), torch=True)
    assert values.choose(Wanted(name, "float", default=False), "evaluation", set()).text == text


@pytest.mark.parametrize(
    ("name", "section", "size"),
    [
        ("in_channels", "model", "train_loader.dataset[0][0].shape[0]"),
        ("in_features", "model", "train_loader.dataset[0][0].shape[-1]"),
        ("in_features", "training", "8"),
        ("out_features", "model", "8"),
    ],
)
def test_the_size_of_the_inputs_is_that_of_the_data(name: str, section: str, size: str) -> None:
    values = Values({}, frozenset(), torch=True)
    values.results.append(Result("train_loader", frozenset({"DataLoader"}), words_of("train_loader")))
    assert values.choose(Wanted(name, "int", default=False), section, set()).text == size
    values.results.clear()
    assert values.choose(Wanted(name, "int", default=False), section, set()).text == "8"
