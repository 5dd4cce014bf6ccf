"""Messages that a route takes as a whole: one attempt for all their parts, and routes that meet over one message."""

from smsd.rules.outbox import DoubtPolicy, MessageClass
from smsd.sms import InDoubt, NotSent, Sent, Verdict
from tests.store.house import PHONE, House, claimant, delivered

SOON = NotSent(Verdict.SOON, "22", "busy")


def test_a_route_without_parts_takes_all_of_them_in_one_attempt(house: House) -> None:
    message_id = house.queue(parts=3)
    [claim] = house.store.outbox.claim(claimant("http0", sim=None, whole=True))
    assert (claim.whole, claim.part, claim.parts, claim.place) == (True, 1, 3, "all/3")
    assert house.part_states(message_id) == ["in_air"] * 3
    assert house.store.outbox.claim(claimant("modem0")) == []
    house.store.outbox.record([(claim.attempt_id, Sent("abc"))])
    assert house.part_states(message_id) == ["sent"] * 3
    house.receive(delivered("abc", submitted_at=None), route="http0", sim=None)
    assert (house.state(message_id), house.part_states(message_id)) == ("delivered", ["delivered"] * 3)


def test_a_message_of_one_part_is_no_other_thing_to_a_route_without_parts(house: House) -> None:
    house.queue()
    [claim] = house.store.outbox.claim(claimant("http0", sim=None, whole=True))
    assert (claim.whole, claim.part) == (False, 1)


def test_what_was_refused_as_a_whole_goes_by_another_route_in_parts(house: House) -> None:
    message_id = house.queue(parts=2)
    [claim] = house.store.outbox.claim(claimant("http0", sim=None, whole=True))
    house.store.outbox.record([(claim.attempt_id, SOON)])
    assert house.part_states(message_id) == ["unsent"] * 2
    house.now += 10
    assert [house.send("1").part, house.send("2").part] == [1, 2]
    assert house.state(message_id) == "submitted"


def test_the_late_end_of_a_whole_message_ends_its_parts_wherever_they_are(house: House) -> None:
    """Doubted, sent once more by the SIM, and then the operator says that it had it: no second part follows."""
    message_id = house.queue(MessageClass.RESULT, parts=2)
    [claim] = house.store.outbox.claim(claimant("http0", sim=None, whole=True))
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer"))])
    [doubt] = house.store.outbox.doubts("http0")
    assert doubt.attempt_id == claim.attempt_id
    assert house.store.outbox.apply_policy(claim.attempt_id) is DoubtPolicy.RESEND_ONCE
    first = house.claim("modem0")
    house.store.outbox.record([(claim.attempt_id, Sent("abc", "status query")), (first.attempt_id, Sent("1"))])
    assert (house.state(message_id), house.part_states(message_id)) == ("submitted", ["sent"] * 2)
    assert house.store.outbox.claim(claimant("modem0")) == []


def test_a_part_that_left_meanwhile_is_not_taken_back_with_the_rest(house: House) -> None:
    """The SIM's answer comes late, while the whole text is in the air; the operator then refuses it for a while."""
    message_id = house.queue(MessageClass.RESULT, parts=2)
    first = house.claim("modem0")
    house.store.outbox.record([(first.attempt_id, InDoubt("no answer"))])
    house.store.outbox.apply_policy(first.attempt_id)
    [claim] = house.store.outbox.claim(claimant("http0", sim=None, whole=True))
    house.store.outbox.record([(first.attempt_id, Sent("1", "late answer")), (claim.attempt_id, SOON)])
    assert house.part_states(message_id) == ["sent", "unsent"]
    house.now += 10
    [again] = house.store.outbox.claim(claimant("http0", sim=None, whole=True))
    house.store.outbox.record([(again.attempt_id, Sent("abc"))])
    assert house.state(message_id) == "submitted"


def test_what_nothing_was_heard_of_is_listed_from_an_attempt_on(house: House) -> None:
    attempts = []
    for number in range(3):
        house.queue(parts=2)
        [claim] = house.store.outbox.claim(claimant("http0", sim=None, whole=True))
        house.store.outbox.record([(claim.attempt_id, Sent(f"id-{number}"))])
        attempts.append(claim.attempt_id)
    house.queue()
    house.send("9")
    list_ = house.store.outbox.unreported
    assert list_("http0", 0, 2, 0.0) == [(attempts[0], "id-0", PHONE), (attempts[1], "id-1", PHONE)]
    assert [row[0] for row in list_("http0", attempts[1], 2, 0.0)] == attempts[2:]
    assert list_("http0", 0, 9, house.now + 1) == []
    assert list_("modem0", 0, 9, 0.0) == []
    house.receive(delivered("id-1", submitted_at=None), route="http0", sim=None)
    assert [row[1] for row in list_("http0", 0, 9, 0.0)] == ["id-0", "id-2"]
