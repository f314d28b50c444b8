"""Run a coroutine to its end, or to the signal that stops it."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def run_to_end(job: Coroutine[Any, Any, Result]) -> Result:
    """What `job` returns. Ctrl-C, SIGTERM and SIGHUP cancel it, so that its engine is stopped and its
    manifest written; then KeyboardInterrupt is raised."""

    async def guarded() -> Result:
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(job)
        stopped: list[signal.Signals] = []

        def stop(number: signal.Signals) -> None:
            stopped.append(number)
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop, number)
        try:
            return await task
        except asyncio.CancelledError:
            if stopped:
                raise KeyboardInterrupt from None
            raise

    return asyncio.run(guarded())
