"""What an answer may look like. The kinds are those of outlines, as values that need no import of it:
outlines loads transformers, which takes longer than a whole replay. Engines translate them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, init=False)
class JsonSchema:
    """JSON that a schema accepts. `schema` is its JSON text."""

    schema: str

    def __init__(self, schema: Mapping[str, Any] | str) -> None:
        object.__setattr__(self, "schema", schema if isinstance(schema, str) else json.dumps(schema))


@dataclass(frozen=True, slots=True)
class Regex:
    """Text that a regular expression matches as a whole."""

    pattern: str


@dataclass(frozen=True, slots=True)
class CFG:
    """Text that a grammar in Lark's notation accepts."""

    definition: str


@dataclass(frozen=True, slots=True, init=False)
class Choice:
    """One of some strings."""

    items: tuple[str, ...]

    def __init__(self, items: Iterable[str]) -> None:
        object.__setattr__(self, "items", tuple(items))


Constraint = JsonSchema | Regex | CFG | Choice
"""A JSON Schema, a regular expression, a Lark grammar, or one of a list of strings."""


def constraint_form(constraint: Constraint | None) -> dict[str, Any] | None:
    """A JSON-ready form of `constraint`, part of a request's digest; None when there is none."""
    match constraint:
        case None:
            return None
        case JsonSchema():
            return {"json_schema": constraint.schema}
        case Regex():
            return {"regex": constraint.pattern}
        case CFG():
            return {"cfg": constraint.definition}
        case Choice():
            return {"choice": list(constraint.items)}
    raise TypeError(f"not a constraint: {type(constraint).__name__}")


def constraint_of(form: dict[str, Any] | None) -> Constraint | None:
    """The constraint that `constraint_form` gave `form` for. Raises TypeError for anything else."""
    match form:
        case None:
            return None
        case {"json_schema": str(schema)}:
            return JsonSchema(schema)
        case {"regex": str(pattern)}:
            return Regex(pattern)
        case {"cfg": str(definition)}:
            return CFG(definition)
        case {"choice": list(items)}:
            return Choice(items)
    raise TypeError(f"not the form of a constraint: {form!r}")
