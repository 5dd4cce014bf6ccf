"""A person erased: nothing of the number is left in any table, in the file or in its log; a stop stays as a mark."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from smsd.errors import StoreBusyError
from smsd.rules.alerts import Recipient, Summary
from smsd.rules.outbox import MessageClass
from smsd.rules.requests import RequestState
from smsd.sms import Deliver, InDoubt, ReportClass, Sent
from smsd.store import Client, NewAlert
from smsd.store.erasure import PLACES, Erased, _forms
from tests.store.house import OTHER, PHONE, House, at, claimant, delivered, new

KEY = bytes(range(32))
SWAPPED = bytes.fromhex("9761000000F1")
"""+79160000001 as it stands in a TPDU."""
OURS = {("message", "sender")}
"""Columns for numbers in which only our own stand."""
HELD = {("pdu", "octets"), ("pdu", "body")}
"""Columns that may hold a number and go with the row they hang on."""


def erase(house: House, *, dry_run: bool = False) -> Erased:
    """Erase the person."""
    return house.store.erasure.erase(PHONE, KEY, dry_run=dry_run)


def life(house: House, phone: str = PHONE) -> None:
    """Let everything happen that leaves a trace of a number."""
    short, swapped = phone.removeprefix("+7"), _forms(phone)[0]
    store = house.store
    store.clients.put([Client(phone, "1733", "ivanov", b"sealed", "Иванов")], cause="by hand")
    house.receive(
        Deliver(phone, "CLIENT sms stop", at(house.now), service_centre="+79168999100"), octets=swapped + phone.encode()
    )
    store.requests.take()
    store.requests.finish(
        len(store.requests.recent(limit=0)), RequestState.DONE, new(MessageClass.RESULT, recipient=phone)
    )
    house.text(f"Позвоните мне: 8{short}", sender=f"8{short}")
    house.queue(parts=2, text="для " + phone, recipient=phone, key=phone)
    while claims := store.outbox.claim(claimant()):
        for claim in claims:
            store.outbox.record([(claim.attempt_id, Sent(str(claim.attempt_id)))])
            report = delivered(str(claim.attempt_id), submitted_at=house.now, recipient=phone)
            house.receive(report, octets=bytes([claim.attempt_id]) + swapped + phone.encode())
    house.receive(delivered("255", submitted_at=house.now, recipient=phone, report_class=ReportClass.TRYING))
    house.receive(
        replace(
            delivered("254", submitted_at=house.now, recipient=phone, report_class=ReportClass.FAILED),
            refused="sim swapped",
        )
    )
    house.receive(None, fault="unreadable", octets=b"\xff" + swapped + phone.encode() + short.encode("utf-16-be"))


def alert(house: House, *phones: str) -> int:
    """Write an alert down."""
    alerts = house.store.alerts
    alert_id = alerts.prepare(NewAlert("Работы", house.now))
    alerts.append(alert_id, 1, [Recipient(phone, None, 1, None) for phone in phones])
    alerts.publish(alert_id, Summary(recipients=len(phones), parts=len(phones)))
    return alert_id


def traces(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Find the number in the octets of the database's files, in any form."""
    for file in directory.glob("smsd.db*"):
        octets = file.read_bytes()
        for form in [*_forms(PHONE), PHONE.encode(), "Иванов".encode(), b"ivanov"]:
            if form in octets:
                yield file.name, form


def test_nothing_of_the_number_is_left_in_the_file_or_its_log(house: House) -> None:
    house.store.events.listeners({"ccs": ["delivery", "opt-out", "request"]})
    life(house)
    alert(house, PHONE, OTHER)
    assert {file for file, _ in traces(house.directory)} >= {"smsd.db-wal"}
    act = erase(house)
    assert act.log_emptied
    assert act.at == house.now
    assert list(traces(house.directory)) == []
    assert PHONE not in "\n".join(house.dump())
    for name in ("clients", "messages from it", "messages to it", "attempts", "parts", "reports", "PDUs", "requests",
                 "alert recipients", "webhook events"):  # fmt: skip
        assert act.rows[name] > 0, name
    assert house.store.engine.check() == []


def test_others_keep_what_is_theirs(house: House) -> None:
    life(house, OTHER)
    before = [line for line in house.dump() if "erasure_key" not in line]
    assert erase(house).total == 0
    assert house.dump() == before


