"""Does each number that a planned signature has as a default come from the settings?"""

import ast
from collections.abc import Iterator, Sequence

from offline_coder.checks.plan.problem import problem
from offline_coder.checks.source import parse_python
from offline_coder.core.finding import Finding
from offline_coder.core.plan import Architecture, ConfigEntry, Parameter, Routine
from offline_coder.core.usual_names import usual_name

FILE = "architecture.json"
PLAIN = (0, 1)
"""What counts, chooses a dimension or switches off more often than it measures, with either sign."""


def check_defaults(architecture: Architecture, config: Sequence[ConfigEntry]) -> Iterator[Finding]:
    """A finding "untraced-default" for each default with a number other than 0, 1 and -1 that is not the
    value of a setting of that name, or of one that is usually called so."""
    for key, routine in routines_of(architecture):
        for number, parameter in enumerate(routine.parameters):
            if not traced(parameter, config):
                shown = f"{parameter.name} = {parameter.default}"
                message = f"no setting of config.yaml gives {shown!r}"
                advice = (
                    f"Give config.yaml a setting {usual_name(parameter.name)} with this value, or write null."
                )
                place = f"{key}.parameters[{number}].default"
                yield problem(FILE, place, "untraced-default", message, advice)


def routines_of(architecture: Architecture) -> Iterator[tuple[str, Routine]]:
    """Each function and method with its key."""
    for number, module in enumerate(architecture.modules):
        for index, routine in enumerate(module.functions):
            yield f"modules[{number}].functions[{index}]", routine
        for index, planned in enumerate(module.classes):
            for place, routine in enumerate(planned.methods):
                yield f"modules[{number}].classes[{index}].methods[{place}]", routine


def traced(parameter: Parameter, config: Sequence[ConfigEntry]) -> bool:
    """Whether the default holds no number of its own, or is what `config` says."""
    if parameter.default is None:
        return True
    tree = parse_python(f"({parameter.default})")
    if tree is None or not any(map(measures, ast.walk(tree))):
        return True
    try:
        value = ast.literal_eval(parameter.default)
    except (ValueError, SyntaxError):
        return False
    return any(entry.value == value for entry in namesakes(parameter, config))


def measures(node: ast.AST) -> bool:
    """Whether the node is a number that needs a source."""
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
        return False
    return isinstance(node.value, int | float | complex) and node.value not in PLAIN


def namesakes(parameter: Parameter, config: Sequence[ConfigEntry]) -> list[ConfigEntry]:
    """The settings that have the parameter's name, in whatever usual form."""
    wanted = usual_name(parameter.name)
    return [entry for entry in config if usual_name(entry.key.rpartition(".")[2]) == wanted]
