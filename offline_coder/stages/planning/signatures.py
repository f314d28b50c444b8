"""Signatures as the model writes them, `forward(x: Tensor, mask: Tensor = None) -> Tensor`, made values.

The grammar lets only well-formed text through; what a regular expression cannot say (keywords,
repeated names, a default before a parameter without one) is put right here.
"""

import ast
import builtins
import keyword
import re
from collections.abc import Callable, Collection

from offline_coder.checks.known_names import KNOWN_IMPORTS, MODULE_NAMES
from offline_coder.checks.library import may_exist
from offline_coder.core.plan import Parameter, Routine
from offline_coder.stages.planning.left_open import filled_name, is_unfilled

OWN = frozenset({"self", "cls"})
KNOWN_TYPES = frozenset({*dir(builtins), *KNOWN_IMPORTS, *MODULE_NAMES}) - {"type"}
"""The names that a type is made of. `x: type` says that there is one."""
HIDING = frozenset({"torch", "nn", "np", "numpy", "F"})
"""Names of parameters that would hide what every module of the repository imports."""
AN_ID = re.compile(r"^[rs]\d+(?:_\d+)*(?:_|$)")
"""Ids of requirements and sections, which small models copy."""
COUNTING = 3
NOTHING = "none"
"""How models write that there are no parameters."""


def python_name(name: str) -> str:
    """`name`, with an underscore behind it when Python keeps the word for itself."""
    return f"{name}_" if keyword.iskeyword(name) else name


def telling_name(name: str, annotation: str) -> str:
    """The name of a parameter without the id of a requirement or section before it, `s3_3_path` is `path`;
    "" for an id alone, unless it is a tensor, such as a state s1, and for one that was left open."""
    if is_unfilled(name, annotation.strip()):
        return ""
    return name if "Tensor" in annotation else AN_ID.sub("", name)


def python_expression(text: str) -> str:
    """`text` when it parses as an expression, else ""."""
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return ""
    return text


def known_type(text: str, classes: Collection[str]) -> str:
    """The type `text` when each name in it is Python's, a well-known package's or one of `classes`, and what
    it takes from PyTorch and NumPy is there; else "". Small models write a parameter's own name for its
    type, or torch.utils.dataLoader."""
    nodes = list(ast.walk(ast.parse(text, mode="eval")))
    known = all(node.id in KNOWN_TYPES or node.id in classes for node in nodes if isinstance(node, ast.Name))
    there = all(may_exist(ast.unparse(node)) for node in nodes if isinstance(node, ast.Attribute))
    return text if known and there else ""


def with_known_types(routine: Routine, classes: Collection[str]) -> Routine:
    """`routine` without types that name nothing."""
    parameters = tuple(
        parameter.model_copy(update={"type": known_type(parameter.type, classes)})
        if parameter.type
        else parameter
        for parameter in routine.parameters
    )
    returns = known_type(routine.returns, classes) if routine.returns else ""
    return routine.model_copy(update={"parameters": parameters, "returns": returns})


def split_parameters(text: str) -> list[str]:
    """`text` split at the commas outside brackets."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += (character == "[") - (character == "]")
        if character == "," and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def parameter_of(text: str) -> Parameter:
    """`x: int = 3` as a value. A name that hides a library, `torch: torch.Tensor`, becomes `x`; one that
    says nothing is ""."""
    head, _, default = text.partition(" = ")
    name, _, annotation = head.partition(":")
    plain = python_name(telling_name(name.strip(), annotation))
    return Parameter(
        name="x" if plain in HIDING else plain,
        type=python_expression(annotation.strip()),
        default=python_expression(default.strip()) or None,
    )


def without(routine: Routine, unwanted: Callable[[Parameter], bool]) -> Routine:
    """`routine` without its `unwanted` parameters."""
    kept = tuple(each for each in routine.parameters if not unwanted(each))
    return routine.model_copy(update={"parameters": kept})


def well_ordered(parameters: list[Parameter]) -> tuple[Parameter, ...]:
    """`parameters` once each, with no default before one that has none."""
    unique = list({parameter.name: parameter for parameter in reversed(parameters)}.values())[::-1]
    required = [index for index, parameter in enumerate(unique) if parameter.default is None]
    last = max(required, default=-1)
    return tuple(
        parameter.model_copy(update={"default": None}) if index < last else parameter
        for index, parameter in enumerate(unique)
    )


def without_counting(parameters: list[Parameter]) -> list[Parameter]:
    """`parameters` without those of which three or more differ only in a number, unless they are tensors:
    small models count on where nothing more comes to mind."""
    stems = [each.name.rstrip("0123456789") for each in parameters]
    return [
        each
        for each, stem in zip(parameters, stems, strict=True)
        if stems.count(stem) < COUNTING or "Tensor" in each.type
    ]


def routine_of(signature: str) -> Routine:
    """A signature that the grammar let through, as a value; `self` and `cls` are left out."""
    name, _, rest = signature.partition("(")
    inner, _, returns = rest.rpartition(") -> ")
    parameters = [parameter_of(part) for part in split_parameters(inner)]
    said = [each for each in parameters if each.name not in {*OWN, ""} and each.type.lower() != NOTHING]
    return Routine(
        name=python_name(filled_name(name.strip())),
        parameters=well_ordered(without_counting(said)),
        returns=python_expression(returns.strip()),
    )


def snake_case(name: str) -> str:
    """The name of a class as functions and files are named: `NoisePair` gives `noise_pair`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def routines_of(signatures: tuple[str, ...]) -> tuple[Routine, ...]:
    """The routines of `signatures`, the first of each name."""
    found: dict[str, Routine] = {}
    for signature in signatures:
        routine = routine_of(signature)
        found.setdefault(routine.name, routine)
    return tuple(found.values())
