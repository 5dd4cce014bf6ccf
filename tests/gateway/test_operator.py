"""A real bind behind the gateway: what its service centre says late, early or of itself, and which way follows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from smsd.routes.smpp import Action
from smsd.rules.outbox import MessageClass
from smsd.rules.routing import Block
from smsd.simulator.network import Network
from smsd.simulator.smsc import SimulatedSmsc
from smsd.simulator.troubles import Trouble
from smsd.store import NewMessage
from smsd.store.swaps import HELD
from smsd.wire.address import INTERNATIONAL, Address
from smsd.wire.smpp.pdu import ShortMessage
from smsd.wire.smpp.tables import Command
from tests.gateway.house import PHONE, House, ScriptedRoute, Start
from tests.routes.smpp.house import bind_to, timings

Bound = Callable[..., Awaitable[tuple[House, SimulatedSmsc, ScriptedRoute]]]


@pytest.fixture
async def bound(start: Start) -> AsyncIterator[Bound]:
    """Start a gateway over a bind to a simulated service centre and a scripted SIM behind it."""
    async with AsyncExitStack() as stack:

        async def begin(**settings: Any) -> tuple[House, SimulatedSmsc, ScriptedRoute]:
            smsc = await stack.enter_async_context(SimulatedSmsc(Network()))
            route, sim = bind_to(smsc, **settings), ScriptedRoute(name="modem0")
            house = await start(route, sim)
            await house.until(lambda: route.status.up)
            return house, smsc, sim

        yield begin


def shown(house: House, message_id: int) -> tuple[str, str | None]:
    """Return where a message stands and by which route."""
    row = house.store.outbox.show(message_id)
    return row["state"], row["route"]


async def test_a_refused_name_goes_by_the_sim_at_once(bound: Bound) -> None:
    house, smsc, sim = await bound()
    smsc.inject(Trouble.STATUS, code=0x0A)
    message = house.enqueue("Здравствуйте!")
    await house.until(lambda: shown(house, message) == ("submitted", "modem0"))
    assert len(sim.submits) == 1


async def test_a_name_refused_after_the_response_timer_goes_by_the_sim_as_well(bound: Bound) -> None:
    """In doubt first; the late answer says that it did not leave, and no policy has to guess."""
    house, smsc, sim = await bound(timings=timings(response=0.05, settle_after=60.0))
    smsc.inject(Trouble.STATUS, code=0x0A, seconds=0.3)
    message = house.enqueue("Ответ", MessageClass.ACK)
    await house.until(lambda: shown(house, message) == ("submitted", "modem0"))
    attempts = house.store.outbox.show(message)["attempt_list"]
    assert [(each["outcome"], each["evidence"]) for each in attempts] == [
        ("not_sent", "late answer"), ("sent", "answer"),
    ]  # fmt: skip
    assert len(sim.submits) == 1


async def test_an_answer_leaves_by_the_sim_where_the_centre_lives_and_answers_no_submit(bound: Bound) -> None:
    """In doubt, it is sent once more; not to the same silence, and one client is not left without a word."""
    quiet = timings(response=0.05, enquire=0.02, enquire_answer=20.0, enquire_least=0.0, settle_after=0.1, pause=60.0)
    house, smsc, sim = await bound(timings=quiet, receipts=False)
    smsc.inject(Trouble.NO_ANSWER, times=0)
    answer = house.enqueue("Ответ", MessageClass.ACK)
    await house.until(lambda: shown(house, answer)[0] == "in_doubt")
    house.clock.now += 46
    await house.until(lambda: shown(house, answer) == ("submitted", "modem0"))
    assert (len(smsc.submits), len(sim.submits)) == (1, 1)


async def test_a_blocking_receipt_before_the_answer_goes_by_the_sim_once(bound: Bound) -> None:
    house, smsc, sim = await bound(receipt_errors={"254": Block.SENDER})
    smsc.network.report_status = 254
    smsc.inject(Trouble.LATE, seconds=0.2)
    message = house.enqueue("Ответ", MessageClass.RESULT)
    await house.until(lambda: shown(house, message) == ("submitted", "modem0"))
    assert len(sim.submits) == 1
    assert "blocks the sender's name" in house.store.outbox.show(message)["diverted"]


async def test_a_bind_without_money_costs_its_message_no_time(bound: Bound) -> None:
    """Only this message; the bind rests, and what comes next waits for it as for one that is down."""
    house, smsc, sim = await bound(statuses={0x40B: Action.ROUTE}, timings=timings(pause=60.0))
    smsc.inject(Trouble.STATUS, code=0x40B)
    message = house.enqueue("Здравствуйте!")
    await house.until(lambda: shown(house, message) == ("submitted", "modem0"))
    waiting = house.enqueue("ещё")
    await asyncio.sleep(0.05)
    assert shown(house, waiting) == ("queued", None)
    house.clock.now += 31
    await house.until(lambda: shown(house, waiting) == ("submitted", "modem0"))
    assert len(sim.submits) == 2


async def test_a_slow_contract_is_used_up_and_the_answer_goes_next(
    bound: Bound, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two a second: nobody rings when the next may leave, and nothing is taken in advance of a client's answer."""
    monkeypatch.setattr("smsd.gateway.pump.POLL_SECONDS", 3600.0)
    house, smsc, _ = await bound(rate=2.0, window=10)
    for number in range(4):
        house.store.outbox.enqueue(NewMessage(MessageClass.NOTIFICATION, PHONE, 1, text=f"news {number}"))
    house.gateway.look()
    await smsc.until(lambda: len(smsc.submits) == 1)
    house.store.outbox.enqueue(NewMessage(MessageClass.ACK, PHONE, 1, text="taken"))
    house.gateway.look()
    await smsc.until(lambda: len(smsc.submits) == 5)
    assert [submission.user_data.text for submission in smsc.network.submissions].index("taken") <= 2


