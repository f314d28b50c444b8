"""An engine behind an OpenAI-compatible vLLM server, ours or the user's."""

import asyncio
import socket as sockets
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import openai
from httpx2 import AsyncHTTPTransport
from openai import (
    DEFAULT_CONNECTION_LIMITS,
    AsyncOpenAI,
    DefaultAsyncHttpxClient,
    HttpxBinaryResponseContent,
    Timeout,
)

from offline_coder.core.engine import Identity
from offline_coder.core.errors import EngineDied, EngineFailed
from offline_coder.core.request import Completion, Message, Request
from offline_coder.engines.settings import STALL_SECONDS, Thinking
from offline_coder.engines.stall import StallWatch
from offline_coder.engines.streaming import needs_stream, read_stream
from offline_coder.engines.wire import chat_body, check_fits, read_completion, template_flags, turns

RETRY_WAITS = (0.5, 2.0, 5.0)
"""Seconds before each new try. Asking again is safe: a request is a pure value with its own seed."""
BUSY = frozenset({429, 502, 503, 504})
"""Statuses that say "not now": from a proxy before a cluster, or a server that is still loading."""
CONNECT_SECONDS = 10.0
LOOK_SECONDS = 10.0
KEEPALIVE = (
    (sockets.SOL_SOCKET, sockets.SO_KEEPALIVE, 1),
    (sockets.IPPROTO_TCP, sockets.TCP_KEEPIDLE, 60),
    (sockets.IPPROTO_TCP, sockets.TCP_KEEPINTVL, 20),
    (sockets.IPPROTO_TCP, sockets.TCP_KEEPCNT, 5),
)
"""A machine that vanishes without a word is noticed after 160 seconds, however long an answer may take."""

Result = TypeVar("Result")


class Guard(Protocol):
    """Watches over the process behind a server."""

    async def death(self) -> str:
        """Return, once the process is gone, one line with the cause. Never returns while it lives."""
        ...


