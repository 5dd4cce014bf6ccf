"""Forgetting what is over: all of it goes, nothing else does, and nobody waits for it."""

from smsd.rules.outbox import MessageClass, State
from smsd.rules.reception import InboxState
from smsd.sms import Deliver
from tests.store.house import PHONE, House, at, delivered

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


def forget(house: House, before: float | None = None, *, keep: tuple[str, ...] = ()) -> int:
    """Sweep both boxes once, all classes and states but ``keep``; return how many messages went."""
    before = house.now if before is None else before
    retention = house.store.retention
    outbox = {each.value: before for each in MessageClass if each not in keep}
    inbox = {each.value: before for each in InboxState if each not in keep}
    return retention.outbox(outbox, 0, 100).gone + retention.inbox(inbox, 0, 100).gone


def test_what_is_over_is_forgotten_with_all_that_belongs_to_it(house: House) -> None:
    lived(house)
    house.store.requests.adopt_orphans()
    house.rows("UPDATE request SET due_at = NULL, state = 'done'")
    before = house.now - DAY / 2
    assert forget(house, before) == 2
    assert house.store.retention.octets(before, 0, 100).gone == 1
    assert sizes(house) == dict.fromkeys(TABLES, 0) | {"message": 1}


def test_nothing_is_forgotten_that_is_still_waited_upon(house: House) -> None:
    message_id = house.queue()
    house.text("CLIENT info")
    house.receive(Deliver(PHONE, "CLI", at(house.now), reference=7, total=2))
    kept = sizes(house)
    house.now += 365 * DAY
    assert forget(house) == 0
    assert sizes(house) == kept
    assert house.state(message_id) == State.QUEUED
    assert house.store.retention.octets(house.now, 0, 100).gone == 1
    assert house.rows("SELECT sequence FROM pdu WHERE length(octets) > 0") == [(1,)]
    house.receive(Deliver(PHONE, "ENT info", at(house.now), reference=7, total=2, sequence=2))


def test_each_class_and_state_has_its_own_time(house: House) -> None:
    lived(house)
    house.rows("UPDATE request SET due_at = NULL, state = 'done'")
    kept = sizes(house)
    assert forget(house, keep=("ack", "command")) == 0
    assert sizes(house) == kept
    assert forget(house, keep=("command",)) == 1
    assert forget(house, keep=("ack",)) == 1


def test_without_a_time_everything_is_kept(house: House) -> None:
    lived(house)
    kept = sizes(house)
    retention = house.store.retention
    assert retention.outbox({}, 0, 100) == retention.inbox({}, 0, 100)
    assert sizes(house) == kept


def test_a_wish_outlives_the_text_that_made_it(house: House) -> None:
    house.text("CLIENT sms stop")
    house.rows("UPDATE request SET due_at = NULL, state = 'done'")
    house.now += DAY
    assert forget(house) == 1
    assert sizes(house)["inbox"] == 0
    assert not house.store.clients.subscribed(PHONE)


def test_a_sweep_goes_on_where_its_last_step_ended_and_ends(house: House) -> None:
    for number in range(25):
        house.text("hello", sent_at=house.now + number)
    house.now += DAY
    house.text("news", sent_at=house.now + 99)
    before = {"ignored": house.now}
    steps, cursor = [], 0
    while (swept := house.store.retention.inbox(before, cursor, 10)).cursor is not None:
        steps.append(swept.gone)
        cursor = swept.cursor
    assert steps == [10, 10, 5]
    assert sizes(house)["inbox"] == 1
    assert house.store.retention.inbox(before, 0, 10).cursor is None


def test_a_window_in_which_nothing_is_old_enough_writes_nothing(house: House) -> None:
    house.text("hello")
    house.text("CLIENT info")
    written = house.store.engine._connection.total_changes
    swept = house.store.retention.inbox({"robot": house.now + DAY}, 0, 10)
    assert (swept.gone, swept.cursor) == (0, 2)
    assert house.store.engine._connection.total_changes == written


def test_wiped_octets_stay_known_so_that_the_same_pdu_is_no_new_message(house: House) -> None:
    """A modem that would not delete it offers it again: a command must not be carried out a second time."""
    house.text("CLIENT info", octets=b"the same")
    house.now += 400 * DAY
    assert house.store.retention.octets(house.now, 0, 100).gone == 1
    assert house.rows("SELECT octets, text, body FROM pdu") == [(b"", None, None)]
    assert house.text("CLIENT info", octets=b"the same", sent_at=house.now - 400 * DAY).repeated
    assert house.store.retention.octets(house.now, 0, 100).gone == 0


def test_what_could_not_be_understood_keeps_its_octets(house: House) -> None:
    house.receive(None, octets=b"\xff", fault="TP-MTI")
    house.now += 400 * DAY
    assert house.store.retention.octets(house.now, 0, 100).gone == 0


def test_what_a_person_had_sent_again_meanwhile_is_not_forgotten(house: House) -> None:
    message_id = house.queue()
    house.store.outbox.cancel(message_id)
    house.now += DAY
    house.store.outbox.retry(message_id)
    assert forget(house) == 0
    assert house.state(message_id) == State.QUEUED


def test_the_audit_trail_has_a_time_too(house: House) -> None:
    house.rows("INSERT INTO audit (at, who, what, about) VALUES (?, 'root', 'send', '')", house.now)
    house.now += DAY
    house.rows("INSERT INTO audit (at, who, what, about) VALUES (?, 'root', 'notify', '')", house.now)
    assert house.store.retention.audit(house.now, 0, 10).gone == 1
    assert house.rows("SELECT what FROM audit") == [("notify",)]
