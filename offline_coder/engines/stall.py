"""Whether a server still does something: tells a request that waits in a long queue from one that hangs.

No limit on a whole answer can do that, because nobody knows how many others a shared server serves first.
So a limit holds for the time in which the server does nothing at all. What it has done is read from
vLLM's counters, GET /metrics: tokens read, tokens written, requests in work and waiting. A server that
does not show them (a proxy before it may not) is judged by the answers that it streams to us.

Not covered: one of several servers behind one address, whose counters the others hide.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable

LOOK_EVERY_SECONDS = 5.0
COUNTERS = re.compile(
    r"^vllm:(?:prompt_tokens_total|generation_tokens_total|num_requests_running|num_requests_waiting)"
    r"(?:\{[^\n]*\})? [^\n]+$",
    re.MULTILINE,
)

Look = Callable[[], Awaitable[str | None]]
"""The server's /metrics as text, None when it has none. Raises OSError when it cannot be reached now."""


def counters(metrics: str) -> tuple[str, ...]:
    """The lines of `metrics`, Prometheus' text format, that change whenever a vLLM server works."""
    return tuple(COUNTERS.findall(metrics))


class StallWatch:
    """Watches one server for all requests under way. A server that shows no counters has `queue_seconds`
    for the first token of an answer."""

    def __init__(self, look: Look, stall_seconds: float, queue_seconds: float) -> None:
        self._look = look
        self._stall_seconds = stall_seconds
        self._queue_seconds = max(queue_seconds, stall_seconds)
        self._every = min(LOOK_EVERY_SECONDS, stall_seconds / 4)
        self._turn = asyncio.Lock()
        self._looked = -self._every
        self._seen: tuple[str, ...] = ()
        self._beats = 0
        self._streams = 0
        self._tells: bool | None = None
        self._hangs = asyncio.Event()

    async def tells(self) -> bool:
        """Whether the server shows its counters; True while it cannot be reached, for then nobody knows."""
        if self._tells is None:
            await self._look_again()
        return self._tells is not False

    def stream_began(self) -> None:
        """An answer has its first token."""
        self._streams += 1
        self._beats += 1

    def felt(self) -> None:
        """The server sent something of an answer."""
        self._beats += 1

    def stream_ended(self) -> None:
        """An answer that had begun is over."""
        self._streams -= 1

    async def stall(self) -> float:
        """The seconds in which the server did nothing, once they are too many. Never returns while it works.

        Only time in which we looked counts: after this process, or the whole machine, was stopped for an
        hour, the server gets as long as ever.
        """
        still = 0.0
        while still < self._limit and not self._hangs.is_set():
            beats, began = self._beats, time.monotonic()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hangs.wait(), self._every)
            await self._look_again()
            elapsed = min(time.monotonic() - began, 4 * self._every)
            still = still + elapsed if beats == self._beats else 0.0
        # One request has waited longest; what it found holds for all.
        self._hangs.set()
        return max(still, self._stall_seconds)

    @property
    def _limit(self) -> float:
        blind = self._tells is False and not self._streams
        return self._queue_seconds if blind else self._stall_seconds

    async def _look_again(self) -> None:
        """Read the counters, unless another request has just done so."""
        async with self._turn:
            if self._tells is False or time.monotonic() - self._looked < self._every / 2:
                return
            self._looked = time.monotonic()
            try:
                metrics = await self._look()
            except OSError:
                return
            now = counters(metrics or "")
            if self._tells is None:
                self._tells = bool(now)
            if now and now != self._seen:
                self._seen = now
                self._beats += 1
