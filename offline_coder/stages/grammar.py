"""Constraints from the schema files in grammars/, filled with what earlier artefacts defined.

A schema says `{"$fill": "modules"}` where the value is known only at run time: then nothing that was
not defined before can be decoded.
"""

import json
from functools import cache
from typing import Any

from offline_coder.core.constraint import JsonSchema
from offline_coder.core.shipped import shipped_folder
from offline_coder.core.values import text_digest

FILL = "$fill"


@cache
def _source(name: str) -> str:
    return (shipped_folder("grammars") / f"{name}.schema.json").read_text(encoding="utf-8")


def _filled(node: Any, values: dict[str, Any]) -> Any:
    if isinstance(node, dict):
        if set(node) == {FILL}:
            return values[node[FILL]]
        return {key: _filled(child, values) for key, child in node.items()}
    if isinstance(node, list):
        return [_filled(child, values) for child in node]
    return node


def grammar(name: str, **values: Any) -> JsonSchema:
    """The JSON Schema grammars/<name>.schema.json with its gaps filled. Raises KeyError for a gap
    without a value."""
    return JsonSchema(_filled(json.loads(_source(name)), values))


def grammar_digests() -> dict[str, str]:
    """File name -> sha256 of each shipped schema, for the manifest."""
    return {
        path.name: text_digest(path.read_text(encoding="utf-8"))
        for path in sorted(shipped_folder("grammars").glob("*.json"))
    }
