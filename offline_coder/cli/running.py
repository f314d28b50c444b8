"""Run a coroutine to its end, or to the signal that stops it."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = 130
AT_ONCE = "\noffline-coder: interrupted twice, ended at once\n  hint: type the same command again to go on\n"
SHOW_CURSOR = "\x1b[?25h"

Result = TypeVar("Result")


class Interruption:
    """What Ctrl-C, SIGTERM and SIGHUP do: the first cancels the job, so that what is being written is
    finished; the second ends the process at once."""

    def __init__(self) -> None:
        self.asked = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Future[Any] | None = None

    def watch(self, task: asyncio.Future[Any]) -> None:
        """Cancel `task`, which runs in this thread's loop, at the first signal, or now if it has come."""
        self._loop, self._task = asyncio.get_running_loop(), task
        if self.asked:
            task.cancel()

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The handler. Not the loop's own: that one waits while the loop is busy, or is being closed."""
        if self.asked:
            end_at_once()
        self.asked = True
        if self._loop is not None and self._task is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._task.cancel)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Handle the signals inside the block."""
        before = {number: signal.signal(number, self) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def end_at_once() -> None:
    """End without cleaning up. An engine of ours sees that we are gone and ends too (engines/launcher.py);
    files are whole or not there."""
    cursor = SHOW_CURSOR if sys.stderr.isatty() else ""
    os.write(2, (cursor + AT_ONCE).encode())
    os._exit(INTERRUPTED)


def run_to_end(job: Coroutine[Any, Any, Result]) -> Result:
    """What `job` returns. The first Ctrl-C, SIGTERM or SIGHUP cancels it, so that its engine is stopped and
    its manifest written; then KeyboardInterrupt is raised. The second ends this process with 130."""
    interruption = Interruption()

    async def guarded() -> Result:
        task = asyncio.ensure_future(job)
        interruption.watch(task)
        try:
            return await task
        except asyncio.CancelledError:
            if interruption.asked:
                raise KeyboardInterrupt from None
            raise

    with interruption.installed():
        return asyncio.run(guarded())
