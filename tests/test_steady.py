"""Time that the machine took counts for little; time that was slept counts."""

import asyncio
import selectors
import socket
import time
from typing import Any

import pytest

from tests.steady import STEP, SteadyLoop


async def test_the_tests_run_in_it() -> None:
    assert isinstance(asyncio.get_running_loop(), SteadyLoop)


async def test_a_rest_that_nobody_asked_for_ends_no_patience() -> None:
    """The answer was there in time: that it is seen late is the machine's doing."""
    loop = asyncio.get_running_loop()
    answer = loop.create_future()
    loop.call_later(0.2, answer.set_result, None)
    began = loop.time()
    async with asyncio.timeout(1.0):
        time.sleep(1.2)  # noqa: ASYNC251  as the machine may do
        await answer
    assert 0.2 <= loop.time() - began < 1.0


async def test_what_is_slept_is_counted() -> None:
    loop = asyncio.get_running_loop()
    began, real = loop.time(), time.monotonic()
    await asyncio.sleep(0.3)
    assert loop.time() - began >= 0.3
    assert time.monotonic() - real >= 0.3
    assert loop.time() - began <= time.monotonic() - real + STEP


async def test_it_never_goes_back() -> None:
    loop, seen = asyncio.get_running_loop(), []
    for _ in range(20):
        time.sleep(STEP / 5)  # noqa: ASYNC251  so that some turns are long
        seen.append(loop.time())
        await asyncio.sleep(0)
        seen.append(loop.time())
    assert seen == sorted(seen)


async def test_what_came_while_the_machine_did_not_look_came_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was stopped wakes when its patience is over, and is not told what had come long before."""
    loop = asyncio.get_running_loop()
    select = selectors.DefaultSelector.select
    told: list[int] = []
    ours, theirs = socket.socketpair()

    def stopped(self: selectors.DefaultSelector, timeout: float | None = None) -> list[Any]:
        if told or timeout is None or timeout < 0.1:
            return select(self, timeout)
        told.append(theirs.send(b"x"))
        time.sleep(timeout + 0.2)
        return []

    with ours, theirs:
        ours.setblocking(False)
        monkeypatch.setattr(selectors.DefaultSelector, "select", stopped)
        async with asyncio.timeout(0.5):
            assert await loop.sock_recv(ours, 1) == b"x"
    assert told
