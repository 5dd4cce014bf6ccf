"""Requests: carried out, answered, asked again, apologised for."""

import asyncio
from datetime import UTC, datetime

from smsd.directory import Registration
from smsd.errors import DirectoryError
from smsd.sms import Deliver, NotSent, Received, Verdict
from tests.gateway.house import PHONE, ScriptedDirectory, ScriptedRoute, Start


async def test_a_directory_that_is_down_is_asked_again_and_the_client_answered(start: Start) -> None:
    """The request waits; when the directory returns the client gets his data."""

    def down(_: str) -> Registration | None:
        raise DirectoryError("no answer")

    house = await start(directory=ScriptedDirectory(answer=down))
    await house.text("CLIENT info")
    await house.until(lambda: house.request() == ("accepted", 1))
    house.directory.answer = lambda _: Registration("1", "ivanov", "secret")
    house.clock.now += 60
    await house.until(lambda: house.states() == [("ack", "submitted"), ("result", "submitted")])


async def test_a_directory_that_stays_down_ends_in_an_apology(start: Start) -> None:
    """After the deadline the client is told, not left."""

    def down(_: str) -> Registration | None:
        raise DirectoryError("no answer")

    house = await start(directory=ScriptedDirectory(answer=down))
    await house.text("CLIENT info")
    await house.until(lambda: house.request() == ("accepted", 1))
    house.clock.now += 24 * 3600 + 1
    await house.until(lambda: house.store.requests.recent(limit=1)[0]["state"] == "failed")
    await house.until(lambda: house.states()[-1] == ("result", "submitted"))


async def test_a_result_waits_for_its_acknowledgement(start: Start) -> None:
    """While the acknowledgement is in the air the result stays; once it is settled the result leaves."""
    route = ScriptedRoute(hold=asyncio.Event())
    house = await start(route)
    await house.text("CLIENT sms stop")
    await house.until(lambda: len(house.states()) == 2)
    assert len(route.submits) == 1
    assert route.hold is not None
    route.hold.set()
    await house.until(lambda: len(route.submits) == 2)


async def test_a_result_waits_a_hundred_seconds_at_most(start: Start) -> None:
    """An acknowledgement that cannot leave does not keep the result for ever."""
    house = await start(ScriptedRoute(answer=lambda _: NotSent(Verdict.LATER, "CMS 38")))
    await house.text("CLIENT sms stop")
    await house.until(lambda: len(house.states()) == 2 and len(house.route.submits) == 1)
    house.clock.now += 101
    await house.until(lambda: len({submit.message_id for submit in house.route.submits}) == 2)


async def test_of_stop_and_start_the_later_wish_is_answered(start: Start) -> None:
    """A stop that arrives after a newer start changes nothing, and the client is told what holds."""
    house = await start()
    await house.text("CLIENT sms start")
    await house.until(lambda: len(house.states()) == 2)
    late = Deliver(PHONE, "CLIENT sms stop", datetime.fromtimestamp(house.clock.now - 60, UTC))
    await house.gateway.received(Received("scripted", b"late stop", late))
    await house.until(lambda: house.states().count(("result", "submitted")) == 2)
    assert house.store.clients.subscribed(PHONE)
    assert "включены" in house.store.outbox.recent(limit=1)[0]["text"]
