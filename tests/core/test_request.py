"""A request is a pure value: what is asked decides its digest, nothing else does."""

import json

import pytest

from offline_coder.core.constraint import CFG, Choice, Constraint, JsonSchema, Regex
from offline_coder.core.request import Message, Request, Sampling, request_of

BASE = Request("stage:x", (Message(role="user", content="hello"),), Sampling(), 0)


def test_equal_requests_have_equal_digests() -> None:
    again = Request("stage:x", (Message(role="user", content="hello"),), Sampling(), 0)
    assert BASE.digest() == again.digest()


@pytest.mark.parametrize(
    "other",
    [
        Request("stage:y", BASE.messages, BASE.sampling, 0),
        Request("stage:x", (Message(role="user", content="hello "),), BASE.sampling, 0),
        Request("stage:x", (Message(role="system", content="hello"),), BASE.sampling, 0),
        Request("stage:x", BASE.messages, Sampling(temperature=0.3), 0),
        Request("stage:x", BASE.messages, Sampling(stop=("a",)), 0),
        Request("stage:x", BASE.messages, BASE.sampling, 1),
        Request("stage:x", BASE.messages, BASE.sampling, 0, Regex("a")),
    ],
)
def test_whatever_differs_changes_the_digest(other: Request) -> None:
    assert other.digest() != BASE.digest()


def test_each_kind_of_constraint_has_its_own_digest() -> None:
    kinds: list[Constraint] = [
        JsonSchema({"type": "object"}),
        Regex("a"),
        CFG("start: 'a'"),
        Choice(["a"]),
        Choice(["a", "b"]),
    ]
    digests = {Request("x", BASE.messages, BASE.sampling, 0, kind).digest() for kind in kinds}
    assert len(digests) == len(kinds)


@pytest.mark.parametrize("constraint", [None, JsonSchema({"type": "object"}), Regex("a"), Choice(["a", "b"])])
def test_a_request_comes_back_from_its_form(constraint: Constraint | None) -> None:
    request = Request("x", BASE.messages, Sampling(stop=("a",), max_tokens=3), 4, constraint)
    assert request_of(json.loads(json.dumps(request.form()))).digest() == request.digest()
