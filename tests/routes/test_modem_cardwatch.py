"""A card that is pulled, or replaced, while the modem runs: said, and never taken for the one that was there."""

import asyncio
from dataclasses import replace

import pytest

from smsd.routes.modem import ModemRoute, Wanted
from smsd.simulator import Fault, Kind, Place, Sim, SimulatedModem
from smsd.sms import NotSent, Sent
from tests.routes.conftest import MakeRoute
from tests.routes.house import QUICK, Ledger, part, running
from tests.routes.insertions import deliver

IMSI, OTHER_IMSI = "250011234567890", "250020000000001"
OTHER_ICCID = "8970199999999999999"
SWIFT = replace(QUICK, registration=0.02, sim_recheck=0.02)


def pull_card(modem: SimulatedModem) -> None:
    """Take the card out of a modem that sees it go."""
    for command in ("+CPIN?", "+CRSM", "+CIMI", "+CCID"):
        modem.inject(Fault(Kind.REFUSE, command, times=0, cme=10))
    modem.registration = 0


def put_card(modem: SimulatedModem, card: Sim) -> None:
    """Put a card in; the modem starts it and finds the network by itself."""
    modem.faults.clear()
    modem.sim = card
    modem.memories["SM"] = card.messages
    modem.registration = 1


def foreign() -> Sim:
    return Sim("+79000000000", imsi=OTHER_IMSI, iccid=OTHER_ICCID)


@pytest.fixture
def route(modem: SimulatedModem, make_route: MakeRoute) -> ModemRoute:
    return make_route(timings=SWIFT, poll_seconds=0.1, wanted=Wanted(imsi=IMSI))


async def test_a_card_that_is_pulled_is_said_and_used_again_when_it_is_back(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        pull_card(modem)
        await ledger.until(lambda: route.status.state == "sim-absent")
        assert "not-registered" not in str(route.status.facts.get("troubles"))
        put_card(modem, modem.sim)
        await ledger.until(lambda: route.status.state == "ready")
        assert isinstance(await route.submit(part()), Sent)


@pytest.mark.parametrize("seen", [True, False], ids=["and the modem was seen without", "in a moment"])
async def test_a_foreign_card_that_was_swapped_in_is_left_alone(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger, seen: bool
) -> None:
    async with running(route, ledger):
        card = foreign()
        card.messages.put(deliver("not for us"))
        pull_card(modem)
        if seen:
            await ledger.until(lambda: route.status.state == "sim-absent")
        put_card(modem, card)
        await ledger.until(lambda: route.status.state == "foreign-sim")
        assert isinstance(await route.submit(part()), NotSent)
    assert ledger.rows == []
    assert len(card.messages.stored) == 1
    assert modem.flights == []


async def test_without_an_identity_another_card_is_used_under_its_own_number(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    """What is sent and what comes in belongs to the card that is there now."""
    route = make_route(timings=SWIFT, poll_seconds=0.1)
    async with running(route, ledger):
        former = route.sim
        card = foreign()
        card.messages.put(deliver("for whoever has this card"))
        pull_card(modem)
        put_card(modem, card)
        await ledger.until(lambda: ledger.rows)
        await ledger.until(lambda: route.status.state == "ready")
        assert (former, route.sim) == ("8970101234567890123", OTHER_ICCID)
        assert route.witness()["iccid"] == OTHER_ICCID
        assert ledger.rows[0].sim == OTHER_ICCID


async def test_a_modem_that_says_that_its_card_is_another_is_asked_although_it_is_registered(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        card = foreign()
        modem.sim = card
        modem.memories["SM"] = card.messages
        modem.unsolicited("+CPIN: READY")
        await ledger.until(lambda: route.status.state == "foreign-sim")


async def test_a_part_that_waits_for_its_turn_meanwhile_is_not_sent_by_it(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    """The route was ready when it was given; another command has the line."""
    async with running(route, ledger):
        modem.inject(Fault(Kind.LATE, '+CPMS="', seconds=0.2, place=Place.ANSWER))
        await modem.wait_until(lambda modem: modem.terminal.busy)
        sending = asyncio.create_task(route.submit(part()))
        modem.sim = foreign()
        modem.memories["SM"] = modem.sim.messages
        modem.emit(b"\r\n+CPIN: READY\r\n")
        assert isinstance(await sending, NotSent)
    assert modem.flights == []


async def test_a_network_that_is_lost_for_a_moment_costs_no_new_start(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.registration = 2
        await ledger.until(lambda: route.status.state == "not-registered")
        modem.registration = 1
        await ledger.until(lambda: route.status.state == "ready")
        assert sum(typed.line == "E0" for typed in modem.typed) == 1


async def test_a_card_whose_number_cannot_be_read_is_taken_at_its_word(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    for command in ("+CRSM=176,12258", "+CCID", "^ICCID", "+QCCID"):
        modem.inject(Fault(Kind.REFUSE, command, times=0, cme=4))
    route = make_route(timings=SWIFT, poll_seconds=0.1)
    async with running(route, ledger):
        modem.registration = 2
        await ledger.until(lambda: route.status.state == "not-registered")
        modem.registration = 1
        await ledger.until(lambda: route.status.state == "ready")
        assert sum(typed.line == "E0" for typed in modem.typed) == 1
