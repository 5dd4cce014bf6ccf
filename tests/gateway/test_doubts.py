"""Doubts: evidence first, then the policy of the class."""

import asyncio
from dataclasses import dataclass, field

from smsd.rules.outbox import MessageClass
from smsd.rules.routing import Kind
from smsd.sms import Doubt, InDoubt, Outcome, Sent, Submit
from tests.gateway.house import ScriptedRoute, Start


async def test_an_answer_in_doubt_is_sent_once_more_and_then_held(start: Start) -> None:
    """No evidence: an acknowledgement is resent once; a second doubt is left to a person."""
    house = await start(ScriptedRoute(answer=lambda _: InDoubt("no answer")))
    await house.text("CLIENT sms stop")
    await house.until(lambda: ("ack", "in_doubt") in house.states())
    assert len([s for s in house.route.submits if s.message_id == 1]) == 1
    house.clock.now += 76
    house.gateway._bells.doubts["scripted"].set()
    await house.until(lambda: len([s for s in house.route.submits if s.message_id == 1]) == 2)
    house.clock.now += 76
    house.gateway._bells.doubts["scripted"].set()
    await house.until(lambda: house.states()[0] == ("ack", "in_doubt"))
    await asyncio.sleep(0.05)
    assert len([s for s in house.route.submits if s.message_id == 1]) == 2


async def test_a_manual_message_in_doubt_is_held(start: Start) -> None:
    """What nobody waits for is not sent twice: it stays in doubt, and evidence still settles it."""
    house = await start(ScriptedRoute(answer=lambda _: InDoubt("no answer")))
    held = house.enqueue("hello")
    await house.until(lambda: house.states() == [("manual", "in_doubt")])
    house.clock.now += 3600
    house.gateway._bells.doubts["scripted"].set()
    await asyncio.sleep(0.05)
    assert len(house.route.submits) == 1
    house.route.evidence = lambda _doubt, _age: Sent("7", evidence="EF_SMSS")
    house.gateway._bells.doubts["scripted"].set()
    await house.until(lambda: house.store.outbox.show(held)["state"] == "submitted")


async def test_evidence_is_looked_at_while_nothing_is_in_the_air(start: Start) -> None:
    """What is sent between a look at the store and one at the SIM would be taken for the part in doubt."""
    first = True

    def answer(submit: Submit) -> Outcome:
        nonlocal first
        doubtful, first = first, False
        return InDoubt("no answer") if doubtful else Sent(str(submit.attempt_id))

    house = await start(ScriptedRoute(answer=answer))
    looks: list[tuple[int, int]] = []
    looked = asyncio.Event()

    def evidence(doubt: Doubt, _age: float) -> Outcome | None:
        looks.append((house.gateway.in_air, len(house.route.submits) - 1 - len(doubt.later)))
        looked.set()
        return None

    house.route.evidence = evidence
    for number in range(200):
        house.enqueue(f"hello {number}")
    for _ in range(10):
        looked.clear()
        house.gateway._bells.doubts["scripted"].set()
        async with asyncio.timeout(60):
            await looked.wait()
    assert set(looks) == {(0, 0)}  # nothing in the air, and everything sent later is known to the doubt
    assert len(house.route.submits) < 200  # a queue that never ends does not keep evidence away
    await house.until(lambda: len(house.route.submits) == 200)


async def test_a_policy_waits_while_no_route_is_up(start: Start) -> None:
    """With nothing to send by there is no use in giving up the evidence that the modem may still bring."""
    house = await start(ScriptedRoute(answer=lambda _: InDoubt("no answer")))
    await house.text("CLIENT sms stop")
    await house.until(lambda: ("ack", "in_doubt") in house.states())
    house.route.up = False
    house.clock.now += 3600
    house.gateway._bells.doubts["scripted"].set()
    await asyncio.sleep(0.05)
    assert house.store.outbox.show(1)["part_list"][0]["resent"] == 0


async def test_a_route_that_raises_leaves_a_doubt_and_goes_on(start: Start) -> None:
    """A surprise in a route costs one part its certainty, not the service its life."""
    calls = 0

    def surprise(_: Submit) -> Outcome:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("surprise")
        return Sent("1")

    house = await start(ScriptedRoute(answer=surprise))
    first = house.enqueue("one")
    second = house.enqueue("two")
    await house.until(lambda: house.store.outbox.show(second)["state"] == "submitted")
    assert house.store.outbox.show(first)["state"] == "in_doubt"


async def test_a_doubt_on_a_bind_holds_no_answer_back(start: Start) -> None:
    """What settles it speaks of one message only: the others in the air need not land before it is looked at."""
    bind = ScriptedRoute(kind=Kind.BIND, sim=None, window=3, answer=lambda _: InDoubt("no answer"))
    house = await start(bind)
    house.enqueue("one")
    await house.until(lambda: house.states() == [("manual", "in_doubt")])
    bind.hold = asyncio.Event()
    house.enqueue("two")
    await house.until(lambda: len(bind.submits) == 2)
    asked: list[int] = []
    bind.evidence = lambda doubt, _age: asked.append(doubt.attempt_id)
    house.gateway._bells.doubts["scripted"].set()
    await house.until(lambda: bool(asked))
    house.enqueue("taken", MessageClass.ACK)
    await house.until(lambda: len(bind.submits) == 3)


@dataclass
class Slow(ScriptedRoute):
    """A route that is long in saying what became of a message."""

    says: asyncio.Event = field(default_factory=asyncio.Event)

    async def settle(self, doubt: Doubt, age_seconds: float) -> Outcome | None:
        await self.says.wait()
        return await super().settle(doubt, age_seconds)


async def test_an_operator_slow_to_say_what_became_of_a_message_holds_no_answer_back(start: Start) -> None:
    """Not when the route comes up again either: what is in doubt there spoils nothing, and nothing spoils it."""
    bind = Slow(kind=Kind.BIND, sim=None, window=3, answer=lambda _: InDoubt("no answer"))
    house = await start(bind)
    house.enqueue("one")
    await house.until(lambda: house.states() == [("manual", "in_doubt")])
    await house.heard(bind, up=False)
    await house.heard(bind, up=True)
    house.enqueue("taken", MessageClass.ACK)
    await house.until(lambda: len(bind.submits) == 2)
