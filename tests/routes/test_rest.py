"""Long waits come in stretches, and are as long as they were asked to be."""

import asyncio

import pytest

from smsd.routes import rest
from smsd.routes.rest import any_of, heard, stretch


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "BEAT_SECONDS", 0.02)


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 0.01, 0.02, 0.05])
async def test_a_rest_is_as_long_as_it_was_asked_to_be(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await rest.rest(seconds)
    assert loop.time() - began >= seconds - 0.001


async def test_an_event_is_heard_in_whichever_stretch_it_comes() -> None:
    event = asyncio.Event()
    assert not await stretch(event)
    asyncio.get_running_loop().call_later(0.05, event.set)
    await heard(event)
    assert await stretch(event)


async def test_the_first_end_of_several_is_told() -> None:
    event = asyncio.Event()
    tasks = [asyncio.create_task(event.wait()), asyncio.create_task(asyncio.Event().wait())]
    assert not await any_of(tasks)
    event.set()
    assert await any_of(tasks)
    tasks[1].cancel()
