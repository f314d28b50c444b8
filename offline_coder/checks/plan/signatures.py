"""Are the names of a plan Python names, and do its types, defaults and signatures parse?"""

import ast
import keyword
from collections.abc import Iterator, Sequence

from offline_coder.checks.plan.problem import problem, repeated
from offline_coder.checks.source import parse_python
from offline_coder.core.finding import Finding
from offline_coder.core.plan import Routine

FILE = "architecture.json"
MAX_EXPRESSION = 200
OWN = frozenset({"self", "cls"})


def check_name(key: str, name: str) -> Iterator[Finding]:
    """A finding unless `name` can name a class, a function or a parameter."""
    if not name.isidentifier():
        advice = "Use letters, digits and _, no digit first."
        yield problem(FILE, key, "not-a-name", f"{name!r} is no Python identifier", advice)
    elif keyword.iskeyword(name):
        message = f"{name!r} is a keyword of Python"
        yield problem(FILE, key, "keyword", message, f"Write {name}_.")


def check_routines(key: str, routines: Sequence[Routine]) -> Iterator[Finding]:
    """Findings of a list of methods or functions, and names that come twice in it."""
    for name in repeated(routine.name for routine in routines):
        yield problem(FILE, key, "duplicate-name", f"{name!r} is defined twice", "Rename one of them.")
    for number, routine in enumerate(routines):
        yield from _check_routine(f"{key}[{number}]", routine)


def is_expression(text: str) -> bool:
    """Whether `text` is one Python expression of at most 200 characters."""
    if len(text) > MAX_EXPRESSION or "\n" in text:
        return False
    tree = parse_python(f"({text})")
    return tree is not None and len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr)


def _check_routine(key: str, routine: Routine) -> Iterator[Finding]:
    found = [*check_name(f"{key}.name", routine.name)]
    for number, parameter in enumerate(routine.parameters):
        place = f"{key}.parameters[{number}]"
        # *args and **options are names too.
        found += check_name(f"{place}.name", parameter.name.removeprefix("*").removeprefix("*"))
        if parameter.name in OWN:
            message = f"{parameter.name!r} is added to methods by itself"
            found.append(problem(FILE, place, "bad-signature", message, "Leave it out."))
        if parameter.type and not is_expression(parameter.type):
            message = f"the type {parameter.type[:60]!r} does not parse"
            found.append(problem(FILE, f"{place}.type", "bad-type", message, 'Write a type, or "".'))
        if parameter.default is not None and not is_expression(parameter.default):
            message = f"the default {parameter.default[:60]!r} does not parse"
            found.append(problem(FILE, f"{place}.default", "bad-default", message, "Write null for none."))
    if routine.returns and not is_expression(routine.returns):
        message = f"the type {routine.returns[:60]!r} does not parse"
        found.append(problem(FILE, f"{key}.returns", "bad-type", message, 'Write a type, or "".'))
    for name in repeated(parameter.name for parameter in routine.parameters):
        message = f"the parameter {name!r} comes twice"
        found.append(problem(FILE, f"{key}.parameters", "duplicate-name", message, "Rename one."))
    if not found and parse_python(f"{routine.signature()}: ...") is None:
        message = f"`{routine.signature()[:120]}` is no signature"
        advice = "Put parameters with a default behind those without."
        found.append(problem(FILE, key, "bad-signature", message, advice))
    yield from found
