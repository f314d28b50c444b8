"""An answer read while it is written, and ended here when it says what ends it.

vLLM takes four stop strings at most. A request with more is streamed: the server gets the first four,
the rest is looked for here, and closing the stream makes the server stop. So is one to a server that
does not show what it does: then the stream shows it.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from typing import Any, TypeVar

from openai import AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletionChunk

from offline_coder.core.errors import EngineFailed
from offline_coder.core.request import Completion, FinishReason, Request
from offline_coder.engines.cutting import before_stop
from offline_coder.engines.stall import StallWatch
from offline_coder.engines.wire import FINISH

SERVER_STOPS = 4

Chunk = TypeVar("Chunk")


async def read_stream(
    client: AsyncOpenAI, body: dict[str, Any], request: Request, watch: StallWatch
) -> Completion:
    """The completion for `body`; `watch` is told of all that arrives. `cached_tokens` is 0 when it was
    ended here: the server tells that number only at an end of its own.

    Raises:
        EngineFailed: the answer has another shape, or ended for another reason than stop or length.
        openai.APIError: the server refused, or was lost.
    """
    began = time.monotonic()
    streamed = body | {
        "stop": list(request.sampling.stop[:SERVER_STOPS]),
        "stream": True,
        "stream_options": {"include_usage": True, "continuous_usage_stats": True},
    }
    text, reason = "", None
    prompt = cached = output = 0
    stream: AsyncStream[ChatCompletionChunk] = await client.post(
        "/chat/completions",
        body=streamed,
        cast_to=ChatCompletionChunk,
        stream=True,
        stream_cls=AsyncStream[ChatCompletionChunk],
    )
    async with stream, aclosing(felt(stream, watch)) as chunks:
        async for chunk in chunks:
            if chunk.usage is not None:
                prompt, output = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
                details = chunk.usage.prompt_tokens_details
                cached = (details.cached_tokens if details else None) or cached
            for choice in chunk.choices:
                text += choice.delta.content or ""
                reason = choice.finish_reason or reason
            text, stopped = before_stop(text, request.sampling.stop)
            if stopped:
                reason = "stop"
                break
    if reason not in FINISH:
        raise EngineFailed(f"{request.purpose}: the server ended the answer with {reason!r}")
    finish: FinishReason = FINISH[reason]
    return Completion(
        text=text,
        finish_reason=finish,
        prompt_tokens=prompt,
        cached_tokens=cached,
        output_tokens=output,
        seconds=time.monotonic() - began,
    )


async def felt(stream: AsyncIterable[Chunk], watch: StallWatch) -> AsyncGenerator[Chunk, None]:
    """What `stream` brings, with `watch` told of it."""
    began = False
    try:
        async for chunk in stream:
            if began:
                watch.felt()
            else:
                watch.stream_began()
                began = True
            yield chunk
    finally:
        if began:
            watch.stream_ended()
