"""Refusals, an unplugged modem, a locked SIM: one test a fault, over a real pty.

The letters are those of one list of all that has been seen to go wrong between a program and a modem: a hints inside
commands, b noise, c cuts, d silence, e late answers, f refusals, g echo, h unplugging, i empty slots, k many or bad
stored messages, l reports, m look-alikes, n PINs, o line ends, p character sets, q directness, r flow control.
"""

import asyncio
from dataclasses import replace

import pytest

from smsd.routes.modem.route import ModemRoute
from smsd.simulator import Fault, Kind, Network, Place, Sim, SimulatedModem
from smsd.sms import InDoubt, NotSent, Sent, Verdict
from tests.routes.conftest import NUMBER, MakeRoute
from tests.routes.house import QUICK, Ledger, Notebook, part, running
from tests.routes.insertions import CLIENT, plugged, typed

# --- f: refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "verdict"),
    [(38, Verdict.LATER), (322, Verdict.SOON), (331, Verdict.ROUTE), (41, Verdict.SOON), (96, Verdict.NEVER)],
)
async def test_f_a_refusal_of_the_network_has_its_verdict(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger, code: int, verdict: Verdict
) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.NETWORK_REFUSES, "+CMGS", code=code))
        outcome = await route.submit(part())
        assert isinstance(outcome, NotSent)
        assert (outcome.verdict, outcome.code) == (verdict, f"CMS {code}")
        assert not network.submissions
        await ledger.until(lambda: route.status.up)
        assert isinstance(await route.submit(part()), Sent)


@pytest.mark.parametrize("code", [332, 500, 512, 513])
async def test_f_an_error_that_also_comes_when_the_message_left_is_doubt(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger, code: int
) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.NETWORK_REFUSES, "+CMGS", code=code))
        assert isinstance(await route.submit(part()), InDoubt)


@pytest.mark.parametrize("code", [500, 512, 515])
async def test_f_the_same_error_before_the_pdu_is_no_doubt(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger, code: int
) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.REFUSE, "+CMGS", code=code))
        assert isinstance(await route.submit(part()), NotSent)


async def test_f_515_after_the_pdu_never_makes_the_pdu_a_command(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.NETWORK_REFUSES, "+CMGS", code=515))
        assert isinstance(await route.submit(part()), InDoubt)
        await ledger.until(lambda: route.status.up)
        assert isinstance(await route.submit(part()), Sent)
    assert all(line == "" or line[0] in "+^EVS;" for line in typed(modem))


@pytest.mark.parametrize("kind", [Kind.VERBOSE_ERRORS, Kind.UNSPACED_ERRORS])
async def test_f_an_error_in_words_or_without_its_space_is_the_same_error(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger, kind: Kind
) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.NETWORK_REFUSES, "+CMGS", code=38))
        modem.inject(Fault(kind))
        outcome = await route.submit(part())
        assert isinstance(outcome, NotSent)
        assert outcome.code.startswith("CMS 38")


async def test_f_a_barred_sim_suspends_the_route_and_costs_the_message_nothing(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.NETWORK_REFUSES, "+CMGS", code=8))
        outcome = await route.submit(part())
        assert isinstance(outcome, NotSent)
        assert outcome.verdict is Verdict.ROUTE
        assert (route.status.up, route.status.state) == (False, "suspended")


async def test_f_three_rejections_in_a_row_are_the_sims_fault(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.NETWORK_REFUSES, "+CMGS", times=3, code=21))
        verdicts = []
        for number in range(3):
            outcome = await route.submit(part(to=f"+7916000010{number}"))
            assert isinstance(outcome, NotSent)
            verdicts.append(outcome.verdict)
        assert verdicts == [Verdict.ONCE_MORE, Verdict.ONCE_MORE, Verdict.ROUTE]
        assert route.status.state == "suspended"


