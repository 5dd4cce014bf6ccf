"""A replaced SIM as a person sees it: on every screen that shows the number, and gone when he lifts it."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import Result

from smsd.doctor.database import Known, database
from smsd.doctor.finding import Check, Severity
from smsd.rules.outbox import MessageClass
from smsd.rules.requests import RequestState
from smsd.sms import ReportClass, Sent
from tests.store.house import OTHER, PHONE, House, claimant, delivered, new

Smsd = Callable[..., Result]


def swap(house: House, phone: str = PHONE) -> None:
    """Let an operator say that the SIM of a number was replaced."""
    failed = delivered("id-1", submitted_at=None, recipient=phone, report_class=ReportClass.FAILED, code="UNDELIV 219")
    house.receive(replace(failed, refused="sim swapped"), route="operator", sim=None)


def held(house: House) -> int:
    """Let a client ask for his password, and his answer be held; return its id."""
    house.text("CLIENT info")
    request = house.store.requests.take()
    assert request is not None
    house.store.requests.finish(
        request.id,
        RequestState.DONE,
        new(MessageClass.RESULT, sealed=b"sealed", text=None, expires_at=house.now + 3600),
    )
    [ack] = house.store.outbox.claim(claimant("operator", sim=None))
    house.store.outbox.record([(ack.attempt_id, Sent("id-2"))])
    assert house.store.outbox.claim(claimant("operator", sim=None)) == []
    return ack.message_id + 1


def test_it_is_on_every_screen_and_a_person_lifts_it(smsd: Smsd, house: House) -> None:
    smsd("client", "add", PHONE, "--code", "1", "--login", "i", "--no-password")
    assert json.loads(smsd("client", "show", PHONE, "--json").stdout)["held"] is None
    assert "no number is held" in smsd("client", "held").stdout
    assert json.loads(smsd("status", "--json").stdout)["held"] == []
    swap(house)
    message_id = held(house)
    shown = json.loads(smsd("client", "show", PHONE, "--json").stdout)["held"]
    assert (shown["route"], shown["code"]) == ("operator", "UNDELIV 219")
    assert (
        "no password is sent: its SIM was replaced, says operator (UNDELIV 219)" in smsd("client", "show", PHONE).stdout
    )
    [listed] = json.loads(smsd("client", "held", "--json").stdout)
    assert (listed["phone"], listed["waiting"], listed["since"]) == (PHONE, 1, shown["since"])
    assert PHONE in smsd("client", "held").stdout
    status = json.loads(smsd("status", "--json").stdout)
    assert status["held"] == [listed]
    assert "passwords to 1 number are held" in status["warnings"][0]
    why = smsd("outbox", "why", str(message_id)).stdout
    assert "operator said that the SIM of this number was replaced (UNDELIV 219)." in why
    assert "no route sends it; at its deadline it expires and is wiped" in why
    assert f"'smsd client release {PHONE}' lets it go" in why
    assert (
        f"It is held: the SIM of this number was replaced; 'smsd outbox why {message_id}'."
        in smsd("request", "why", "1").stdout
    )
    refused = smsd("outbox", "retry", str(message_id))
    assert (refused.exit_code, "is held" in refused.stderr) == (2, True)
    released = smsd("client", "release", "8 916 000-00-01")
    assert (released.exit_code, released.stdout) == (
        0,
        f"{PHONE}: passwords are sent to it again; 1 message leaves now\n",
    )
    assert house.claim().message_id == message_id
    assert json.loads(smsd("status", "--json").stdout)["held"] == []
    assert smsd("client", "release", PHONE).exit_code == 1
    trail = json.loads(smsd("audit", "list", "--json").stdout)
    assert (trail[0]["what"], trail[0]["about"]) == ("client release", "+7916•••01")


def test_what_expired_while_it_was_held_says_so(smsd: Smsd, house: House) -> None:
    swap(house)
    message_id = held(house)
    house.now += 3601
    house.store.outbox.expire()
    assert (
        "It was held: an operator said that the SIM of this number was replaced."
        in smsd("outbox", "why", str(message_id)).stdout
    )
    assert "It was held" in smsd("request", "why", "1").stdout
    shown = json.loads(smsd("outbox", "show", str(message_id), "--json").stdout)
    assert (shown["state"], shown["text"], "it was held" in shown["error"]) == ("expired", None, True)


def test_who_is_forgotten_is_held_no_more(smsd: Smsd, house: House) -> None:
    swap(house)
    swap(house, OTHER)
    assert smsd("client", "forget", PHONE, "--yes").exit_code == 0
    assert [row["phone"] for row in json.loads(smsd("client", "held", "--json").stdout)] == [OTHER]


def test_the_doctor_names_it(house: House) -> None:
    swap(house)
    [_, finding] = database(house.path, house.now, Known())
    assert (finding.check, finding.severity) == (Check.HELD, Severity.WARNING)
    assert "passwords to 1 of them are held" in finding.what
    assert "smsd client release" in finding.cure


@pytest.mark.parametrize("phone", ["12", "CLIENT"])
def test_no_number_is_no_release(smsd: Smsd, phone: str) -> None:
    result = smsd("client", "release", phone)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
