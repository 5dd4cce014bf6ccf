"""What is told of alarms is in the store with its messages, or not at all; a kill repeats nothing but the command."""

from typing import Any

import pytest

from smsd.rules.alarms import Change, Condition, Event, Standing
from smsd.rules.outbox import MessageClass
from smsd.sms import InDoubt
from smsd.store import NewMessage
from smsd.store.alarms import KEPT_SECONDS
from tests.store.house import NOON, OTHER, House, new

STANDING = Standing(Condition.MODEM_DEAD, "modem0", NOON - 300, "dead", raised_at=NOON, told_at=NOON, flaps=1)
EVENT = Event(Change.RAISED, NOON, Condition.MODEM_DEAD, "modem0", NOON - 300, "dead")


def words(event: Event, event_id: int) -> list[NewMessage]:
    return [new(MessageClass.ADMIN, recipient=OTHER, text=event.change.value, key=f"alarm {event_id}")]


def test_the_ledger_is_found_as_it_was_left(house: House) -> None:
    house.store.alarms.tell([], keep=[STANDING], words=words)
    house.crash()
    assert house.store.alarms.ledger() == {STANDING.key: STANDING}
    house.store.alarms.tell([], drop=[STANDING.key], words=words)
    assert house.store.alarms.ledger() == {}


def test_an_event_and_its_messages_are_one_transaction(house: House) -> None:
    def broken(event: Event, event_id: int) -> list[NewMessage]:
        if event_id:
            raise RuntimeError("killed here")
        return words(event, event_id)

    with pytest.raises(RuntimeError):
        house.store.alarms.tell([EVENT], keep=[STANDING], words=broken)
    assert (house.store.alarms.ledger(), house.store.alarms.recent(limit=0)) == ({}, [])
    assert house.store.outbox.recent(limit=0) == []
    [told] = house.store.alarms.tell([EVENT], keep=[STANDING], words=words)
    house.crash()
    assert [row["text"] for row in house.store.outbox.recent(limit=0)] == ["raised"]
    assert house.store.alarms.uncarried() == [told]
    assert told.event == EVENT


def test_what_was_carried_is_not_carried_again(house: House) -> None:
    [first] = house.store.alarms.tell([EVENT], words=words)
    [second] = house.store.alarms.tell([EVENT], words=words)
    house.store.alarms.carried(first.id, "exit 0")
    assert [told.id for told in house.store.alarms.uncarried()] == [second.id]
    assert house.store.alarms.uncarried(second.id) == []
    assert house.store.alarms.event(first.id)["outcome"] == "exit 0"


def test_a_silence_is_about_one_thing_or_all_of_them_and_passes(house: House) -> None:
    def quiet() -> bool:
        return house.store.alarms.tell([EVENT], words=words)[0].quiet

    assert not quiet()
    house.store.alarms.silence(Condition.MODEM_DEAD, "modem1", house.now + 60)
    assert not quiet()
    house.store.alarms.silence(Condition.MODEM_DEAD, "*", house.now + 60)
    assert quiet()
    house.now += 61
    assert not quiet()
    assert house.store.alarms.silences() == []


@pytest.mark.parametrize(("silenced", "told"), [("modem1", ["raised"]), ("modem2", ["raised", "raised"])])
def test_what_the_limit_held_back_and_a_person_silenced_since_is_not_told(
    house: House, silenced: str, told: list[str]
) -> None:
    """Whoever silences an alarm knows of it; another's silence keeps nothing back."""
    other = Event(Change.RAISED, NOON, Condition.MODEM_DEAD, "modem1", NOON - 300, "dead")
    house.store.alarms.tell([EVENT, other], words=words, per_hour=1)
    assert [row["text"] for row in house.store.outbox.recent(limit=0)] == ["raised"]
    house.store.alarms.silence(Condition.MODEM_DEAD, silenced, house.now + 7200)
    house.now += 3601
    assert house.store.alarms.tell_held(words, 1) is False
    assert [row["text"] for row in house.store.outbox.recent(limit=0)] == told


def test_what_is_old_is_forgotten(house: House) -> None:
    house.store.alarms.tell([EVENT], words=words)
    house.now += KEPT_SECONDS + 1
    house.store.alarms.tell([Event(Change.CLEARED, house.now, *EVENT_KEY)], words=words)
    assert [row["change"] for row in house.store.alarms.recent(limit=0)] == ["cleared"]


EVENT_KEY: Any = (Condition.MODEM_DEAD, "modem0")


def test_the_oldest_that_waits_is_told_by_class(house: House) -> None:
    house.queue(MessageClass.RESULT)
    house.now += 10
    house.queue(MessageClass.RESULT)
    house.queue(MessageClass.MANUAL)
    classes = (MessageClass.RESULT, MessageClass.MANUAL, MessageClass.NOTIFICATION)
    assert house.store.alarms.oldest_waiting(classes) == {"result": NOON, "manual": NOON + 10}


def test_a_doubt_counts_once_it_is_old_and_while_it_is_one(house: House) -> None:
    message = house.queue()
    house.store.outbox.record([(house.claim().attempt_id, InDoubt("no answer"))])
    assert house.store.alarms.held(house.now) == 0
    house.now += 600
    assert house.store.alarms.held(house.now - 1) == 1
    house.store.outbox.cancel(message)
    assert house.store.alarms.held(house.now) == 0