async def test_a_throttled_message_stays_with_its_bind(bound: Bound) -> None:
    house, smsc, sim = await bound(rate=30.0)
    smsc.inject(Trouble.STATUS, code=0x58)
    message = house.enqueue("Здравствуйте!")
    await house.until(lambda: shown(house, message)[0] == "queued" and len(smsc.submits) == 1)
    house.clock.now += 3
    await house.until(lambda: shown(house, message)[0] == "delivered")
    assert (shown(house, message)[1], sim.submits) == ("operator", [])


async def test_a_replaced_sim_holds_the_next_password_whichever_route_is_up(bound: Bound) -> None:
    house, smsc, sim = await bound(receipt_errors={"219": Block.SIM_SWAPPED})
    await house.text("CLIENT info")
    await house.until(lambda: [state for _, state in house.states()] == ["delivered", "delivered"])
    smsc.network.report_status = 219
    await house.text("CLIENT sms start")
    await house.until(lambda: [state for _, state in house.states()[2:]] == ["undeliverable", "undeliverable"])
    smsc.network.report_status = 0
    house.clock.now += 60
    await house.text("CLIENT info")
    await house.until(lambda: house.states()[-2:] == [("ack", "delivered"), ("result", "queued")])
    held = house.store.outbox.recent(limit=1)[0]["id"]
    await house.until(lambda: house.store.outbox.show(held)["error"] == HELD)
    await smsc.kill()
    house.clock.now += 76
    await asyncio.sleep(0.05)
    assert (shown(house, held), sim.submits) == (("queued", None), [])


async def test_a_receipt_by_data_sm_on_another_bind_days_later_finds_its_message(bound: Bound) -> None:
    """The bind is made anew meanwhile; the answer's id was decimal, the receipt's is hexadecimal."""
    house, smsc, _ = await bound()
    smsc.inject(Trouble.RECEIPT_MALFORMED)
    message = house.enqueue("Здравствуйте!")
    await house.until(lambda: shown(house, message)[0] == "submitted")
    reference = house.store.outbox.show(message)["attempt_list"][0]["reference"]
    smsc.unbind()
    await smsc.until(lambda: len(smsc.binds) == 2)
    house.clock.now += 3 * 86_400
    text = f"id:{int(reference):X} sub:001 dlvrd:001 submit date:2611221216 done date:2611221217 stat:DELIVRD err:000"
    receipt = ShortMessage(Address(PHONE[1:], INTERNATIONAL, 1), Address("SCSERV", 5, 0), text.encode(), esm_class=4)
    smsc.deliver(receipt, Command.DATA_SM)
    await house.until(lambda: shown(house, message)[0] == "delivered")
