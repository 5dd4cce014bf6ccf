"""What the daemon knows of its modems, and that without a daemon none of it is taken for the present."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from smsd.sms import Fact, RouteStatus
from tests.store.house import House

Smsd = Callable[..., Result]

FACTS: dict[str, Fact] = {
    "device": "/dev/smsd/modem",
    "model": "E3372",
    "operator": "25002",
    "signal": -71,
    "hints": True,
}


@pytest.fixture
def modem(house: House) -> None:
    """A modem as the daemon wrote it down."""
    house.store.put_route("modem0", RouteStatus(True, "ready", "", FACTS))


@pytest.mark.usefixtures("modem", "daemon")
def test_modems_are_listed_and_shown(smsd: Smsd) -> None:
    [listed] = json.loads(smsd("modem", "list", "--json").stdout)
    shown = json.loads(smsd("modem", "show", "modem0", "--json").stdout)
    assert listed == shown
    assert (shown["name"], shown["up"], shown["state"], shown["facts"]) == ("modem0", True, "ready", FACTS)
    for output in (smsd("modem", "list").stdout, smsd("modem", "show", "modem0").stdout):
        assert "E3372" in output
        assert "-71 dBm" in output
    assert "yes" in smsd("modem", "show", "modem0").stdout


@pytest.mark.usefixtures("modem")
def test_without_a_daemon_no_modem_is_up(smsd: Smsd) -> None:
    assert json.loads(smsd("modem", "list", "--json").stdout)[0]["up"] is False
    assert "the last one saw" in smsd("modem", "list").stderr
    assert "the last one saw" in smsd("modem", "show", "modem0").stderr


def test_an_unknown_modem_is_told(smsd: Smsd) -> None:
    result = smsd("modem", "show", "modem1")
    assert result.exit_code == 1
    assert "smsd modem list" in result.stderr
    assert "nothing known yet" in smsd("modem", "list").stdout
