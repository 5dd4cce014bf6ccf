"""What is to be told is written with what happened, heard once or told again, bounded, and erased with its number."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smsd.errors import NotFoundError
from smsd.rules.outbox import MessageClass
from smsd.sms import NotSent, Sent, Verdict
from smsd.store import events as module
from tests.store.house import PHONE, House, claimant, delivered, new

ALL = {"ccs": ["delivery", "opt-out", "request"]}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A store whose happenings are told."""
    house = House(tmp_path)
    house.store.events.listeners(ALL)
    yield house
    house.store.close()


def told(house: House) -> list[tuple[str, str, str | None]]:
    """Return kind, word and note of what waits, oldest first."""
    return [(row["kind"], row["word"], row["note"]) for row in reversed(house.store.events.recent(limit=0))]


def test_a_notification_is_told_of_as_it_moves(house: House) -> None:
    house.store.outbox.enqueue(new(MessageClass.NOTIFICATION, key="order-17"))
    [claim] = house.store.outbox.claim(claimant())
    assert told(house) == []
    house.store.outbox.record([(claim.attempt_id, Sent("1"))])
    assert told(house) == [("delivery", "submitted", "order-17")]
    message, _ = house.store.outbox.enqueue(new(MessageClass.NOTIFICATION))
    [claim] = house.store.outbox.claim(claimant())
    house.store.outbox.record([(claim.attempt_id, NotSent(Verdict.NEVER, "CMS 38", "no", "answer"))])
    assert told(house)[1:] == [("delivery", "rejected", None)]
    [row, _] = house.store.events.recent(limit=0)
    assert (row["subject_id"], row["reason"], row["phone"]) == (message, "CMS 38: no", PHONE)


def test_a_window_of_notifications_is_told_of(house: House) -> None:
    for number in range(3):
        house.store.outbox.enqueue(new(MessageClass.NOTIFICATION, key=f"order-{number}"))
    house.store.outbox.enqueue(new(MessageClass.MANUAL))
    claims = house.store.outbox.claim(claimant(), 4)
    house.store.outbox.exchange([(claim.attempt_id, Sent(str(claim.attempt_id))) for claim in claims], claimant(), 1)
    assert told(house) == [("delivery", "submitted", f"order-{number}") for number in range(3)]


def test_a_message_that_stays_where_it_is_is_not_told_of_again(house: House) -> None:
    message, _ = house.store.outbox.enqueue(new(MessageClass.NOTIFICATION, parts=2, text="ы" * 71))
    for _ in range(2):
        [claim] = house.store.outbox.claim(claimant())
        house.store.outbox.record([(claim.attempt_id, Sent(str(claim.attempt_id)))])
    for reference in ("1", "2"):
        house.receive(delivered(reference, submitted_at=house.now))
    assert house.state(message) == "delivered"
    assert told(house) == [("delivery", "submitted", None), ("delivery", "delivered", None)]


def test_other_messages_are_not_told_of(house: House) -> None:
    for each in (MessageClass.MANUAL, MessageClass.RESULT):
        message, _ = house.store.outbox.enqueue(new(each))
        house.store.outbox.cancel(message)
    assert told(house) == []


def test_a_wish_and_a_request_are_told_of(house: House) -> None:
    house.text("CLIENT sms stop")
    assert told(house) == [("request", "accepted", "sms stop"), ("opt-out", "stopped", None)]


def test_who_wants_nothing_is_told_nothing(house: House) -> None:
    house.store.events.listeners({"ccs": ["opt-out"]})
    house.text("CLIENT info")
    assert told(house) == []
    house.text("CLIENT sms stop")
    house.store.events.listeners({})
    assert told(house) == [], "and what waited for him is forgotten"


def test_what_was_heard_is_forgotten_and_the_rest_told_again(house: House) -> None:
    house.text("CLIENT sms stop")
    events = house.store.events
    first, second = events.due("ccs", 10)
    events.settle([first["id"]], {second["id"]: (60.0, "500")})
    assert events.due("ccs", 10) == []
    assert events.next_due("ccs") == house.now + 60
    house.now += 60
    [again] = events.due("ccs", 10)
    assert (again["id"], again["tries"], again["at"]) == (second["id"], 1, second["at"])


def test_what_is_given_up_may_be_told_again_by_a_person(house: House) -> None:
    house.text("CLIENT sms stop")
    events = house.store.events
    house.now += 100
    assert events.care("ccs", give_up=99, keep=1000, most=100) == (2, False)
    assert events.due("ccs", 10) == []
    assert {row["state"] for row in events.recent(limit=0)} == {"given_up"}
    assert events.retry() == 2
    assert events.care("ccs", give_up=99, keep=1000, most=100) == (0, False), "they have their time again"
    assert len(events.due("ccs", 10)) == 2
    with pytest.raises(NotFoundError):
        events.retry(99)


def test_of_too_many_the_oldest_are_given_up_and_the_old_forgotten(house: House) -> None:
    for _ in range(5):
        house.text("CLIENT sms stop")
        house.now += 10_000
    events = house.store.events
    total = len(events.recent(limit=0))
    assert events.care("ccs", give_up=10**9, keep=10**9, most=3) == (total - 3, False)
    assert [row["state"] for row in events.recent(limit=0)] == ["waiting"] * 3 + ["given_up"] * (total - 3)
    house.now += 100
    events.care("ccs", give_up=10**9, keep=50, most=3)
    assert len(events.recent(limit=0)) == 3


def test_a_long_outage_is_cleared_up_a_little_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers clients waits for one small transaction, however many events there are."""
    monkeypatch.setattr(module, "BATCH", 3)
    for _ in range(5):
        house.text("CLIENT sms stop")
        house.now += 10_000
    events = house.store.events
    total = len(events.recent(limit=0))
    assert total > 3
    moved: list[int] = []
    while len(moved) < total:
        count, more = events.care("ccs", give_up=10**9, keep=10**9, most=1)
        moved.append(count)
        if not more:
            break
    assert (max(moved), sum(moved)) == (3, total - 1)
    assert events.retry() == total - 1
    assert {row["state"] for row in events.recent(limit=0)} == {"waiting"}
    moved.clear()
    while events.care("ccs", give_up=-1, keep=-1, most=100)[1]:
        moved.append(len(events.recent(limit=0)))
        assert len(moved) < 9
    assert events.recent(limit=0) == []


def test_a_person_who_is_erased_is_not_told_of(house: House) -> None:
    house.text("CLIENT sms stop")
    erased = house.store.erasure.erase(PHONE, b"k" * 32)
    assert erased.rows["webhook events"] == 2
    assert house.store.events.recent(limit=0) == []
