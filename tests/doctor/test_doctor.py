"""The whole round: what the daemon says while it runs, our own look while it does not; nothing is changed by either."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from smsd.config import Config
from smsd.doctor import Check, Doctor, Finding, Severity, unreadable
from smsd.errors import ConfigError
from smsd.routes.modem import Host
from smsd.simulator import Fault, Kind, SimulatedModem
from smsd.sms import RouteStatus
from smsd.store.lock import DaemonLock
from tests.doctor.test_process import process
from tests.routes.hosts import InventedHost
from tests.routes.house import QUICK
from tests.store.house import House

Configured = Callable[..., Config]
UP = RouteStatus(
    True, "ready", "", {"registration": "home", "service_centre": "+7", "slots_total": 20, "slots_used": 1}
)


async def examined(
    config: Config, house: House | None = None, proc: Path = Path("/proc"), host: Host | None = None
) -> list[Finding]:
    """Make a round."""
    clock = house.clock if house else lambda: 0.0
    doctor = Doctor(config, clock=clock, steady=asyncio.get_running_loop().time, timings=QUICK, proc=proc, host=host)
    return [finding async for finding in doctor.findings()]


def wrong(findings: list[Finding]) -> dict[Check, str]:
    """Return what is not in order, in words."""
    return {each.check: each.what for each in findings if each.severity is not Severity.OK}


async def test_without_a_daemon_the_modem_is_looked_at(
    configured: Configured, house: House, modem: SimulatedModem
) -> None:
    found = await examined(configured(), house)
    assert set(wrong(found)) == {Check.DAEMON}
    seen = {each.check for each in found if each.about == "modem0"}
    assert seen == {Check.MODEM, Check.REGISTRATION, Check.SERVICE_CENTRE, Check.SLOTS, Check.HINTS}
    said = {typed.line for typed in modem.typed}
    assert "+CSCA?" in said
    assert not [command for command in said if command.startswith(("+CPIN=", "+CMGD", "+CMGL", "+CNMI=2"))]


async def test_a_clock_that_is_not_the_networks_is_told(
    configured: Configured, house: House, modem: SimulatedModem
) -> None:
    [agrees] = [each for each in await examined(configured(), house) if each.check is Check.CLOCK]
    assert agrees.what.startswith("agrees with the modem's clock")
    house.now += 7300
    assert wrong(await examined(configured(), house))[Check.CLOCK].startswith("2.0 h ahead of the modem's clock")


async def test_a_modem_without_a_sim_is_told(configured: Configured, house: House, modem: SimulatedModem) -> None:
    modem.inject(Fault(Kind.REFUSE, at="+CPIN", times=0, cme=10))
    assert "none" in wrong(await examined(configured(), house))[Check.SIM]


async def test_a_sim_out_of_any_network_is_told(configured: Configured, house: House, modem: SimulatedModem) -> None:
    modem.registration = 3
    assert "denied" in wrong(await examined(configured(), house))[Check.REGISTRATION]


async def test_a_modem_that_says_nothing_is_told(configured: Configured, house: House, modem: SimulatedModem) -> None:
    modem.inject(Fault(Kind.HUNG))
    assert "has not answered" in wrong(await examined(configured(), house))[Check.MODEM]


async def test_another_modem_than_the_configured_one_is_told(
    configured: Configured, house: House, modem: SimulatedModem
) -> None:
    config = configured('[[modem]]\nname = "m"\ndevice = "{place}/modem"\nidentity = { imei = "350000000000001" }\n')
    assert "another modem" in wrong(await examined(config, house))[Check.MODEM]


async def test_a_port_that_somebody_holds_is_not_opened(
    configured: Configured, house: House, modem: SimulatedModem, tmp_path: Path
) -> None:
    port = str(Path(modem.path).resolve())  # noqa: ASYNC240  a link in a test's directory
    process(tmp_path / "proc", 700, "ModemManager", port, group="/x/ModemManager.service")
    found = await examined(configured(), house, tmp_path / "proc")
    [held] = [each for each in found if each.check is Check.PORT]
    assert held.severity is Severity.ERROR
    assert held.cure == "sudo systemctl disable --now ModemManager.service"
    assert modem.typed == []


async def test_a_modem_manager_that_may_come_is_warned_of(
    configured: Configured, house: House, modem: SimulatedModem, tmp_path: Path
) -> None:
    process(tmp_path / "proc", 700, "ModemManager", group="/system.slice/ModemManager.service")
    found = await examined(configured(), house, tmp_path / "proc")
    [warned] = [each for each in found if each.check is Check.PORT]
    assert warned.severity is Severity.WARNING


async def test_a_running_daemon_is_believed_and_its_modem_left_alone(
    configured: Configured, house: House, modem: SimulatedModem
) -> None:
    house.store.put_route("modem0", UP)
    lock = DaemonLock(house.path, "smsd run, process 7")
    found = await examined(configured(), house)
    lock.release()
    assert wrong(found) == {}
    assert modem.typed == []
    house.store.put_route("modem0", RouteStatus(False, "pin-needed", "the SIM asks for its PIN: give a pin_file"))
    lock = DaemonLock(house.path, "smsd run, process 7")
    found = await examined(configured(), house)
    lock.release()
    assert set(wrong(found)) == {Check.SIM}


async def test_routes_a_running_daemon_does_not_know_want_a_restart(
    configured: Configured, house: House, modem: SimulatedModem
) -> None:
    config = configured('[[modem]]\ndevice = "{place}/modem"\n[[smpp]]\nname = "operator"\nhost = "127.0.0.1"\n')
    lock = DaemonLock(house.path, "smsd run, process 7")
    found = await examined(config, house)
    lock.release()
    assert set(wrong(found)) == {Check.MODEM, Check.BIND}


async def test_a_configuration_without_routes_is_an_error(configured: Configured, house: House) -> None:
    assert "no modem and no bind" in wrong(await examined(configured(""), house))[Check.CONFIGURATION]


def test_a_configuration_that_is_not_understood_is_one_finding() -> None:
    finding = unreadable(ConfigError("/etc/smsd/smsd.toml: [service] nmber: unknown key; did you mean number?"))
    assert (finding.about, finding.cure) == ("/etc/smsd/smsd.toml", "sudoedit /etc/smsd/smsd.toml")
    assert finding.what == "[service] nmber: unknown key; did you mean number?"


async def test_who_may_not_look_is_told_so_and_nothing_is_opened(
    configured: Configured, house: House, modem: SimulatedModem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smsd.doctor.files.os.access", lambda path, _: "smsd.db" not in str(path))
    found = await examined(configured(), house)
    assert "may not look" in wrong(found)[Check.PERMISSIONS]
    assert Check.DAEMON not in {each.check for each in found}
    assert modem.typed == []


async def test_the_daemons_own_process_at_the_port_is_no_stranger(
    configured: Configured, house: House, modem: SimulatedModem, tmp_path: Path
) -> None:
    house.store.put_route("modem0", UP)
    port = str(Path(modem.path).resolve())  # noqa: ASYNC240  a link in a test's directory
    process(tmp_path / "proc", 7, "python3", port)
    process(tmp_path / "proc", 8, "picocom", port)
    lock = DaemonLock(house.path, "smsd run, process 7, since 2026-03-01")
    found = await examined(configured(), house, tmp_path / "proc")
    lock.release()
    assert [each.cure for each in found if each.check is Check.PORT] == ["sudo kill 8"]


async def test_an_operator_by_http_is_looked_at(configured: Configured, house: House) -> None:
    config = configured('[[http]]\nname = "mts"\nprofile = "mts-exolve"\nurl = "http://127.0.0.1:1"\n')
    assert "not reached" in wrong(await examined(config, house))[Check.OPERATOR]
    lock = DaemonLock(house.path, "smsd run, process 7")
    assert "does not know it yet" in wrong(await examined(config, house))[Check.OPERATOR]
    lock.release()


# --- a modem that is known by its identity ----------------------------------------------------------------------------

SOUGHT = '[[modem]]\nname = "m"\nidentity = {{ imei = "{imei}" }}\n'


@pytest.mark.parametrize(("imei", "check"), [("860000000000017", None), ("350000000000001", "another modem")])
async def test_a_modem_without_a_device_is_sought(
    configured: Configured, house: House, modem: SimulatedModem, tmp_path: Path, imei: str, check: str | None
) -> None:
    host = InventedHost(tmp_path / "host")
    host.plug("ttyUSB0", "1-1").symlink_to(modem.path)
    config = configured(SOUGHT.format(imei=imei))
    told = wrong(await examined(config, house, host=host.view))
    if check is None:
        assert Check.MODEM not in told
        assert "+CGSN" in [each.line for each in modem.typed]
    else:
        assert "not the configured one" in told[Check.MODEM]
