"""Training is told how fast and how long: a plan whose training takes no learning rate, or neither epochs nor
steps, gets those that config.yaml has. What is written from it would make up its own."""

from collections.abc import Sequence

from offline_coder.core.plan import TRAINING, Architecture, ConfigEntry, Module, Parameter
from offline_coder.core.usual_names import usual_name
from offline_coder.stages.planning.roles import main_function
from offline_coder.stages.planning.signatures import well_ordered

SECTION = "training."
PACE = (("learning_rate",), ("epochs", "steps"))
"""Settings, of each of which training is told the first that there is."""


def with_pace(architecture: Architecture, config: Sequence[ConfigEntry]) -> Architecture:
    """`architecture` in which the main function of training takes of `config` what it lacks under any usual
    name."""
    modules = tuple(
        paced(module, config) if module.path == TRAINING else module for module in architecture.modules
    )
    return architecture.model_copy(update={"modules": modules})


def paced(module: Module, config: Sequence[ConfigEntry]) -> Module:
    """`module` whose main function takes the pace."""
    main = main_function(module)
    if main is None:
        return module
    types = {
        entry.key.removeprefix(SECTION): type(entry.value).__name__
        for entry in config
        if entry.key.startswith(SECTION)
    }
    taken = {usual_name(each.name) for each in main.parameters}
    wanted = [next((name for name in names if name in types), "") for names in PACE if not taken & set(names)]
    added = [Parameter(name=name, type=types[name]) for name in wanted if name]
    whole = main.model_copy(update={"parameters": well_ordered([*main.parameters, *added])})
    functions = tuple(whole if each is main else each for each in module.functions)
    return module.model_copy(update={"functions": functions})
