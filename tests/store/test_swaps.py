"""A replaced SIM: what holds a password waits for a person or its deadline, whatever way it would have gone."""

from dataclasses import replace

import pytest

from smsd.errors import NotFoundError, UsageError
from smsd.rules.outbox import MessageClass
from smsd.sms import InDoubt, NotSent, ReportClass, Sent, StatusReport, Verdict
from smsd.store import Diversion, Ways
from smsd.store.swaps import EXPIRED_HELD, HELD
from tests.store.house import OTHER, PHONE, House, claimant, delivered

SECRET = b"sealed"
REFUSAL = NotSent(Verdict.NEVER, "SMPP 0x0DB", "the SIM was replaced", refused="sim swapped")


def swapped(reference: str = "id-1", recipient: str = PHONE) -> StatusReport:
    """Make a receipt that says so."""
    failed = delivered(reference, submitted_at=None, recipient=recipient, report_class=ReportClass.FAILED)
    return replace(failed, code="UNDELIV 219", refused="sim swapped")


def secret(house: House, parts: int = 1, *, lifetime: float | None = 86400.0, recipient: str = PHONE) -> int:
    """Queue the result of a command that holds a password."""
    expires_at = None if lifetime is None else house.now + lifetime
    return house.queue(
        MessageClass.RESULT, sealed=SECRET, text=None, parts=parts, expires_at=expires_at, recipient=recipient
    )


def test_a_receipt_holds_passwords_to_that_number_and_nothing_else(house: House) -> None:
    """Whichever route asks; the acknowledgement, and what holds no secret, is sent."""
    sent = secret(house)
    house.send("id-1", "operator", sim=None)
    house.receive(swapped(), route="operator", sim=None)
    assert house.state(sent) == "undeliverable"
    held, elsewhere = secret(house), secret(house, recipient=OTHER)
    ack, plain = house.queue(MessageClass.ACK), house.queue(MessageClass.RESULT)
    for route in ("operator", "modem0", "spare"):
        claims = house.store.outbox.claim(claimant(route, sim=None), 10)
        assert held not in [claim.message_id for claim in claims]
        house.store.outbox.record([(claim.attempt_id, Sent("x")) for claim in claims])
    assert [house.state(each) for each in (ack, plain, elsewhere)] == ["submitted"] * 3
    shown = house.store.outbox.show(held)
    assert (shown["state"], shown["error"], shown["attempts"], bool(shown["sealed"])) == ("queued", HELD, 0, True)
    assert house.store.swaps.get(PHONE) == {
        "phone": PHONE, "since": house.now, "told_at": house.now, "route": "operator", "code": "UNDELIV 219",
    }  # fmt: skip
    assert house.store.swaps.get(OTHER) is None


def test_a_refusal_holds_as_well(house: House) -> None:
    refused = secret(house)
    claim = house.claim("operator", sim=None)
    house.store.outbox.record([(claim.attempt_id, REFUSAL)])
    assert (house.state(refused), bool(house.store.outbox.show(refused)["sealed"])) == ("rejected", False)
    secret(house)
    assert house.store.outbox.claim(claimant()) == []
    assert [row["waiting"] for row in house.store.swaps.recent()] == [1]


def test_a_receipt_that_finds_no_message_or_comes_before_the_answer_holds_too(house: House) -> None:
    house.receive(swapped("nobody-knows"), route="operator", sim=None)
    secret(house)
    assert house.store.outbox.claim(claimant()) == []
    other = secret(house, recipient=OTHER)
    claim = house.claim("operator", sim=None)
    house.receive(swapped("id-7", recipient=""), route="operator", sim=None)
    assert house.store.swaps.get(OTHER) is None, "whose it is is not known yet"
    house.store.outbox.record([(claim.attempt_id, Sent("id-7"))])
    assert house.state(other) == "undeliverable"
    assert house.store.swaps.get(OTHER) is not None


