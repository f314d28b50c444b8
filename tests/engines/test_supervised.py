"""An engine starts when something is asked, once, and again when it dies, up to a budget."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from offline_coder.core.engine import Engine
from offline_coder.core.errors import BadInput, EngineDied
from offline_coder.core.request import Completion, Message, Request, Sampling
from offline_coder.engines.scripted import ScriptedEngine
from offline_coder.engines.supervised import RESTARTS, Open, supervised

REQUEST = Request("test", (Message(role="user", content="hello"),), Sampling(max_tokens=8), 0)


def answers(request: Request) -> str:
    return "yes"


def dies(request: Request) -> str:
    raise EngineDied("the engine died: killed")


def engines(*scripts: Callable[[Request], str]) -> tuple[Open, list[str]]:
    """Engines that are started one after the other; the list tells what happened to them."""
    waiting, log = list(scripts), []

    @asynccontextmanager
    async def start(context: int | None) -> AsyncIterator[Engine]:
        log.append("started")
        yield ScriptedEngine(waiting.pop(0), context=context or 1000)
        log.append("ended")

    return start, log


def ask(start: Open, times: int, *, expected: Engine | None = None) -> tuple[list[Completion], list[str]]:
    """The answers to as many concurrent requests, and the notes."""
    notes: list[str] = []
    known = (expected.identity, expected.context) if expected else None

    async def asked() -> list[Completion]:
        async with supervised(start, expected=known, note=notes.append) as engine:
            return list(await asyncio.gather(*(engine.complete(REQUEST) for _ in range(times))))

    return asyncio.run(asked()), notes


def test_nothing_is_started_before_something_is_asked() -> None:
    start, log = engines(answers)
    assert ask(start, 0, expected=ScriptedEngine(answers, context=1000)) == ([], [])
    assert log == []


def test_it_is_started_once_and_ended() -> None:
    start, log = engines(answers)
    found, notes = ask(start, 5, expected=ScriptedEngine(answers, context=1000))
    assert [completion.text for completion in found] == ["yes"] * 5
    assert (log, notes) == (["started", "ended"], [])


def test_it_gets_the_context_that_the_run_was_begun_with() -> None:
    start, _ = engines(answers)
    found, _ = ask(start, 1, expected=ScriptedEngine(answers, context=512))
    assert len(found) == 1


def test_another_engine_is_refused_and_said_what_differs() -> None:
    start, log = engines(answers)
    with pytest.raises(BadInput, match="model old is now scripted"):
        ask(start, 2, expected=ScriptedEngine(answers, name="old", context=1000))
    assert log == ["started", "ended"]


def test_a_dead_engine_is_started_again_and_its_requests_asked_again() -> None:
    start, log = engines(dies, answers)
    found, notes = ask(start, 4)
    assert [completion.text for completion in found] == ["yes"] * 4
    assert log == ["started", "ended"] * 2
    assert len(notes) == 1
    assert "starting it again" in notes[0]


def test_one_that_dies_again_and_again_is_given_up() -> None:
    start, log = engines(*[dies] * (RESTARTS + 1))
    with pytest.raises(EngineDied):
        ask(start, 1)
    assert log.count("started") == RESTARTS + 1
