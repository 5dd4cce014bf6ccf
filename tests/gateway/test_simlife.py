"""A SIM's life over a real store: asked, judged, forwarded, kept; never beside a part in the air."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smsd.errors import CommandTimeoutError
from smsd.gateway.route import Route
from smsd.gateway.simlife import SimLife, SimSettings
from smsd.rules.alarms import Condition
from smsd.rules.simlife import ASKED_AGAIN, UNKNOWN_AFTER
from smsd.sms import Deliver, NotSent, Received, Sent, Verdict
from tests.gateway.house import House, ScriptedRoute, Start

ADMIN = "+79990000001"
OURS = "+79086228779"
LOW, UNKNOWN = (Condition.BALANCE_LOW, "scripted"), (Condition.BALANCE_UNKNOWN, "scripted")
SIM = SimSettings(OURS, "*100#", r"(-?\d+(?:[.,]\d+)?)", 86_400.0, 50.0)


@dataclass
class DiallingRoute(ScriptedRoute):
    """A modem that dials."""

    dialled: list[str] = field(default_factory=list)
    told: str = "Баланс 123,45 р."

    async def dial(self, code: str) -> str:
        self.dialled.append(code)
        if not self.told:
            raise CommandTimeoutError("+CUSD: no answer within 45 s")
        return self.told


class CountedLife(SimLife):
    """Counts how often it has looked at everything."""

    looks = 0

    async def _keep_alive(self, name: str, route: Route, sim: SimSettings) -> None:
        await super()._keep_alive(name, route, sim)  # the last of what it looks at
        self.looks += 1


@dataclass
class Home(House):
    """A gateway and who looks after its SIM."""

    life: CountedLife

    async def looked(self) -> None:
        """Wait for a whole look at what is the case now: the one under way may have begun before."""
        enough = self.life.looks + 2
        await self.until(lambda: self.life.looks >= enough)


Lived = Callable[..., Awaitable[Home]]


@pytest.fixture
async def lived(start: Start, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lived]:
    """Start a gateway with a SIM that is looked after."""
    monkeypatch.setattr("smsd.gateway.simlife.LOOK_SECONDS", 0.01)
    tasks = []

    async def started(route: ScriptedRoute, sim: SimSettings = SIM) -> Home:
        house = await start(route)
        life = CountedLife(
            house.gateway._thread, [route], {"scripted": sim}, (ADMIN,), house.clock, house.gateway.alarms,
            busy=house.gateway.busy, message=house.gateway.to_admin, ring=house.gateway.look,
        )  # fmt: skip
        tasks.append(asyncio.create_task(life.run()))
        return Home(house.gateway, house.store, house.clock, house.routes, house.directory, life)

    yield started
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def found(house: House) -> dict[Any, Any]:
    return house.gateway.alarms._found


async def text(house: House, sender: str, body: str, number: int = 0) -> None:
    value = Deliver(
        sender, body, datetime.fromtimestamp(house.clock.now, UTC), sender_is_number=sender[0] in "+0123456789"
    )
    await house.gateway.received(Received("scripted", f"{body}{number}".encode(), value))


async def test_a_balance_is_asked_for_on_its_schedule_and_a_low_one_is_found(lived: Lived) -> None:
    route = DiallingRoute()
    house = await lived(route)
    await house.until(lambda: house.store.simlife.balance("scripted").value == 123.45)
    house.clock.now += 86_399
    await house.looked()
    assert route.dialled == ["*100#"]
    route.told = "Баланс 12 р."
    house.clock.now += 2
    await house.until(lambda: LOW in found(house))
    assert found(house)[LOW].figure == "12"
    route.told = "Баланс 500 р."
    house.clock.now += 86_401
    await house.until(lambda: LOW not in found(house))


async def test_a_balance_that_is_not_told_is_asked_for_again_and_missed_in_time(lived: Lived) -> None:
    route = DiallingRoute(told="")
    house = await lived(route)
    await house.until(lambda: house.store.simlife.balance("scripted").failures == 1)
    house.clock.now += ASKED_AGAIN + 1
    await house.until(lambda: len(route.dialled) == 2)
    assert UNKNOWN not in found(house)
    house.clock.now += UNKNOWN_AFTER
    await house.until(lambda: UNKNOWN in found(house))
    route.told = "Баланс 99"
    house.clock.now += 7 * ASKED_AGAIN
    await house.until(lambda: UNKNOWN not in found(house))


async def test_an_answer_without_a_number_is_kept_for_people(lived: Lived) -> None:
    house = await lived(DiallingRoute(told="Услуга недоступна"))
    await house.until(lambda: house.store.simlife.balance("scripted").failures == 1)
    assert house.store.simlife.balance("scripted").text == "Услуга недоступна"


async def test_nothing_is_dialled_while_a_part_is_in_the_air_or_the_route_is_down(lived: Lived) -> None:
    route = DiallingRoute(hold=asyncio.Event(), up=False)
    house = await lived(route)
    await house.looked()
    assert route.dialled == []
    house.enqueue("one")
    route.up = True
    house.gateway.changed("scripted")
    # Between its coming up and the claim nothing is in the air yet: the part is what counts from then on.
    await house.until(lambda: bool(route.submits))
    count = len(route.dialled)
    house.clock.now += 2 * 86_400
    await house.looked()
    assert len(route.dialled) == count
    assert route.hold is not None
    route.hold.set()
    await house.until(lambda: len(route.dialled) == count + 1)


async def test_the_operators_texts_are_forwarded_and_no_others(lived: Lived) -> None:
    house = await lived(DiallingRoute(), SimSettings(OURS, senders=("*",)))
    await house.until(lambda: house.store.recall("scripted", "sim.forwarded") is not None)
    await text(house, "MegaFon", "Пополните счёт")
    await text(house, "+79161112233", "hello")
    await text(house, ADMIN, "thanks")
    await house.until(lambda: bool(house.store.outbox.recent(limit=0)))
    [row] = house.store.outbox.recent(limit=0)
    assert (row["recipient"], row["text"], row["class"]) == (ADMIN, "[MegaFon] Пополните счёт", "admin")


async def test_a_chatty_operator_is_forwarded_ten_times_a_day(lived: Lived) -> None:
    house = await lived(DiallingRoute(), SimSettings(OURS, senders=("megafon",)))
    await house.until(lambda: house.store.recall("scripted", "sim.forwarded") is not None)
    for number in range(14):
        await text(house, "MegaFon", f"Акция {number}", number)
    await house.until(lambda: len(house.store.outbox.recent(limit=0)) == 10)
    newest = house.store.inbox.recent(limit=1)[0]["id"]
    await house.until(lambda: house.store.recall("scripted", "sim.forwarded") == str(newest))
    assert len(house.store.outbox.recent(limit=0)) == 10
    house.clock.now += 86_401
    await text(house, "MegaFon", "Акция завтра", 99)
    await house.until(lambda: len(house.store.outbox.recent(limit=0)) == 11)


async def test_what_was_to_keep_a_sim_alive_and_never_left_is_tried_again_each_day(lived: Lived) -> None:
    """The operator counts what he was paid for."""
    route = DiallingRoute(answer=lambda _: NotSent(Verdict.NEVER, "CMS 21"))
    house = await lived(route, SimSettings(OURS, keep_alive=timedelta(days=60), keep_alive_number=OURS))
    await house.until(lambda: house.store.recall("scripted", "sim.sent") is not None)
    house.clock.now += 61 * 86_400
    await house.until(lambda: len(route.submits) == 1)
    house.clock.now += 3600
    await house.looked()
    assert len(route.submits) == 1
    route.answer = lambda _: Sent("1")
    house.clock.now += 86_400 - 3600 + 1
    await house.until(lambda: len(route.submits) == 2)
    house.clock.now += 59 * 86_400
    await house.looked()
    assert len(route.submits) == 2


async def test_a_sim_that_is_silent_for_too_long_sends_something(lived: Lived) -> None:
    route = DiallingRoute()
    house = await lived(route, SimSettings(OURS, keep_alive=timedelta(days=60), keep_alive_number=OURS))
    await house.until(lambda: house.store.recall("scripted", "sim.sent") is not None)
    house.clock.now += 59 * 86_400
    await house.looked()
    assert not route.submits
    began = house.store.recall("scripted", "sim.sent")
    house.clock.now += 2 * 86_400
    await house.until(lambda: len(route.submits) == 1)
    assert route.submits[0].recipient == OURS
    await house.until(lambda: house.store.recall("scripted", "sim.sent") != began)
    house.clock.now += 59 * 86_400
    await house.looked()
    assert len(route.submits) == 1
