"""An answer read while it is written, and ended here when it says what ends it.

vLLM takes four stop strings at most. A request with more is streamed: the server gets the first four,
the rest is looked for here, and closing the stream makes the server stop.
"""

import time
from typing import Any

from openai import AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletionChunk

from offline_coder.core.errors import EngineFailed
from offline_coder.core.request import Completion, FinishReason, Request
from offline_coder.engines.cutting import before_stop
from offline_coder.engines.wire import FINISH

SERVER_STOPS = 4


async def read_stream(client: AsyncOpenAI, body: dict[str, Any], request: Request) -> Completion:
    """The completion for `body`. `cached_tokens` is 0 when it was ended here: the server tells that number
    only at an end of its own.

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
    async with stream:
        async for chunk in stream:
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
