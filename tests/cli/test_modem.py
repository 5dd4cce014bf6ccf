"""What the daemon knows of its modems, and that without a daemon none of it is taken for the present."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from smsd.cli import modem as command
from smsd.routes.modem.identity import ADOPTED
from smsd.sms import Fact, RouteStatus
from tests.routes.hosts import DATA, InventedHost
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


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InventedHost:
    """A host with nothing plugged in."""
    invented = InventedHost(tmp_path / "host")
    monkeypatch.setattr(command, "PLACES", (invented.sys, invented.dev))
    return invented


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
    for words in (("modem", "list"), ("modem", "show", "modem0")):
        result = smsd(*words)
        assert "the last one saw" in result.stderr
        assert "unknown (was ready)" in result.stdout


def test_an_unknown_modem_is_told(smsd: Smsd) -> None:
    result = smsd("modem", "show", "modem1")
    assert result.exit_code == 1
    assert "smsd modem list" in result.stderr
    assert "nothing known yet" in smsd("modem", "list").stdout


# --- the host ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("daemon")
def test_what_is_plugged_in_is_listed_beside_what_the_daemon_sees(smsd: Smsd, house: House, host: InventedHost) -> None:
    host.device("1-1.2", serial="0123")
    host.tty("ttyUSB0", "1-1.2", interface=0, triple=DATA)
    host.tty("ttyUSB1", "1-1.2", interface=2)
    link = str(host.name("ttyUSB1"))
    host.plug("ttyUSB2", "1-3", ("19d2", "ffff"), interface=1, triple=("ff", "ff", "ff"))
    host.plug("ttyUSB3", "1-4", ("0403", "6001"))
    house.store.put_route("modem0", RouteStatus(True, "ready", "", {"device": link}))
    ours, other = json.loads(smsd("modem", "list", "--json").stdout)
    assert (ours["name"], ours["host"]["usb"], ours["host"]["ids"]) == ("modem0", "1-1.2", "12d1:1506")
    assert [(each["path"], each["at"], each["links"]) for each in ours["host"]["ports"]] == [
        (str(host.dev / "ttyUSB0"), "no", []),
        (str(host.dev / "ttyUSB1"), "yes", [link]),
    ]
    assert (other["name"], other["state"], other["host"]["ports"][0]["at"]) == (None, "plugged-in", "maybe")
    assert json.loads(smsd("modem", "show", "1-3", "--json").stdout) == other
    shown = smsd("modem", "list").stdout
    assert "12d1:1506" in shown
    assert "ttyUSB2?" in shown
    assert "0403" not in shown
    assert link in smsd("modem", "show", "modem0").stdout


@pytest.mark.parametrize("lacks", ["configuration", "sense", "directory"])
def test_what_is_plugged_in_is_shown_before_all_is_set_up(
    smsd: Smsd, host: InventedHost, config: Path, lacks: str
) -> None:
    """It is what one has to know to set it up; what is missing is told, and by the exit code."""
    host.plug("ttyUSB0", "1-1")
    if lacks == "directory":
        config.write_text(f'[database]\nurl = "sqlite:///{config.parent}/nowhere/smsd.db"\n', "utf-8")
    elif lacks == "sense":
        config.write_text("[modem", "utf-8")
    else:
        config.unlink()
    code = 78 if lacks != "directory" else 1
    for words in (("modem", "list"), ("modem", "show", "1-1")):
        result = smsd(*words)
        assert (result.exit_code, result.stderr.count("\n")) == (code, 1)
        assert "12d1:1506" in result.stdout
        assert json.loads(smsd(*words, "--json").stdout)
    assert smsd("modem", "show", "modem0").exit_code == code
    assert not (config.parent / "smsd.db").exists()


def test_who_holds_a_port_is_told(smsd: Smsd, host: InventedHost) -> None:
    node = host.plug("ttyUSB0", "1-1")
    node.touch()
    program = f"import fcntl,os; f=os.open({str(node)!r}, os.O_RDWR); fcntl.flock(f, 2); print(1, flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        [told] = json.loads(smsd("modem", "list", "--json").stdout)
        other.kill()
    assert f"process {other.pid}" in told["host"]["ports"][0]["held_by"]


# --- a replacement ----------------------------------------------------------------------------------------------------

STRANGER: dict[str, Fact] = {
    "device": "/dev/smsd/modem", "seen_imei": "860000000000025", "seen_imsi": "250020000000001",
    "seen_iccid": "8970199999999999999", "seen_model": "huawei E3372",
}  # fmt: skip


@pytest.fixture
def known(config: Path) -> None:
    """A configuration whose modem is known by its IMEI."""
    with config.open("a", encoding="utf-8") as file:
        file.write('[[modem]]\nidentity = { imei = "860000000000017", imsi = "250010000000001" }\npin_file = "pin"\n')


@pytest.mark.usefixtures("known")
def test_a_stranger_is_adopted_as_the_daemon_tells_of_it(smsd: Smsd, house: House) -> None:
    house.store.put_route("modem0", RouteStatus(False, "foreign-modem", "", STRANGER))
    result = smsd("modem", "adopt", "modem0")
    assert result.exit_code == 0
    assert 'identity = { imei = "860000000000025", imsi = "250020000000001" }' in result.stdout
    assert "pin" in result.stdout
    kept = json.loads(house.store.recall("modem0", ADOPTED) or "")
    assert kept == {
        "imei": "860000000000025", "imsi": "250020000000001", "iccid": "8970199999999999999",
        "instead_of": ["860000000000017", "250010000000001"],
    }  # fmt: skip
    [row] = json.loads(smsd("audit", "list", "--json").stdout)
    assert (row["what"], row["about"]) == ("modem adopt", "modem0")


@pytest.mark.usefixtures("known")
def test_a_replacement_can_be_named(smsd: Smsd, house: House) -> None:
    result = smsd("modem", "adopt", "modem0", "--imei", "860000000000033", "--json")
    assert json.loads(result.stdout)["imei"] == "860000000000033"
    assert '"imei": "860000000000033"' in (house.store.recall("modem0", ADOPTED) or "")


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(("option", "value"), [("--imei", "123"), ("--imei", "86000000000003x"), ("--imsi", "25 001")])
def test_what_no_modem_can_have_is_refused(smsd: Smsd, house: House, option: str, value: str) -> None:
    """Once adopted it would keep off every modem there is."""
    result = smsd("modem", "adopt", "modem0", option, value)
    assert (result.exit_code, f"'{value}' is no " in result.stderr) == (2, True)
    assert house.store.recall("modem0", ADOPTED) is None


@pytest.mark.usefixtures("known")
def test_there_is_nothing_to_adopt_without_a_stranger(smsd: Smsd, house: House) -> None:
    result = smsd("modem", "adopt", "modem0")
    assert result.exit_code == 1
    assert "--imei" in result.stderr
    assert smsd("modem", "adopt", "modem7").exit_code == 1
    assert house.store.recall("modem0", ADOPTED) is None


def test_a_modem_without_an_identity_has_no_strangers(smsd: Smsd, config: Path) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write('[[modem]]\ndevice = "/dev/smsd/modem"\n')
    result = smsd("modem", "adopt", "modem0")
    assert result.exit_code == 2
    assert "no identity" in result.stderr


@pytest.mark.usefixtures("known")
def test_a_replaced_stick_keeps_its_card_where_the_card_was_not_seen(smsd: Smsd, house: House) -> None:
    """At a device the card of a foreign modem is not asked: the configured one is still wanted, not any."""
    house.store.put_route(
        "modem0", RouteStatus(False, "foreign-modem", "", {**STRANGER, "seen_imsi": "", "seen_iccid": ""})
    )
    result = smsd("modem", "adopt", "modem0")
    assert 'identity = { imei = "860000000000025", imsi = "250010000000001" }' in result.stdout
    kept = json.loads(house.store.recall("modem0", ADOPTED) or "")
    assert (kept["imei"], kept["imsi"]) == ("860000000000025", "250010000000001")


@pytest.mark.usefixtures("known")
def test_a_locked_card_that_was_seen_is_adopted_by_its_number(smsd: Smsd, house: House) -> None:
    house.store.put_route("modem0", RouteStatus(False, "foreign-sim", "", {**STRANGER, "seen_imsi": ""}))
    result = smsd("modem", "adopt", "modem0")
    assert "imsi" not in result.stdout
    kept = json.loads(house.store.recall("modem0", ADOPTED) or "")
    assert (kept["imsi"], kept["iccid"]) == ("", "8970199999999999999")


@pytest.mark.usefixtures("known")
def test_who_is_named_is_not_mixed_with_another_that_was_seen(smsd: Smsd, house: House) -> None:
    house.store.put_route("modem0", RouteStatus(False, "foreign-modem", "", STRANGER))
    smsd("modem", "adopt", "modem0", "--imei", "860000000000033")
    kept = json.loads(house.store.recall("modem0", ADOPTED) or "")
    assert (kept["imei"], kept["imsi"], kept["iccid"]) == ("860000000000033", "250010000000001", "")
    smsd("modem", "adopt", "modem0", "--imsi", "250030000000003")
    kept = json.loads(house.store.recall("modem0", ADOPTED) or "")
    assert (kept["imei"], kept["imsi"], kept["iccid"]) == ("860000000000017", "250030000000003", "")
