"""Forgetting what is over: all of it goes, nothing else does, and nobody waits for it."""

from smsd.rules.outbox import State
from tests.store.house import PHONE, House, delivered

TABLES = ("inbox", "pdu", "request", "message", "part", "attempt", "report")
DAY = 86_400.0


def sizes(house: House) -> dict[str, int]:
    """Count the rows of every table that grows."""
    return {table: house.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}  # noqa: S608  names are ours


def lived(house: House) -> None:
    """Let a client ask, be answered, and the network report; a day later another message waits."""
    house.text("CLIENT info")
    request = house.store.requests.take()
    assert request is not None
    house.send("17")
    house.receive(delivered("17", submitted_at=house.now))
    house.now += DAY
    house.queue()


def test_what_is_over_is_forgotten_with_all_that_belongs_to_it(house: House) -> None:
    lived(house)
    house.store.requests.adopt_orphans()
    house.rows("UPDATE request SET due_at = NULL, state = 'done'")
    before = house.now - DAY / 2
    assert house.store.forget(inbox_before=before, outbox_before=before) == 2
    assert sizes(house) == dict.fromkeys(TABLES, 0) | {"message": 1}


def test_nothing_is_forgotten_that_is_still_waited_upon(house: House) -> None:
    message_id = house.queue()
    house.text("CLIENT info")
    kept = sizes(house)
    house.now += 365 * DAY
    assert house.store.forget(inbox_before=house.now, outbox_before=house.now) == 0
    assert sizes(house) == kept
    assert house.state(message_id) == State.QUEUED


def test_without_a_time_everything_is_kept(house: House) -> None:
    lived(house)
    kept = sizes(house)
    assert house.store.forget(inbox_before=None, outbox_before=None) == 0
    assert sizes(house) == kept


def test_a_wish_outlives_the_text_that_made_it(house: House) -> None:
    house.text("CLIENT sms stop")
    house.rows("UPDATE request SET due_at = NULL, state = 'done'")
    house.now += DAY
    house.store.forget(inbox_before=house.now, outbox_before=house.now)
    assert sizes(house)["inbox"] == 0
    assert not house.store.clients.subscribed(PHONE)


def test_at_most_a_handful_goes_in_one_transaction(house: House) -> None:
    for number in range(150):
        house.text("hello", sent_at=house.now + number)
    house.now += DAY
    assert house.store.forget(inbox_before=house.now, outbox_before=None) == 100
    assert house.store.forget(inbox_before=house.now, outbox_before=None) == 50
