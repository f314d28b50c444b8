"""What an answer may look like. The types are those of outlines; engines translate them."""

from typing import Any

from outlines.types import CFG, Choice, JsonSchema, Regex

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
            return {"choice": [str(item) for item in constraint.items]}
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
