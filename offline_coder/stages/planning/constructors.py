"""What makes the network takes the paper's settings: where a plan's network would be made of nothing, its
constructor gets the settings that config.yaml has of the model, each with its type and value."""

import keyword
from collections.abc import Iterator, Sequence
from itertools import islice

from offline_coder.core.packages import is_torch_module
from offline_coder.core.plan import MODEL, Architecture, ClassPlan, ConfigEntry, Module, Parameter, Routine

SECTION = "model."
CONSTRUCTOR = "__init__"
MOST_PARAMETERS = 8
"""As many as the grammar of a signature has."""


def with_settings(architecture: Architecture, config: Sequence[ConfigEntry]) -> Architecture:
    """`architecture` in which the first network of model.py takes up to eight numbers, words and switches
    that `config` has of the model, as parameters with defaults. Unchanged where its constructor takes
    something, for then somebody thought of it, or where there are none.
    """
    taken = tuple(islice(parameters_of(config), MOST_PARAMETERS))
    if not taken:
        return architecture
    modules = tuple(
        with_parameters(module, taken) if module.path == MODEL else module for module in architecture.modules
    )
    return architecture.model_copy(update={"modules": modules})


def parameters_of(config: Sequence[ConfigEntry]) -> Iterator[Parameter]:
    """The settings of the model that can be parameters, in their order."""
    for entry in config:
        name = entry.key.removeprefix(SECTION)
        plain = isinstance(entry.value, bool | int | float | str)
        if entry.key.startswith(SECTION) and plain and usable(name):
            yield Parameter(name=name, type=type(entry.value).__name__, default=repr(entry.value))


def usable(name: str) -> bool:
    """Whether a key can be the name of a parameter."""
    return name.isidentifier() and not keyword.iskeyword(name) and name != "self"


def with_parameters(module: Module, taken: tuple[Parameter, ...]) -> Module:
    """`module` whose first network takes `taken` where it takes nothing."""
    first = next((planned for planned in module.classes if is_network(planned)), None)
    classes = tuple(
        planned.model_copy(update={"methods": tuple(filled(planned.methods, taken))})
        if planned is first
        else planned
        for planned in module.classes
    )
    return module.model_copy(update={"classes": classes})


def is_network(planned: ClassPlan) -> bool:
    """Whether the class is one of PyTorch's modules."""
    return any(map(is_torch_module, planned.bases))


def filled(methods: Sequence[Routine], taken: tuple[Parameter, ...]) -> Iterator[Routine]:
    """The methods, where a constructor without parameters takes `taken`."""
    for method in methods:
        empty = method.name == CONSTRUCTOR and not method.parameters
        yield method.model_copy(update={"parameters": taken}) if empty else method
