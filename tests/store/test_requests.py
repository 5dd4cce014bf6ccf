"""Clients' requests: taken up, put back, ended once; the result comes after the acknowledgement."""

from typing import Any

import pytest

from smsd.errors import NotFoundError, UsageError
from smsd.rules.commands import Command
from smsd.rules.outbox import MessageClass
from smsd.rules.requests import RequestState
from smsd.sms import InDoubt, NotSent, Sent, Verdict
from smsd.store import NewMessage
from smsd.store.requests import LEASE, RESULT_WAITS
from tests.store.house import OTHER, PHONE, House, claimant, new

DONE, FAILED = RequestState.DONE, RequestState.FAILED
RESULT = new(MessageClass.RESULT)


def apology(phone: str) -> NewMessage:
    """Make the apology of a request that was given up."""
    return new(MessageClass.RESULT, recipient=phone)


def ask(house: House, text: str = "CLIENT info", **values: Any) -> int:
    """Let a client ask; return the request's id."""
    request_id: int = house.text(text, **values).request_id
    return request_id


def state(house: House, request_id: int) -> str:
    """Return where a request stands."""
    return str(house.store.requests.show(request_id)["state"])


def finish(house: House, request_id: int) -> int:
    """Carry a request out; return its result's id."""
    message_id = house.store.requests.finish(request_id, DONE, RESULT)
    assert message_id is not None
    return message_id


# --- taking up --------------------------------------------------------------------------------------------------------


def test_requests_are_taken_up_in_order_and_once(house: House) -> None:
    first, second = ask(house), ask(house, "CLIENT sms stop", sender=OTHER)
    taken = [house.store.requests.take() for _ in range(2)]
    assert [(each.id, each.phone, each.command, each.asked) for each in taken if each] == [
        (first, PHONE, Command.INFO, 1),
        (second, OTHER, Command.STOP, 1),
    ]
    assert house.store.requests.take() is None
    assert house.store.requests.next_due() == house.now + LEASE


def test_a_request_left_by_a_dead_process_is_taken_up_again_after_its_lease(house: House) -> None:
    request_id = ask(house)
    house.store.requests.take()
    house.crash()
    house.now += LEASE - 1
    assert house.store.requests.take() is None
    house.now += 1
    again = house.store.requests.take()
    assert again is not None
    assert (again.id, again.asked) == (request_id, 2)


def test_a_postponed_request_waits_and_remembers_how_often_it_was_asked(house: House) -> None:
    request_id = ask(house)
    house.store.requests.take()
    house.store.requests.postpone(request_id, 15, "the directory is down")
    shown = house.store.requests.show(request_id)
    assert (shown["state"], shown["error"]) == ("accepted", "the directory is down")
    assert house.store.requests.next_due() == house.now + 15
    house.now += 15
    again = house.store.requests.take()
    assert again is not None
    assert again.asked == 2


def test_nothing_is_due_when_all_is_done(house: House) -> None:
    request_id = ask(house)
    house.store.requests.take()
    finish(house, request_id)
    assert house.store.requests.next_due() is None
    assert house.store.requests.counts() == []


# --- the end ----------------------------------------------------------------------------------------------------------


def test_a_request_and_its_result_end_together_and_once(house: House) -> None:
    request_id = ask(house)
    house.store.requests.take()
    message_id = finish(house, request_id)
    shown = house.store.requests.show(request_id)
    assert (shown["state"], shown["done_at"], shown["messages"][-1]["id"]) == ("done", house.now, message_id)
    before = house.dump()
    assert house.store.requests.finish(request_id, DONE, RESULT) is None
    assert house.dump() == before


def test_a_result_that_cannot_be_queued_leaves_the_request_open(house: House) -> None:
    request_id = ask(house)
    house.store.requests.take()
    with pytest.raises(TypeError):
        house.store.requests.finish(request_id, DONE, None)  # type: ignore[arg-type]
    assert state(house, request_id) == "in_progress"


def test_a_result_leaves_when_its_acknowledgement_has_left(house: House) -> None:
    request_id = ask(house)
    house.store.requests.take()
    ack = house.claim()
    result = finish(house, request_id)
    assert house.store.outbox.claim(claimant("modem1")) == []
    house.store.outbox.record([(ack.attempt_id, Sent("1"))])
    assert house.claim("modem1").message_id == result


@pytest.mark.parametrize("end", [InDoubt("no answer"), NotSent(Verdict.LATER, "CMS 38")])
def test_a_result_waits_for_an_unsettled_acknowledgement_a_hundred_seconds_at_most(house: House, end: Any) -> None:
    request_id = ask(house)
    asked_at = house.now
    house.store.requests.take()
    house.store.outbox.record([(house.claim().attempt_id, end)])
    house.now += 30
    result = finish(house, request_id)
    assert house.store.outbox.show(result)["due_at"] == asked_at + RESULT_WAITS
    house.now = asked_at + RESULT_WAITS
    assert result in [claim.message_id for claim in house.store.outbox.claim(claimant(), limit=2)]


