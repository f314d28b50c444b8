"""A planned signature has no number that config.yaml does not have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_coder.checks.plan.defaults import check_defaults
from offline_coder.core.plan import (
    Architecture,
    ClassPlan,
    Module,
    Parameter,
    Routine,
)
from offline_coder.stages.planning.defaults import with_traced_defaults
from tests.stages.test_constructors import setting

CONFIG = (
    setting("evaluation.batch_size", 100),
    setting("model.kernel_sizes", [3, 5]),
    setting("training.batch_size", 32),
    setting("training.learning_rate", 0.5),
    setting("training.steps", 1e5),
)


def planned(path: str, *parameters: Parameter) -> Architecture:
    """A repository with one function, and a class with one method, of these parameters."""
    routine = Routine(name="fit", parameters=parameters)
    module = Module(
        path=path, purpose="x", functions=(routine,), classes=(ClassPlan(name="Net", methods=(routine,)),)
    )
    return Architecture(approach="x", modules=(module,))


def made(default: str | None, name: str, kind: str = "", path: str = "training.py") -> str | None:
    """The default that a parameter has in the end."""
    parameter = Parameter(name=name, type=kind, default=default)
    traced = with_traced_defaults(planned(path, parameter), CONFIG)
    (module,) = traced.modules
    assert module.functions == module.classes[0].methods
    return module.functions[0].parameters[0].default


@pytest.mark.parametrize(
    ("default", "name", "kind", "expected"),
    [
        ("0.999999999e-07", "adam_first_decay_rate", "float", None),
        ("0.1", "learning_rate", "float", "0.5"),
        ("0.1", "lr", "", "0.5"),
        ("0.5", "lr", "float", "0.5"),
        ("0.1", "lr", "int", None),
        ("7", "num_steps", "int", None),
        ("7", "num_steps", "float", "100000.0"),
        ("[3, 5]", "kernel_sizes", "list[int]", "[3, 5]"),
        ("[3, 7]", "kernel_sizes", "list[int]", None),
        ("2 * 16", "batch_size", "int", "32"),
        ("-1", "dim", "int", "-1"),
        ("True", "bias", "bool", "True"),
        ("'relu'", "activation", "str", "'relu'"),
        ("torch.float32", "dtype", "", "torch.float32"),
        (None, "lr", "float", None),
    ],
)
def test_a_default_is_that_of_a_setting_or_none(
    default: str | None, name: str, kind: str, expected: str | None
) -> None:
    assert made(default, name, kind) == expected


def test_a_setting_of_the_module_s_own_section_comes_first() -> None:
    assert made("8", "batch_size", "int", "training.py") == "32"
    assert made("8", "batch_size", "int", "evaluation.py") == "100"
    assert made("8", "batch_size", "int", "data.py") == "100"


def test_what_stands_before_a_lost_default_has_none_either() -> None:
    lost = planned("model.py", Parameter(name="lr", default="0.1"), Parameter(name="alpha", default="0.3"))
    heads = [each.signature() for each in with_traced_defaults(lost, CONFIG).modules[0].functions]
    assert heads == ["def fit(lr, alpha)"]


DEFAULTS = st.one_of(
    st.none(),
    st.floats(allow_nan=False).map(repr),
    st.integers().map(repr),
    st.lists(st.integers(0, 9)).map(repr),
    st.sampled_from(["1 + 2j", "f(3)", "-(-2)", "x", "'3'", "(1, (2,))", "1e999"]),
)
NAMES = st.sampled_from(["lr", "batch_size", "kernel_sizes", "steps", "x", "*args"])


@given(st.lists(st.tuples(NAMES, DEFAULTS), unique_by=lambda each: each[0]))
def test_what_is_made_passes_the_check(drawn: list[tuple[str, str | None]]) -> None:
    parameters = [Parameter(name=name, default=default) for name, default in drawn]
    architecture = with_traced_defaults(planned("training.py", *parameters), CONFIG)
    assert not list(check_defaults(architecture, CONFIG))
