"""Valid answers for any constraint, with no model."""

import ast
import asyncio
import json
import math
from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_coder.core.constraint import Constraint, JsonSchema
from offline_coder.core.request import Completion, Message, Request, Sampling
from offline_coder.engines.random_walk import RandomWalkEngine, walk

ARCHITECTURE = {
    "type": "object",
    "properties": {
        "approach": {"type": "string", "minLength": 10},
        "modules": {
            "type": "array",
            "minItems": 3,
            "items": {
                "type": "object",
                "properties": {
                    "path": {"type": "string", "pattern": r"^[a-z_]{1,20}\.py$"},
                    "purpose": {"type": "string"},
                    "weight": {"type": "number"},
                    "kind": {"enum": ["data", "model", "training"]},
                    "calls": {"type": "array", "items": {"type": "string", "maxLength": 30}},
                },
                "required": ["path", "purpose", "weight", "kind", "calls"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["approach", "modules"],
    "additionalProperties": False,
}
TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {"below": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
            "required": ["below"],
            "additionalProperties": False,
        }
    },
    "$ref": "#/$defs/node",
}


def answer(seed: int, constraint: Constraint | None = None, stop: tuple[str, ...] = ()) -> Completion:
    messages = (Message(role="user", content="hi"),)
    request = Request("test", messages, Sampling(max_tokens=4000, stop=stop), seed, constraint)
    return asyncio.run(RandomWalkEngine().complete(request))


def finite(data: Any) -> bool:
    if isinstance(data, dict):
        return all(map(finite, data.values()))
    if isinstance(data, list):
        return all(map(finite, data))
    return not isinstance(data, float) or math.isfinite(data)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**31))
def test_every_walk_through_a_schema_ends_and_is_valid(seed: int) -> None:
    for schema in (ARCHITECTURE, TREE, {"type": "object"}):
        got = answer(seed, JsonSchema(schema))
        assert got.finish_reason == "stop"
        data = json.loads(got.text)
        jsonschema.validate(data, schema)
        assert finite(data)


def test_a_walk_that_is_cut_says_so() -> None:
    text, complete = walk(JsonSchema(ARCHITECTURE), seed=1, most_bytes=20)
    assert not complete
    assert len(text) <= 20


def test_without_a_constraint_it_writes_a_function_and_closes_the_fence() -> None:
    got = answer(5, stop=("```",))
    assert isinstance(ast.parse(got.text).body[0], ast.FunctionDef)
    assert got.finish_reason == "stop"


def test_a_longer_limit_continues_the_same_walk() -> None:
    short, _ = walk(JsonSchema(ARCHITECTURE), seed=3, most_bytes=2000)
    long, _ = walk(JsonSchema(ARCHITECTURE), seed=3, most_bytes=4000)
    assert long == short