def test_a_stop_is_kept_without_its_number(house: House) -> None:
    life(house)
    act = erase(house)
    assert act.stop_kept
    assert house.store.clients.subscribed(PHONE) is False
    assert erase(house).stop_kept
    assert house.store.clients.subscribed(PHONE) is False


def test_a_dry_run_counts_and_changes_nothing(house: House) -> None:
    life(house)
    before = house.dump()
    would = erase(house, dry_run=True)
    assert house.dump() == before
    assert (would.rows, would.stop_kept, would.log_emptied) == (erase(house).rows, True, False)


def test_a_part_in_the_air_is_waited_for(house: House) -> None:
    house.queue()
    claim = house.claim()
    with pytest.raises(StoreBusyError, match="in the air"):
        erase(house)
    house.store.outbox.record([(claim.attempt_id, Sent("17"))])
    assert erase(house).awaited == 1


def test_a_doubt_that_is_settled_after_the_erasure_is_nobodys(house: House) -> None:
    house.queue()
    claim = house.claim()
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer"))])
    assert erase(house).awaited == 1
    house.store.outbox.record([(claim.attempt_id, Sent("17"))])
    assert house.store.outbox.apply_policy(claim.attempt_id) is None
    assert house.store.outbox.recent(limit=0) == []


def test_a_request_under_way_ends_in_nothing(house: House) -> None:
    house.text("CLIENT info")
    taken = house.store.requests.take()
    assert taken is not None
    erase(house)
    house.store.requests.postpone(taken.id, 5.0, "the directory is away")
    assert house.store.requests.finish(taken.id, RequestState.DONE, new(MessageClass.RESULT)) is None
    assert house.rows("SELECT count(*) FROM message") == [(0,)]


def test_a_result_of_somebody_else_that_waits_for_an_erased_message_waits_no_more(house: House) -> None:
    first = house.queue()
    second = house.queue(recipient=OTHER, after_id=first)
    erase(house)
    assert house.rows("SELECT id, after_id FROM message") == [(second, None)]


# --- alerts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fed", [False, True])
def test_an_alert_comes_to_its_end_without_the_erased(house: House, fed: bool) -> None:
    alert_id = alert(house, PHONE, OTHER)
    if fed:
        house.store.alerts.feed()
    erase(house)
    shown = house.store.alerts.show(alert_id)
    assert (shown["recipients"], sum(shown["counts"].values())) == (1, 1)
    house.store.alerts.feed()
    claim = house.claim()
    assert claim.recipient == OTHER
    house.store.outbox.record([(claim.attempt_id, Sent("17"))])
    assert house.store.alerts.feed().ended == (alert_id,)


def test_an_alert_that_is_being_written_is_waited_for(house: House) -> None:
    alert_id = house.store.alerts.prepare(NewAlert("Работы", house.now))
    house.store.alerts.append(alert_id, 1, [Recipient(PHONE, None, 1, None)])
    with pytest.raises(StoreBusyError, match="being written"):
        erase(house)


# --- what could drift -------------------------------------------------------------------------------------------------


def test_every_column_for_numbers_is_looked_at(house: House) -> None:
    """A new table with numbers fails here until the erasure knows it."""
    tables = [name for (name,) in house.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {(table, row[1]) for table in tables for row in house.rows(f"PRAGMA table_info({table})")}
    suspect = r"phone|recipient$|sender|msisdn|^number_|address|octets|payload|body|url|json"
    assert {each for each in columns if re.search(suspect, each[1])} == PLACES | OURS | HELD


def test_a_number_is_known_in_every_form_it_has_in_octets() -> None:
    assert SWAPPED in _forms(PHONE)
    assert b"79160000001" in _forms(PHONE)
    assert b"9160000001" in _forms(PHONE)
    assert "9160000001".encode("utf-16-be") in _forms(PHONE)


def test_the_number_of_an_erased_attempt_is_never_another_ones(house: House) -> None:
    """Else a late answer to it would be taken for the answer to somebody else's message."""
    house.queue()
    claim = house.claim()
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer"))])
    house.text("CLIENT info")
    erase(house)
    other = house.queue(recipient=OTHER)
    later = house.claim()
    house.store.outbox.record([(claim.attempt_id, Sent("17"))])
    assert house.store.outbox.show(other)["attempt_list"][0]["outcome"] is None
    assert (later.attempt_id > claim.attempt_id, other > claim.message_id) == (True, True)
    assert house.text("CLIENT info", sender=OTHER).inbox_id > 1
