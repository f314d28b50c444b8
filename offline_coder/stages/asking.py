"""Asking for an answer that has a shape, and for one that fits what is left of the context."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from offline_coder.core.constraint import Constraint
from offline_coder.core.engine import Engine
from offline_coder.core.errors import EngineFailed, NoRoom
from offline_coder.core.request import Message, Request, Sampling
from offline_coder.stages.closing import closed

Shape = TypeVar("Shape", bound=BaseModel)

ATTEMPTS = 2
SMALLEST_ANSWER = 64


async def room_for_answer(engine: Engine, messages: tuple[Message, ...], wanted: int, purpose: str) -> int:
    """Tokens the answer may have: `wanted`, or what the context leaves when that is less.

    Raises:
        NoRoom: less than 64 tokens are left.
    """
    prompt = await engine.count(messages)
    room = engine.context - prompt
    if room < SMALLEST_ANSWER:
        raise NoRoom(
            f"{purpose}: the prompt has {prompt} tokens, the context {engine.context}",
            "give the engine a longer --context",
        )
    return min(wanted, room)


async def ask_shape(
    engine: Engine,
    purpose: str,
    messages: tuple[Message, ...],
    constraint: Constraint,
    shape: type[Shape],
    sampling: Sampling,
    seed: int,
) -> Shape:
    """The answer to a constrained request, parsed.

    Decoding is constrained, so an answer can be wrong in one way only: it was cut. Then it is asked for
    again with another seed and twice the room; when that is cut too, what was said is kept and the rest
    is the least that the constraint allows (closing.py).

    Raises:
        EngineFailed: the engine's answer is not what the constraint accepts.
    """
    for attempt in range(ATTEMPTS):
        budget = await room_for_answer(engine, messages, sampling.max_tokens << attempt, purpose)
        request = Request(
            purpose, messages, sampling.model_copy(update={"max_tokens": budget}), seed + attempt, constraint
        )
        completion = await engine.complete(request)
        if completion.finish_reason != "length":
            break
    cut = completion.finish_reason == "length"
    text = closed(completion.text, constraint) if cut else completion.text
    if text is None:
        problem = f"the answer was cut at {budget} tokens"
    else:
        try:
            return shape.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    raise EngineFailed(
        f"{purpose}: no usable answer; {problem}",
        "try another --seed, a lower --temperature or a larger model",
    )
