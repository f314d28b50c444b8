"""An answer read while it is written, and ended here when it says what ends it.

vLLM takes four stop strings at most. A request with more, or with a watch, is streamed: the server gets
the first four, the rest is looked for here, and closing the stream makes the server stop. So is every one
to a server that does not show what it does: then the stream shows it.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from typing import Any, TypeVar

from openai import APIConnectionError, AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletionChunk

from offline_coder.core.errors import EngineFailed
from offline_coder.core.request import Completion, FinishReason, Request
from offline_coder.engines.cutting import before_stop
from offline_coder.engines.stall import StallWatch
from offline_coder.engines.watching import watch_of
from offline_coder.engines.wire import FINISH

SERVER_STOPS = 4

Chunk = TypeVar("Chunk")


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
    ending, told = Ending(request), None
    prompt = cached = output = 0
    stream: AsyncStream[ChatCompletionChunk] = await client.post(
        "/chat/completions",
        body=streamed,
        cast_to=ChatCompletionChunk,
        stream=True,
        stream_cls=AsyncStream[ChatCompletionChunk],
    )
    async with stream, aclosing(felt(stream, stall)) as chunks:
        async for chunk in chunks:
            if chunk.usage is not None:
                prompt, output = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
                details = chunk.usage.prompt_tokens_details
                cached = (details.cached_tokens if details else None) or cached
            for choice in chunk.choices:
                ending.add(choice.delta.content or "")
                told = choice.finish_reason or told
            if ending.reason is not None:
                break
    if told is None and ending.reason is None:
        # A server that is killed may close its connections as one that has said all; it has not.
        raise APIConnectionError(message="the answer broke off", request=stream.response.request)
    ending.finish()
    reason = ending.reason or FINISH.get(str(told))
    if reason is None:
        raise EngineFailed(f"{request.purpose}: the server ended the answer with {told!r}")
    return Completion(
        text=ending.text,
        finish_reason=reason,
        prompt_tokens=prompt,
        cached_tokens=cached,
        output_tokens=output,
        seconds=time.monotonic() - began,
    )


async def felt(stream: AsyncIterable[Chunk], stall: StallWatch) -> AsyncGenerator[Chunk, None]:
    """What `stream` brings, with `stall` told of it."""
    began = False
    try:
        async for chunk in stream:
            if began:
                stall.felt()
            else:
                stall.stream_began()
                began = True
            yield chunk
    finally:
        if began:
            stall.stream_ended()