async def test_f_a_bare_error_brings_a_new_initialisation(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        before = typed(modem).count("+CMGF=0")
        modem.inject(Fault(Kind.REFUSE, "+CMGS"))
        assert isinstance(await route.submit(part()), NotSent)
        await ledger.until(lambda: typed(modem).count("+CMGF=0") > before and route.status.up)


# --- h: unplugging ----------------------------------------------------------------------------------------------------


async def test_h1_a_modem_that_comes_back_is_in_use_within_two_seconds_under_its_name(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.unplug()
        await ledger.until(lambda: route.status.state == "away")
        network.phone(CLIENT).text("while away")
        modem.plug()
        await ledger.until(lambda: route.status.up and ledger.texts == ["while away"])
        assert route.name == "modem0"
        assert isinstance(await route.submit(part()), Sent)


async def test_h2_unplugged_while_the_message_is_in_the_air_is_doubt_at_once(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    route = make_route(timings=replace(QUICK, submission=30.0))
    async with running(route, ledger):
        modem.inject(Fault(Kind.UNPLUG, "+CMGS", place=Place.RESULT))
        async with asyncio.timeout(20):
            assert isinstance(await route.submit(part()), InDoubt)
        await ledger.until(lambda: route.status.state == "away")


async def test_h3_unplugged_before_the_prompt_is_not_sent_at_once(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    route = make_route(timings=replace(QUICK, prompt=30.0))
    async with running(route, ledger):
        modem.inject(Fault(Kind.UNPLUG, "+CMGS", place=Place.PROMPT))
        async with asyncio.timeout(20):
            outcome = await route.submit(part())
        assert isinstance(outcome, NotSent)
        assert outcome.verdict is Verdict.ROUTE


async def test_h_a_route_whose_device_was_never_there_waits_for_it(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: object
) -> None:
    route = make_route()
    async with running(route, ledger, None):
        await ledger.until(lambda: "no such device" in route.status.detail)
        async with plugged(network, f"{tmp_path}/modem"):
            await ledger.until(lambda: route.status.up)
        await ledger.until(lambda: route.status.state == "away")


# --- n: PINs ----------------------------------------------------------------------------------------------------------


async def test_n1_a_locked_sim_without_a_pin_is_a_state_and_not_an_end(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: object
) -> None:
    pin = [""]
    async with plugged(network, f"{tmp_path}/modem", sim=Sim(NUMBER, pin="0000")):
        route = make_route(pin=lambda: pin[0])
        async with running(route, ledger, "pin-needed"):
            assert "pin_file" in route.status.detail
            pin[0] = "0000\n"
            await ledger.until(lambda: route.status.up)


async def test_n2_a_pin_is_entered_and_its_mark_forgotten(
    network: Network, make_route: MakeRoute, ledger: Ledger, notebook: Notebook, tmp_path: object
) -> None:
    async with (
        plugged(network, f"{tmp_path}/modem", sim=Sim(NUMBER, pin="1234")),
        running(make_route(pin=lambda: "1234"), ledger),
    ):
        pass
    marks = [value is not None for key, value in notebook.written if "pin" in key]
    assert marks == [True, False]
    assert not any("1234" in str(pair) for pair in notebook.written)


@pytest.mark.parametrize("asked", ["SIM PUK", "PH-SIM PIN", "PH-NET PIN", "SIM PIN2"])
async def test_n3_n4_nothing_is_entered_where_more_than_a_pin_is_asked_for(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: object, asked: str
) -> None:
    async with plugged(network, f"{tmp_path}/modem", sim=Sim(NUMBER, pin="1234")) as modem:
        modem.inject(Fault(Kind.CANNED, "+CPIN?", times=0, octets=f"+CPIN: {asked}".encode()))
        route = make_route(pin=lambda: "1234")
        async with running(route, ledger, "pin-needed"):
            assert asked in route.status.detail
        assert not any(line.startswith("+CPIN=") for line in typed(modem))


async def test_n5_a_wrong_pin_is_tried_once_in_the_life_of_a_pin_file(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: object
) -> None:
    """Three restarts of the service cost one try, not three; another PIN is another try."""
    sim = Sim(NUMBER, pin="1234")
    async with plugged(network, f"{tmp_path}/modem", sim=sim) as modem:
        for _ in range(3):
            async with running(make_route(pin=lambda: "9999"), ledger, "pin-needed"):
                await ledger.until(lambda: typed(modem)[-1] == "+CPIN?")
        assert sim.pin_tries == 2
        async with running(make_route(pin=lambda: "1234"), ledger):
            pass


async def test_n5_a_pin_is_never_tried_before_its_mark_is_on_disk(
    network: Network, make_route: MakeRoute, ledger: Ledger, notebook: Notebook, tmp_path: object
) -> None:
    notebook.full = True
    async with plugged(network, f"{tmp_path}/modem", sim=Sim(NUMBER, pin="1234")) as modem:
        route = make_route(pin=lambda: "1234")
        async with running(route, ledger, "waiting-for-store"):
            assert not any(line.startswith("+CPIN=") for line in typed(modem))
            notebook.full = False
            await ledger.until(lambda: route.status.up)


async def test_n5_the_last_but_one_try_is_left_to_a_person(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: object
) -> None:
    sim = Sim(NUMBER, pin="1234")
    sim.pin_tries = 1
    async with (
        plugged(network, f"{tmp_path}/modem", sim=sim) as modem,
        running(make_route(pin=lambda: "1234"), ledger, "pin-needed"),
    ):
        assert not any(line.startswith("+CPIN=") for line in typed(modem))


@pytest.mark.parametrize("said", [b"+CPIN: NOT READY", b"+CME"])
async def test_n6_a_sim_that_is_starting_is_waited_for(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger, said: bytes
) -> None:
    if said == b"+CME":
        modem.inject(Fault(Kind.REFUSE, "+CPIN?", times=3, cme=14))
    else:
        modem.inject(Fault(Kind.CANNED, "+CPIN?", times=3, octets=said))
    async with running(route, ledger):
        assert typed(modem).count("+CPIN?") == 4


async def test_n_a_modem_without_a_sim_is_a_state(modem: SimulatedModem, route: ModemRoute, ledger: Ledger) -> None:
    modem.inject(Fault(Kind.REFUSE, "+CPIN?", times=0, cme=10))
    async with running(route, ledger, "sim-absent"):
        modem.faults.clear()
        await ledger.until(lambda: route.status.up)


async def test_n7_a_store_that_is_not_ready_after_the_pin_is_waited_for(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    modem.inject(Fault(Kind.REFUSE, "+CPMS?", times=3, code=302))
    async with running(route, ledger):
        network.phone(CLIENT).text("heard")
        await ledger.until(lambda: ledger.texts == ["heard"])
