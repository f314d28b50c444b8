"""An engine behind an OpenAI-compatible vLLM server, ours or the user's."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import openai
from httpx2 import AsyncHTTPTransport
from openai import DEFAULT_CONNECTION_LIMITS, AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

from offline_coder.core.engine import Identity
from offline_coder.core.errors import EngineDied, EngineFailed
from offline_coder.core.request import Completion, Message, Request
from offline_coder.engines.settings import Thinking
from offline_coder.engines.streaming import needs_stream, read_stream
from offline_coder.engines.wire import chat_body, check_fits, read_completion, template_flags, turns

RETRY_WAITS = (0.5, 2.0, 5.0)
"""Seconds before each new try. Asking again is safe: a request is a pure value with its own seed."""
BUSY = frozenset({429, 502, 503, 504})
"""Statuses that say "not now": from a proxy before a cluster, or a server that is still loading."""
CONNECT_SECONDS = 10.0

Result = TypeVar("Result")


class Guard(Protocol):
    """Watches over the process behind a server."""

    async def death(self) -> str:
        """Return, once the process is gone, one line with the cause. Never returns while it lives."""
        ...


class OpenAIEngine:
    """Generation through a vLLM server's OpenAI-compatible interface.

    `url` is the server's root, without /v1; `socket` the Unix socket that it listens on, where it has no
    port; `thinking` for a model that can. With a `guard`, requests under way fail as soon as the
    server's process is gone, with its cause, instead of waiting for a time limit.
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
        self._client = server_client(self._url, key, request_seconds, socket)

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
            EngineFailed: the server is gone, timed out, or refused the request.
        """
        check_fits(request, await self.count(request.messages), self._context)
        body = chat_body(request, self._model, self._thinking)
        began = time.monotonic()
        if needs_stream(request):
            return await self._tried(lambda: read_stream(self._client, body, request), request.purpose)
        answer = await self._post("/v1/chat/completions", body, request.purpose)
        return read_completion(answer, request, time.monotonic() - began)

    async def count(self, messages: Sequence[Message]) -> int:
        """Tokens of `messages` as a prompt, counted by the server with the model's own template.

        Raises:
            EngineFailed: the server is gone, timed out, or cannot count.
        """
        body = {"model": self._model, "messages": turns(messages), **template_flags(messages)}
        answer = await self._post("/tokenize", body, "counting tokens")
        if not isinstance(answer.get("count"), int):
            raise EngineFailed("the server's /tokenize gives no count", "is it a vLLM server?")
        return int(answer["count"])

    async def close(self) -> None:
        """Close the connections. The server goes on."""
        await self._client.close()

    async def _post(self, route: str, body: dict[str, Any], purpose: str) -> dict[str, Any]:
        return await self._tried(lambda: self._send(route, body), purpose)

    async def _tried(self, ask: Callable[[], Awaitable[Result]], purpose: str) -> Result:
        for wait in (*RETRY_WAITS, None):
            try:
                return await self._guarded(ask())
            except openai.APITimeoutError:
                raise EngineFailed(f"{purpose}: no answer in time from {self._url}") from None
            except openai.APIConnectionError as error:
                if wait is None:
                    hint = "is the server still running?"
                    raise EngineFailed(f"{purpose}: lost {self._url}: {root_cause(error)}", hint) from None
            except openai.APIStatusError as error:
                if wait is None or error.status_code not in BUSY:
                    raise refusal(error, purpose) from None
            await self._guarded(asyncio.sleep(wait))
        raise AssertionError("the last try returns or raises")

    async def _send(self, route: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: Any = await self._client.post(self._url + route, body=body, cast_to=object)
        if not isinstance(answer, dict):
            raise EngineFailed(f"{self._url}{route} answered with something that is not a JSON object")
        return answer

    async def _guarded(self, work: Awaitable[Result]) -> Result:
        """The result of `work`, or EngineFailed as soon as the server's process is gone."""
        if self._guard is None:
            return await work
        task = asyncio.ensure_future(work)
        death = asyncio.ensure_future(self._guard.death())
        for job in (task, death):
            job.add_done_callback(_seen)
        try:
            await asyncio.wait({task, death}, return_when=asyncio.FIRST_COMPLETED)
            if task.done() and not isinstance(task.exception(), openai.APIError):
                return task.result()
            # A dying server first breaks its connections; give its process a moment to be gone.
            await asyncio.wait({death}, timeout=0 if death.done() else DEATH_SECONDS)
            if death.done():
                raise EngineDied(f"the engine died: {death.result()}")
            return await task
        finally:
            await asyncio.gather(_cancelled(task), _cancelled(death))


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


def server_client(url: str, key: str, request_seconds: float, socket: Path | None = None) -> AsyncOpenAI:
    """A client for the server at `url`, or behind the Unix socket `socket`, that uses no proxy and does
    not retry by itself."""
    timeout = Timeout(request_seconds, connect=CONNECT_SECONDS)
    limits = DEFAULT_CONNECTION_LIMITS
    transport = AsyncHTTPTransport(uds=str(socket), limits=limits) if socket is not None else None
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
