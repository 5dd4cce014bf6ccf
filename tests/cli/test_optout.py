"""``smsd optout``: who wants nothing is seen, exported, set and, with a cause, lifted."""

import csv
import io
import json
from collections.abc import Callable

import pytest
from click.testing import Result

from smsd.rules.outbox import MessageClass
from smsd.store import Client
from tests.store.house import OTHER, PHONE, House, claimant

Smsd = Callable[..., Result]


def test_who_stopped_by_sms_is_listed_with_time_and_cause(smsd: Smsd, house: House) -> None:
    house.text("CLIENT sms stop")
    shown = smsd("optout", "list").stdout
    assert PHONE in shown
    assert "SMS, inbox 1" in shown
    [row] = json.loads(smsd("optout", "list", "--json").stdout)
    assert (row["phone"], row["subscribed"], row["cause"]) == (PHONE, False, "SMS, inbox 1")
    assert row["decided_at"].endswith("+03:00")


def test_nobody_stopped_is_said_so(smsd: Smsd, house: House) -> None:
    assert "nobody has stopped" in smsd("optout", "list").stdout


def test_all_are_exported_as_csv(smsd: Smsd, house: House) -> None:
    for number in range(60):
        house.store.clients.set_wish(f"+7916{number:07d}", subscribed=number == 0, cause="test")
    rows = list(csv.DictReader(io.StringIO(smsd("optout", "list", "--limit", "0", "--csv").stdout)))
    assert len(rows) == 59
    assert set(rows[0]) == {"phone", "subscribed", "decided_at", "changed_at", "cause"}
    assert len(list(csv.DictReader(io.StringIO(smsd("optout", "list", "--all", "--limit", "0", "--csv").stdout)))) == 60


def test_a_person_sets_and_lifts_a_stop_of_any_number(smsd: Smsd, house: House) -> None:
    """Client or not; obeyed at the moment of sending."""
    queued = house.queue(MessageClass.NOTIFICATION)
    result = smsd("optout", "set", "8 916 000-00-01", "--cause", "letter of\n2 March")
    assert (result.exit_code, result.stdout) == (0, f"{PHONE}: takes none any more\n")
    assert house.store.outbox.claim(claimant(), 1) == []
    assert house.state(queued) == "suppressed"
    assert "by hand: letter of 2 March" in smsd("optout", "show", PHONE).stdout
    assert "takes none already" in smsd("optout", "set", PHONE).stdout
    assert smsd("optout", "lift", PHONE, "--cause", "call 5512").exit_code == 0
    assert house.store.clients.subscribed(PHONE)
    assert json.loads(smsd("optout", "show", PHONE, "--json").stdout)["cause"] == "by hand: call 5512"
    trail = smsd("audit", "list").stdout
    assert "optout set" in trail
    assert "optout lift" in trail


def test_a_stop_is_not_lifted_without_a_cause(smsd: Smsd, house: House) -> None:
    house.text("CLIENT sms stop")
    for words in ((), ("--cause", "  ")):
        result = smsd("optout", "lift", PHONE, *words)
        assert result.exit_code == 2
        assert "say why a stop is lifted" in result.stderr
    assert not house.store.clients.subscribed(PHONE)


def test_no_import_lifts_what_was_set(smsd: Smsd, house: House) -> None:
    smsd("optout", "set", PHONE)
    house.store.clients.put([Client(PHONE, "1", "ivanov", None, "", subscribed=True)], cause="import")
    assert not house.store.clients.subscribed(PHONE)


@pytest.mark.parametrize(("verb", "told"), [("set", "would take none any more"), ("lift", "takes them already")])
def test_a_dry_run_changes_nothing(smsd: Smsd, house: House, verb: str, told: str) -> None:
    result = smsd("optout", verb, PHONE, "--cause", "x", "--dry-run")
    assert told in result.stdout
    assert house.store.clients.wish(PHONE) is None


def test_of_an_erased_person_only_the_mark_is_listed_and_found_again(smsd: Smsd, house: House) -> None:
    house.text("CLIENT sms stop")
    house.rows("UPDATE request SET due_at = NULL, state = 'done'")
    house.store.outbox.cancel(1)
    house.store.erasure.erase(PHONE, b"k" * 32)
    shown = smsd("optout", "list").stdout
    assert "(erased, " in shown
    assert PHONE not in shown
    assert json.loads(smsd("optout", "show", PHONE, "--json").stdout)["subscribed"] is False


def test_what_a_number_never_said_and_what_is_no_number(smsd: Smsd, house: House) -> None:
    assert "it never said otherwise" in smsd("optout", "show", OTHER).stdout
    assert json.loads(smsd("optout", "show", OTHER, "--json").stdout) == {
        "phone": OTHER, "subscribed": True, "decided_at": None, "changed_at": None, "cause": None,
    }  # fmt: skip
    for verb in ("show", "set"):
        result = smsd("optout", verb, "abc")
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1
    assert "at most 200" in smsd("optout", "set", PHONE, "--cause", "x" * 201).stderr
