"""Choosing between a bind and a SIM, and falling back, over a real store."""

import asyncio

import pytest

from smsd.rules.outbox import MessageClass
from smsd.rules.routing import ANSWER_PATIENCE, OWN_SECONDS, Block, Kind
from smsd.sms import InDoubt, NotSent, Outcome, Received, ReportClass, Sent, StatusReport, Submit, Verdict
from smsd.store.swaps import HELD
from tests.gateway.house import PHONE, House, ScriptedRoute, Start


def bind(**how: object) -> ScriptedRoute:
    """Make a bind that sends as SCSERV."""
    return ScriptedRoute(name="operator", sender="SCSERV", sim=None, kind=Kind.BIND, window=10, **how)  # type: ignore[arg-type]


def sim() -> ScriptedRoute:
    """Make a modem."""
    return ScriptedRoute(name="modem0")


def refuse_sender(_: Submit) -> NotSent:
    return NotSent(Verdict.NEVER, "SMPP 0x0A", "invalid source address", refused=Block.SENDER.value)


def _rests(house: House, message_id: int) -> bool:
    """Tell whether a message waits for a moment that has not come yet."""
    return (house.store.outbox.show(message_id)["due_at"] or 0.0) > house.clock.now


async def test_the_name_is_the_first_choice(start: Start) -> None:
    """With both routes up everything leaves as SCSERV."""
    house = await start(bind(), sim())
    await house.text("CLIENT sms stop")
    await house.until(lambda: house.states() == [("ack", "submitted"), ("result", "submitted")])
    assert not house.routes[1].submits
    assert {row["sender"] for row in house.store.outbox.recent(limit=0)} == {"SCSERV"}


async def test_an_answer_goes_by_the_sim_when_the_bind_has_been_down_long_enough(start: Start) -> None:
    """Not at once, but after ``fallback_after``; an alert and a notification wait for the name."""
    house = await start(bind(up=False), sim())
    await house.text("CLIENT sms start")
    alert = house.enqueue("оповещение", MessageClass.ALERT)
    await asyncio.sleep(0.1)
    assert not house.routes[1].submits
    house.clock.now += 31
    await house.until(lambda: len(house.routes[1].submits) == 2)
    assert house.store.outbox.show(alert)["state"] == "queued"
    await house.heard(house.routes[0], up=True)
    await house.until(lambda: len(house.routes[0].submits) >= 1)


async def test_an_answer_that_has_waited_too_long_leaves_by_whatever_is_up(start: Start) -> None:
    """A bind that is up but takes nothing does not break the promise of two minutes."""
    stuck = bind()
    stuck.hold = asyncio.Event()
    stuck.window = 1
    house = await start(stuck, sim())
    blocking = house.enqueue("первое")
    await house.until(lambda: len(stuck.submits) == 1)
    await house.text("CLIENT sms start")
    await asyncio.sleep(0.1)
    assert not house.routes[1].submits
    house.clock.now += 76
    await house.until(lambda: len(house.routes[1].submits) >= 1)
    assert house.store.outbox.show(blocking)["state"] == "submitting"


async def test_a_refused_name_falls_back_for_this_message_only(start: Start) -> None:
    """The change of sender is recorded with its reason."""
    operator = bind(answer=refuse_sender)
    house = await start(operator, sim())
    first = house.enqueue("первое")
    await house.until(lambda: house.store.outbox.show(first)["state"] == "submitted")
    shown = house.store.outbox.show(first)
    assert (shown["route"], shown["sender"]) == ("modem0", "+79086228779")
    assert "0x0A" in shown["diverted"]
    operator.answer = lambda _: Sent("abc")
    second = house.enqueue("второе")
    await house.until(lambda: house.store.outbox.show(second)["state"] == "submitted")
    assert house.store.outbox.show(second)["sender"] == "SCSERV"


async def test_a_sim_that_the_order_does_not_name_never_stands_in(start: Start) -> None:
    """A route not named sends nothing, for a refused name either."""
    house = await start(bind(answer=refuse_sender), sim(), order=("operator",))
    message = house.enqueue("первое")
    await house.until(lambda: house.store.outbox.show(message)["state"] == "rejected")
    assert not house.routes[1].submits


