"""Requests: carried out, answered, asked again, apologised for."""

import asyncio
from datetime import UTC, datetime

from smsd.directory import Registration, Wish
from smsd.errors import DirectoryDownError, DirectoryError
from smsd.gateway.answers import AT_ONCE
from smsd.sms import Deliver, NotSent, Received, Verdict
from tests.gateway.house import PHONE, House, ScriptedDirectory, ScriptedRoute, Start


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
    await house.until(lambda: len(house.states()) == 2 and len(route.submits) > 0)
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


def down(_: str) -> Registration | None:
    raise DirectoryDownError("ssk: answers 500", again_in=40.0)


async def test_a_directory_that_knows_when_it_is_worth_asking_is_asked_then(start: Start) -> None:
    house = await start(directory=ScriptedDirectory(answer=down))
    await house.text("CLIENT info")
    await house.until(lambda: house.request() == ("accepted", 1))
    row = house.store.requests.show(1)
    assert row["due_at"] == house.clock.now + 40
    assert row["error"] == "ssk: answers 500"


async def test_when_it_returns_everybody_who_waits_is_answered_at_once(start: Start) -> None:
    """Nobody waits for the next time of his own: one answer shows that the outage is over."""
    house = await start(directory=ScriptedDirectory(answer=down))
    await house.text("CLIENT info")
    await house.until(lambda: house.request() == ("accepted", 1))
    house.directory.answer = lambda _: Registration("1", "ivanov", "secret")
    await house.text("CLIENT sms start")
    await house.until(lambda: house.states().count(("result", "submitted")) == 2)
    assert {row["state"] for row in house.store.requests.recent(limit=0)} == {"done"}


async def test_the_apology_comes_at_the_deadline_not_at_the_next_time_of_asking(start: Start) -> None:
    house = await start(directory=ScriptedDirectory(answer=down))
    await house.text("CLIENT info")
    await house.until(lambda: house.request() == ("accepted", 1))
    house.clock.now += 24 * 3600 - 10
    await house.until(lambda: house.request() == ("accepted", 2))
    assert house.store.requests.show(1)["due_at"] == house.clock.now + 10
    house.clock.now += 10
    await house.until(lambda: house.states()[-1] == ("result", "submitted"))
    assert house.request() == ("failed", 3)


class Deaf(ScriptedDirectory):
    """Cannot be told anything."""

    async def subscribe(self, phone: str, wish: Wish) -> None:
        raise DirectoryDownError("ssk: answers 500", again_in=5.0)


async def test_a_stop_is_in_force_whatever_the_directory_says_and_is_confirmed_in_the_end(start: Start) -> None:
    """At the deadline the client hears what is true: nothing comes any more. The admin sees who was not told."""
    house = await start(directory=Deaf())
    await house.text("CLIENT sms stop")
    assert not house.store.clients.subscribed(PHONE)
    await house.until(lambda: house.request() == ("accepted", 1))
    house.clock.now += 24 * 3600
    await house.until(lambda: house.states()[-1] == ("result", "submitted"))
    row = house.store.requests.show(1)
    assert row["state"] == "failed"
    assert row["error"].startswith("in force here, but the client-support system could not be told: ssk: answers 500")
    assert "отключены" in house.store.outbox.recent(limit=1)[0]["text"]


async def test_the_directory_is_told_the_wish_with_its_time_and_request(start: Start) -> None:
    house = await start()
    await house.text("CLIENT sms stop")
    await house.until(lambda: house.states()[-1] == ("result", "submitted"))
    assert house.directory.told == [(PHONE, Wish(subscribed=False, decided_at=1_800_000_000.0, request_id=1))]


async def test_a_stop_that_the_directory_knows_of_is_heeded_where_the_number_said_nothing(start: Start) -> None:
    known = Registration("1", "ivanov", "secret", subscribed=False)
    house = await start(directory=ScriptedDirectory(answer=lambda _: known))
    await house.text("CLIENT info")
    await house.until(lambda: house.states()[-1] == ("result", "submitted"))
    assert not house.store.clients.subscribed(PHONE)
    house.clock.now += 60
    await house.text("CLIENT sms start")
    await house.until(lambda: house.states().count(("result", "submitted")) == 2)
    await house.text("CLIENT info")
    await house.until(lambda: house.states().count(("result", "submitted")) == 3)
    assert house.store.clients.subscribed(PHONE)


class Slow(ScriptedDirectory):
    """Answers about each phone when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.let: dict[str, asyncio.Event] = {}

    async def registration(self, phone: str) -> Registration | None:
        self.asked.append(phone)
        await self.let.setdefault(phone, asyncio.Event()).wait()
        return Registration("1", phone, "secret")


async def ask(house: House, phone: str, body: str) -> None:
    value = Deliver(phone, body, datetime.fromtimestamp(house.clock.now, UTC))
    await house.gateway.received(Received("scripted", f"{phone}{body}".encode(), value))


async def test_one_client_about_whom_nothing_is_answered_keeps_nobody_else_waiting(start: Start) -> None:
    directory = Slow()
    house = await start(directory=directory)
    phones = [f"+7916000000{number}" for number in range(3)]
    for phone in phones:
        await ask(house, phone, "CLIENT info")
    await house.until(lambda: sorted(directory.asked) == phones)
    directory.let[phones[2]].set()
    await house.until(lambda: house.store.requests.recent(limit=0)[0]["state"] == "done")
    assert {row["state"] for row in house.store.requests.recent(limit=0)[1:]} == {"in_progress"}


async def test_requests_of_one_phone_are_carried_out_in_turn(start: Start) -> None:
    """Otherwise the answer to the earlier could be read last."""
    directory = Slow()
    house = await start(directory=directory)
    await ask(house, PHONE, "CLIENT info")
    await house.until(lambda: directory.asked == [PHONE])
    await ask(house, PHONE, "CLIENT sms stop")
    await house.until(lambda: {row["state"] for row in house.store.requests.recent(limit=0)} == {"in_progress"})
    assert directory.told == []
    directory.let[PHONE].set()
    await house.until(lambda: [row["state"] for row in house.store.requests.recent(limit=0)] == ["done", "done"])
    assert directory.told != []


async def test_no_more_than_a_few_are_asked_about_at_a_time(start: Start) -> None:
    directory = Slow()
    house = await start(directory=directory)
    for number in range(AT_ONCE + 3):
        await ask(house, f"+791600000{number:02}", "CLIENT info")
    await house.until(lambda: len(directory.asked) == AT_ONCE)
    for event in list(directory.let.values()):
        event.set()
    await house.until(lambda: len(directory.asked) == AT_ONCE + 3)


async def test_a_fault_of_one_request_ends_no_other(start: Start) -> None:
    def broken(phone: str) -> Registration | None:
        if phone == PHONE:
            raise ZeroDivisionError
        return Registration("1", "ivanov", "secret")

    house = await start(directory=ScriptedDirectory(answer=broken))
    await ask(house, PHONE, "CLIENT info")
    await ask(house, "+79160000001", "CLIENT info")
    await house.until(lambda: house.store.requests.recent(limit=0)[0]["state"] == "done")
    assert house.gateway.lifeless == []