def test_a_result_does_not_wait_for_an_acknowledgement_that_will_never_leave(house: House) -> None:
    request_id = ask(house)
    house.store.requests.take()
    ack = house.claim()
    result = finish(house, request_id)
    house.store.outbox.record([(ack.attempt_id, NotSent(Verdict.NEVER, "CMS 28"))])
    assert house.claim().message_id == result


def test_a_result_late_after_its_acknowledgement_does_not_wait(house: House) -> None:
    request_id = ask(house)
    house.store.requests.take()
    house.now += 1000
    assert house.store.outbox.show(finish(house, request_id))["due_at"] == house.now


def test_the_release_of_a_result_does_not_shorten_the_rest_after_its_own_refusal(house: House) -> None:
    request_id = ask(house)
    house.store.requests.take()
    ack = house.claim()
    result = finish(house, request_id)
    house.now += RESULT_WAITS
    house.store.outbox.record([(house.claim("modem1").attempt_id, NotSent(Verdict.LATER, "CMS 38"))])
    house.store.outbox.record([(ack.attempt_id, Sent("1"))])
    assert house.store.outbox.show(result)["due_at"] == house.now + 5


# --- people -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", [False, True])
def test_a_person_gives_a_request_up_and_the_client_is_told_after_the_acknowledgement(
    house: House, taken: bool
) -> None:
    request_id = ask(house)
    if taken:
        house.store.requests.take()
    message_id = house.store.requests.fail(request_id, apology)
    assert state(house, request_id) == "failed"
    claims = house.store.outbox.claim(claimant(), limit=2)
    assert [claim.message_class for claim in claims] == [MessageClass.ACK]
    house.store.outbox.record([(claims[0].attempt_id, Sent("1"))])
    assert house.claim().message_id == message_id


def test_what_a_person_gave_up_is_neither_finished_nor_put_back(house: House) -> None:
    request_id = ask(house)
    house.store.requests.take()
    house.store.requests.fail(request_id, apology)
    before = house.dump()
    assert house.store.requests.finish(request_id, DONE, RESULT) is None
    house.store.requests.postpone(request_id, 15, "the directory is down")
    assert house.dump() == before
    assert house.store.requests.take() is None


@pytest.mark.parametrize("end", [DONE, FAILED])
def test_an_ended_request_can_be_carried_out_again_and_not_be_given_up(house: House, end: RequestState) -> None:
    request_id = ask(house)
    house.store.requests.take()
    house.store.requests.finish(request_id, end, RESULT)
    with pytest.raises(UsageError, match=end.value):
        house.store.requests.fail(request_id, apology)
    with pytest.raises(UsageError, match="wait, or cancel it"):
        house.store.requests.retry(request_id)  # its answer has not left: it would be said twice
    for message in house.store.requests.show(request_id)["messages"]:
        house.store.outbox.cancel(message["id"])
    house.store.requests.retry(request_id)
    again = house.store.requests.take()
    assert again is not None
    assert (again.id, again.asked) == (request_id, 1)
    assert finish(house, request_id) != 2


@pytest.mark.parametrize("taken", [False, True])
def test_an_open_request_needs_no_retry(house: House, taken: bool) -> None:
    request_id = ask(house)
    if taken:
        house.store.requests.take()
    with pytest.raises(UsageError, match="already"):
        house.store.requests.retry(request_id)


def test_verbs_of_a_request_that_is_not_there_say_where_to_look(house: House) -> None:
    requests = house.store.requests
    for verb in (requests.show, requests.retry, lambda request_id: requests.fail(request_id, apology)):
        with pytest.raises(NotFoundError, match="smsd request list"):
            verb(7)


def test_the_list_is_newest_first_and_can_be_narrowed(house: House) -> None:
    ids = [ask(house), ask(house, "CLIENT sms stop"), ask(house, sender=OTHER)]
    requests = house.store.requests
    assert [row["id"] for row in requests.recent(limit=0)] == ids[::-1]
    assert [row["id"] for row in requests.recent(limit=2)] == ids[:0:-1]
    assert [row["id"] for row in requests.recent(limit=0, phone=OTHER)] == ids[2:]
    requests.take()
    assert [row["id"] for row in requests.recent(limit=0, state="in_progress")] == ids[:1]
    assert {row["state"]: row["count"] for row in requests.counts()} == {"in_progress": 1, "accepted": 2}
