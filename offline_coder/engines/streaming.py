"""An answer read while it is written, and ended here when it says what ends it.

vLLM takes four stop strings at most. A request with more, or with a watch, is streamed: the server gets
the first four, the rest is looked for here, and closing the stream makes the server stop. So is every one
to a server that does not show what it does: then the stream shows it.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import suppress
from typing import Any

import httpx2
from openai import APIConnectionError, APIError, AsyncOpenAI
from openai.types.chat import ChatCompletionChunk

from offline_coder.core.errors import EngineFailed
from offline_coder.core.request import Completion, FinishReason, Request
from offline_coder.engines.cutting import before_stop
from offline_coder.engines.stall import StallWatch
from offline_coder.engines.watching import watch_of
from offline_coder.engines.wire import FINISH

SERVER_STOPS = 4
DONE = b"[DONE]"
CLOSE_SECONDS = 1.0
"""How long a server may take to close an answer that is over."""


def needs_stream(request: Request) -> bool:
    """Whether the answer has to be read while it is written."""
    return request.watch is not None or len(request.sampling.stop) > SERVER_STOPS


class Ending:
    """An answer as it comes, and its end as soon as it is certain, the same in whatever pieces it comes.

    `text` is the answer; `reason` why it ends there, None while it goes on.
    """

    def __init__(self, request: Request) -> None:
        self.text = ""
        self.reason: FinishReason | None = None
        self._stop = request.sampling.stop
        self._watch = watch_of(request)
        self._held = max((len(mark) - 1 for mark in self._stop), default=0)
        self._fed = 0

    def add(self, piece: str) -> None:
        """Take the next piece of the answer."""
        self.text, stopped = before_stop(self.text + piece, self._stop)
        if stopped:
            self.reason = "stop"
            self.finish()
        else:
            # What may be the beginning of a stop string is not watched yet: it may not be of the answer.
            self._look(len(self.text) - self._held)

    def finish(self) -> None:
        """There is no more: watch what was held back."""
        self._look(len(self.text))

    def _look(self, until: int) -> None:
        if self._watch is None or until <= self._fed:
            return
        end = self._watch.feed(self.text[self._fed : until])
        self._fed = until
        if end is not None:
            at, self.reason = end
            self.text, self._watch = self.text[:at], None


class Streamed:
    """An answer that a server streams: its ending, and the tokens that the server tells."""

    def __init__(self, request: Request) -> None:
        self.ending = Ending(request)
        self.told: str | None = None
        self.prompt = self.cached = self.output = 0

    def add(self, chunk: ChatCompletionChunk) -> None:
        """Take the next chunk."""
        if chunk.usage is not None:
            self.prompt, self.output = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
            details = chunk.usage.prompt_tokens_details
            self.cached = (details.cached_tokens if details else None) or self.cached
        for choice in chunk.choices:
            self.ending.add(choice.delta.content or "")
            self.told = choice.finish_reason or self.told


async def read_stream(
    client: AsyncOpenAI, body: dict[str, Any], request: Request, stall: StallWatch
) -> Completion:
    """The completion for `body`; `stall` is told of all that arrives. `cached_tokens` is 0 when it was
    ended here: the server tells that number only at an end of its own.

    Raises:
        EngineFailed: the answer ended for another reason than stop or length.
        openai.APIError: the server refused, or was lost.
    """
    began = time.monotonic()
    streamed = body | {
        "stop": list(request.sampling.stop[:SERVER_STOPS]),
        "stream": True,
        "stream_options": {"include_usage": True, "continuous_usage_stats": True},
    }
    answer = Streamed(request)
    opened = client.chat.completions.with_streaming_response.create(
        model=body["model"], messages=body["messages"], extra_body=streamed
    )
    async with opened as response:
        await read(response.http_response, answer, stall)
    if answer.told is None and answer.ending.reason is None:
        # A server that is killed may close its connections as one that has said all; it has not.
        raise APIConnectionError(message="the answer broke off", request=response.http_request)
    answer.ending.finish()
    reason = answer.ending.reason or FINISH.get(str(answer.told))
    if reason is None:
        raise EngineFailed(f"{request.purpose}: the server ended the answer with {answer.told!r}")
    return Completion(
        text=answer.ending.text,
        finish_reason=reason,
        prompt_tokens=answer.prompt,
        cached_tokens=answer.cached,
        output_tokens=answer.output,
        seconds=time.monotonic() - began,
    )


async def read(response: httpx2.Response, answer: Streamed, stall: StallWatch) -> None:
    """Give `answer` what `response` brings, until it is over.

    Then reading is cancelled where it waits for more. Just leaving the loop would leave generators of the
    client's libraries open for the garbage collector, and whoever collects then gets their errors.

    Raises:
        openai.APIError: the server was lost, tells an error, or says what is no completion.
    """
    felt, failed = False, None
    now = asyncio.get_running_loop().time
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as limit:
                async for data in events(response.aiter_bytes()):
                    if felt:
                        stall.felt()
                    else:
                        stall.stream_began()
                        felt = True
                    if data == DONE:
                        limit.reschedule(now() + CLOSE_SECONDS)
                    elif failed is None and answer.ending.reason is None:
                        failed = taken(data, answer, response.request)
                        if failed is not None or answer.ending.reason is not None:
                            limit.reschedule(now())
    except httpx2.TransportError as error:
        raise APIConnectionError(message=str(error), request=response.request) from error
    finally:
        if felt:
            stall.stream_ended()
    if failed is not None:
        raise failed


async def events(pieces: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """The data of each server-sent event in `pieces`.

    vLLM writes an event as one line, "data: {...}"; lines of other fields, and comments by which a proxy
    keeps a connection open, are passed over (WHATWG HTML, section 9.2).
    """
    rest = b""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            field, _, data = line.partition(b":")
            if field == b"data":
                yield data.strip()


def taken(data: bytes, answer: Streamed, request: httpx2.Request) -> APIError | None:
    """Give `answer` the chunk in an event's `data`; the error that the event tells, or is, instead."""
    try:
        told = json.loads(data)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return APIError("an event is no JSON object", request, body=None)
    if error := told.get("error"):
        message = error.get("message") if isinstance(error, dict) else None
        return APIError(str(message or error), request, body=error)
    try:
        answer.add(ChatCompletionChunk.construct(**told))
    except (AttributeError, TypeError) as unlike:
        return APIError(f"an event has an unknown shape: {unlike}", request, body=told)
    return None
