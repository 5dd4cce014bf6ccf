"""Every fault of the ladder, cured without a hand on the modem, or told to a person: and the table of it in the docs.

With ``SMSD_WRITE_CURES=1`` in the environment each test writes its finding into docs/reference/cures.md; without, it
compares.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from smsd.errors import ModemError
from smsd.routes.modem import ModemRoute, Wanted
from smsd.routes.modem.driver import Channel
from smsd.routes.modem.port import Port
from smsd.rules.cures import RESETS, UNSTEADY
from smsd.simulator import Fault, Kind, Network, SimulatedModem, general
from smsd.sms import NotSent, Sent
from tests.routes.conftest import NUMBER, MakeRoute
from tests.routes.faults import SCENARIOS, Scenario, Stage, unregistered
from tests.routes.hosts import InventedHost
from tests.routes.house import QUICK, Ledger, part, running

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cures.md"
SWIFT = replace(QUICK, cure_pace=0.004, radio_rest=0.01, reset_rest=0.05, functionality=0.6, dead=0.3, probe=0.1)
BEGIN, END = "<!-- measured: cures -->", "<!-- end: cures -->"
WRITE = "SMSD_WRITE_CURES"


def named(scenario: Scenario) -> str:
    return scenario.name


async def resetting(modem: SimulatedModem) -> None:
    modem.unplug(returns_after=0.05)


@pytest.fixture
def route(make_route: MakeRoute, modem: SimulatedModem, host: InventedHost) -> ModemRoute:
    """A route to a modem on a USB port that can be reset."""

    async def reset_usb(usb: str) -> None:
        assert usb == "1-1"
        await resetting(modem)

    return make_route(modem.path, timings=SWIFT, seeker=host.seeker(SWIFT), reset_usb=reset_usb, poll_seconds=0.2)


@pytest.fixture
def host(tmp_path: Path) -> InventedHost:
    return InventedHost(tmp_path / "host")


@pytest.fixture
async def modem(network: Network, host: InventedHost) -> AsyncIterator[SimulatedModem]:
    async with SimulatedModem(network, NUMBER, link=host.plug("ttyUSB0", "1-1"), reboot_seconds=0.05) as simulated:
        yield simulated


@pytest.mark.parametrize("scenario", SCENARIOS, ids=named)
async def test_it_is_cured(modem: SimulatedModem, route: ModemRoute, ledger: Ledger, scenario: Scenario) -> None:
    stage = Stage(modem, route, ledger)
    with capture_logs() as events:
        if scenario.at_start:
            await scenario.make(stage)
        async with running(route, ledger, None if scenario.at_start else "ready"):
            if not scenario.at_start:
                await scenario.make(stage)
            acting = asyncio.create_task(scenario.act(stage))
            if not scenario.harmless:
                await ledger.until(lambda: any(each["event"] == "modem_trouble" for each in events))
            if scenario.by_hand is not None:
                await ledger.until(lambda: route.status.facts.get("alarm"))
                await scenario.by_hand(stage)
            await ledger.until(lambda: acting.done() and stage.well and not modem.memories["SM"].stored)
            await acting
            if not scenario.at_start:
                assert isinstance(await route.submit(part()), Sent)
    agrees(scenario.name, finding(events))


def finding(events: Sequence[Mapping[str, object]]) -> str:
    """Say what was found, what was done about it in this order, and how it ended."""
    troubles = dict.fromkeys(str(each["trouble"]) for each in events if each["event"] == "modem_trouble")
    cures = [str(each["cure"]) for each in events if each["event"] == "modem_cure"]
    alarmed = any(each["event"] == "modem_alarm" for each in events)
    if alarmed:
        assert events[-1]["event"] != "modem_alarm"
        assert any(each["event"] == "modem_all_clear" for each in events)
    end = (
        "alarm; all-clear when a person has mended it" if alarmed else "cured" if cures else "quarantined, then deleted"
    )
    told = " ".join(f"`{trouble}`" for trouble in troubles) or "—"
    return f"{told} | {', '.join(cures) or '—'} | {end}"


def agrees(name: str, found: str) -> None:
    """Compare a finding with the page, or write it there."""
    page = PAGE.read_text("utf-8")
    head, _, rest = page.partition(BEGIN)
    table, _, tail = rest.partition(END)
    rows = dict(re.findall(r"^\| ([^|]*) \| (.*) \|$", table, re.MULTILINE))
    if os.environ.get(WRITE):
        rows[name] = found
        told = ["fault", "---", *(each.name for each in SCENARIOS if each.name in rows)]
        lines = "".join(f"| {each} | {rows[each]} |\n" for each in told)
        PAGE.write_text(f"{head}{BEGIN}\n\n{lines}\n{END}{tail}", "utf-8")
        return
    assert found == rows.get(name), f"{WRITE}=1 pytest {Path(__file__).name} writes the table anew"


def test_the_page_tells_of_these_faults_and_of_no_other() -> None:
    table = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    told = re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE)[2:]
    assert told == [scenario.name for scenario in SCENARIOS]


# --- what no cure may do ----------------------------------------------------------------------------------------------


async def test_no_reset_while_a_part_is_in_the_air(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    """Two seconds in the air are longer here than every rung together."""
    async with running(route, ledger):
        modem.radio_seconds = 0.5
        sending = asyncio.create_task(route.submit(part()))
        await modem.wait_until(lambda modem: modem.in_air)
        route.suspect("once")
        route.suspect("and again")
        await unregistered(1)(Stage(modem, route, ledger))
        assert isinstance(await sending, Sent)
        resets = [typed.line for typed in modem.typed if typed.line.startswith("+CFUN=")]
        assert resets == []
        await ledger.until(lambda: any(typed.line.startswith("+CFUN=") for typed in modem.typed))


async def test_no_reset_where_the_card_would_ask_for_a_pin_that_is_not_there(
    modem: SimulatedModem, make_route: MakeRoute, host: InventedHost, ledger: Ledger
) -> None:
    modem.sim.pin = "1234"
    modem.sim.power_on()
    pins = ["1234"]
    route = make_route(
        modem.path, timings=SWIFT, seeker=host.seeker(SWIFT), pin=lambda: pins[0] if pins else None, poll_seconds=0.2
    )
    async with running(route, ledger):
        pins.clear()
        await unregistered(0)(Stage(modem, route, ledger))
        await ledger.until(lambda: route.status.facts.get("alarm"))
        assert [typed.line for typed in modem.typed if typed.line.startswith("+CFUN=")] == []
        assert route.status.facts["cures"] == "initialise 1"


async def test_a_modem_that_has_just_appeared_is_not_reset(
    modem: SimulatedModem, make_route: MakeRoute, host: InventedHost, ledger: Ledger
) -> None:
    slow = replace(SWIFT, cure_pace=0.02)  # settling: 1.8 s
    route = make_route(modem.path, timings=slow, seeker=host.seeker(slow), poll_seconds=0.2)
    loop = asyncio.get_running_loop()
    began = loop.time()
    modem.inject(Fault(Kind.REFUSE, "+CPIN?", times=0, until=1, cme=14))
    async with running(route, ledger, "sim-busy"):
        await modem.wait_until(lambda modem: any(typed.line.startswith("+CFUN=") for typed in modem.typed))
        assert loop.time() - began >= 1.8


async def test_status_tells_what_is_wrong_what_was_done_and_what_is_next(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        await unregistered(3)(Stage(modem, route, ledger))
        await ledger.until(lambda: "radio 1" in str(route.status.facts.get("cures")))
        await ledger.until(lambda: "; next: " in route.status.detail)
        facts = route.status.facts
        assert facts["troubles"] == "not-registered"
        assert facts["next_cure"] in {*RESETS, "alarm"}
        assert "not-registered: searching; tried: initialise 1, radio 1" in route.status.detail


async def test_a_modem_that_is_not_ready_refuses_at_once(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        await unregistered(3)(Stage(modem, route, ledger))
        await ledger.until(lambda: route.status.state != "ready")
        assert isinstance(await route.submit(part()), NotSent)
        with suppress(TimeoutError):
            await modem.wait_until(lambda modem: modem.in_air, 0.1)
        assert modem.flights == []


async def test_a_radio_that_a_dead_process_left_off_is_turned_on(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    modem.settings.functionality = 4
    modem.attach()
    async with running(route, ledger):
        assert modem.settings.functionality == 1
        assert isinstance(await route.submit(part()), Sent)
    assert route.status.facts.get("cures") is None


async def test_a_modem_that_is_sought_and_has_fallen_mute_is_cured_where_it_was(
    modem: SimulatedModem, make_route: MakeRoute, host: InventedHost, ledger: Ledger
) -> None:
    """It cannot say who it is any more; but it was ours, and has stayed plugged in."""

    async def reset_usb(_usb: str) -> None:
        host.unplug("ttyUSB0")
        modem.unplug()
        modem.plug(host.plug("ttyUSB0", "1-1"))

    route = make_route(
        "", timings=SWIFT, seeker=host.seeker(SWIFT), wanted=Wanted(modem.imei), reset_usb=reset_usb, poll_seconds=0.2
    )
    async with running(route, ledger):
        modem.inject(Fault(Kind.SILENT, times=0, until=3))
        await ledger.until(lambda: "usb 1" in str(route.status.facts.get("cures")))
        await ledger.until(lambda: route.status.state == "ready")


async def test_a_mute_modem_that_was_never_known_is_not_reset(
    modem: SimulatedModem, make_route: MakeRoute, host: InventedHost, ledger: Ledger
) -> None:
    """It is at the configured path; nobody can tell whether it is the configured one."""
    resets: list[str] = []

    async def reset_usb(usb: str) -> None:
        resets.append(usb)

    modem.inject(Fault(Kind.SILENT, times=0))
    route = make_route(
        modem.path, timings=SWIFT, seeker=host.seeker(SWIFT), wanted=Wanted(modem.imei), reset_usb=reset_usb
    )
    async with running(route, ledger, None):
        await ledger.until(lambda: route.status.facts.get("alarm"))
    assert resets == []
    assert route.status.facts["cures"] == "reopen 1"


async def test_a_modem_that_replaced_another_has_just_appeared_too(
    modem: SimulatedModem, make_route: MakeRoute, host: InventedHost, ledger: Ledger
) -> None:
    """A stranger was in its place; nothing was ever lost, and yet this one is starting."""
    slow = replace(SWIFT, cure_pace=0.02, stranger=30.0)  # settling: 1.8 s
    ours, modem.imei = modem.imei, "860000000000033"
    route = make_route(modem.path, timings=slow, seeker=host.seeker(slow), wanted=Wanted(ours), poll_seconds=0.2)
    loop = asyncio.get_running_loop()
    async with running(route, ledger, "foreign-modem"):
        await asyncio.sleep(1.0)
        modem.unplug()
        modem.imei = ours
        modem.inject(Fault(Kind.REFUSE, "+CPIN?", times=0, until=1, cme=14))
        modem.plug(host.plug("ttyUSB0", "1-1"))
        plugged = loop.time()
        await ledger.until(lambda: route.status.state == "sim-busy")
        await modem.wait_until(lambda modem: any(typed.line.startswith("+CFUN=") for typed in modem.typed))
        assert loop.time() - plugged >= 1.8


# --- what may come between two words of a cure ------------------------------------------------------------------------


def functionality(modem: SimulatedModem) -> list[str]:
    """Every setting of +CFUN that was typed."""
    return [typed.line for typed in modem.typed if typed.line.startswith("+CFUN=")]


async def test_a_radio_whose_turning_on_was_not_answered_is_turned_on_again(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    """The modem swallowed AT+CFUN=1: without a second word it would be off until the next rung, for minutes."""
    async with running(route, ledger):
        modem.inject(Fault(Kind.SILENT, "+CFUN=1"))
        await unregistered(1)(Stage(modem, route, ledger))
        await ledger.until(lambda: len(functionality(modem)) >= 3)
        assert functionality(modem)[:3] == ["+CFUN=4", "+CFUN=1", "+CFUN=1"]
        await ledger.until(lambda: route.status.up and not route.status.facts.get("troubles"))
        assert modem.settings.functionality == 1


async def test_a_radio_is_turned_on_by_a_process_that_ends_while_it_is_off(
    modem: SimulatedModem, make_route: MakeRoute, host: InventedHost, ledger: Ledger
) -> None:
    long_off = replace(SWIFT, radio_rest=60.0)
    route = make_route(modem.path, timings=long_off, seeker=host.seeker(long_off), poll_seconds=0.2)
    async with running(route, ledger):
        await unregistered(1)(Stage(modem, route, ledger))
        await modem.wait_until(lambda modem: modem.settings.functionality == 4)
    await ledger.until(lambda: modem.settings.functionality == 1)


async def test_nothing_is_given_to_a_modem_that_is_about_to_restart(
    modem: SimulatedModem, make_route: MakeRoute, host: InventedHost, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says OK to AT+CFUN=1,1 and works on until it goes: whoever gave it something now would never know its end."""
    monkeypatch.setattr(general, "LAST_WORDS_SECONDS", 1.0)
    patient = replace(SWIFT, vanishing=60.0)
    route = make_route(modem.path, timings=patient, seeker=host.seeker(patient), poll_seconds=0.2)
    up: list[bool] = []
    unplug = modem.unplug

    def unplugged(**how: Any) -> None:
        up.append(route.status.up)
        unplug(**how)

    monkeypatch.setattr(modem, "unplug", unplugged)
    async with running(route, ledger):
        await unregistered(2)(Stage(modem, route, ledger))
        await modem.wait_until(lambda modem: "+CFUN=1,1" in functionality(modem))
        modem.faults.clear()  # and it would be ready, if it were asked
        await ledger.until(lambda: up)
        assert up == [False]
        await ledger.until(lambda: route.status.up)


