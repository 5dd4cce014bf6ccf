"""A life told in sentences says what happened and what a person can do, and nothing that is not recorded."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC

import pytest
from click.testing import Result

from smsd.cli.life import ENDS, PURPOSES, message_life, request_life
from smsd.cli.output import Clock
from smsd.rules.outbox import FINAL, MessageClass, State
from smsd.rules.requests import RequestState
from smsd.sms import InDoubt, NotSent, Outcome, ReportClass, Sent, Verdict
from smsd.store import Diversion, Ways
from tests.store.house import House, claimant, delivered, new

LATER = 3600.0


def told(house: House, message_id: int = 1, *, subscribed: bool = True, daemon: bool = True) -> str:
    """Tell the life of a message."""
    clock = Clock(UTC, house.now)
    return "\n".join(message_life(house.store.outbox.show(message_id), clock, subscribed=subscribed, daemon=daemon))


def end(house: House, outcome: Outcome) -> None:
    """Let a route claim a part, and let that end so."""
    house.store.outbox.record([(house.claim().attempt_id, outcome)])


def test_every_class_and_every_end_has_its_words() -> None:
    assert set(PURPOSES) == set(MessageClass)
    assert set(ENDS) == FINAL - {State.DELIVERED}


def test_what_waits_says_for_what(house: House) -> None:
    house.queue(expires_at=house.now + LATER)
    life = told(house)
    assert "queued as a message sent by hand, to +79160000001 in 1 part" in life
    assert "It waits for its turn." in life
    assert "(in 1 h)" in life
    assert "No daemon runs" not in life
    assert "No daemon runs" in told(house, daemon=False)


def test_a_whole_message_is_told_as_one_thing(house: House) -> None:
    """Also where another route sends its parts after it."""
    house.queue(MessageClass.RESULT, parts=2)
    [claim] = house.store.outbox.claim(claimant("operator2", sim=None, whole=True))
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer"))])
    house.store.outbox.apply_policy(claim.attempt_id)
    end(house, Sent("17"))
    life = told(house)
    assert "it was given to operator2" in life
    assert "sent once more and may have arrived twice" in life
    assert "part 1 was given to modem0" in life


def test_a_refusal_is_told_with_its_code_and_the_next_try(house: House) -> None:
    house.queue()
    end(house, NotSent(Verdict.LATER, "CMS 38", "network out of order"))
    life = told(house)
    assert "given to modem0; it did not leave: CMS 38: network out of order." in life
    assert "It will be tried again; the last word was CMS 38: network out of order." in life
    assert "It is due in 1 min." in life


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda house: house.claim(), ["the answer has not come yet", "A part of it is in the air."]),
        (lambda house: end(house, Sent("17")), ["reference 17", "no report of its delivery has come"]),
        (
            lambda house: end(house, Sent("17", evidence="EF_SMSS")),
            ["the network took it, reference 17 (the SIM's count of what it sent says so; it was in doubt for 0 s)."],
        ),
        (
            lambda house: end(house, NotSent(Verdict.NEVER, "CMS 196", "destination barred")),
            ["refused for good", "CMS 196: destination barred", "smsd outbox retry 1"],
        ),
        (
            lambda house: end(house, InDoubt("no answer within 150 s")),
            ["whether it left is not known: no answer within 150 s", "held", "retry 1", "cancel 1"],
        ),
        (lambda house: house.store.outbox.cancel(1), ["A person withdrew it."]),
    ],
)
def test_each_turn_of_a_life_is_told(house: House, act: Callable[[House], object], words: list[str]) -> None:
    house.queue()
    act(house)
    life = told(house)
    for word in words:
        assert word in life


def test_what_an_operator_said_cannot_move_the_terminal(house: House, smsd: Callable[..., Result]) -> None:
    house.queue()
    end(house, NotSent(Verdict.NEVER, "code 7", "no such\x1b[2J\nclient"))
    life = smsd("outbox", "why", "1").stdout
    assert "\x1b" not in life
    assert "code 7: no such\\x1b[2J ⏎ client" in life


def test_a_delivery_is_told_in_order(house: House) -> None:
    house.queue()
    house.send("17")
    house.now += 5
    house.receive(delivered("17", submitted_at=house.now, report_class=ReportClass.TRYING, code="ST 0x21"))
    house.now += 5
    house.receive(delivered("17", submitted_at=house.now))
    queued, given, trying, reported, arrived = told(house).splitlines()
    assert "queued" in queued
    assert "reference 17" in given
    assert "recipient busy, still trying (ST 0x21)" in trying
    assert "received by the recipient (ST 0x00)" in reported
    assert "delivered" in arrived


def test_a_code_is_explained_where_it_first_comes_up(house: House) -> None:
    house.queue()
    for _ in range(2):
        end(house, NotSent(Verdict.LATER, "CMS 38", "network out of order"))
        house.now += LATER
    given = [line for line in told(house).splitlines() if "given" in line]
    assert "(The network's word, RP cause 38 (24.011); passing trouble that may last" in given[0]
    assert "RP cause" not in given[1]


def test_a_doubt_sent_once_more_says_that_it_may_have_arrived_twice(house: House) -> None:
    house.queue(MessageClass.ACK)
    claim = house.claim()
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer"))])
    house.store.outbox.apply_policy(claim.attempt_id)
    assert "may have arrived twice" not in told(house)
    house.claim()
    assert "No evidence came, so it was sent once more and may have arrived twice." in told(house)


def test_a_doubt_that_was_settled_says_by_what_and_when(house: House) -> None:
    house.queue()
    claim = house.claim()
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer"))])
    house.now += 90
    house.store.outbox.record([(claim.attempt_id, NotSent(Verdict.SOON, "EF_SMSS", "it did not move", "EF_SMSS"))])
    assert "it did not leave (the SIM's count of what it sent says so; it was in doubt for 1 min 30 s)." in told(house)


def test_a_receipt_a_moment_before_its_answer_is_no_doubt(house: House) -> None:
    house.queue()
    claim = house.claim("operator", sim=None)
    house.receive(replace(delivered("id-1", submitted_at=None), echo=claim.attempt_id), route="operator", sim=None)
    assert "the network took it, reference id-1." in told(house)


def test_a_late_refusal_says_what_was_refused(house: House) -> None:
    house.queue()
    claim = house.claim("operator", sim=None)
    house.now += 33
    late = NotSent(Verdict.NEVER, "SMPP 0x0A", "invalid source address", "late answer", "sender")
    house.store.outbox.record([(claim.attempt_id, late)])
    assert "it was in doubt for 33 s): SMPP 0x0A: invalid source address." in told(house)


def test_a_diversion_says_why_and_what_its_reader_sees(house: House) -> None:
    house.queue(MessageClass.ACK)
    claim = house.claim("operator")
    refusal = NotSent(Verdict.NEVER, "SMPP 0x0A", "invalid source address", refused="sender")
    diversion = Diversion("modem0", "the sender's name was refused (SMPP 0x0A)")
    house.store.outbox.ways = Ways(refused=lambda *_: diversion, reported=lambda *_: None)
    claims = house.store.outbox.exchange([(claim.attempt_id, refusal)], claimant("modem0"), 1)
    assert len(claims) == 1
    life = told(house)
    assert "(The service centre's answer: invalid source address; the sender's name is refused: ask the" in life
    assert (
        "It goes by modem0 instead, from its first part on, because the sender's name was refused (SMPP 0x0A)." in life
    )
    assert "Its reader sees it come from +79086228779." in life


def test_a_second_route_says_which_comes_first(house: House) -> None:
    house.queue()
    house.send("17")
    clock = Clock(UTC, house.now)
    row = house.store.outbox.show(1)
    life = message_life(row, clock, subscribed=True, daemon=True, order=("operator", "modem0"))
    assert any(line.startswith("operator comes first: it was down then") for line in life)
    assert not any("comes first" in line for line in message_life(row, clock, subscribed=True, daemon=True))


def test_what_had_left_of_a_withdrawn_message_is_said(house: House) -> None:
    house.queue(parts=3, text="ы" * 150)
    house.send("17")
    house.store.outbox.cancel(1)
    assert "A person withdrew it.\n1 of 3 parts had left." in told(house)


def test_a_doubt_of_an_answer_is_sent_once_more(house: House) -> None:
    house.queue(MessageClass.ACK)
    end(house, InDoubt("no answer"))
    assert "it is sent once more" in told(house)


def test_an_opted_out_reader_is_told_of(house: House) -> None:
    house.queue(MessageClass.NOTIFICATION)
    assert "will be suppressed" in told(house, subscribed=False)
    assert "will be suppressed" not in told(house)
    house.queue(MessageClass.MANUAL)
    assert "suppressed" not in told(house, 2, subscribed=False)


def test_when_and_how_its_reader_stopped_is_told(house: House) -> None:
    house.text("CLIENT sms stop")
    message_id = house.queue(MessageClass.NOTIFICATION)
    wish = house.store.clients.wish("+79160000001")
    row, clock = house.store.outbox.show(message_id), Clock(UTC, house.now)
    life = message_life(row, clock, subscribed=False, daemon=True, wish=wish)
    assert life[-1].endswith("its reader stopped notifications and alerts (SMS, inbox 1).")
    manual = house.store.outbox.show(house.queue())
    assert "stopped" not in "".join(message_life(manual, clock, subscribed=False, daemon=True, wish=wish))


def test_a_result_waits_behind_its_acknowledgement(house: House) -> None:
    ack = house.queue(MessageClass.ACK)
    result = house.queue(MessageClass.RESULT, after_id=ack, due_at=house.now + 100)
    life = told(house, result)
    assert f"behind message {ack}" in life
    assert "It is due in 1 min 40 s." in life


# --- requests ---------------------------------------------------------------------------------------------------------


def request(house: House) -> str:
    """Tell the life of the request."""
    return "\n".join(request_life(house.store.requests.show(1), Clock(UTC, house.now), daemon=True))


def test_a_request_is_told_from_text_to_answer(house: House) -> None:
    house.text("CLIENT info")
    assert "+79160000001 asked for 'info' (message 1 of the inbox)." in request(house)
    assert "the acknowledgement was queued as message 1; it is queued." in request(house)
    assert "It waits to be carried out." in request(house)
    taken = house.store.requests.take()
    assert taken is not None
    assert "It is being carried out." in request(house)
    house.store.requests.finish(1, RequestState.DONE, new(MessageClass.RESULT))
    assert "the result was queued as message 2; it is queued." in request(house)
    assert request(house).endswith(": done.")


def test_a_failure_says_why(house: House) -> None:
    house.text("CLIENT info")
    house.store.requests.take()
    house.store.requests.finish(1, RequestState.FAILED, new(MessageClass.RESULT), "the phone is not a client's")
    life = request(house)
    assert "it could not be carried out. The phone is not a client's." in life
    assert "'smsd request retry 1'" in life
