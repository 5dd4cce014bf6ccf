"""The pump: claims, flights, ends."""

import asyncio

import pytest
from structlog.testing import capture_logs

from smsd.gateway import ACK_ALARM_SECONDS
from smsd.sms import InDoubt, NotSent, Sent, Verdict
from tests.gateway.house import ScriptedRoute, Start


async def test_a_text_that_cannot_be_sent_fails_alone(start: Start) -> None:
    """A message whose parts do not match what was announced is rejected; the next one leaves."""
    house = await start()
    bad = house.enqueue("hello", parts=3)
    good = house.enqueue("hello")
    await house.until(lambda: house.store.outbox.show(good)["state"] == "submitted")
    assert house.store.outbox.show(bad)["state"] == "rejected"


async def test_a_route_without_parts_gets_the_whole_text_once(start: Start) -> None:
    """Three parts by the count, one submit, and all of them submitted or refused together."""
    house = await start(ScriptedRoute(whole=True, sim=None))
    text = "а" * 150
    message = house.enqueue(text, parts=3)
    await house.until(lambda: house.store.outbox.show(message)["state"] == "submitted")
    [submit] = house.route.submits
    assert (submit.user_data.text, submit.user_data.header, submit.part, submit.total) == (text, (), 1, 1)
    assert not submit.more_to_come
    assert [part["state"] for part in house.store.outbox.show(message)["part_list"]] == ["sent"] * 3
    house.route.answer = lambda _: NotSent(Verdict.NEVER, "17", "unknown number")
    refused = house.enqueue(text, parts=3)
    await house.until(lambda: house.store.outbox.show(refused)["state"] == "rejected")
    assert len(house.route.submits) == 2


async def test_stopping_waits_for_the_part_in_the_air_and_takes_no_more(start: Start) -> None:
    """``stop`` returns when the part has landed."""
    route = ScriptedRoute(hold=asyncio.Event())
    house = await start(route)
    house.enqueue("one")
    house.enqueue("two")
    await house.until(lambda: len(route.submits) == 1)
    stopping = asyncio.create_task(house.gateway.stop(5))
    await asyncio.sleep(0.02)
    assert not stopping.done()
    assert route.hold is not None
    route.hold.set()
    await stopping
    assert house.states() == [("manual", "submitted"), ("manual", "queued")]
    assert len(route.submits) == 1


async def test_a_late_acknowledgement_raises_an_alarm(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older than ninety seconds: an error in the log, once."""
    monkeypatch.setattr("smsd.gateway.CARE_SECONDS", 0.01)
    with capture_logs() as logs:
        house = await start(ScriptedRoute(up=False))
        await house.text("CLIENT sms stop")
        house.clock.now += ACK_ALARM_SECONDS + 1
        await house.until(lambda: any(entry["event"] == "acknowledgement_late" for entry in logs))
        await asyncio.sleep(0.05)
    assert len([entry for entry in logs if entry["event"] == "acknowledgement_late"]) == 1


async def test_nothing_new_is_sent_while_it_would_spoil_the_evidence(start: Start) -> None:
    """After a start with a part in doubt the next one waits, until the SIM has spoken or can speak no more."""
    route = ScriptedRoute(answer=lambda _: InDoubt("no answer"), evidence_seconds=60.0)
    house = await start(route)
    first = house.enqueue("one")
    await house.until(lambda: house.store.outbox.show(first)["state"] == "in_doubt")
    route.up = False
    house.gateway.changed(route.name)
    await asyncio.sleep(0.02)
    route.up, route.answer = True, lambda _: Sent("2")
    second = house.enqueue("two")
    house.gateway.changed(route.name)
    await asyncio.sleep(0.1)
    assert house.store.outbox.show(second)["state"] == "queued"
    house.clock.now += 61
    await house.until(lambda: house.store.outbox.show(second)["state"] == "submitted")


async def test_evidence_that_comes_lets_the_next_part_leave_at_once(start: Start) -> None:
    """The SIM says that the part left: nothing is waited for any more."""
    route = ScriptedRoute(answer=lambda _: InDoubt("no answer"), evidence_seconds=60.0)
    house = await start(route)
    first = house.enqueue("one")
    await house.until(lambda: house.store.outbox.show(first)["state"] == "in_doubt")
    route.up = False
    house.gateway.changed(route.name)
    await asyncio.sleep(0.02)
    route.up, route.answer = True, lambda _: Sent("2")
    house.gateway.changed(route.name)
    second = house.enqueue("two")
    await asyncio.sleep(0.05)
    route.evidence = lambda _doubt, _age: Sent("1", evidence="EF_SMSS")
    await house.until(lambda: house.store.outbox.show(second)["state"] == "submitted")
    assert house.store.outbox.show(first)["state"] == "submitted"