async def test_a_wish_for_a_usb_reset_that_nobody_grants_is_told(
    modem: SimulatedModem, make_route: MakeRoute, host: InventedHost, ledger: Ledger
) -> None:
    """The daemon writes it down and hears nothing: the unit that has root look may not be installed."""

    async def nobody(_usb: str) -> None:
        pass

    route = make_route(modem.path, timings=SWIFT, seeker=host.seeker(SWIFT), reset_usb=nobody, poll_seconds=0.2)
    with capture_logs() as events:
        async with running(route, ledger):
            modem.inject(Fault(Kind.HUNG))
            await ledger.until(lambda: any(each["event"] == "usb_not_reset" for each in events))
            await ledger.until(lambda: route.status.facts.get("alarm"))
    assert "smsd-usb-reset.path" in next(each["error"] for each in events if each["event"] == "usb_not_reset")


@pytest.mark.parametrize("rung", ["+CFUN=4", "+CFUN=1", "+CFUN=1,1", "usb"])
async def test_a_modem_that_goes_in_the_middle_of_a_cure_is_taken_back(
    modem: SimulatedModem, make_route: MakeRoute, host: InventedHost, ledger: Ledger, rung: str
) -> None:

    async def reset_usb(_usb: str) -> None:
        await resetting(modem)

    route = make_route(modem.path, timings=SWIFT, seeker=host.seeker(SWIFT), reset_usb=reset_usb, poll_seconds=0.2)
    async with running(route, ledger):
        await unregistered(3)(Stage(modem, route, ledger))
        await ledger.until(lambda: not route.status.up)
        if rung != "usb":
            modem.inject(Fault(Kind.LATE, rung, seconds=60.0))
            await modem.wait_until(lambda modem: rung in functionality(modem))
            modem.unplug(returns_after=0.05)
        await ledger.until(lambda: route.status.up and not route.status.facts.get("troubles"))
        assert modem.settings.functionality == 1
        assert isinstance(await route.submit(part()), Sent)


