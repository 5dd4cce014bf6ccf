"""Self-tests over a real store: begun when due, told to the alarms and to the route, never answered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import pytest

from smsd.gateway.selftest import SelfTests, SelfTestSettings
from smsd.rules.alarms import Condition
from smsd.rules.selftest import AFTER_START, SOON
from smsd.sms import Deliver, Received
from tests.gateway.house import House, ScriptedRoute, Start

OURS = "+79086228779"
KEY = (Condition.SELF_TEST_FAILED, "scripted")


@dataclass
class ProneRoute(ScriptedRoute):
    """A modem with a ladder of cures."""

    suspected: list[str] = field(default_factory=list)
    well: int = 0

    def suspect(self, why: str) -> None:
        self.suspected.append(why)

    def delivers(self) -> None:
        self.well += 1


Tested = Callable[..., Awaitable[House]]


@pytest.fixture
async def tested(start: Start, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tested]:
    """Start a gateway whose route is tested every day."""
    monkeypatch.setattr("smsd.gateway.selftest.LOOK_SECONDS", 0.01)
    tasks = []

    async def started(route: ScriptedRoute, period: float = 86_400.0) -> House:
        house = await start(route)
        numbers = count()
        tests = SelfTests(
            house.gateway._thread, [route], SelfTestSettings({"scripted": OURS}, period), house.clock,
            house.gateway.alarms, token=lambda: f"{next(numbers):016x}", message=house.gateway.to_admin,
            ring=house.gateway.look,
        )  # fmt: skip
        tasks.append(asyncio.create_task(tests.run()))
        return house

    yield started
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def come_back(house: House, number: int) -> None:
    """Let a test that left arrive."""
    text = house.store.outbox.recent(limit=1)[0]["text"]
    value = Deliver(OURS, text, datetime.fromtimestamp(house.clock.now, UTC), service_centre="+79020000000")
    await house.gateway.received(Received("scripted", f"test {number}".encode(), value))


async def test_a_test_is_sent_and_its_return_is_good_news(tested: Tested) -> None:
    route = ProneRoute()
    house = await tested(route)
    await asyncio.sleep(0.05)
    assert not route.submits
    house.clock.now += AFTER_START
    await house.until(lambda: len(route.submits) == 1)
    assert route.submits[0].recipient == OURS
    house.clock.now += 9
    await come_back(house, 1)
    await house.until(lambda: route.well == 1)
    past = house.store.selftests.past("scripted")
    assert past.round_trip == 9.0
    assert len(house.store.outbox.recent(limit=0)) == 1, "the return is no client's text: nobody answers it"
    house.clock.now += 86_400
    await house.until(lambda: len(route.submits) == 2)


async def test_two_failures_in_a_row_are_an_alarm_and_each_suspects_the_route(tested: Tested) -> None:
    route = ProneRoute()
    house = await tested(route)
    house.clock.now += AFTER_START
    await house.until(lambda: len(route.submits) == 1)
    house.clock.now += 301
    await house.until(lambda: len(route.suspected) == 1)
    assert KEY not in house.gateway.alarms._found
    house.clock.now += SOON
    await house.until(lambda: len(route.submits) == 2)
    house.clock.now += 301
    await house.until(lambda: KEY in house.gateway.alarms._found)
    assert len(route.suspected) == 2
    house.clock.now += 3600
    await house.until(lambda: len(route.submits) == 3)
    await come_back(house, 1)
    await house.until(lambda: KEY not in house.gateway.alarms._found)


async def test_a_clock_that_is_set_back_an_hour_fails_no_test_and_puts_none_off(tested: Tested) -> None:
    route = ProneRoute()
    house = await tested(route)
    house.clock.now += AFTER_START
    await house.until(lambda: len(house.store.selftests.under_way()) == 1)
    await house.until(lambda: len(route.submits) == 1)
    house.clock.now -= 3600
    await come_back(house, 1)
    await house.until(lambda: house.store.selftests.past("scripted").last_ok_at is not None)
    assert house.store.selftests.past("scripted").failures == 0
    house.clock.now -= 3600
    await house.until(lambda: len(house.store.selftests.under_way()) == 1)


async def test_a_route_that_is_down_is_not_tested(tested: Tested) -> None:
    route = ProneRoute(up=False)
    house = await tested(route)
    house.clock.now += 2 * 86_400
    await asyncio.sleep(0.1)
    assert house.store.outbox.recent(limit=0) == []


async def test_no_period_no_test(tested: Tested) -> None:
    house = await tested(ScriptedRoute(), 0.0)
    house.clock.now += 86_400
    await asyncio.sleep(0.1)
    assert house.store.outbox.recent(limit=0) == []
