"""What the line may bring, or hold back, between a program and a modem: one test a fault, over a real pty.

The letters are those of one list of all that has been seen to go wrong between a program and a modem: a hints inside
commands, b noise, c cuts, d silence, e late answers, f refusals, g echo, h unplugging, i empty slots, k many or bad
stored messages, l reports, m look-alikes, n PINs, o line ends, p character sets, q directness, r flow control.
"""

import asyncio
from dataclasses import replace

import pytest

from smsd.routes.modem.route import ModemRoute
from smsd.simulator import Fault, Kind, Network, Place, SimulatedModem
from smsd.sms import InDoubt, NotSent, Sent, Verdict
from tests.routes.conftest import MakeRoute
from tests.routes.house import QUICK, Ledger, part, running
from tests.routes.insertions import CLIENT, OTHER, deliver, insert

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
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    """A crashed firmware leaves the port's buffer full: the loop must go on, and it is known that nothing was sent."""
    route = make_route(timings=replace(QUICK, answer=1.0, prompt=1.0))
    async with running(route, ledger):
        modem.inject(Fault(Kind.HUNG))
        assert isinstance(await route.submit(part()), NotSent)
        await ledger.until(lambda: route.status.state == "dead")
        modem._port.hang(hung=False)
        await ledger.until(lambda: route.status.up)


# --- e: late answers --------------------------------------------------------------------------------------------------


async def test_e1_a_late_answer_does_not_become_the_next_commands(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    route = make_route(timings=replace(QUICK, network=0.1, setting=1.0))
    async with running(route, ledger):
        modem.inject(Fault(Kind.LATE, "+CSQ", seconds=1.3))
        await ledger.until(lambda: route.status.state == "recovering")
        await ledger.until(lambda: route.status.up)
        assert route.status.facts["registration"] == "home"
        assert await route.submit(part()) == Sent("1")


async def test_e2_a_late_reference_settles_the_doubt_and_nothing_is_sent_twice(
    modem: SimulatedModem, network: Network, make_route: MakeRoute, ledger: Ledger
) -> None:
    route = make_route(timings=replace(QUICK, submission=1.5))
    async with running(route, ledger):
        modem.inject(Fault(Kind.LATE, "+CMGS", place=Place.RESULT, seconds=1.8))
        assert isinstance(await route.submit(part(attempt=41)), InDoubt)
        await ledger.until(lambda: ledger.ends)
        assert ledger.ends == [(41, Sent("1", "late answer"))]
        await ledger.until(lambda: route.status.up)
        assert await route.submit(part(attempt=42)) == Sent("2")
    assert len(network.submissions) == 2
    assert len(ledger.ends) == 1


async def test_e3_a_prompt_that_comes_late_is_escaped(
    modem: SimulatedModem, network: Network, make_route: MakeRoute, ledger: Ledger
) -> None:
    route = make_route(timings=replace(QUICK, prompt=1.0))
    async with running(route, ledger):
        modem.inject(Fault(Kind.LATE, "+CMGS", place=Place.PROMPT, seconds=1.3))
        assert isinstance(await route.submit(part("late")), NotSent)
        await ledger.until(lambda: route.status.up)
        assert isinstance(await route.submit(part("next")), Sent)
    assert [message.text for message in network.phone(CLIENT).screen] == ["next"]


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
