"""A route over a simulated modem: what it is for, what it says of itself, how it shares and how it stops."""

import asyncio
import fcntl
import os
import pty
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from smsd.simulator import Fault, Kind, Network, Place, SimulatedModem
from smsd.sms import InDoubt, NotSent, ReportClass, Sent, Submit, Verdict, segments
from smsd.wire.alphabet import Alphabet
from smsd.wire.userdata import UserData
from tests.routes.conftest import NUMBER, MakeRoute
from tests.routes.house import QUICK, Ledger, part, running

CLIENT = "+79160000001"


def typed(modem: SimulatedModem) -> list[str]:
    return [said.line for said in modem.typed]


async def test_a_message_goes_out_and_its_report_comes_back(
    modem: SimulatedModem, network: Network, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(), ledger) as route:
        outcome = await route.submit(part("Привет"))
        assert outcome == Sent("1")
        assert [message.text for message in network.phone(CLIENT).screen] == ["Привет"]
        await ledger.until(lambda: ledger.reports)
        assert (ledger.reports[0].reference, ledger.reports[0].report_class) == ("1", ReportClass.DELIVERED)


async def test_what_came_in_is_kept_first_and_deleted_then(
    modem: SimulatedModem, network: Network, make_route: MakeRoute, ledger: Ledger
) -> None:
    stored = modem.memories["ME"].stored
    held: list[int] = []
    ledger.watch = lambda _received: held.append(len(stored))
    async with running(make_route(), ledger):
        network.phone(CLIENT).text("CLIENT info")
        await ledger.until(lambda: ledger.texts and not stored)
    assert ledger.texts == ["CLIENT info"]
    assert held == [1]
    assert ledger.rows[0].sim == modem.sim.iccid


async def test_parts_keep_their_place_in_both_directions(
    modem: SimulatedModem, network: Network, make_route: MakeRoute, ledger: Ledger
) -> None:
    text = "Слово " * 40
    async with running(make_route(), ledger) as route:
        pieces = segments(text, 77)
        for number, piece in enumerate(pieces, 1):
            submit = Submit(number, 1, CLIENT, piece, number, len(pieces), more_to_come=number < len(pieces))
            assert isinstance(await route.submit(submit), Sent)
        assert network.phone(CLIENT).screen[0].text == text
        network.phone(CLIENT).text(text)
        await ledger.until(lambda: len(ledger.texts) == len(pieces))
    values = [row.value for row in ledger.rows if row.value is not None]
    assert "".join(ledger.texts) == text
    assert [getattr(value, "sequence", None) for value in values if hasattr(value, "sequence")] == [1, 2, 3, 4]


async def test_the_link_is_kept_between_the_parts_of_a_burst_only(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(), ledger) as route:
        await route.submit(part(more=True))
        await route.submit(part(more=True))
        await route.submit(part())
        await route.submit(part())
    assert [line[:7] for line in typed(modem) if line.startswith(("+CMMS", "+CMGS"))] == [
        "+CMMS=2",
        "+CMGS=1",
        "+CMGS=1",
        "+CMGS=1",
        "+CMMS=0",
        "+CMGS=1",
    ]


async def test_a_link_that_fails_twice_is_not_kept_again(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(), ledger) as route:
        modem.inject(Fault(Kind.NETWORK_REFUSES, "+CMGS", times=2, code=512))
        for _ in range(2):
            assert isinstance(await route.submit(part(more=True)), InDoubt)
            await ledger.until(lambda: route.status.up)
        assert isinstance(await route.submit(part(more=True)), Sent)
        assert isinstance(await route.submit(part(more=True)), Sent)
    assert [line for line in typed(modem) if "+CMMS" in line] == ["+CMMS=2", "+CMMS=0"]


async def test_a_number_that_is_none_fails_alone(modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger) -> None:
    async with running(make_route(), ledger) as route:
        outcome = await route.submit(part(to="not a number"))
        assert isinstance(outcome, NotSent)
        assert outcome.verdict is Verdict.NEVER
        assert isinstance(await route.submit(part()), Sent)


async def test_reports_and_validity_are_asked_for_as_told(
    modem: SimulatedModem, network: Network, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(), ledger) as route:
        text = UserData(Alphabet.GSM7, "x")
        await route.submit(Submit(1, 1, CLIENT, text, want_report=False, validity=timedelta(hours=1)))
        await route.submit(Submit(2, 1, CLIENT, text))
    assert [submission.report_wanted for submission in network.submissions] == [False, True]
    async with running(make_route(delivery_reports=False), ledger) as route:
        await route.submit(Submit(3, 1, CLIENT, text))
        assert modem.settings.indications == [2, 1, 0, 0, 0]
    assert network.submissions[2].report_wanted is False


async def test_the_status_tells_what_a_person_asks(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(sender=NUMBER), ledger) as route:
        await ledger.until(lambda: route.status.facts["slots_total"] == 80)
        status = route.status
        assert status.up
        assert status.facts == {
            "device": modem.path,
            "manufacturer": "Simulated",
            "model": "SIM-1",
            "revision": "1.0",
            "imei": modem.imei,
            "iccid": modem.sim.iccid,
            "quirks": "generic",
            "slots_used": 0,
            "slots_total": 80,
            "delivery_reports": True,
            "hints": True,
            "service_centre": modem.sim.service_centre,
            "evidence": False,
            "registration": "home",
            "operator": "25002",
            "signal": -71,
        }
        assert (route.sender, route.sim) == (NUMBER, modem.sim.iccid)
    assert route.sim is None


