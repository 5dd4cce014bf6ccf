"""How long each thing is kept: its own key, else the general one, else what is usual; 0 is for ever."""

from datetime import timedelta

import pytest

from smsd.config import parse
from smsd.config.retention import INBOX, OUTBOX
from smsd.errors import ConfigError
from smsd.rules.outbox import MessageClass
from smsd.rules.reception import InboxState
from smsd.rules.retention import Keep


def keep(keys: str) -> Keep:
    return parse(f"[retention]\n{keys}").retention.keep()


def days(count: int) -> timedelta:
    return timedelta(days=count)


def test_without_any_key_each_thing_has_its_usual_time() -> None:
    kept = keep("")
    assert kept.outbox == {each: days(OUTBOX[each]) for each in MessageClass}
    assert kept.inbox == {each: days(INBOX[each]) for each in InboxState if each in INBOX}
    assert (kept.octets, kept.audit) == (days(90), days(1095))


def test_the_general_keys_hold_for_what_has_none_of_its_own() -> None:
    kept = keep("inbox_days = 30\noutbox_days = 40\nack_days = 5\nalert_days = 0\nflood_days = 1")
    assert kept.outbox == {
        each: days(5 if each is MessageClass.ACK else 40) for each in MessageClass if each is not MessageClass.ALERT
    }
    assert kept.inbox == {each: days(1 if each is InboxState.FLOOD else 30) for each in INBOX}


def test_nought_is_for_ever() -> None:
    kept = keep("inbox_days = 0\noutbox_days = 0\npdu_days = 0\naudit_days = 0")
    assert kept == Keep()


def test_every_class_and_state_that_can_be_over_has_a_key() -> None:
    assert set(OUTBOX) == set(MessageClass)
    assert set(INBOX) == set(InboxState) - {InboxState.RECEIVED, InboxState.WAITING_PARTS}


@pytest.mark.parametrize("wrong", ["ack_days = -1", 'alert_days = "1"', "acks_days = 3", "inbox_days = true"])
def test_what_cannot_be_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match=r"\[retention\]"):
        keep(wrong)
