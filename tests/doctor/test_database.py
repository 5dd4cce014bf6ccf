"""The database as a finding, and this host's clock beside the service centre's."""

import base64
import sqlite3
from pathlib import Path

import pytest

from smsd.doctor.database import Known, clock, database
from smsd.doctor.finding import Check, Finding, Severity
from smsd.store import Client
from smsd.store.figures import Skew
from smsd.vault import Vault, seal
from tests.store.house import House, delivered


def looked_at(path: Path, now: float = 0.0) -> tuple[Finding, Known]:
    """Look at a database; return the finding and what it told."""
    known = Known()
    [finding] = database(path, now, known)
    return finding, known


def test_a_database_that_is_not_there_is_not_made(place: Path) -> None:
    finding, known = looked_at(place / "smsd.db")
    assert (finding.severity, finding.cure) == (Severity.WARNING, "smsd database migrate")
    assert not known.usable
    assert not (place / "smsd.db").exists()


def test_a_whole_database_is_fine_and_tells_its_key(house: House) -> None:
    house.store.put_fact("public_key", "eHh4")
    finding, known = looked_at(house.path)
    assert (finding.check, finding.severity) == (Check.DATABASE, Severity.OK)
    assert (known.usable, known.public_key) == (True, b"xxx")


def test_passwords_that_the_present_key_does_not_open_are_told(house: House) -> None:
    former, present = Vault.generate().public, Vault.generate().public
    house.store.put_fact("public_key", base64.b64encode(present.octets).decode())
    clients = [("+79161234561", former), ("+79161234562", former), ("+79161234563", present), ("+79161234564", None)]
    house.store.clients.put(
        [Client(phone, "1", "login", seal(key, "password") if key else None) for phone, key in clients], cause="test"
    )
    findings = list(database(house.path, 0.0, Known()))
    told = next(finding for finding in findings if finding.check is Check.KEY)
    assert (told.severity, told.what.split(" of them")[0]) == (Severity.ERROR, "passwords to 2")
    house.store.put_fact("public_key", base64.b64encode(former.octets).decode())
    house.store.clients.remove("+79161234563")
    assert Check.KEY not in {finding.check for finding in database(house.path, 0.0, Known())}


@pytest.mark.parametrize(("number", "cure"), [(99, "install the newer smsd"), (0, "smsd database migrate")])
def test_another_version_is_told_with_its_cure(house: House, number: int, cure: str) -> None:
    house.store.engine._connection.execute("DELETE FROM migration WHERE number > 1")
    house.store.engine._connection.execute("UPDATE migration SET number = ?", (number,))
    finding, known = looked_at(house.path)
    assert finding.severity is Severity.ERROR
    assert cure in finding.cure
    assert not known.usable


def test_a_file_that_is_no_database_is_damaged(place: Path) -> None:
    (place / "smsd.db").write_bytes(b"not a database at all, whatever its name says" * 100)
    finding, _ = looked_at(place / "smsd.db")
    assert finding.severity is Severity.ERROR
    assert finding.what.startswith("damaged")
    assert "smsd database restore --replace YOUR-BACKUP" in finding.cure


def test_a_row_that_refers_to_nothing_is_a_fault(house: House) -> None:
    raw = sqlite3.connect(house.path)
    raw.execute("INSERT INTO part (message_id, sequence, state) VALUES (99, 1, 'unsent')")
    raw.commit()
    raw.close()
    finding, _ = looked_at(house.path)
    assert finding.what.startswith("1 faults, the first: part")


# --- the clock --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("skew", "modem", "severity"),
    [
        (None, None, None),
        (Skew(5, 9, submits=True), None, Severity.OK),
        (Skew(140, 9, submits=True), None, Severity.OK),
        (Skew(-90, 9, submits=True), None, Severity.WARNING),
        (Skew(7200, 1, submits=True), 0.0, Severity.WARNING),
        (Skew(-4, 1, submits=False), None, Severity.OK),
        (Skew(90, 1, submits=False), None, Severity.WARNING),
        (Skew(-4000, 1, submits=False), None, Severity.OK),
        (Skew(-4000, 9, submits=False), None, Severity.WARNING),
        (None, 30.0, Severity.OK),
        (None, -3600.0, Severity.WARNING),
    ],
)
def test_the_clock_is_judged_by_the_best_witness(
    skew: Skew | None, modem: float | None, severity: Severity | None
) -> None:
    found = [finding.severity for finding in clock(skew, modem)]
    assert found == ([] if severity is None else [severity])


def test_which_way_it_is_off_is_said() -> None:
    [behind] = clock(Skew(3600, 1, submits=False), None)
    assert behind.what.startswith("60 min behind")
    [ahead] = clock(Skew(-10800, 9, submits=True), None)
    assert ahead.what.startswith("3.0 h ahead of")


def test_reports_of_what_was_sent_are_the_witnesses(house: House) -> None:
    house.queue()
    house.send("17")
    house.receive(delivered("17", submitted_at=house.now + 400))
    _, known = looked_at(house.path, house.now)
    assert known.skew is not None
    assert (known.skew.submits, known.skew.seconds) == (True, 400)