async def test_messages_from_several_callers_go_one_after_the_other(
    modem: SimulatedModem, network: Network, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(), ledger) as route:
        outcomes = await asyncio.gather(*(route.submit(part(f"number {number}")) for number in range(10)))
    assert sorted(outcome.reference for outcome in outcomes if isinstance(outcome, Sent)) == sorted(
        map(str, range(1, 11))
    )
    assert modem.most_in_air == 1


async def test_no_part_is_taken_before_what_was_announced_meanwhile_is_brought_in(
    modem: SimulatedModem, network: Network, make_route: MakeRoute, ledger: Ledger
) -> None:
    """A command that comes while a part is in the air is kept before the next part is asked for."""
    modem.radio_seconds = 0.1
    async with running(make_route(timings=replace(QUICK, announced=20.0)), ledger) as route:
        assert route.window == 1
        flight = asyncio.create_task(route.submit(part("alert")))
        await ledger.until(lambda: modem.in_air == 1)
        network.phone(CLIENT).text("CLIENT info")
        await flight
        assert route.window == 0
        assert not ledger.texts
        await ledger.until(lambda: route.window == 1)
        assert ledger.texts == ["CLIENT info"]


async def test_what_was_announced_and_cannot_be_kept_holds_parts_back_for_a_while_only(
    modem: SimulatedModem,
    network: Network,
    make_route: MakeRoute,
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger.full = True
    rooms: list[int] = []
    changed = ledger.changed

    def told(name: str) -> None:
        rooms.append(route.window)
        changed(name)

    async with running(make_route(), ledger) as route:
        monkeypatch.setattr(ledger, "changed", told)
        network.phone(CLIENT).text("CLIENT info")
        await ledger.until(lambda: route.window == 0)
        rooms.clear()
        await ledger.until(lambda: ledger.refusals)
        await ledger.until(lambda: 1 in rooms)  # whoever waits for room is told that there is some
        assert route.window == 1
        assert await route.submit(part("alert")) == Sent("1")


# --- sharing ----------------------------------------------------------------------------------------------------------


async def test_a_port_that_another_program_holds_is_a_state_that_says_whom_to_ask(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    descriptor = os.open(modem.path, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        async with running(make_route(), ledger, "busy-port") as route:
            assert "another program holds the port" in route.status.detail
            os.close(descriptor)
            descriptor = -1
            await ledger.until(lambda: route.status.up)
    finally:
        if descriptor >= 0:
            os.close(descriptor)


async def test_a_second_route_over_the_same_modem_waits(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(), ledger) as first, running(make_route(), Ledger(), None) as second:
        await ledger.until(lambda: second.status.state == "busy-port")
        assert first.status.up
    async with running(make_route(), ledger):
        pass


async def test_what_is_no_serial_port_is_a_state(make_route: MakeRoute, ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no modem")
    async with running(make_route(str(tmp_path / "file")), ledger, "failed") as route:
        assert str(tmp_path / "file") in route.status.detail


# --- stopping ---------------------------------------------------------------------------------------------------------


async def test_stopped_after_the_pdu_the_caller_learns_that_it_is_in_doubt(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    modem.radio_seconds = 5.0
    async with running(make_route(), ledger) as route:
        sending = asyncio.create_task(route.submit(part()))
        await ledger.until(lambda: modem.in_air)
        sending.cancel()
        assert isinstance(await sending, InDoubt)
        assert sending.cancelling() == 1


async def test_stopped_before_the_pdu_the_caller_learns_that_it_did_not_leave(
    modem: SimulatedModem, network: Network, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(), ledger) as route:
        modem.inject(Fault(Kind.LATE, "+CMGS", place=Place.PROMPT, seconds=0.2))
        sending = asyncio.create_task(route.submit(part()))
        await ledger.until(lambda: typed(modem)[-1].startswith("+CMGS"))
        sending.cancel()
        outcome = await sending
        assert isinstance(outcome, NotSent)
        assert outcome.verdict is Verdict.ROUTE
        await ledger.until(lambda: route.status.up)
        assert isinstance(await route.submit(part("next")), Sent)
    assert [message.text for message in network.phone(CLIENT).screen] == ["next"]


async def test_stopped_while_waiting_for_its_turn_it_did_not_leave(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    modem.radio_seconds = 0.2
    async with running(make_route(), ledger) as route:
        first = asyncio.create_task(route.submit(part()))
        await ledger.until(lambda: modem.in_air)
        second = asyncio.create_task(route.submit(part()))
        await asyncio.sleep(0)
        second.cancel()
        assert isinstance(await second, NotSent)
        assert isinstance(await first, Sent)


async def test_before_it_runs_a_route_is_away(make_route: MakeRoute) -> None:
    route = make_route()
    assert (route.status.up, route.status.state) == (False, "away")
    outcome = await route.submit(part())
    assert isinstance(outcome, NotSent)
    assert outcome.verdict is Verdict.ROUTE


@pytest.mark.parametrize("family", ["huawei", "zte", "quectel", "simcom", "neoway"])
async def test_every_family_becomes_ready_sends_and_receives(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: Path, family: str
) -> None:
    modem = SimulatedModem(network, NUMBER, link=tmp_path / "modem", family=family)
    async with modem, running(make_route(), ledger) as route:
        assert str(route.status.facts["quirks"]).lower().startswith(family)
        assert await route.submit(part()) == Sent("1")
        network.phone(CLIENT).text("in")
        await ledger.until(lambda: ledger.texts == ["in"] and ledger.reports)


async def test_a_tty_that_is_no_modem_is_dead_and_the_loop_lives(make_route: MakeRoute, ledger: Ledger) -> None:
    master, slave = pty.openpty()
    try:
        async with running(make_route(os.ttyname(slave)), ledger, "dead") as route:
            assert "has not answered" in route.status.detail
    finally:
        os.close(master)
        os.close(slave)
