"""A request in a queue is waited for as long as the server works; a server that hangs is given up."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offline_coder.core.engine import Engine
from offline_coder.core.errors import EngineFailed
from offline_coder.core.request import Completion, Message, Request, Sampling
from offline_coder.engines.client import OpenAIEngine
from offline_coder.engines.endpoint import endpoint_engine
from offline_coder.engines.settings import EngineSettings
from offline_coder.engines.stall import counters
from offline_coder.engines.supervised import supervised
from tests.engines.walking_server import walking_server

# More answers wait than are given within the limit.
QUEUE = ("--slots", "1", "--seconds", "0.6")
# Long enough for a busy machine, which may leave a server without a core for seconds.
IMPATIENT = EngineSettings(stall_seconds=4.0, request_seconds=600.0)


def request(number: int) -> Request:
    messages = (Message(role="user", content=f"question {number}"),)
    return Request("test", messages, Sampling(max_tokens=100), number)


async def ask(url: str, settings: EngineSettings, number: int) -> list[Completion]:
    async with endpoint_engine(url, "walk", settings, key="") as engine:
        return list(await asyncio.gather(*(engine.complete(request(each)) for each in range(number))))


@pytest.mark.parametrize("sight", [(), ("--blind",)])
def test_a_queue_longer_than_the_limit_is_waited_for(sight: tuple[str, ...]) -> None:
    with walking_server(*QUEUE, *sight) as (url, _):
        answers = asyncio.run(ask(url, IMPATIENT, 10))
        assert max(answer.seconds for answer in answers) > IMPATIENT.stall_seconds
        assert len({answer.text for answer in answers}) == 10
    with walking_server() as (url, _):
        at_once = asyncio.run(ask(url, IMPATIENT, 10))
    assert [answer.text for answer in at_once] == [answer.text for answer in answers]


@pytest.mark.parametrize("sight", [(), ("--blind",)])
def test_a_server_that_hangs_is_one_line_with_what_to_type(sight: tuple[str, ...]) -> None:
    # On a busy machine nothing may have begun yet when it stops.
    settings = replace(IMPATIENT, request_seconds=5.0)

    async def asked(url: str, process: "subprocess.Popen[str]") -> None:
        async with endpoint_engine(url, "walk", settings, key="") as engine:
            work = asyncio.gather(*(engine.complete(request(each)) for each in range(10)))
            asyncio.get_running_loop().call_later(1.0, os.kill, process.pid, signal.SIGSTOP)
            await work

    with (
        walking_server("--slots", "2", "--seconds", "4", *sight) as (url, process),
        pytest.raises(EngineFailed, match=r"hangs: no token in \d+ s.*type the same command again"),
    ):
        asyncio.run(asked(url, process))


def test_a_blind_server_gets_its_own_limit_for_the_first_token() -> None:
    settings = EngineSettings(stall_seconds=0.5, request_seconds=1.0)
    with (
        walking_server("--blind", "--seconds", "20") as (url, _),
        pytest.raises(EngineFailed, match="hangs"),
    ):
        asyncio.run(ask(url, settings, 1))


def test_one_of_ours_that_hangs_or_is_killed_is_started_again() -> None:
    notes: list[str] = []
    processes: list[subprocess.Popen[str]] = []

    class Guarded:
        """What VllmServer tells of its process."""

        def __init__(self, process: "subprocess.Popen[str]") -> None:
            self.process = process

        async def death(self) -> str:
            while self.process.poll() is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            return "killed"

    @asynccontextmanager
    async def start(context: int | None) -> AsyncIterator[Engine]:
        async with AsyncExitStack() as stack:
            url, process = stack.enter_context(walking_server("--seconds", "1.5", "--slots", "4"))
            processes.append(process)
            guard = Guarded(process)
            known = await stack.enter_async_context(endpoint_engine(url, "walk", IMPATIENT, key=""))
            engine = OpenAIEngine(url, "walk", known.identity, known.context, stall_seconds=4.0, guard=guard)
            stack.push_async_callback(engine.close)
            yield engine

    async def asked() -> list[Completion]:
        async with supervised(start, expected=None, note=notes.append) as engine:
            work = asyncio.gather(*(engine.complete(request(each)) for each in range(6)))
            await asyncio.sleep(0.5)
            os.kill(processes[0].pid, signal.SIGSTOP)
            while len(processes) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            await asyncio.sleep(1.0)
            os.kill(processes[1].pid, signal.SIGKILL)
            return list(await work)

    answers = asyncio.run(asked())
    assert ["hangs" in note for note in notes] == [True, False]
    assert all(note.endswith("starting it again") for note in notes)
    assert all(process.poll() is not None for process in processes)
    with walking_server() as (url, _):
        undisturbed = asyncio.run(ask(url, IMPATIENT, 6))
    assert [answer.text for answer in answers] == [answer.text for answer in undisturbed]


@given(st.text())
def test_whatever_the_counters_say_is_read(text: str) -> None:
    assert isinstance(counters(text), tuple)


def test_only_what_shows_work_is_counted() -> None:
    metrics = (
        "# HELP vllm:generation_tokens_total Tokens.\n"
        'vllm:generation_tokens_total{engine="0",model_name="m"} 12.0\n'
        'vllm:request_success_total{finished_reason="abort"} 3.0\n'
        "vllm:num_requests_running 2.0\n"
        "http_requests_total 99.0\n"
    )
    assert len(counters(metrics)) == 2
