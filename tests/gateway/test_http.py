"""A gateway over a real store with an operator's HTTP interface: whole messages, doubts, receipts, falling back."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from smsd.rules.outbox import MessageClass
from smsd.simulator.httpsmsc import HttpTrouble, SimulatedHttpSmsc
from smsd.simulator.network import Network
from tests.gateway.house import PHONE, House, ScriptedRoute, Start
from tests.routes.http.house import BY_KEY, LONG, PROFILE, Books, route_to

PARTS = 6


@pytest.fixture
async def smsc() -> AsyncIterator[SimulatedHttpSmsc]:
    async with SimulatedHttpSmsc(Network(service_number="+79086228779")) as gateway:
        yield gateway


async def begin(start: Start, smsc: SimulatedHttpSmsc, *others: ScriptedRoute, text: str = PROFILE) -> House:
    """Start a gateway with the HTTP route first."""
    books = Books()
    route = route_to(smsc, text, books=books)
    house = await start(route, *others)

    async def unreported(after: int, limit: int) -> Sequence[tuple[int, str, str]]:
        return house.store.outbox.unreported("operator", after, limit, 0.0)

    route._poll._unreported = unreported
    await house.until(lambda: route.status.up)
    return house


async def test_a_long_message_leaves_whole_and_is_delivered_whole(start: Start, smsc: SimulatedHttpSmsc) -> None:
    """One request, one report, and every part of it delivered."""
    house = await begin(start, smsc)
    message = house.enqueue(LONG, parts=PARTS)
    await house.until(lambda: house.store.outbox.show(message)["state"] == "delivered")
    shown = house.store.outbox.show(message)
    assert [part["state"] for part in shown["part_list"]] == ["delivered"] * PARTS
    assert [attempt["sequence"] for attempt in shown["attempt_list"]] == [0]
    assert (shown["route"], shown["sender"], len(smsc.requests)) == ("operator", "SCSERV", 1)
    assert house.store.outbox.unreported("operator", 0, 10, 0.0) == []


async def test_a_lost_answer_is_settled_by_asking_and_nothing_is_doubled(start: Start, smsc: SimulatedHttpSmsc) -> None:
    house = await begin(start, smsc, text=BY_KEY)
    smsc.inject(HttpTrouble.LOSE)
    message = house.enqueue(LONG, parts=PARTS)
    await house.until(lambda: house.store.outbox.show(message)["state"] in ("submitted", "delivered"))
    [attempt] = house.store.outbox.show(message)["attempt_list"]
    assert (attempt["outcome"], attempt["evidence"], len(smsc.requests)) == ("sent", "status query", 1)


async def test_a_lost_answer_without_evidence_is_held_for_a_person(start: Start, smsc: SimulatedHttpSmsc) -> None:
    """A message by hand: a double is not this program's to risk."""
    house = await begin(start, smsc)
    smsc.inject(HttpTrouble.LOSE)
    message = house.enqueue(LONG, parts=PARTS)
    await house.until(lambda: house.store.outbox.show(message)["state"] == "in_doubt")
    house.clock.now += 100
    await asyncio.sleep(0.1)
    assert [part["state"] for part in house.store.outbox.show(message)["part_list"]] == ["in_doubt"] * PARTS
    assert len(smsc.requests) == 1


async def test_a_refused_name_falls_back_to_the_sim_part_by_part(start: Start, smsc: SimulatedHttpSmsc) -> None:
    house = await begin(start, smsc, ScriptedRoute(name="modem0"))
    smsc.inject(HttpTrouble.REFUSE, code="18")
    message = house.enqueue(LONG, MessageClass.RESULT, parts=PARTS)
    await house.until(lambda: house.store.outbox.show(message)["state"] == "submitted")
    sim = house.routes[1]
    assert [submit.part for submit in sim.submits] == list(range(1, PARTS + 1))
    assert "".join(submit.user_data.text or "" for submit in sim.submits) == LONG
    assert house.store.outbox.show(message)["sender"] == sim.sender


async def test_a_blocked_name_in_a_receipt_sends_the_answer_by_the_sim(start: Start, smsc: SimulatedHttpSmsc) -> None:
    smsc.network.phone(PHONE).reachable = False
    house = await begin(start, smsc, ScriptedRoute(name="modem0"))
    message = house.enqueue(LONG, MessageClass.RESULT, parts=PARTS)
    await smsc.until(lambda: smsc.taken)
    smsc.become(smsc.taken["m-000001"], "failed", "254")
    await house.until(lambda: len(house.routes[1].submits) == PARTS)
    await house.until(lambda: house.store.outbox.show(message)["state"] == "submitted")


async def test_an_operator_that_is_gone_leaves_the_answers_to_the_sim(start: Start, smsc: SimulatedHttpSmsc) -> None:
    house = await begin(start, smsc, ScriptedRoute(name="modem0"))
    await smsc.kill()
    await house.text("CLIENT sms stop")
    await house.until(lambda: not house.routes[0].status.up)
    await house.until(lambda: all(row["error"] for row in house.store.outbox.recent(limit=0, message_class="ack")))
    assert not house.routes[1].submits
    house.clock.now += 31
    await house.until(lambda: house.states() == [("ack", "submitted"), ("result", "submitted")])
    assert len(house.routes[1].submits) == 2
