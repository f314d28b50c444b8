"""Ending an answer that was cut: what was said stays, what is missing is the least that the schema allows.

A grammar in grammars/ states a `default` for each text that may be missing; decoders take no notice of
it. It says by itself that nobody said it.
"""

import json
from typing import Any

from pydantic_core import from_json

from offline_coder.core.constraint import Constraint, JsonSchema

Schema = dict[str, Any]


def closed(text: str, constraint: Constraint) -> str | None:
    """`text`, a beginning of what `constraint` accepts, as a whole answer that it accepts: JSON in which
    a string, a number or an item of a list that was begun and not ended is gone unless it is required.
    None when the constraint is no JSON Schema of an object, or states no default where one is needed."""
    if not isinstance(constraint, JsonSchema):
        return None
    schema: Schema = json.loads(constraint.schema)
    try:
        begun = from_json(text.strip() or "{}", allow_partial=True)
        return json.dumps(_completed(schema, begun, schema.get("$defs", {})))
    except (ValueError, KeyError):
        return None


def _completed(schema: Schema, value: Any, definitions: Schema) -> Any:
    """`value`, which may lack its end, with its end. Raises KeyError where no default is stated."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        ends = [_completed(part, value, definitions) for part in schema["anyOf"]]
        return next((end for end in ends if end == value), ends[0])
    if isinstance(value, dict) and schema.get("type") == "object":
        return {
            name: _completed(part, value[name], definitions) if name in value else _least(part, definitions)
            for name, part in schema["properties"].items()
        }
    if isinstance(value, list) and schema.get("type") == "array":
        return _ended(schema, value, definitions)
    return value


def _ended(schema: Schema, items: list[Any], definitions: Schema) -> list[Any]:
    """The list without its last item when that lacks its end, unless the list needs it; filled up to the
    number of items that it needs."""
    needed = schema.get("minItems", 0)
    if len(items) < needed and not items:
        return list(_least(schema, definitions))
    ends = [_completed(schema["items"], item, definitions) for item in items]
    if items and ends[-1] != items[-1] and len(items) > needed:
        ends.pop()
    return ends + [_least(schema["items"], definitions) for _ in range(needed - len(ends))]


def _least(schema: Schema, definitions: Schema) -> Any:
    """The least that `schema` accepts: its default, of an enumeration the empty word where it has one."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return "" if "" in schema["enum"] else schema["enum"][0]
    if schema.get("type") == "object":
        return {name: _least(part, definitions) for name, part in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_least(schema["items"], definitions) for _ in range(schema.get("minItems", 0))]
    raise KeyError("default")