class OpenAIEngine:
    """Generation through a vLLM server's OpenAI-compatible interface.

    `url` is the server's root, without /v1; `socket` the Unix socket that it listens on, where it has no
    port; `thinking` for a model that can. With a `guard` the server is ours: requests under way fail as
    soon as its process is gone, with the cause, and one that hangs counts as dead. A server hangs that does
    nothing for `stall_seconds`; one that does not show what it does may take `request_seconds` before an
    answer begins (stall.py).
    """

    def __init__(
        self,
        url: str,
        model: str,
        identity: Identity,
        context: int,
        *,
        key: str = "",
        request_seconds: float = 3600.0,
        stall_seconds: float = STALL_SECONDS,
        guard: Guard | None = None,
        socket: Path | None = None,
        thinking: Thinking | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._model = model
        self._identity = identity
        self._context = context - (thinking.tokens if thinking else 0)
        self._thinking = thinking
        self._guard = guard
        self._client = server_client(self._url, key, None, socket)
        self._closed = False
        self._look_seconds = min(LOOK_SECONDS, stall_seconds)
        self._stall = StallWatch(self._metrics, stall_seconds, request_seconds)

    @property
    def identity(self) -> Identity:
        """What answers, for the journal and the manifest."""
        return self._identity

    @property
    def context(self) -> int:
        """Tokens that prompt and answer may have together, without the thoughts between them."""
        return self._context

    async def complete(self, request: Request) -> Completion:
        """The model's answer to `request`.

        Raises:
            BadInput: prompt and `max_tokens` together do not fit the context.
            EngineFailed: the server is gone, hangs, or refused the request.
        """
        check_fits(request, await self.count(request.messages), self._context)
        body = chat_body(request, self._model, self._thinking)
        began = time.monotonic()
        if needs_stream(request) or not await self._stall.tells():
            return await self._tried(
                lambda: read_stream(self._client, body, request, self._stall), request.purpose
            )
        answer = await self._post("/v1/chat/completions", body, request.purpose)
        return read_completion(answer, request, time.monotonic() - began)

    async def count(self, messages: Sequence[Message]) -> int:
        """Tokens of `messages` as a prompt, counted by the server with the model's own template.

        Raises:
            EngineFailed: the server is gone, hangs, or cannot count.
        """
        body = {"model": self._model, "messages": turns(messages), **template_flags(messages)}
        answer = await self._post("/tokenize", body, "counting tokens")
        if not isinstance(answer.get("count"), int):
            raise EngineFailed("the server's /tokenize gives no count", "is it a vLLM server?")
        return int(answer["count"])

    async def close(self) -> None:
        """Close the connections; what is still under way fails as with a server that died. The server
        goes on."""
        self._closed = True
        await self._client.close()

    async def _post(self, route: str, body: dict[str, Any], purpose: str) -> dict[str, Any]:
        return await self._tried(lambda: self._send(route, body), purpose)

    async def _tried(self, ask: Callable[[], Awaitable[Result]], purpose: str) -> Result:
        for wait in (*RETRY_WAITS, None):
            try:
                return await self._guarded(ask())
            except openai.APIConnectionError as error:
                if wait is None:
                    hint = "is the server still running?"
                    raise EngineFailed(f"{purpose}: lost {self._url}: {root_cause(error)}", hint) from None
            except openai.APIStatusError as error:
                if wait is None or error.status_code not in BUSY:
                    raise refusal(error, purpose) from None
            except openai.APIError as error:
                raise EngineFailed(f"{purpose}: {self._url} broke off: {error.message[:500]}") from None
            await self._guarded(asyncio.sleep(wait))
        raise AssertionError("the last try returns or raises")

    async def _send(self, route: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: Any = await self._client.post(self._url + route, body=body, cast_to=object)
        if not isinstance(answer, dict):
            raise EngineFailed(f"{self._url}{route} answered with something that is not a JSON object")
        return answer

    async def _metrics(self) -> str | None:
        """The server's counters, None where it shows none. Raises OSError when it does not answer."""
        try:
            got = await self._client.get(
                f"{self._url}/metrics",
                cast_to=HttpxBinaryResponseContent,
                options={"timeout": self._look_seconds},
            )
        except openai.APIStatusError:
            return None
        except (openai.APIConnectionError, RuntimeError) as error:
            # RuntimeError: the client was closed meanwhile.
            raise OSError(root_cause(error)) from None
        return got.text

    async def _guarded(self, work: Awaitable[Result]) -> Result:
        """The result of `work`, or EngineFailed as soon as the server's process is gone or hangs."""
        task = asyncio.ensure_future(work)
        stall = asyncio.ensure_future(self._stall.stall())
        death = asyncio.ensure_future(self._guard.death()) if self._guard is not None else None
        jobs: set[asyncio.Future[Any]] = {task, stall} | ({death} if death is not None else set())
        for job in jobs:
            job.add_done_callback(_seen)
        try:
            await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            if self._closed:
                # Another request saw that the server is dead or hangs, and it was cleared away.
                raise EngineDied("the engine is gone")
            if task.done() and not isinstance(task.exception(), openai.APIError):
                return task.result()
            if death is not None:
                # A dying server first breaks its connections; give its process a moment to be gone.
                if task.done():
                    await asyncio.wait({death}, timeout=DEATH_SECONDS)
                if death.done():
                    raise EngineDied(f"the engine died: {death.result()}")
            if not task.done():
                raise self._hung(stall.result())
            return await task
        finally:
            await asyncio.gather(*map(_cancelled, jobs))

    def _hung(self, seconds: float) -> EngineFailed:
        """The error for a server that did nothing for `seconds`."""
        patience = "--stall-seconds gives it longer"
        if self._guard is not None:
            return EngineDied(f"the engine hangs: no token in {seconds:.0f} s", patience)
        return EngineFailed(
            f"{self._url} hangs: no token in {seconds:.0f} s",
            f"restart it, then type the same command again; {patience}",
        )


DEATH_SECONDS = 3.0


async def _cancelled(task: asyncio.Future[Any]) -> None:
    """Cancel `task` and wait until it is over, whatever it ends with."""
    task.cancel()
    await asyncio.wait({task})


def _seen(task: asyncio.Future[Any]) -> None:
    """Mark the exception of a task as seen: one that lost a race, or that Ctrl-C left behind, would be
    reported as a traceback when it is collected."""
    if not task.cancelled():
        task.exception()


def server_client(
    url: str, key: str, request_seconds: float | None, socket: Path | None = None
) -> AsyncOpenAI:
    """A client for the server at `url`, or behind the Unix socket `socket`, that uses no proxy and does
    not retry by itself. None sets no limit on an answer."""
    timeout = Timeout(request_seconds, connect=CONNECT_SECONDS)
    limits = DEFAULT_CONNECTION_LIMITS
    transport = (
        AsyncHTTPTransport(uds=str(socket), limits=limits, trust_env=False)
        if socket is not None
        else AsyncHTTPTransport(limits=limits, trust_env=False, socket_options=KEEPALIVE)
    )
    return AsyncOpenAI(
        base_url=f"{url}/v1",
        # The client library refuses an empty key; a server without one ignores it.
        api_key=key or "none",
        max_retries=0,
        timeout=timeout,
        http_client=DefaultAsyncHttpxClient(transport=transport, trust_env=False, timeout=timeout),
    )


def refusal(error: openai.APIStatusError, purpose: str) -> EngineFailed:
    """The error for a status that a new try would not mend."""
    body = error.body
    said = str(body.get("message") or body) if isinstance(body, dict) else error.message
    if error.status_code in (401, 403):
        return EngineFailed(f"{purpose}: the server refused the key", "set OFFLINE_CODER_API_KEY")
    return EngineFailed(f"{purpose}: the server answered {error.status_code}: {said[:500]}")


def root_cause(error: BaseException) -> str:
    """One line: the innermost error in the chain behind `error`."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error) or type(error).__name__
