"""A pulse is felt while the work goes on, and nothing of the work is changed by feeling it."""

import asyncio

import pytest

from smsd.gateway.pulse import STILL_SECONDS, Pulse


async def beating(pulse: Pulse) -> None:
    await pulse


async def test_each_step_is_a_beat_and_standing_still_is_measured() -> None:
    step = asyncio.Event()

    async def work() -> None:
        while True:
            await step.wait()
            step.clear()

    pulse = Pulse("work", work())
    task = asyncio.create_task(beating(pulse))
    await asyncio.sleep(0)
    assert pulse.look(STILL_SECONDS)
    assert pulse.look(STILL_SECONDS - 1.0)
    assert pulse.still == STILL_SECONDS - 1.0
    step.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert pulse.look(1.0)
    assert pulse.still == 0.0
    assert not pulse.look(STILL_SECONDS)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_it_says_where_the_work_stands() -> None:
    async def inner() -> None:
        await asyncio.Event().wait()

    async def outer() -> None:
        async with asyncio.timeout(3600.0):
            await inner()

    pulse = Pulse("work", outer())
    task = asyncio.create_task(beating(pulse))
    await asyncio.sleep(0)
    assert [place.rpartition("<locals>.")[2] for place in pulse.place.split(" > ")] == ["outer", "inner", "Event.wait"]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_is_heard_by_the_work_which_may_refuse_it() -> None:
    heard: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            heard.append("once")
        await asyncio.Event().wait()

    task = asyncio.create_task(beating(Pulse("work", work())))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert heard == ["once"]
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_the_work_raises_and_its_end_come_through() -> None:
    async def failing() -> None:
        await asyncio.sleep(0)
        raise ValueError("so it is")

    async def ending() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0))

    with pytest.raises(ValueError, match="so it is"):
        await Pulse("failing", failing())
    await Pulse("ending", ending())
