"""When one of several requests fails, the others end with it."""

import asyncio

import pytest

from offline_coder.core.nursery import nursed


def test_what_a_failed_job_left_under_way_is_over_when_its_error_is_raised() -> None:
    log: list[str] = []

    async def fails() -> None:
        raise ValueError("first")

    async def lasts() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            log.append("ended")
            raise ValueError("second")

    async def job() -> None:
        await asyncio.gather(lasts(), fails())

    async def main() -> None:
        other = asyncio.ensure_future(asyncio.sleep(0))
        with pytest.raises(ValueError, match="first"):
            await nursed(job())
        assert log == ["ended"]
        await other

    asyncio.run(main())
