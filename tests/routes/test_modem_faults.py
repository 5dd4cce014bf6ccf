"""Everything that has been seen to go wrong between a program and a modem, one test each, over a real pty.

The letters name the kind of fault: a hints inside commands, b noise, c cuts, d silence, e late answers, f refusals,
g echo, h unplugging, i empty slots, k many or bad stored messages, l reports, m look-alikes, n PINs, o line ends,
p character sets, q directness, r flow control.
"""

import asyncio
import os
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from smsd.routes.modem.route import ModemRoute
from smsd.simulator import Fault, Kind, Network, Place, Sim, SimulatedModem, Status
from smsd.sms import InDoubt, NotSent, ReportClass, Sent, Verdict
from smsd.wire import tpdu
from smsd.wire.address import Address
from smsd.wire.userdata import UserData
from tests.routes.conftest import NUMBER, MakeRoute
from tests.routes.house import QUICK, Ledger, Notebook, part, running

CLIENT = "+79160000001"
OTHER = "+79160000002"
SENT_AT = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


def deliver(text: str) -> bytes:
    """The octets of a received message, as a slot holds them."""
    message = tpdu.Deliver(tp_oa=Address.of_number(CLIENT), tp_scts=SENT_AT, user_data=UserData.of_text(text))
    return tpdu.encode(message, Address.of_number("+79168999100"))[0]


def typed(modem: SimulatedModem) -> list[str]:
    return [said.line for said in modem.typed]


def insert(text: str, at: str, place: Place = Place.ANSWER) -> Fault:
    return Fault(Kind.INSERT, at, place=place, octets=f"\r\n{text}\r\n".encode())


@asynccontextmanager
async def plugged(network: Network, link: object, **settings: Any) -> AsyncIterator[SimulatedModem]:
    async with SimulatedModem(network, NUMBER, link=str(link), **settings) as modem:
        yield modem


@pytest.fixture
def route(modem: SimulatedModem, make_route: MakeRoute) -> ModemRoute:
    return make_route()


# --- a: hints inside commands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "fact", "value"),
    [
        pytest.param(insert('+CMTI: "ME",0', "+CSQ"), "signal", -71, id="a1 CMTI before the answer of AT+CSQ"),
        pytest.param(insert('+CMTI: "ME",0', "+CGSN"), "imei", "860000000000017", id="a2 CMTI before AT+CGSN's"),
        pytest.param(insert("+CRING: VOICE", "+CGSN"), "imei", "860000000000017", id="a5 a call inside AT+CGSN"),
        pytest.param(insert("RING", "+CGMM"), "model", "SIM-1", id="a5 a bare RING inside AT+CGMM"),
        pytest.param(insert("NO CARRIER", "+CGMM"), "model", "SIM-1", id="a5 a call's end inside AT+CGMM"),
        pytest.param(insert("+CREG: 2", "+CREG?"), "registration", "home", id="a a change inside AT+CREG?"),
    ],
)
async def test_a_hint_inside_a_command_is_not_its_answer(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger, fault: Fault, fact: str, value: object
) -> None:
    modem.inject(fault)
    modem.memories["ME"].put(deliver("announced"))
    async with running(route, ledger):
        await ledger.until(lambda: ledger.texts == ["announced"])
        assert route.status.facts[fact] == value


@pytest.mark.parametrize("place", [Place.PROMPT, Place.DATA, Place.RESULT])
async def test_a3_a4_a_hint_while_sending_is_followed(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger, place: Place
) -> None:
    """Before the prompt, right after it, and before +CMGS."""
    async with running(route, ledger):
        modem.memories["ME"].put(deliver("meanwhile"))
        modem.inject(insert('+CMTI: "ME",0', "+CMGS", place))
        assert await route.submit(part()) == Sent("1")
        await ledger.until(lambda: ledger.texts == ["meanwhile"])


