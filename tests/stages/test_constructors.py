"""What makes the network takes the settings that the paper gives for it."""

from offline_coder.core.plan import (
    Architecture,
    ClassPlan,
    ConfigEntry,
    ConfigValue,
    Module,
    Parameter,
    Routine,
)
from offline_coder.stages.planning.architecture import DraftClass, methods_of
from offline_coder.stages.planning.constructors import with_settings

FORWARD = Routine(name="forward", parameters=(Parameter(name="x", type="torch.Tensor"),))


def network(name: str, *parameters: str) -> ClassPlan:
    """A network whose constructor takes `parameters`."""
    made = Routine(name="__init__", parameters=tuple(Parameter(name=each) for each in parameters))
    return ClassPlan(name=name, bases=("nn.Module",), methods=(made, FORWARD))


def planned(*classes: ClassPlan, path: str = "model.py") -> Architecture:
    """A repository of one module."""
    return Architecture(approach="x", modules=(Module(path=path, purpose="x", classes=classes),))


def setting(key: str, value: ConfigValue) -> ConfigEntry:
    """A line of config.yaml."""
    return ConfigEntry(key=key, value=value, source="assumption", reason="x")


CONFIG = (
    setting("data.path", "data"),
    setting("model.activation", "ReLU"),
    setting("model.bias", True),
    setting("model.dropout", 0.1),
    setting("model.heads", 8),
    setting("model.kernel_sizes", [3, 5]),
    setting("model.lambda", 0.5),
)


def made(architecture: Architecture) -> list[str]:
    """The heads of all constructors."""
    return [
        routine.signature(method=True)
        for module in architecture.modules
        for each in module.classes
        for routine in each.methods
        if routine.name == "__init__"
    ]


def test_the_first_network_takes_what_the_model_has_in_config_yaml() -> None:
    architecture = planned(ClassPlan(name="Vocabulary"), network("Transformer"), network("Attention"))
    expected = "def __init__(self, activation: str = 'ReLU', bias: bool = True, dropout: float = 0.1, heads: int = 8)"
    assert made(with_settings(architecture, CONFIG)) == [expected, "def __init__(self)"]


def test_a_constructor_that_takes_something_stays() -> None:
    architecture = planned(network("Transformer", "d_model"), network("Attention"))
    assert with_settings(architecture, CONFIG) == architecture


def test_other_modules_and_plans_without_such_settings_stay() -> None:
    elsewhere = planned(network("Layer"), path="layers.py")
    assert with_settings(elsewhere, CONFIG) == elsewhere
    alone = planned(network("Transformer"))
    assert with_settings(alone, CONFIG[:1]) == alone


def test_no_more_than_eight_are_taken() -> None:
    many = [setting(f"model.size_{number}", number) for number in range(12)]
    ((network_plan,),) = [module.classes for module in with_settings(planned(network("Net")), many).modules]
    assert len(network_plan.methods[0].parameters) == 8


def test_parameters_that_are_fields_of_the_answer_were_copied() -> None:
    def drafted(parameters: str) -> DraftClass:
        return DraftClass(name="Net", base="nn.Module", purpose="Is.", parameters=parameters, methods=())

    assert methods_of(drafted("path: str, requirements: list, methods: list"))[0].parameters == ()
    assert len(methods_of(drafted("path: str, width: int"))[0].parameters) == 2