def test_what_was_under_way_is_held_as_well(house: House) -> None:
    """Two parts of three that had not left; a doubt to be sent once more; a message that was to go another way."""
    house.store.outbox.ways = Ways(refused=lambda *_: Diversion("modem0", "refused"), reported=lambda *_: None)
    long = secret(house, parts=3)
    house.send("id-1", "operator", sim=None)
    doubtful = secret(house)
    claims = house.store.outbox.claim(claimant("operator", sim=None), 2)
    [rest] = [claim for claim in claims if claim.message_id == long]
    [doubt] = [claim for claim in claims if claim.message_id == doubtful]
    house.receive(swapped("id-9"), route="operator", sim=None)
    house.store.outbox.record([
        (rest.attempt_id, NotSent(Verdict.NEVER, "SMPP 0x0A", refused="sender")),
        (doubt.attempt_id, InDoubt("no answer")),
    ])  # fmt: skip
    house.store.outbox.apply_policy(doubt.attempt_id)
    for route in ("modem0", "operator"):
        assert house.store.outbox.claim(claimant(route), 10) == []
    assert [house.store.outbox.show(each)["error"] for each in (long, doubtful)] == [HELD, HELD]
    assert house.store.outbox.show(long)["route"] == "modem0", "diverted, and held all the same"


def test_held_messages_do_not_starve_others(house: House) -> None:
    house.receive(swapped(), route="operator", sim=None)
    for _ in range(300):
        secret(house)
    free = secret(house, recipient=OTHER)
    found = [claim.message_id for _ in range(3) for claim in house.store.outbox.claim(claimant())]
    assert found == [free]


@pytest.mark.parametrize("lifetime", [3600.0, None])
def test_what_is_held_comes_to_rest_at_its_deadline_and_is_wiped(house: House, lifetime: float | None) -> None:
    """A day at the most; and lifting the hold afterwards sends nothing."""
    house.receive(swapped(), route="operator", sim=None)
    held = secret(house, lifetime=lifetime)
    assert house.store.outbox.claim(claimant()) == []
    house.now += (lifetime or 86400.0) - 1
    assert house.store.outbox.expire() == 0
    house.now += 2
    assert house.store.outbox.expire() == 1
    shown = house.store.outbox.show(held)
    assert (shown["state"], shown["error"], bool(shown["sealed"])) == ("expired", EXPIRED_HELD, False)
    assert house.store.swaps.release(PHONE) == 0
    assert house.store.outbox.claim(claimant()) == []
    with pytest.raises(UsageError, match="has been wiped"):
        house.store.outbox.retry(held)


def test_who_asks_too_late_finds_it_expired_and_told_why(house: House) -> None:
    house.receive(swapped(), route="operator", sim=None)
    held = secret(house, lifetime=60)
    house.now += 61
    assert house.store.outbox.claim(claimant()) == []
    assert house.store.outbox.show(held)["error"] == EXPIRED_HELD


def test_a_person_lifts_it_and_what_still_waits_leaves_at_once(house: House) -> None:
    house.receive(swapped(), route="operator", sim=None)
    held = secret(house)
    assert house.store.outbox.claim(claimant()) == []
    with pytest.raises(UsageError, match="'smsd client release"):
        house.store.outbox.retry(held)
    assert house.store.swaps.release(PHONE) == 1
    assert house.claim().message_id == held
    with pytest.raises(NotFoundError, match="nothing is held"):
        house.store.swaps.release(PHONE)


def test_what_is_held_is_known_by_its_column_and_not_by_the_words_for_people(house: House) -> None:
    """Lifting the hold lets go of it, whatever it says by now, and of nothing else."""
    house.receive(swapped(), route="operator", sim=None)
    held = secret(house)
    assert house.store.outbox.claim(claimant()) == []
    later = secret(house)
    house.store.engine._connection.execute(
        "UPDATE message SET due_at = due_at + 1, error = 'words' WHERE id = ?", [held]
    )
    house.store.engine._connection.execute("UPDATE message SET due_at = ? WHERE id = ?", [house.now + 60, later])
    assert house.store.swaps.release(PHONE) == 1
    assert house.claim().message_id == held
    assert [house.store.outbox.show(each)["held"] for each in (held, later)] == [0, 0]


def test_days_do_not_lift_it_nor_does_a_restart(house: House) -> None:
    house.receive(swapped(), route="operator", sim=None)
    house.now += 30 * 86400
    house.crash()
    secret(house)
    assert house.store.outbox.claim(claimant()) == []


def test_told_again_it_is_the_same_hold(house: House) -> None:
    since = house.now
    house.receive(swapped("a"), route="operator", sim=None)
    house.now += 60
    house.receive(replace(swapped("b"), code="REJECTD 219"), route="spare", sim=None)
    found = house.store.swaps.get(PHONE)
    assert found is not None
    assert (found["since"], found["told_at"], found["route"], found["code"]) == (
        since, house.now, "spare", "REJECTD 219",
    )  # fmt: skip