async def test_a6_a7_chatter_inside_a_listing_harms_no_message(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    modem.inject(insert("^RSSI:21", "+CMGL"))
    modem.inject(insert("+CREG: 1", "+CMGL", Place.INSIDE))
    modem.memories["ME"].put(deliver("one"))
    modem.memories["ME"].put(deliver("two"))
    async with running(route, ledger):
        await ledger.until(lambda: not modem.memories["ME"].stored)
    assert ledger.texts == ["one", "two"]


async def test_a9_three_hints_in_one_read_bring_three_messages(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        for text in ("one", "two", "three"):
            modem.memories["ME"].put(deliver(text))
        modem.emit(b"".join(b'\r\n+CMTI: "ME",%d\r\n' % index for index in range(3)))
        await ledger.until(lambda: len(ledger.texts) == 3)


async def test_a11_sixty_sends_with_a_hint_right_after_the_prompt_stay_whole(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.INSERT, "+CMGS", times=60, place=Place.DATA, octets=b'+CMTI: "ME",0\r\n'))
        for number in range(60):
            network.phone(OTHER).text(f"in {number}")
            assert isinstance(await route.submit(part(f"out {number}", attempt=number)), Sent)
        await ledger.until(lambda: len(ledger.texts) == 60)
    assert [message.text for message in network.phone(CLIENT).screen] == [f"out {number}" for number in range(60)]
    assert sorted(ledger.texts) == sorted(f"in {number}" for number in range(60))


# --- b: noise ---------------------------------------------------------------------------------------------------------


async def test_b1_octets_that_are_no_text_on_the_idle_line_stop_nothing(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.emit(b"\xff\xfe\r\n\xff")
        network.phone(CLIENT).text("still here")
        await ledger.until(lambda: ledger.texts == ["still here"])


async def test_b2_octets_that_are_no_text_inside_an_answer_stop_nothing(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    modem.inject(Fault(Kind.INSERT, "+CSQ", octets=b"\xff\xff\r\n"))
    async with running(route, ledger):
        assert route.status.facts["signal"] == -71


async def test_b3_a_hint_with_noise_before_it_is_followed(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.memories["ME"].put(deliver("found"))
        modem.emit(b'\x7fxyz+CMTI: "ME",0\r\n')
        await ledger.until(lambda: ledger.texts == ["found"])


async def test_b3_a_message_whose_hint_was_lost_is_found_by_the_sweep(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(poll_seconds=0.2), ledger):
        modem.memories["ME"].put(deliver("found"))
        await ledger.until(lambda: ledger.texts == ["found"])


async def test_b4_an_operators_name_in_any_character_set_is_harmless(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    modem.inject(Fault(Kind.CANNED, "+COPS?", octets='+COPS: 0,0,"Мегафон"'.encode("cp1251")))
    async with running(route, ledger):
        assert route.status.facts["operator"] == ""
        assert await route.submit(part()) == Sent("1")


async def test_b_noise_inside_a_stored_message_is_read_again_before_it_is_believed(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    """The listing shows a damaged line once; the slot itself is sound."""
    octets = deliver("whole")
    modem.memories["ME"].put(octets)
    damaged = octets.hex().upper().encode()
    damaged = damaged[:20] + b"\xff" + damaged[21:]
    length = len(octets) - 1 - octets[0]
    modem.inject(Fault(Kind.CANNED, "+CMGL", octets=b"+CMGL: 0,1,,%d\n" % length + damaged))
    async with running(route, ledger):
        await ledger.until(lambda: ledger.texts)
    assert [row.fault for row in ledger.rows] == [None]
    assert ledger.texts == ["whole"]


# --- c: cuts ----------------------------------------------------------------------------------------------------------


async def test_c1_c2_answers_octet_by_octet_are_answers(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    modem.inject(Fault(Kind.CHUNKS, times=0))
    async with running(route, ledger):
        assert await route.submit(part("cut")) == Sent("1")
    assert [message.text for message in network.phone(CLIENT).screen] == ["cut"]


async def test_c3_a_prompt_without_its_space_is_a_prompt(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    modem.inject(Fault(Kind.UNSPACED_PROMPT, times=0))
    async with running(route, ledger):
        assert await route.submit(part()) == Sent("1")


async def test_c4_c6_a_hint_cut_in_two_reads_is_one_hint(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.memories["ME"].put(deliver("cut"))
        modem.emit(b"\r\n+CRING: VOICE\r\n\r\n+CM")
        await asyncio.sleep(0)
        modem.emit(b'TI: "ME",0\r\n')
        await ledger.until(lambda: ledger.texts == ["cut"])


async def test_c5_c7_a_hint_glued_to_a_call_is_followed(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.memories["ME"].put(deliver("glued"))
        modem.emit(b'\r\n+CRING: VOICE\r\n\r\n+CMTI: "ME",0\r\n')
        await ledger.until(lambda: ledger.texts == ["glued"])


# --- d: silence -------------------------------------------------------------------------------------------------------


async def test_d1_a_modem_that_says_nothing_at_first_is_dead_and_tried_again(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    modem.inject(Fault(Kind.SILENT, times=0))
    async with running(route, ledger, "dead"):
        assert not route.status.up
        modem.faults.clear()
        await ledger.until(lambda: route.status.up)


async def test_d2_without_a_prompt_the_message_did_not_leave_and_an_escape_is_said(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.NO_PROMPT, "+CMGS"))
        outcome = await route.submit(part("first"))
        assert isinstance(outcome, NotSent)
        assert outcome.verdict is Verdict.SOON
        await ledger.until(lambda: route.status.up)
        assert isinstance(await route.submit(part("second")), Sent)
    assert [message.text for message in network.phone(CLIENT).screen] == ["second"]


async def test_d3_silence_after_the_pdu_is_doubt(modem: SimulatedModem, route: ModemRoute, ledger: Ledger) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.NO_RESULT, "+CMGS"))
        assert isinstance(await route.submit(part()), InDoubt)
        await ledger.until(lambda: route.status.up)
        assert isinstance(await route.submit(part()), Sent)


async def test_d4_a_modem_that_falls_silent_is_dead_and_comes_back_when_it_speaks(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.SILENT, times=0))
        assert isinstance(await route.submit(part()), NotSent)
        await ledger.until(lambda: route.status.state == "dead")
        modem.faults.clear()
        await ledger.until(lambda: route.status.up)
        assert isinstance(await route.submit(part()), Sent)


async def test_d4_a_modem_that_stops_reading_stalls_nobody(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    """A crashed firmware leaves the port's buffer full: the loop must go on, and it is known that nothing was sent."""
    async with running(route, ledger):
        modem.inject(Fault(Kind.HUNG, seconds=2.5))
        started = asyncio.get_running_loop().time()
        assert isinstance(await route.submit(part()), NotSent)
        assert asyncio.get_running_loop().time() - started < 2.0
        await ledger.until(lambda: route.status.state == "dead")
        await ledger.until(lambda: route.status.up)


# --- e: late answers --------------------------------------------------------------------------------------------------


async def test_e1_a_late_answer_does_not_become_the_next_commands(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    route = make_route(timings=replace(QUICK, network=0.1, setting=0.2))
    async with running(route, ledger):
        modem.inject(Fault(Kind.LATE, "+CSQ", seconds=0.4))
        await ledger.until(lambda: route.status.state == "recovering")
        await ledger.until(lambda: route.status.up)
        assert route.status.facts["registration"] == "home"
        assert await route.submit(part()) == Sent("1")


async def test_e2_a_late_reference_settles_the_doubt_and_nothing_is_sent_twice(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.LATE, "+CMGS", place=Place.RESULT, seconds=0.8))
        assert isinstance(await route.submit(part(attempt=41)), InDoubt)
        await ledger.until(lambda: ledger.ends)
        assert ledger.ends == [(41, Sent("1", "late answer"))]
        await ledger.until(lambda: route.status.up)
        assert await route.submit(part(attempt=42)) == Sent("2")
    assert len(network.submissions) == 2
    assert len(ledger.ends) == 1


async def test_e3_a_prompt_that_comes_late_is_escaped(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.LATE, "+CMGS", place=Place.PROMPT, seconds=0.6))
        assert isinstance(await route.submit(part("late")), NotSent)
        await ledger.until(lambda: route.status.up)
        assert isinstance(await route.submit(part("next")), Sent)
    assert [message.text for message in network.phone(CLIENT).screen] == ["next"]


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


# --- g: echo ----------------------------------------------------------------------------------------------------------


async def test_g_an_echo_that_stays_on_changes_nothing(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    modem.inject(Fault(Kind.ECHO_STAYS, times=0))
    modem.memories["ME"].put(deliver("echoed"))
    async with running(route, ledger):
        assert route.status.facts["imei"] == modem.imei
        assert await route.submit(part("out")) == Sent("1")
        await ledger.until(lambda: ledger.texts == ["echoed"])
    assert [message.text for message in network.phone(CLIENT).screen] == ["out"]


# --- h: unplugging ----------------------------------------------------------------------------------------------------


async def test_h1_a_modem_that_comes_back_is_in_use_within_two_seconds_under_its_name(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.unplug()
        await ledger.until(lambda: route.status.state == "away")
        network.phone(CLIENT).text("while away")
        modem.plug()
        await ledger.until(lambda: route.status.up and ledger.texts == ["while away"], 2.0)
        assert route.name == "modem0"
        assert isinstance(await route.submit(part()), Sent)


async def test_h2_unplugged_while_the_message_is_in_the_air_is_doubt_at_once(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    route = make_route(timings=replace(QUICK, submission=30.0))
    async with running(route, ledger):
        modem.inject(Fault(Kind.UNPLUG, "+CMGS", place=Place.RESULT))
        async with asyncio.timeout(2):
            assert isinstance(await route.submit(part()), InDoubt)
        await ledger.until(lambda: route.status.state == "away")


async def test_h3_unplugged_before_the_prompt_is_not_sent_at_once(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    route = make_route(timings=replace(QUICK, prompt=30.0))
    async with running(route, ledger):
        modem.inject(Fault(Kind.UNPLUG, "+CMGS", place=Place.PROMPT))
        async with asyncio.timeout(2):
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


# --- i: empty slots ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bare_ok", [False, True])
async def test_i1_i2_a_hint_at_an_empty_slot_is_only_a_look(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger, bare_ok: bool
) -> None:
    async with running(route, ledger):
        if bare_ok:
            modem.inject(Fault(Kind.EMPTY_SLOT_OK, times=0))
        modem.hint(7)
        modem.hint(0, "SM")
        network.phone(CLIENT).text("next")
        await ledger.until(lambda: ledger.texts == ["next"])
        assert route.status.up


# --- k: many or bad stored messages -----------------------------------------------------------------------------------


async def test_k1_k2_two_hundred_stored_messages_come_in_however_slowly(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: object
) -> None:
    async with plugged(network, f"{tmp_path}/modem", family="huawei") as modem:
        for number in range(200):
            modem.memories["ME"].put(deliver(f"message {number}"))
        modem.inject(Fault(Kind.SLOW_LIST, times=200, seconds=0.005))
        async with running(make_route(), ledger):
            await ledger.until(lambda: not modem.memories["ME"].stored)
    assert ledger.texts == [f"message {number}" for number in range(200)]


async def test_k_a_message_goes_out_in_the_midst_of_a_long_sweep(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: object
) -> None:
    async with plugged(network, f"{tmp_path}/modem", family="huawei") as modem:
        for number in range(200):
            modem.memories["ME"].put(deliver(f"message {number}"))
        route = make_route()
        async with running(route, ledger):
            await ledger.until(lambda: ledger.texts)
            assert isinstance(await route.submit(part()), Sent)
            assert len(modem.memories["ME"].stored) > 100
            await ledger.until(lambda: len(ledger.texts) == 200)


async def test_k3_what_the_house_cannot_keep_stays_in_the_modem(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    for number in range(10):
        modem.memories["ME"].put(deliver(f"message {number}"))

    def fill_at_the_third(_received: object) -> None:
        ledger.full = len(ledger.rows) == 2

    ledger.watch = fill_at_the_third
    async with running(route, ledger):
        await ledger.until(lambda: ledger.refusals >= 2)
        assert len(modem.memories["ME"].stored) == 7
        ledger.full = False
        await ledger.until(lambda: not modem.memories["ME"].stored)
    assert ledger.texts == [f"message {number}" for number in range(10)]


async def test_k4_one_bad_pdu_among_ten_stops_only_itself(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    octets = [deliver(f"message {number}") for number in range(10)]
    octets[4] = b"\x00\x04\xff"
    for stored in octets:
        modem.memories["ME"].put(stored)
    async with running(route, ledger):
        await ledger.until(lambda: not modem.memories["ME"].stored)
    assert [row.octets for row in ledger.rows] == octets
    assert [row.fault is not None for row in ledger.rows] == [number == 4 for number in range(10)]
    assert ledger.rows[4].value is None


async def test_k5_a_message_of_ours_in_the_store_is_left_alone(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    submit = tpdu.Submit(tp_da=Address.of_number(CLIENT), user_data=UserData.of_text("draft"))
    modem.memories["ME"].put(tpdu.encode(submit)[0], Status.UNSENT)
    modem.memories["ME"].put(deliver("received"))
    async with running(route, ledger):
        await ledger.until(lambda: ledger.texts == ["received"] and len(modem.memories["ME"].stored) == 1)
    assert len(ledger.rows) == 1


async def test_k_every_store_is_swept_and_index_zero_is_one(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    modem.memories["SM"].put(deliver("on the SIM"))
    modem.memories["ME"].put(deliver("in the modem"))
    async with running(route, ledger):
        await ledger.until(lambda: len(ledger.texts) == 2)
        modem.memories["SM"].put(deliver("hinted"))
        modem.hint(0, "SM")
        await ledger.until(lambda: "hinted" in ledger.texts)


# --- l: reports -------------------------------------------------------------------------------------------------------


async def test_l1_l2_l3_a_report_whose_pdu_comes_later_is_one_report(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.SPLIT_REPORT, seconds=0.05))
        assert await route.submit(part()) == Sent("1")
        await ledger.until(lambda: len(ledger.reports) == 1)


async def test_l4_a_report_inside_a_command_is_heard(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    network.report_delay = 0.01
    modem.inject(Fault(Kind.CHUNKS, "+CRSM", times=0, seconds=0.001))
    async with running(route, ledger):
        for number in range(4):
            assert isinstance(await route.submit(part(attempt=number)), Sent)
        await ledger.until(lambda: len(ledger.reports) == 4)


async def test_l5_two_reports_in_one_read_are_two(modem: SimulatedModem, route: ModemRoute, ledger: Ledger) -> None:
    async with running(route, ledger):
        modem.inject(Fault(Kind.GLUED_REPORTS))
        await route.submit(part())
        await route.submit(part())
        await ledger.until(lambda: [report.reference for report in ledger.reports] == ["1", "2"])


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (0x00, ReportClass.DELIVERED),
        (0x01, ReportClass.DELIVERED),
        (0x02, ReportClass.DELIVERED),
        (0x20, ReportClass.TRYING),
        (0x3F, ReportClass.TRYING),
        (0x46, ReportClass.FAILED),
        (0x65, ReportClass.FAILED),
    ],
)
async def test_l7_a_status_means_what_the_standard_says(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger, status: int, meaning: ReportClass
) -> None:
    network.report_status = status
    async with running(route, ledger):
        await route.submit(part())
        await ledger.until(lambda: ledger.reports)
    assert (ledger.reports[0].report_class, ledger.reports[0].code) == (meaning, f"ST 0x{status:02X}")


@pytest.mark.parametrize("family", ["quectel", "simcom"])
async def test_l9_l10_reports_come_directly_where_stored_ones_are_announced_wrongly(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: object, family: str
) -> None:
    async with plugged(network, f"{tmp_path}/modem", family=family) as modem:
        route = make_route()
        async with running(route, ledger):
            modem.memories["SM"].put(deliver("in slot 0"))
            await route.submit(part())
            await ledger.until(lambda: ledger.reports)
            modem.unsolicited('+CDSI: "SM",0')
            await ledger.until(lambda: ledger.texts == ["in slot 0"])
        assert modem.settings.indications[3] == 1


async def test_l_a_modem_that_stores_all_reports_is_told_not_to_and_the_limit_is_known(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: object
) -> None:
    async with plugged(network, f"{tmp_path}/modem") as modem:
        modem.inject(Fault(Kind.REFUSE, "+CNMI=2,1,0,1", times=0, code=303))
        modem.inject(Fault(Kind.REFUSE, "+CNMI=1,1,0,1", times=0, code=303))
        route = make_route()
        async with running(route, ledger):
            assert route.status.facts["delivery_reports"] is False
            assert modem.settings.indications[:4] == [2, 1, 0, 0]
            assert await route.submit(part()) == Sent("1")
        assert network.submissions[0].report_wanted is False


async def test_l_a_report_already_stored_is_told_and_deleted(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    report = tpdu.StatusReport(tp_mr=9, tp_ra=Address.of_number(CLIENT), tp_scts=SENT_AT, tp_dt=SENT_AT, tp_st=0)
    modem.memories["SR"].put(tpdu.encode(report)[0])
    async with running(route, ledger):
        await ledger.until(lambda: not modem.memories["SR"].stored)
    assert [report.reference for report in ledger.reports] == ["9"]


# --- m: look-alikes ---------------------------------------------------------------------------------------------------


async def test_m1_m2_a_text_that_begins_with_ok_is_a_text(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        network.phone(CLIENT).text("OK see you")
        await ledger.until(lambda: ledger.texts == ["OK see you"])


async def test_m3_a_revision_that_begins_with_ok_is_a_revision(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    modem.inject(Fault(Kind.CANNED, "+CGMR", octets=b"OKI-7.1 build"))
    async with running(route, ledger):
        assert route.status.facts["revision"] == "OKI-7.1 build"


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


# --- o: line ends -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [b"\n", b"\r\r\n", b"\r", b"\r\n\r\n"])
async def test_o1_o2_any_line_end_ends_a_line(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger, ending: bytes
) -> None:
    modem.inject(Fault(Kind.LINE_ENDING, times=0, octets=ending))
    async with running(route, ledger):
        assert await route.submit(part()) == Sent("1")
        network.phone(CLIENT).text("in")
        await ledger.until(lambda: ledger.texts == ["in"])


async def test_o3_an_answer_glued_to_the_echo_is_an_answer(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    modem.inject(Fault(Kind.ECHO_STAYS, times=0))
    modem.inject(Fault(Kind.GLUED_RESULT, times=0))
    async with running(route, ledger):
        assert await route.submit(part()) == Sent("1")


# --- p, q, r ----------------------------------------------------------------------------------------------------------


async def test_p_cyrillic_needs_no_character_set(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    modem.inject(Fault(Kind.REFUSE, "+CSCS", times=0))
    async with running(route, ledger):
        assert isinstance(await route.submit(part("Заявка принята")), Sent)
    assert [message.text for message in network.phone(CLIENT).screen] == ["Заявка принята"]
    assert not any("CSCS" in line or line.startswith("Z") for line in typed(modem))


async def test_q1_a_message_handed_over_directly_is_kept_even_when_the_store_is_busy(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    """Class 0 messages come so whatever +CNMI says; they exist nowhere else."""
    async with running(route, ledger):
        octets = deliver("flash")
        ledger.full = True
        modem.unsolicited(f"+CMT: ,{len(octets) - 1 - octets[0]}", octets.hex().upper())
        await ledger.until(lambda: ledger.refusals)
        ledger.full = False
        await ledger.until(lambda: ledger.texts == ["flash"])


async def test_q1_a_message_handed_over_directly_outlives_the_connection_it_came_by(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        octets = deliver("flash")
        ledger.full = True
        modem.unsolicited(f"+CMT: ,{len(octets) - 1 - octets[0]}", octets.hex().upper())
        await ledger.until(lambda: ledger.refusals)
        modem.unplug(returns_after=0.05)
        await ledger.until(lambda: route.status.state == "away")
        ledger.full = False
        await ledger.until(lambda: ledger.texts == ["flash"])


async def test_q1_a_modem_that_insists_on_acknowledgements_gets_them(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    modem.settings.service = 1
    modem.inject(Fault(Kind.REFUSE, "+CSMS=0", code=303))
    async with running(route, ledger):
        await route.submit(part())
        await ledger.until(lambda: ledger.reports and "+CNMA=1" in typed(modem))


async def test_q2_a_full_store_is_emptied_and_what_waited_comes(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: object
) -> None:
    async with plugged(network, f"{tmp_path}/modem", family="neoway", sim=Sim(NUMBER, slots=3, first_index=1)) as modem:
        for number in range(7):
            network.phone(CLIENT).text(f"message {number}")
        assert modem.memories["SM"].full
        async with running(make_route(), ledger):
            await ledger.until(lambda: len(ledger.texts) == 7)
    assert ledger.texts == [f"message {number}" for number in range(7)]


@pytest.mark.parametrize("stat", [1, 5, 6, 7, 9, 10])
async def test_q3_a_registration_good_enough_for_messages_is_good_enough(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: object, stat: int
) -> None:
    async with plugged(network, f"{tmp_path}/modem", registration=stat):
        route = make_route()
        async with running(route, ledger):
            assert isinstance(await route.submit(part()), Sent)


@pytest.mark.parametrize("stat", [0, 2, 3, 4, 8, 11])
async def test_q3_without_a_network_nothing_is_tried_until_there_is_one(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: object, stat: int
) -> None:
    async with plugged(network, f"{tmp_path}/modem", registration=stat) as modem:
        route = make_route()
        async with running(route, ledger, "not-registered"):
            outcome = await route.submit(part())
            assert isinstance(outcome, NotSent)
            assert outcome.verdict is Verdict.ROUTE
            modem.registration = 1
            await ledger.until(lambda: route.status.up)
        assert typed(modem).count("+COPS=0") == (stat == 0)


async def test_r_the_port_is_opened_without_any_flow_control(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    """On a 3-wire UART with CTS low nothing would ever be written."""
    async with running(route, ledger):
        descriptor = os.open(modem.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            iflag, _, cflag, *_ = termios.tcgetattr(descriptor)
        finally:
            os.close(descriptor)
    assert not cflag & termios.CRTSCTS
    assert not iflag & (termios.IXON | termios.IXOFF)
