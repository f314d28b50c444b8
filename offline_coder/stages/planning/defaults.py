"""Defaults of planned signatures come from config.yaml: a model writes a learning rate as fluently when the
paper has another one."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from offline_coder.checks.plan.defaults import namesakes, traced
from offline_coder.core.plan import Architecture, ConfigEntry, Module, Parameter, Routine
from offline_coder.stages.planning.signatures import well_ordered

SAME_KIND = {"int": (int,), "float": (int, float), "": (int, float)}
"""What a default may be where a parameter's type says so much."""


def with_traced_defaults(architecture: Architecture, config: Sequence[ConfigEntry]) -> Architecture:
    """`architecture` in which each default with a number is the value of the setting of that name, that of
    the module's own section first ("model." for model.py); without a default where there is none."""
    modules = tuple(_traced_module(module, config) for module in architecture.modules)
    return architecture.model_copy(update={"modules": modules})


def _traced_module(module: Module, config: Sequence[ConfigEntry]) -> Module:
    own = f"{PurePosixPath(module.path).stem}."
    near = sorted(config, key=lambda entry: not entry.key.startswith(own))

    def settled(routine: Routine) -> Routine:
        parameters = [_traced_parameter(parameter, near) for parameter in routine.parameters]
        return routine.model_copy(update={"parameters": well_ordered(parameters)})

    return module.with_routines(settled)


def _traced_parameter(parameter: Parameter, config: Sequence[ConfigEntry]) -> Parameter:
    if traced(parameter, config):
        return parameter
    kinds = SAME_KIND.get(parameter.type, ())
    values = [
        entry.value
        for entry in namesakes(parameter, config)
        if isinstance(entry.value, kinds) and not isinstance(entry.value, bool)
    ]
    return parameter.model_copy(update={"default": repr(values[0]) if values else None})
