"""A nursery: nothing that a job started outlives it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def nursed(job: Coroutine[Any, Any, Result]) -> Result:
    """What `job` returns. When it ends, whatever it left under way is cancelled and waited for: one of
    several requests failed, and the others must neither ask on nor write once nobody wants their answers.
    Their own errors have the same cause and are not told again.

    Tasks are known by having begun after `job` did, so one job runs in a loop at a time.
    """
    before = asyncio.all_tasks()
    try:
        return await job
    finally:
        left = asyncio.all_tasks() - before
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