async def test_a_refused_recipient_never_falls_back(start: Start) -> None:
    """Another sender does not change a wrong number."""
    operator = bind(answer=lambda _: NotSent(Verdict.NEVER, "SMPP 0x0B", refused=Block.RECIPIENT.value))
    house = await start(operator, sim())
    message = house.enqueue("первое")
    await house.until(lambda: house.store.outbox.show(message)["state"] == "rejected")
    assert not house.routes[1].submits


async def _report(house: House, reference: str, refused: Block | None, *, route: str = "operator") -> None:
    value = StatusReport(
        reference, PHONE, None, None, ReportClass.FAILED, "UNDELIV 254", refused=refused.value if refused else None
    )
    await house.gateway.received(Received(route, f"{reference} {refused}".encode(), value))


async def test_a_blocked_name_in_a_receipt_sends_an_answer_by_the_sim_once(start: Start) -> None:
    """Accepted, then reported as blocked: the answer goes by the SIM, a message by hand does not."""
    house = await start(bind(answer=lambda s: Sent(f"id-{s.attempt_id:06}")), sim())
    await house.text("CLIENT sms stop")
    by_hand = house.enqueue("лично")
    await house.until(lambda: [state for _, state in house.states()] == ["submitted"] * 3)
    for attempt in (1, 2, 3):
        await _report(house, f"id-{attempt:06}", Block.SENDER)
    await house.until(lambda: len(house.routes[1].submits) == 2)
    assert house.store.outbox.show(by_hand)["state"] == "undeliverable"
    assert {submit.message_id for submit in house.routes[1].submits} == {
        row["id"] for row in house.store.outbox.recent(limit=0) if row["class"] in ("ack", "result")
    }
    await house.until(lambda: house.states().count(("ack", "submitted")) == 1)


async def test_a_part_that_arrived_under_the_name_does_not_stand_in_for_one_of_the_sims(start: Start) -> None:
    """One part is blocked, another is delivered all the same: a phone could not put those of two senders together."""
    house = await start(bind(answer=lambda submit: Sent(f"id-{submit.attempt_id:06}")), sim())
    house.routes[1].hold = asyncio.Event()
    answer = house.enqueue("о" * 150, MessageClass.RESULT, parts=3)
    await house.until(lambda: house.store.outbox.show(answer)["state"] == "submitted")
    first, second, _ = (each["reference"] for each in house.store.outbox.show(answer)["attempt_list"])
    blocked = StatusReport(first, PHONE, None, None, ReportClass.FAILED, "UNDELIV 254", refused=Block.SENDER)
    await house.gateway.received(Received("operator", b"1", blocked))
    await house.until(lambda: len(house.routes[1].submits) == 1)
    arrived = StatusReport(second, PHONE, None, None, ReportClass.DELIVERED, "DELIVRD 000")
    await house.gateway.received(Received("operator", b"2", arrived))
    house.routes[1].hold.set()
    await house.until(lambda: house.store.outbox.show(answer)["state"] == "submitted")
    assert [submit.part for submit in house.routes[1].submits] == [1, 2, 3]


async def test_a_blocked_name_reported_before_the_answer_falls_back_all_the_same(start: Start) -> None:
    """The receipt overtakes the answer: nothing is lost, and the answer goes by the SIM once."""
    operator = bind(answer=lambda s: Sent(f"id-{s.attempt_id:06}"))
    operator.hold = asyncio.Event()
    house = await start(operator, sim())
    ack = house.enqueue("ответ", MessageClass.ACK)
    await house.until(lambda: len(operator.submits) == 1)
    await _report(house, "id-000001", Block.SENDER)
    assert house.store.outbox.show(ack)["state"] == "submitting"
    operator.hold.set()
    await house.until(lambda: len(house.routes[1].submits) == 1)
    await house.until(lambda: house.store.outbox.show(ack)["state"] == "submitted")
    assert "blocks the sender's name" in house.store.outbox.show(ack)["diverted"]


async def test_a_name_refused_after_the_response_timer_falls_back(start: Start) -> None:
    """The doubt is settled as not sent by the late answer, long before its class would send it once more."""
    house = await start(bind(answer=lambda _: InDoubt("no answer came in time")), sim())
    ack = house.enqueue("ответ", MessageClass.ACK)
    await house.until(lambda: house.store.outbox.show(ack)["state"] == "in_doubt")
    late = NotSent(Verdict.NEVER, "SMPP 0x0A", evidence="late answer", refused=Block.SENDER.value)
    await house.gateway.settled(1, late)
    await house.until(lambda: house.store.outbox.show(ack)["state"] == "submitted")
    assert house.store.outbox.show(ack)["route"] == "modem0"


