"""The outbox verb by verb: who goes first, what is sent again, what a person may do, and what happens in a crash."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from smsd.errors import NotFoundError, UsageError
from smsd.rules.outbox import DOUBT_POLICY, PRIORITY, DoubtPolicy, MessageClass
from smsd.sms import InDoubt, NotSent, Received, ReportClass, Sent, Verdict
from smsd.store import Diversion, Store, Ways
from smsd.store.clients import Client
from tests.store.house import JUDGE, OTHER, PHONE, House, claimant, delivered, new

NEVER = NotSent(Verdict.NEVER, "CMS 28", "unidentified subscriber")
SOON = NotSent(Verdict.SOON, "CMS 42", "congestion")


def test_what_is_queued_last_goes_first_when_its_class_is_better(house: House) -> None:
    ids = [house.queue(message_class) for message_class in reversed(MessageClass)]
    claimed = [claim.message_id for claim in house.store.outbox.claim(claimant(), limit=10)]
    assert claimed == ids[::-1]


def test_equals_go_in_the_order_they_were_queued(house: House) -> None:
    ids = [house.queue() for _ in range(5)]
    assert [claim.message_id for claim in house.store.outbox.claim(claimant(), limit=3)] == ids[:3]
    assert [claim.message_id for claim in house.store.outbox.claim(claimant("modem1"), limit=3)] == ids[3:]


def test_an_answer_overtakes_a_long_alert_between_its_parts(house: House) -> None:
    alert = house.queue(MessageClass.ALERT, parts=3)
    house.send("1")
    ack = house.queue(MessageClass.ACK)
    assert house.send("2").message_id == ack
    assert house.send("3").message_id == alert


def test_a_message_that_has_begun_goes_before_its_equals(house: House) -> None:
    first, _ = house.queue(parts=2), house.queue()
    assert [house.send("1").message_id, house.send("2").message_id] == [first, first]


def test_parts_resume_with_the_same_reference_after_a_crash(house: House) -> None:
    message_id = house.queue(parts=3)
    first = house.send("1")
    assert house.crash() == 0
    second = house.claim()
    assert (second.message_id, second.part, second.reference) == (message_id, 2, first.reference)


def test_messages_in_a_row_to_one_recipient_have_different_concatenation_references(house: House) -> None:
    references = []
    for _ in range(300):
        house.queue(parts=2)
        references.append(house.send("1").reference)
        house.send("2")
    assert all(len(set(references[n : n + 256])) == 256 for n in range(44))


def test_a_message_that_has_begun_stays_with_its_route(house: House) -> None:
    house.queue(parts=2)
    house.send("1", "modem0")
    assert house.store.outbox.claim(claimant("modem1")) == []
    assert house.store.outbox.next_due("modem1") is None
    assert house.claim("modem0").part == 2


def test_a_message_of_which_nothing_left_may_take_another_route(house: House) -> None:
    message_id = house.queue(parts=2)
    house.store.outbox.record([(house.claim("modem0").attempt_id, SOON)])
    house.now += 10
    assert house.claim("modem1").message_id == message_id


def test_a_key_makes_a_repeat_harmless_within_its_class(house: House) -> None:
    first = house.store.outbox.enqueue(new(MessageClass.NOTIFICATION, key="k"))
    assert house.store.outbox.enqueue(new(MessageClass.NOTIFICATION, key="k", recipient=OTHER)) == (first[0], False)
    assert house.store.outbox.enqueue(new(MessageClass.ALERT, key="k"))[1]
    assert house.store.outbox.enqueue_all([new(MessageClass.ALERT, key=key) for key in "kkl"]) == 1


@pytest.mark.parametrize("message_class", MessageClass)
def test_who_opted_out_gets_answers_and_no_notifications(house: House, message_class: MessageClass) -> None:
    message_id = house.queue(message_class)
    house.store.clients.put([Client(PHONE, "1", "login", None, subscribed=False)], cause="test")
    claims = house.store.outbox.claim(claimant())
    obeys = message_class in (MessageClass.NOTIFICATION, MessageClass.ALERT)
    assert (house.state(message_id), len(claims)) == (("suppressed", 0) if obeys else ("submitting", 1))


def test_who_opts_out_between_two_parts_gets_no_second(house: House) -> None:
    message_id = house.queue(MessageClass.ALERT, parts=2)
    house.send("1")
    house.store.clients.put([Client(PHONE, "1", "login", None, subscribed=False)], cause="test")
    assert house.store.outbox.claim(claimant()) == []
    assert house.state(message_id) == "suppressed"


def test_a_thousand_suppressed_alerts_do_not_hold_a_claim_up_for_ever(house: House) -> None:
    house.store.clients.put([Client(PHONE, "1", "login", None, subscribed=False)], cause="test")
    house.store.outbox.enqueue_all([new(MessageClass.ALERT) for _ in range(450)])
    last = house.queue(MessageClass.ALERT, recipient=OTHER)
    rounds = 0
    while not (claims := house.store.outbox.claim(claimant())):
        due_at = house.store.outbox.next_due("modem0")
        assert due_at is not None
        assert due_at <= house.now
        rounds += 1
    assert (claims[0].message_id, rounds) == (last, 2)


def test_a_deadline_ends_what_has_not_left(house: House) -> None:
    message_id = house.queue(expires_at=house.now + 10)
    assert house.store.outbox.expire() == 0
    house.now += 10
    assert house.store.outbox.claim(claimant()) == []
    assert house.state(message_id) == "expired"
    assert house.store.outbox.next_due("modem0") is None


def test_expire_spares_what_is_in_the_air(house: House) -> None:
    message_id = house.queue(parts=2, expires_at=house.now + 10)
    claim = house.claim()
    house.now += 10
    assert house.store.outbox.expire() == 0
    house.store.outbox.record([(claim.attempt_id, Sent("1"))])
    assert house.store.outbox.expire() == 1
    assert (house.state(message_id), house.part_states(message_id)) == ("expired", ["sent", "unsent"])


def test_refusals_that_pass_end_as_failed_after_eight(house: House) -> None:
    message_id = house.queue()
    for _ in range(8):
        assert house.state(message_id) == "queued"
        due_at = house.store.outbox.next_due("modem0")
        assert due_at is not None
        house.now = max(house.now, due_at)
        house.store.outbox.record([(house.claim().attempt_id, SOON)])
    assert house.state(message_id) == "failed"
    assert house.store.outbox.show(message_id)["error"] == "CMS 42: congestion"


def test_a_route_that_fails_costs_no_attempt(house: House) -> None:
    message_id = house.queue()
    for _ in range(50):
        house.store.outbox.record([(house.claim().attempt_id, NotSent(Verdict.ROUTE, "port gone"))])
        assert house.store.outbox.claim(claimant()) == [], "it must not go round in circles"
        house.now += 2
    assert house.state(message_id) == "queued"


def test_a_crash_leaves_one_doubt_and_evidence_settles_it(house: House) -> None:
    message_id = house.queue()
    claim = house.claim(witness={"smss": 16, "in_step": True})
    assert house.crash() == 1
    assert house.state(message_id) == "in_doubt"
    [doubt] = house.store.outbox.doubts("modem0")
    assert (doubt.attempt_id, doubt.witness) == (claim.attempt_id, {"smss": 16, "in_step": True})
    assert house.store.outbox.claim(claimant()) == []
    house.store.outbox.record([(claim.attempt_id, Sent("17", "EF_SMSS"))])
    assert house.state(message_id) == "submitted"
    assert house.store.outbox.doubts("modem0") == []
    assert house.store.outbox.show(message_id)["attempt_list"][0]["evidence"] == "EF_SMSS"


def test_evidence_that_nothing_left_costs_no_attempt_and_no_time(house: House) -> None:
    message_id = house.queue()
    claim = house.claim()
    house.crash()
    house.store.outbox.record([(claim.attempt_id, NotSent(Verdict.SOON, "EF_SMSS", "unchanged", "EF_SMSS"))])
    assert house.claim().message_id == message_id
    assert house.store.outbox.show(message_id)["part_list"][0]["refusals"] == 0


def test_a_doubt_tells_what_its_subscription_did_later(house: House) -> None:
    for _ in range(5):
        house.queue()
    doubtful = house.claim()
    house.store.outbox.record([(doubtful.attempt_id, InDoubt("no answer"))])
    house.store.outbox.record([(house.claim().attempt_id, SOON)])
    house.store.outbox.record([(house.claim().attempt_id, InDoubt("no answer"))])
    house.store.outbox.record([(house.claim("modem9", witness={"smss": 20}).attempt_id, Sent("21"))])
    house.store.outbox.record([(house.claim("modem9", sim="another").attempt_id, Sent("99"))])
    [first, second] = house.store.outbox.doubts("modem0")
    assert (first.later, first.between) == ((({"smss": 20}, "21"),), 1)
    assert (second.later, second.between) == ((({"smss": 20}, "21"),), 0)


@pytest.mark.parametrize("message_class", MessageClass)
def test_the_policy_sends_once_more_or_holds(house: House, message_class: MessageClass) -> None:
    message_id = house.queue(message_class)
    policy = DOUBT_POLICY[message_class]
    first = house.claim()
    house.crash()
    assert house.store.outbox.apply_policy(first.attempt_id) == policy
    if policy is DoubtPolicy.HOLD:
        assert house.state(message_id) == "in_doubt"
        return
    assert house.state(message_id) == "queued"
    assert house.store.outbox.apply_policy(first.attempt_id) is None
    second = house.claim()
    house.crash()
    assert house.store.outbox.apply_policy(second.attempt_id) is DoubtPolicy.HOLD
    assert house.state(message_id) == "in_doubt"


def test_a_doubt_that_a_person_gave_up_needs_no_policy(house: House) -> None:
    message_id = house.queue(MessageClass.ACK)
    claim = house.claim()
    house.crash()
    house.store.outbox.cancel(message_id)
    assert house.store.outbox.apply_policy(claim.attempt_id) is None
    assert house.store.outbox.doubts("modem0") == []


# --- news that comes late ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "state"), [(NEVER, "rejected"), (SOON, "queued"), (Sent("1"), "submitted")])
def test_an_answer_after_the_doubt_still_counts(house: House, late: Any, state: str) -> None:
    message_id = house.queue()
    claim = house.claim()
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer")), (claim.attempt_id, late)])
    assert house.state(message_id) == state


def test_an_answer_in_time_spares_the_second_sending(house: House) -> None:
    message_id = house.queue(MessageClass.ACK)
    claim = house.claim()
    house.crash()
    house.store.outbox.apply_policy(claim.attempt_id)
    house.store.outbox.record([(claim.attempt_id, Sent("1"))])
    assert house.state(message_id) == "submitted"
    assert house.store.outbox.claim(claimant()) == []


def test_an_answer_during_the_second_sending_prevents_a_third(house: House) -> None:
    message_id = house.queue(MessageClass.ACK, parts=2)
    first = house.claim()
    house.crash()
    house.store.outbox.apply_policy(first.attempt_id)
    second = house.claim()
    house.store.outbox.record([(first.attempt_id, Sent("1"))])
    assert house.store.outbox.claim(claimant()) == [], "the second attempt of part 1 is still in the air"
    house.store.outbox.record([(second.attempt_id, SOON)])
    assert house.claim().part == 2
    assert house.part_states(message_id) == ["sent", "in_air"]


@pytest.mark.parametrize("end", [Sent("5"), SOON, NEVER, InDoubt("no answer")])
def test_the_next_part_follows_when_a_report_overtook_every_answer(house: House, end: Any) -> None:
    """The first attempt is reported delivered while the second is in the air: whatever that ends as, part 2 goes."""
    message_id = house.queue(MessageClass.ACK, parts=2)
    first = house.claim()
    house.crash()
    house.store.outbox.apply_policy(first.attempt_id)
    second = house.claim()
    house.store.outbox.record([(first.attempt_id, Sent("1"))])
    house.receive(delivered("1", submitted_at=house.now))
    house.store.outbox.record([(second.attempt_id, end)])
    assert house.claim().part == 2
    assert house.part_states(message_id) == ["delivered", "in_air"]


@pytest.mark.parametrize("end", [Sent("1"), SOON, NEVER, InDoubt("no answer")])
def test_what_a_person_withdrew_stays_withdrawn_however_its_attempt_ends(house: House, end: Any) -> None:
    message_id = house.queue(parts=2)
    claim = house.claim()
    house.store.outbox.cancel(message_id)
    house.store.outbox.record([(claim.attempt_id, end)])
    assert house.state(message_id) == "cancelled"
    assert house.store.outbox.claim(claimant()) == []


@pytest.mark.parametrize("late", [SOON, NEVER])
def test_a_late_refusal_of_the_first_sending_does_not_touch_the_second(house: House, late: Any) -> None:
    message_id = house.queue(MessageClass.ACK)
    first = house.claim()
    house.crash()
    house.store.outbox.apply_policy(first.attempt_id)
    house.claim()
    house.store.outbox.record([(first.attempt_id, late)])
    assert (house.state(message_id), house.part_states(message_id)) == ("submitting", ["in_air"])


def test_the_policy_touches_no_part_that_has_left(house: House) -> None:
    message_id = house.queue(MessageClass.ACK, parts=2)
    first = house.send("1")
    house.claim()
    house.crash()
    assert house.store.outbox.apply_policy(first.attempt_id) is None
    assert house.part_states(message_id) == ["sent", "in_doubt"]


def test_a_settled_attempt_is_not_settled_again(house: House) -> None:
    message_id = house.queue()
    claim = house.send("1")
    house.store.outbox.record([(claim.attempt_id, end) for end in (NEVER, InDoubt("no answer"), Sent("2"))])
    [attempt] = house.store.outbox.show(message_id)["attempt_list"]
    assert (attempt["outcome"], attempt["reference"], house.state(message_id)) == ("sent", "1", "submitted")


def test_an_attempt_that_was_erased_meanwhile_holds_nothing_up(house: House) -> None:
    message_id = house.queue()
    claim = house.claim()
    house.store.outbox.record([(999, Sent("2")), (claim.attempt_id, Sent("1"))])
    assert house.state(message_id) == "submitted"


# --- people -----------------------------------------------------------------------------------------------------------


def test_retry_sends_every_part_again(house: House) -> None:
    message_id = house.queue(parts=2)
    house.send("1")
    house.store.outbox.record([(house.claim().attempt_id, NEVER)])
    assert house.state(message_id) == "rejected"
    house.store.outbox.retry(message_id)
    assert [house.send("3", "modem1").part, house.send("4", "modem1").part] == [1, 2]
    assert house.state(message_id) == "submitted"


def test_retry_gives_an_expired_message_as_long_as_it_had(house: House) -> None:
    message_id = house.queue(expires_at=house.now + 10)
    house.now += 100
    house.store.outbox.expire()
    house.store.outbox.retry(message_id)
    assert house.store.outbox.show(message_id)["expires_at"] == house.now + 10
    assert house.claim().message_id == message_id


def test_retry_is_refused_while_a_message_is_on_its_way(house: House) -> None:
    message_id = house.queue(parts=2)
    for expected in ("queued", "submitting", "submitted"):
        assert house.state(message_id) == expected
        with pytest.raises(UsageError, match=expected):
            house.store.outbox.retry(message_id)
        house.store.outbox.record([(claim.attempt_id, Sent("1")) for claim in house.store.outbox.claim(claimant())])


def test_retry_waits_for_the_part_in_the_air(house: House) -> None:
    message_id = house.queue()
    claim = house.claim()
    house.store.outbox.cancel(message_id)
    with pytest.raises(UsageError, match="in the air"):
        house.store.outbox.retry(message_id)
    house.store.outbox.record([(claim.attempt_id, SOON)])
    house.store.outbox.retry(message_id)
    assert house.claim().message_id == message_id


def test_retry_of_a_wiped_secret_names_the_way_out(house: House) -> None:
    message_id = house.queue(sealed=b"sealed", request_id=None)
    house.store.outbox.cancel(message_id)
    with pytest.raises(UsageError, match="request retry"):
        house.store.outbox.retry(message_id)


def test_evidence_between_a_retry_and_its_claim_spares_the_double(house: House) -> None:
    message_id = house.queue()
    claim = house.claim()
    house.crash()
    house.store.outbox.retry(message_id)
    house.store.outbox.record([(claim.attempt_id, Sent("1"))])
    assert house.state(message_id) == "submitted"


def test_cancel_is_refused_where_nothing_can_be_withdrawn(house: House) -> None:
    message_id = house.queue()
    house.send("1")
    with pytest.raises(UsageError, match="submitted"):
        house.store.outbox.cancel(message_id)


def test_verbs_of_a_message_that_is_not_there_say_where_to_look(house: House) -> None:
    for verb in (house.store.outbox.show, house.store.outbox.retry, house.store.outbox.cancel):
        with pytest.raises(NotFoundError, match="smsd outbox list"):
            verb(7)


def test_the_list_is_newest_first_and_can_be_narrowed(house: House) -> None:
    ids = [house.queue(), house.queue(MessageClass.ACK), house.queue(recipient=OTHER)]
    outbox = house.store.outbox
    assert [row["id"] for row in outbox.recent(limit=0)] == ids[::-1]
    assert [row["id"] for row in outbox.recent(limit=1)] == ids[2:]
    assert [row["id"] for row in outbox.recent(limit=0, message_class="ack")] == [ids[1]]
    assert [row["id"] for row in outbox.recent(limit=0, recipient=OTHER)] == [ids[2]]
    assert outbox.recent(limit=0, state="failed") == []


def test_counts_tell_what_has_not_come_to_rest(house: House) -> None:
    house.queue(MessageClass.ACK)
    house.now += 5
    house.queue(MessageClass.ALERT)
    house.queue(MessageClass.ALERT)
    house.send("1")
    assert house.store.outbox.counts() == [{"class": "alert", "state": "queued", "count": 2, "oldest": house.now}]


def test_the_oldest_acknowledgement_is_known_until_it_leaves(house: House) -> None:
    assert house.store.outbox.oldest_ack() is None
    queued_at = house.now
    house.queue(MessageClass.ACK)
    house.now += 5
    house.queue(MessageClass.ACK)
    assert house.store.outbox.oldest_ack() == queued_at
    house.send("1")
    assert house.store.outbox.oldest_ack() == queued_at + 5


def test_an_acknowledgement_in_doubt_is_late_until_only_a_person_can_say_more(house: House) -> None:
    """After that it is held, like any doubt; it would be called late for ever."""
    house.queue(MessageClass.ACK)
    queued_at = house.now
    house.store.outbox.record([(house.claim().attempt_id, InDoubt("no answer"))])
    house.now += 590
    assert house.store.outbox.oldest_ack() == queued_at
    house.now += 20
    assert house.store.outbox.oldest_ack() is None


# --- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [1, 3])
def test_a_wiped_secret_is_never_sent_as_an_empty_text(house: House, parts: int) -> None:
    """Days after its submission the operator says that the name was blocked: nothing is left to be sent by the SIM."""
    message_id = house.queue(MessageClass.RESULT, sealed=b"sealed", text=None, parts=parts)
    for number in range(parts):
        house.send(f"id-{number}", "operator", sim=None)
    house.now += 2 * 86400
    assert house.store.outbox.wipe_submitted() == 1
    told = delivered("id-0", submitted_at=None, report_class=ReportClass.FAILED, code="REJECTD 254")
    by_sim = Ways(refused=lambda *_: None, reported=lambda *_: Diversion("modem0", "blocked"))
    house.store.inbox.receive(Received("operator", b"receipt", told), replace(JUDGE, ways=by_sim))
    assert house.store.outbox.show(message_id)["route"] == "modem0"
    assert house.store.outbox.claim(claimant()) == []
    shown = house.store.outbox.show(message_id)
    assert (shown["state"], shown["error"]) == (
        "expired",
        "its text held a password and was wiped before it could leave",
    )


def test_a_secret_is_wiped_a_day_after_its_submission_or_when_delivered(house: House) -> None:
    kept, gone = house.queue(sealed=b"sealed"), house.queue(sealed=b"sealed")
    house.send("1")
    house.send("2")
    house.receive(delivered("2", submitted_at=house.now))
    assert (house.store.outbox.show(kept)["sealed"], house.store.outbox.show(gone)["sealed"]) == (1, 0)
    assert house.store.outbox.wipe_submitted() == 0
    house.now += timedelta(days=1).total_seconds() + 1
    assert house.store.outbox.wipe_submitted() == 1
    assert house.store.outbox.show(kept)["sealed"] == 0


def test_two_stores_on_one_file_share_the_queue(house: House) -> None:
    """The command line writes to the database whether the daemon runs or not."""
    other = Store(house.path, house.clock)
    message_id, _ = other.outbox.enqueue(new())
    assert house.claim().message_id == message_id
    assert other.outbox.claim(claimant("modem1")) == []
    other.close()


def test_priorities_are_the_order_of_the_classes() -> None:
    assert sorted(PRIORITY, key=PRIORITY.__getitem__) == list(MessageClass)


def test_a_message_queued_while_the_clock_was_ahead_leaves_when_it_is_set_right(house: House) -> None:
    """Two hours ahead at the queueing: it is due all the same."""
    house.now += 7200
    message_id = house.queue()
    house.now -= 7200
    assert house.claim().message_id == message_id


def test_a_retry_set_while_the_clock_was_ahead_is_mended(house: House) -> None:
    """No retry is ever set further than an hour ahead."""
    house.now += 7200
    message_id = house.queue()
    house.store.outbox.record([(house.claim().attempt_id, NotSent(Verdict.LATER, "CMS 38"))])
    house.now -= 7200
    assert house.store.outbox.claim(claimant()) == []
    assert house.store.outbox.mend_clock() == 1
    assert house.claim().message_id == message_id
    assert house.store.outbox.mend_clock() == 0


def test_a_person_hastens_what_waits_for_its_next_try(house: House) -> None:
    """``retry`` of a message in its back-off tries it at once, from where it stands."""
    message_id = house.queue()
    house.store.outbox.record([(house.claim().attempt_id, NotSent(Verdict.LATER, "CMS 38"))])
    house.store.outbox.retry(message_id)
    assert house.claim().message_id == message_id
