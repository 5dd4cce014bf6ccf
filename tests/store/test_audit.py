"""The audit trail is written in the transaction that did what it tells, once, and only if that was done."""

import pytest

from smsd.errors import UsageError
from smsd.store import Act, Client
from tests.store.house import PHONE, House

ACT = Act(1.0, "ivan", "client add", "+7916•••01")
CLIENT = Client(PHONE, "1733", "ivanov", None)


def trail(house: House) -> list[tuple[str, str, str]]:
    """Return who did what about whom."""
    return [(row["who"], row["what"], row["about"]) for row in house.store.audit.recent(limit=0)]


def test_what_is_done_is_written_with_it_once(house: House) -> None:
    house.store.engine.act = ACT
    house.store.put_fact("public_key", "eA==")
    assert trail(house) == []
    house.store.clients.put([CLIENT], cause="by hand")
    house.store.clients.put([CLIENT], cause="by hand")
    assert trail(house) == [("ivan", "client add", "+7916•••01")]


def test_what_fails_leaves_no_trace(house: House) -> None:
    message_id = house.queue()
    house.store.engine.act = Act(1.0, "ivan", "outbox retry", f"message {message_id}")
    with pytest.raises(UsageError):
        house.store.outbox.retry(message_id)
    assert trail(house) == []


def test_who_does_nothing_as_a_person_leaves_none(house: House) -> None:
    house.queue()
    assert trail(house) == []


def test_what_changes_nothing_is_noted_and_the_newest_comes_first(house: House) -> None:
    house.store.audit.note(ACT)
    house.store.audit.note(Act(2.0, "root", "database backup"))
    assert [row[1] for row in trail(house)] == ["database backup", "client add"]
    assert len(house.store.audit.recent(limit=1)) == 1
