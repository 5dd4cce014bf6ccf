"""A modem judged: the same words whether the daemon tells of it or we look ourselves."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smsd.config import Modem
from smsd.doctor.finding import Check, Severity
from smsd.doctor.modem import View, judge, of_examination, of_route
from smsd.routes.modem import CardState, Examination
from smsd.routes.modem.card import Card
from smsd.routes.modem.setup import Identity

MODEM = Modem(name="modem0", device=Path("/dev/ttyUSB0"))
GOOD = View(
    "modem0", "ready", "", "Huawei E173", "+79168999100", True, "home", "25002", -71, (3, 20), hints=True
)  # fmt: skip
FACTS = {
    "manufacturer": "Huawei", "model": "E173", "service_centre": "+79168999100", "registration": "home",
    "operator": "25002", "signal": -71, "slots_used": 3, "slots_total": 20, "hints": True,
}  # fmt: skip


def wrong(view: View, modem: Modem = MODEM, *, live: bool = True) -> dict[Check, Severity]:
    """Return what is not in order."""
    return {each.check: each.severity for each in judge(view, modem, live=live) if each.severity is not Severity.OK}


def test_a_good_modem_is_fine_in_all_respects() -> None:
    assert wrong(GOOD) == {}
    assert {each.check for each in judge(GOOD, MODEM, live=True)} == {
        Check.SERVICE_CENTRE, Check.REGISTRATION, Check.SLOTS, Check.HINTS, Check.MODEM,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "check", "severity"),
    [
        ({"state": "sim-absent", "detail": "CME 10"}, Check.SIM, Severity.ERROR),
        ({"state": "pin-needed", "detail": "the SIM asks for its PIN: give a pin_file"}, Check.SIM, Severity.ERROR),
        ({"state": "sim-busy"}, Check.SIM, Severity.ERROR),
        ({"service_centre": ""}, Check.SERVICE_CENTRE, Severity.ERROR),
        ({"registered": False, "state": "not-registered"}, Check.REGISTRATION, Severity.ERROR),
        ({"signal": -109}, Check.REGISTRATION, Severity.WARNING),
        ({"slots": (14, 20)}, Check.SLOTS, Severity.WARNING),
        ({"hints": False}, Check.HINTS, Severity.WARNING),
        ({"pdu_mode": False}, Check.MODEM, Severity.ERROR),
        ({"state": "suspended", "detail": "CMS 28"}, Check.MODEM, Severity.ERROR),
        ({"state": "busy-port", "registered": None}, Check.PORT, Severity.ERROR),
        ({"state": "dead", "registered": None}, Check.MODEM, Severity.ERROR),
        ({"state": "initialising", "registered": None}, Check.MODEM, Severity.WARNING),
        ({"state": "resetting", "registered": None}, Check.MODEM, Severity.WARNING),
        ({"state": "foreign-sim", "registered": None}, Check.MODEM, Severity.ERROR),
        ({"uncured": "storage-lost: SM: CMS 302"}, Check.MODEM, Severity.ERROR),
    ],
)
def test_each_trouble_is_found_alone_and_has_a_cure(changes: dict[str, Any], check: Check, severity: Severity) -> None:
    view = replace(GOOD, **changes)
    assert wrong(view) == {check: severity}
    assert all(each.cure for each in judge(view, MODEM, live=True) if each.severity is not Severity.OK)


def test_a_configured_service_centre_stands_in_for_the_sims() -> None:
    assert wrong(replace(GOOD, service_centre=""), replace(MODEM, smsc="+79168999100")) == {}


def test_a_pin_that_the_daemon_will_enter_is_no_error() -> None:
    locked = replace(GOOD, state="pin-needed", detail="the SIM asks for its PIN: give a pin_file")
    modem = replace(MODEM, pin_file=Path("pin"))
    assert wrong(locked, modem, live=False) == {Check.SIM: Severity.WARNING}
    assert wrong(locked, modem, live=True) == {Check.SIM: Severity.ERROR}


def test_a_blocked_sim_is_for_a_phone() -> None:
    [finding] = judge(replace(GOOD, state="pin-needed", detail="the SIM asks for SIM PUK"), MODEM, live=True)
    assert "unlocked in a phone" in finding.cure


def test_messages_handed_over_unstored_are_told_while_no_daemon_runs() -> None:
    view = replace(GOOD, taken_directly=True)
    assert wrong(view, live=False) == {Check.HINTS: Severity.WARNING}
    assert wrong(view, live=True) == {}


def test_the_daemons_row_makes_the_same_view() -> None:
    row = {"name": "modem0", "state": "ready", "detail": "", "facts": FACTS}
    assert of_route(row) == GOOD
    away = of_route({"name": "modem0", "state": "away", "detail": "gone", "facts": {"device": "/dev/ttyUSB0"}})
    assert (away.registered, away.service_centre, away.slots) == (None, None, None)


def test_our_own_look_makes_the_same_view() -> None:
    seen = Examination(
        Identity("Huawei", "E173"), Card(CardState.READY), service_centre="+79168999100", registered=True,
        registration="home", operator="25002", signal=-71, slots=(3, 20), hints=True,
    )  # fmt: skip
    assert replace(of_examination("modem0", seen), detail="") == GOOD
    locked = Examination(Identity(), Card(CardState.PIN_NEEDED, "the SIM asks for SIM PUK"))
    assert of_examination("modem0", locked).state == "pin-needed"
    assert of_examination("modem0", Examination(Identity(), Card(CardState.BUSY))).state == "sim-busy"