async def test_who_waits_for_his_turn_at_a_dead_modem_says_nothing_to_it_any_more(modem: SimulatedModem) -> None:
    """What is done about it then is a reset, perhaps: a part that began meanwhile would end in doubt."""
    port = await Port.open(modem.path)
    channel = Channel(port, SWIFT, hear=lambda _: None, dirtied=lambda: None, gone=lambda: None)
    async with channel.lock:
        waiting = asyncio.create_task(channel.accepts("AT+CMGS=7"))
        await asyncio.sleep(0)
        channel.retire(ModemError("it has not answered for 30 s"))
    with pytest.raises(ModemError, match="30 s"):
        await waiting
    await port.close()
    assert modem.typed == []


async def test_a_modem_that_keeps_going_away_has_a_person_called(
    modem: SimulatedModem, make_route: MakeRoute, host: InventedHost, ledger: Ledger
) -> None:
    an_hour = replace(SWIFT, cure_pace=1.0)
    route = make_route(modem.path, timings=an_hour, seeker=host.seeker(an_hour), poll_seconds=0.2)
    async with running(route, ledger):
        for _ in range(UNSTEADY):
            modem.unplug(returns_after=0.02)
            await ledger.until(lambda: not route.status.up)
            await ledger.until(lambda: route.status.up)
        await ledger.until(lambda: "unsteady" in str(route.status.facts.get("alarm")))
        assert isinstance(await route.submit(part()), Sent)
    assert route.status.facts["cures"] == ""