@pytest.mark.parametrize(
    ("message_class", "state"),
    [(each, "submitted") for each in (MessageClass.ACK, MessageClass.RESULT, MessageClass.ADMIN, MessageClass.MANUAL)]
    + [(MessageClass.NOTIFICATION, "queued"), (MessageClass.ALERT, "queued")],
)
async def test_a_failure_of_the_route_falls_back_at_once_for_what_somebody_waits_for(
    start: Start, message_class: MessageClass, state: str
) -> None:
    """No money: this message leaves by the SIM without a second of waiting; a notification and an alert wait."""

    def broke(_: Submit) -> NotSent:
        operator.up = False
        return NotSent(Verdict.ROUTE, "SMPP 0x400", "no credit", refused=Block.ROUTE.value)

    operator = bind(answer=broke)
    house = await start(operator, sim())
    message = house.enqueue("первое", message_class)
    await house.until(lambda: len(operator.submits) == 1)
    await house.until(lambda: house.store.outbox.show(message)["state"] == state)
    assert len(house.routes[1].submits) == (state == "submitted")
    if state == "submitted":
        assert house.store.outbox.show(message)["diverted"] == "operator itself failed (SMPP 0x400)"


async def test_what_a_failed_bind_gave_to_a_sim_that_dies_goes_back(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is waited for: the bind is well again, and takes it; what was refused for its name waits for a SIM."""
    monkeypatch.setattr("smsd.gateway.CARE_SECONDS", 0.02)
    refusals = [
        NotSent(Verdict.ROUTE, "SMPP 0x400", "no credit", refused=Block.ROUTE.value),
        NotSent(Verdict.NEVER, "SMPP 0x0A", refused=Block.SENDER.value),
    ]
    operator = bind(answer=lambda _: refusals.pop(0) if refusals else Sent("abc"))
    modem = sim()
    modem.hold = asyncio.Event()
    house = await start(operator, modem)
    blocking = house.enqueue("первое")
    await house.until(lambda: len(modem.submits) == 1)
    await house.until(lambda: house.store.outbox.show(blocking)["route"] == "modem0")
    named = house.enqueue("имя", MessageClass.ACK)
    await house.until(lambda: house.store.outbox.show(named)["route"] == "modem0")
    refusals.append(NotSent(Verdict.ROUTE, "SMPP 0x400", refused=Block.ROUTE.value))
    answer = house.enqueue("ответ", MessageClass.RESULT)
    await house.until(lambda: house.store.outbox.show(answer)["route"] == "modem0")
    await house.heard(modem, up=False)
    house.clock.now += 31
    await house.until(lambda: house.store.outbox.show(answer)["state"] == "submitted")
    assert (house.store.outbox.show(answer)["route"], house.store.outbox.show(named)["state"]) == ("operator", "queued")
    modem.hold.set()


async def test_a_spare_bind_carries_what_a_failed_one_refused(start: Start) -> None:
    """The next in the order that is up, and the name stays."""
    failing = bind(answer=lambda _: NotSent(Verdict.ROUTE, "SMPP 0x400", refused=Block.ROUTE.value))
    spare = ScriptedRoute(name="spare", sender="SCSERV", sim=None, kind=Kind.BIND, window=10)
    house = await start(failing, spare, sim())
    message = house.enqueue("первое")
    await house.until(lambda: house.store.outbox.show(message)["state"] == "submitted")
    assert (len(spare.submits), len(house.routes[2].submits)) == (1, 0)


async def test_a_name_blocked_at_the_spare_falls_back_though_the_first_had_failed(start: Start) -> None:
    """The first bind is out of money, the spare takes the answer and reports the name as blocked: the SIM, once."""
    broke = bind(answer=lambda _: NotSent(Verdict.ROUTE, "SMPP 0x40B", refused=Block.ROUTE.value))
    spare = bind(answer=lambda submit: Sent(f"id-{submit.attempt_id:06}"))
    spare.name = "spare"
    house = await start(broke, spare, sim())
    answer = house.enqueue("ответ", MessageClass.ACK)
    await house.until(lambda: house.store.outbox.show(answer)["state"] == "submitted")
    reference = house.store.outbox.show(answer)["attempt_list"][-1]["reference"]
    blocked = StatusReport(reference, PHONE, None, None, ReportClass.FAILED, "UNDELIV 254", refused=Block.SENDER)
    await house.gateway.received(Received("spare", b"1", blocked))
    await house.until(lambda: len(house.routes[2].submits) == 1)
    await house.until(lambda: house.store.outbox.show(answer)["state"] == "submitted")
    await house.gateway.received(Received("spare", b"2", blocked))
    assert (house.store.outbox.show(answer)["state"], len(spare.submits)) == ("submitted", 1)


async def test_an_answer_that_the_bind_puts_off_again_and_again_leaves_by_the_sim_in_time(start: Start) -> None:
    """Each time *later*, and each time later than the last: two minutes are promised all the same."""
    house = await start(bind(answer=lambda _: NotSent(Verdict.SOON, "SMPP 0x08", "system error")), sim())
    answer, by_hand = house.enqueue("ответ", MessageClass.ACK), house.enqueue("рукой")
    began = house.clock.now
    for seconds in (5, 10, 20, 30):
        await house.until(lambda: _rests(house, answer) and _rests(house, by_hand))
        house.clock.now += seconds
    await house.until(lambda: house.store.outbox.show(answer)["state"] == "submitted")
    assert house.clock.now - began <= ANSWER_PATIENCE
    assert [submit.message_id for submit in house.routes[1].submits] == [answer]
    assert house.store.outbox.show(answer)["diverted"] == "operator puts it off (SMPP 0x08), and it cannot wait"
    assert house.store.outbox.show(by_hand)["diverted"] is None


async def test_an_answer_that_the_bind_turns_away_for_its_speed_leaves_by_the_sim_in_time(start: Start) -> None:
    """A centre that is up and says *too fast* to everything: never down, never stuck, and two minutes are promised."""
    house = await start(bind(answer=lambda _: NotSent(Verdict.ROUTE, "SMPP 0x58", "throttled")), sim())
    answer, by_hand = house.enqueue("ответ", MessageClass.ACK), house.enqueue("рукой")
    await house.until(lambda: _rests(house, answer) and _rests(house, by_hand))
    house.clock.now += ANSWER_PATIENCE - 1
    await house.until(lambda: house.store.outbox.show(answer)["state"] == "submitted")
    assert [submit.message_id for submit in house.routes[1].submits] == [answer]
    assert house.store.outbox.show(answer)["diverted"] == "operator puts it off (SMPP 0x58), and it cannot wait"
    assert house.store.outbox.show(by_hand)["diverted"] is None


async def test_two_sims_do_not_hand_an_answer_to_and_fro(start: Start) -> None:
    def later(_: Submit) -> NotSent:
        return NotSent(Verdict.SOON, "CMS 331")

    house = await start(ScriptedRoute(name="modem0", answer=later), ScriptedRoute(name="modem1", answer=later))
    answer = house.enqueue("ответ", MessageClass.ACK)
    for _ in range(6):
        house.clock.now += 60
        await house.until(lambda: _rests(house, answer))
    assert sum(len(route.submits) for route in house.routes) <= 8


# --- the SIM that the client wrote to ---------------------------------------------------------------------------------


def two_sims() -> tuple[ScriptedRoute, ScriptedRoute]:
    """Make two modems."""
    return ScriptedRoute(name="modem0", sim="sim0"), ScriptedRoute(name="modem1", sim="sim1")


def is_answered(house: House) -> bool:
    """Tell whether the last command has its acknowledgement and its result."""
    return house.states()[-2:] == [("ack", "submitted"), ("result", "submitted")]


async def test_the_number_that_a_client_wrote_to_answers(start: Start) -> None:
    """Of two SIMs that share the work, whichever is free first; what answers nobody is shared as ever."""
    house = await start(*two_sims())
    for number, (route, other) in enumerate([(1, 0), (0, 1), (1, 0)]):
        before = len(house.routes[other].submits)
        await house.text("CLIENT sms start", number, by=f"modem{route}")
        await house.until(lambda: is_answered(house))
        assert len(house.routes[other].submits) == before


async def test_another_number_answers_where_that_one_is_away_or_long_busy(start: Start) -> None:
    house = await start(*two_sims())
    first, second = house.routes
    await house.heard(second, up=False)
    await house.text("CLIENT sms start", by="modem1")
    await house.until(lambda: is_answered(house))
    assert len(first.submits) == 2
    await house.heard(second, up=True)
    second.hold = asyncio.Event()
    await house.heard(first, up=False)
    by_hand = house.enqueue("занят")
    await house.until(lambda: house.store.outbox.show(by_hand)["state"] == "submitting")
    await house.heard(first, up=True)
    await house.text("CLIENT sms start", 1, by="modem1")
    await asyncio.sleep(0.1)
    assert len(first.submits) == 2, "the other one will be free in a moment"
    house.clock.now += OWN_SECONDS + 1
    await house.until(lambda: is_answered(house))
    assert len(first.submits) == 4


async def test_what_falls_back_goes_by_the_number_that_the_client_wrote_to(start: Start) -> None:
    """Because the name was refused, and because the bind is down."""
    house = await start(bind(answer=refuse_sender), *two_sims())
    operator, first, second = house.routes
    await house.text("CLIENT sms start", by="modem1")
    await house.until(lambda: is_answered(house))
    assert (len(first.submits), len(second.submits)) == (0, 2)
    await house.heard(operator, up=False)
    await house.text("CLIENT sms start", 1, by="modem1")
    await asyncio.sleep(0.1)
    house.clock.now += 31
    await house.until(lambda: is_answered(house))
    assert (len(first.submits), len(second.submits)) == (0, 4)


async def test_an_answer_begun_on_a_dead_bind_goes_by_a_sim_that_carries_its_class(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``routing.by_class`` names another SIM for acknowledgements than for results."""
    monkeypatch.setattr("smsd.gateway.CARE_SECONDS", 0.02)
    operator, *sims = bind(), *two_sims()
    order = {MessageClass.ACK: ("operator", "modem1"), MessageClass.RESULT: ("operator", "modem0")}
    house = await start(operator, *sims, by_class=order)
    operator.answer = lambda submit: Sent("1") if submit.part == 1 else NotSent(Verdict.ROUTE, "lost")
    answers = {
        "modem1": house.enqueue("а" * 100, MessageClass.ACK, parts=2),
        "modem0": house.enqueue("б" * 100, MessageClass.RESULT, parts=2),
    }
    await house.until(lambda: len(operator.submits) >= 4)
    await house.heard(operator, up=False)
    house.clock.now += 31
    await house.until(lambda: is_answered(house))
    assert {house.store.outbox.show(each)["route"]: each for each in answers.values()} == answers


async def test_a_clock_that_goes_back_delays_no_answer(start: Start) -> None:
    """The bind was down before and is down still: for how long, the clock cannot tell any more."""
    house = await start(bind(up=False), sim())
    answer = house.enqueue("ответ", MessageClass.ACK)
    house.clock.now -= 3600
    await house.until(lambda: house.gateway._routing._down_since["operator"] == house.clock.now)
    assert not house.routes[1].submits
    house.clock.now += 31
    await house.until(lambda: house.store.outbox.show(answer)["state"] == "submitted")


async def test_an_answer_does_not_wait_for_a_bind_that_is_stuck(start: Start) -> None:
    """Up, its window full and nobody answering: after ``fallback_after`` it counts as down."""
    stuck = bind()
    stuck.hold, stuck.window = asyncio.Event(), 1
    house = await start(stuck, sim())
    house.enqueue("первое")
    await house.until(lambda: len(stuck.submits) == 1)
    answer = house.enqueue("ответ", MessageClass.ADMIN)
    await asyncio.sleep(0.05)
    assert not house.routes[1].submits
    house.clock.now += 31
    await house.until(lambda: house.store.outbox.show(answer)["state"] == "submitted")
    assert house.store.outbox.show(answer)["route"] == "modem0"


async def test_a_password_does_not_follow_a_swapped_sim(start: Start) -> None:
    """A receipt that says so ends the message, and the next one is held: acknowledged, and not sent by any route."""
    house = await start(bind(answer=lambda s: Sent(f"id-{s.attempt_id:06}")), sim())
    await house.text("CLIENT info")
    await house.until(lambda: house.states() == [("ack", "submitted"), ("result", "submitted")])
    await _report(house, "id-000002", Block.SIM_SWAPPED)
    await house.until(lambda: house.states()[1] == ("result", "undeliverable"))
    house.clock.now += 60
    await house.text("CLIENT info")
    await house.until(lambda: len(house.states()) == 4 and house.states()[2] == ("ack", "submitted"))
    held = house.store.outbox.recent(limit=1)[0]["id"]
    await house.until(lambda: house.store.outbox.show(held)["error"] == HELD)
    await house.heard(house.routes[0], up=False)
    house.clock.now += 700
    await house.until(lambda: (house.store.outbox.show(held)["due_at"] or 0) > house.clock.now)
    assert not house.routes[1].submits
    assert house.store.outbox.show(held)["state"] == "queued"
    house.store.swaps.release(PHONE)
    await house.until(lambda: house.store.outbox.show(held)["state"] == "submitted")
    assert house.store.outbox.show(held)["route"] == "modem0"


async def test_a_swapped_sim_told_by_a_refusal_is_held_and_never_diverted(start: Start) -> None:
    refusal = NotSent(Verdict.NEVER, "code 219", refused=Block.SIM_SWAPPED.value)
    house = await start(bind(answer=lambda _: refusal), sim())
    message = house.enqueue("первое", MessageClass.RESULT)
    await house.until(lambda: house.store.outbox.show(message)["state"] == "rejected")
    assert not house.routes[1].submits
    assert [row["code"] for row in house.store.swaps.recent()] == ["code 219"]


async def test_an_answer_begun_on_a_bind_that_dies_begins_again_by_the_sim(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One part of three had left as SCSERV: the client reads the whole from the SIM's number."""
    monkeypatch.setattr("smsd.gateway.CARE_SECONDS", 0.02)

    def one_part(submit: Submit) -> Outcome:
        if submit.part > 1:
            operator.up = False
            return NotSent(Verdict.ROUTE, "lost")
        return Sent(f"id-{submit.attempt_id:06}")

    operator = bind(answer=one_part)
    house = await start(operator, sim())
    answer = house.enqueue("о" * 150, MessageClass.RESULT, parts=3)
    await house.until(lambda: not operator.up)
    house.gateway.changed("operator")
    await asyncio.sleep(0.1)
    assert not house.routes[1].submits
    house.clock.now += 31
    await house.until(lambda: house.store.outbox.show(answer)["state"] == "submitted")
    assert [submit.part for submit in house.routes[1].submits] == [1, 2, 3]
    assert "died" in house.store.outbox.show(answer)["diverted"]


async def test_a_receipt_finds_its_part_by_another_bind_and_in_another_base(start: Start) -> None:
    """The answer said hexadecimal, the receipt says decimal and comes by the spare bind."""
    house = await start(bind(answer=lambda _: Sent("1F4A")), sim())
    message = house.enqueue("первое")
    await house.until(lambda: house.store.outbox.show(message)["state"] == "submitted")
    value = StatusReport("0000008010", PHONE, None, None, ReportClass.DELIVERED, "DELIVRD 000")
    await house.gateway.received(Received("spare", b"receipt", value))
    assert house.store.outbox.show(message)["state"] == "delivered"


async def test_the_prefix_is_put_where_it_costs_no_part(start: Start) -> None:
    """By the SIM a short text says whose it is; a text that would need a part more does without."""
    house = await start(bind(up=False), sim(), prefix="СмартКард-Сервис: ")
    house.clock.now += 31
    house.enqueue("короткое")
    house.enqueue("д" * 70)
    await house.until(lambda: len(house.routes[1].submits) == 2)
    assert [submit.user_data.text for submit in house.routes[1].submits] == [
        "СмартКард-Сервис: короткое",
        "д" * 70,
    ]


async def test_a_window_of_parts_is_in_the_air_together(start: Start) -> None:
    """A bind with a window of ten sends ten messages before the first answer."""
    operator = bind()
    operator.hold = asyncio.Event()
    house = await start(operator)
    for number in range(15):
        house.enqueue(f"{number}")
    await house.until(lambda: len(operator.submits) == 10)
    await asyncio.sleep(0.05)
    assert len(operator.submits) == 10
    operator.hold.set()
    await house.until(lambda: [state for _, state in house.states()] == ["submitted"] * 15)
