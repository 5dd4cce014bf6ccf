"""``smsd modem show`` and ``status`` tell whether messages come through."""

import json
from collections.abc import Callable
from dataclasses import replace

from click.testing import Result

from smsd.rules.outbox import MessageClass
from smsd.sms import RouteStatus
from smsd.store.simlife import Balance
from tests.store.house import OTHER, House, new

Smsd = Callable[..., Result]
TEXT = "SMSD self-test 0123456789abcdef"


def through(house: House, *, back: bool) -> None:
    house.store.put_route("modem0", RouteStatus(up=True, state="ready", facts={}))
    message = new(MessageClass.ADMIN, recipient=OTHER, text=TEXT)
    house.store.selftests.begin("modem0", TEXT, house.now + 1, message)
    house.send()
    if back:
        house.now += 0.5
        house.text(TEXT, sender=OTHER)
    house.now += 2
    house.store.selftests.judge()


def test_what_came_back_is_shown_with_its_round_trip(smsd: Smsd, house: House) -> None:
    through(house, back=True)
    assert "came back" in smsd("modem", "show", "modem0").stdout
    shown = json.loads(smsd("modem", "show", "modem0", "--json").stdout)["self_test"]
    assert (shown["failures"], round(shown["round_trip_seconds"], 1)) == (0, 0.5)
    [route] = json.loads(smsd("status", "--json").stdout)["routes"]
    assert route["self_test"]["last_success_at"] == shown["last_success_at"]


def test_a_failure_is_shown_with_its_reason(smsd: Smsd, house: House) -> None:
    through(house, back=False)
    shown = smsd("modem", "show", "modem0").stdout
    assert "never came back; 1 has failed since: it left and did not come back in time" in shown


def test_a_route_that_was_never_tested_says_nothing(smsd: Smsd, house: House) -> None:
    house.store.put_route("modem0", RouteStatus(up=True, state="ready", facts={}))
    assert "self-test" not in smsd("modem", "show", "modem0").stdout
    assert json.loads(smsd("modem", "show", "modem0", "--json").stdout)["self_test"] is None


def test_a_balance_is_shown_with_its_age_and_the_operators_own_words(smsd: Smsd, house: House) -> None:
    house.store.put_route("modem0", RouteStatus(up=True, state="ready", facts={}))
    assert smsd("modem", "balance", "modem0").exit_code == 1
    told = Balance(house.now - 60, house.now - 60, "Баланс 123,45 р.", 123.45)
    house.store.simlife.put_balance("modem0", told)
    assert "123.45, told 1 min" in smsd("modem", "show", "modem0").stdout
    assert "Баланс 123,45 р." in smsd("modem", "balance", "modem0").stdout
    assert json.loads(smsd("modem", "show", "modem0", "--json").stdout)["balance"]["value"] == 123.45
    house.store.simlife.put_balance("modem0", replace(told, failures=2, trouble="no answer"))
    assert "no answer" in smsd("modem", "balance", "modem0").stdout
    assert json.loads(smsd("modem", "balance", "modem0", "--json").stdout)["failures"] == 2
