"""Classes that the libraries have are not planned."""

import pytest

from offline_coder.core.plan import ClassPlan, Module, Routine
from offline_coder.stages.planning.given import without_given

NET = ClassPlan(name="Net", bases=("nn.Module",))


def left(planned: ClassPlan, title: str = "A Small Paper") -> list[str]:
    (module,) = without_given((Module(path="model.py", purpose="", classes=(planned, NET)),), title)
    return list(module.names())


@pytest.mark.parametrize(
    "planned",
    [
        ClassPlan(name="AdamW", bases=("torch.optim.Optimizer",)),
        ClassPlan(name="Adam", bases=("torch.optim.Adam",)),
        ClassPlan(name="LayerNorm", bases=("nn.LayerNorm",)),
        ClassPlan(name="Softmax", bases=("nn.Module",)),
        ClassPlan(name="LeakyReLU", bases=("torch.nn.Module",)),
    ],
)
def test_what_a_library_has_is_left_out(planned: ClassPlan) -> None:
    assert left(planned) == ["Net"]
    assert left(planned, f"{planned.name}: A New Method") == [planned.name, "Net"]


@pytest.mark.parametrize(
    "planned",
    [
        ClassPlan(name="Transformer", bases=("nn.Module",)),
        ClassPlan(name="Lookahead", bases=("torch.optim.Optimizer",)),
        ClassPlan(name="Optimizer"),
        ClassPlan(name="MultiheadAttention", bases=("nn.Module",)),
        ClassPlan(name="Embedding"),
    ],
)
def test_what_the_paper_makes_stays(planned: ClassPlan) -> None:
    assert left(planned) == [planned.name, "Net"]


def test_a_component_of_nothing_else_goes() -> None:
    softmax = Module(
        path="softmax.py", purpose="", classes=(ClassPlan(name="Softmax", bases=("nn.Module",)),)
    )
    network = Module(path="model.py", purpose="", classes=(NET,))
    assert without_given((softmax, network), "x") == (network,)


def test_no_module_is_left_with_nothing() -> None:
    alone = Module(path="model.py", purpose="", classes=(ClassPlan(name="Adam", bases=("optim.Adam",)),))
    assert without_given((alone,), "x") == (alone,)
    both = alone.model_copy(update={"functions": (Routine(name="run"),)})
    assert without_given((both,), "x")[0].names() == ("run",)
