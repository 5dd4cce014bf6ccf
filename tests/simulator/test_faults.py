"""Each named fault does what its name says, once or for ever, and where it was told to."""

import asyncio

import pytest

from smsd.simulator import Fault, Kind, Network, Place, SimulatedModem
from smsd.simulator.faults import Faults
from tests.simulator.conftest import CLIENT, Program, submit_pdu

OK = "\r\nOK\r\n"
CSQ = "\r\n+CSQ: 21,99\r\n"


async def hear(program: Program, typed: bytes, end: bytes = b"OK\r\n") -> str:
    """Type and give what is heard, exactly."""
    program.heard = b""
    program.type(typed)
    return await program.until(end)


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (Fault(Kind.INSERT, octets=b'\r\n+CMTI: "SM",7\r\n'), '\r\n+CMTI: "SM",7\r\n' + CSQ + OK),
        (Fault(Kind.INSERT, place=Place.INSIDE, octets=b"\xff\xfe"), CSQ + "\xff\xfe" + OK),
        (Fault(Kind.CANNED, octets=b'+CSQ: 1\n+COPS: "\xcc\xf2\xf1"'), '\r\n+CSQ: 1\r\n+COPS: "\xcc\xf2\xf1"\r\n' + OK),
        (Fault(Kind.CANNED), OK),
        (Fault(Kind.CHUNKS), CSQ + OK),
        (Fault(Kind.LATE, seconds=0.01), CSQ + OK),
        (Fault(Kind.GLUED_RESULT), "+CSQ: 21,99\r\n" + OK),
        (Fault(Kind.REFUSE, code=38), "\r\n+CMS ERROR: 38\r\n"),
        (Fault(Kind.REFUSE), "\r\nERROR\r\n"),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Fault) else "",
)
async def test_an_answer_goes_wrong_once(program: Program, modem: SimulatedModem, fault: Fault, heard: str) -> None:
    modem.inject(fault)
    end = b"OK\r\n" if "OK" in heard else heard.encode()
    assert await hear(program, b"AT+CSQ\r", end) == heard
    assert await hear(program, b"AT+CSQ\r") == CSQ + OK


@pytest.mark.parametrize(("ending", "heard"), [(b"\n", "\n+CSQ: 21,99\n\nOK\n"), (b"\r\r\n", CSQ + OK)])
async def test_lines_end_otherwise(program: Program, modem: SimulatedModem, ending: bytes, heard: str) -> None:
    modem.inject(Fault(Kind.LINE_ENDING, octets=ending))
    heard = heard if ending == b"\n" else heard.replace("\r\n", "\r\r\n")
    for _ in range(2):
        assert await hear(program, b"AT+CSQ\r", b"OK" + ending) == heard


async def test_errors_in_words_and_without_a_space(program: Program, modem: SimulatedModem) -> None:
    modem.inject(Fault(Kind.REFUSE, code=332, times=0))
    modem.inject(Fault(Kind.VERBOSE_ERRORS))
    assert await program.ask("+CSQ") == ["+CMS ERROR: Network timeout"]
    modem.inject(Fault(Kind.UNSPACED_ERRORS))
    assert await program.ask("+CSQ") == ["+CMS ERROR:332"]
    assert await program.ask("+CSQ") == ["+CMS ERROR: 332"]


async def test_a_silent_modem_hears_nothing_of_it(program: Program, modem: SimulatedModem) -> None:
    modem.inject(Fault(Kind.SILENT, at="+CSQ", times=2))
    program.type(b"AT+CSQ\rAT+CSQ\r")
    assert await hear(program, b"AT\r") == OK


async def test_the_sim_is_busy_for_some_commands(program: Program, modem: SimulatedModem) -> None:
    await program.ask("+CMEE=1")
    modem.inject(Fault(Kind.REFUSE, at="+CPMS", times=2, cme=14))
    assert await program.ask("+CPMS?") == ["+CME ERROR: 14"]
    assert await program.ask("+CSQ") == ["+CSQ: 21,99", "OK"]
    assert await program.ask("+CPMS?") == ["+CME ERROR: 14"]
    assert (await program.ask("+CPMS?"))[-1] == "OK"


async def test_echo_stays(program: Program, modem: SimulatedModem) -> None:
    await program.ask("E1")
    modem.inject(Fault(Kind.ECHO_STAYS))
    assert (await hear(program, b"ATE0\r")).startswith("ATE0")
    assert (await hear(program, b"AT\r")).startswith("AT\r")


# --- around a submit --------------------------------------------------------------------------------------------------


async def type_pdu(program: Program) -> bytes:
    """Begin a submit; the PDU to type after the prompt."""
    octets = submit_pdu("text")
    program.heard = b""
    program.type(f"AT+CMGS={len(octets) - 1}\r".encode())
    return octets.hex().encode() + b"\x1a"


@pytest.mark.parametrize("place", [Place.PROMPT, Place.DATA, Place.RESULT])
async def test_something_comes_in_between(program: Program, modem: SimulatedModem, place: Place) -> None:
    """The same line before the prompt, after it, and before the result."""
    modem.inject(Fault(Kind.INSERT, at="+CMGS", place=place, octets=b"\r\n+CREG: 1\r\n"))
    pdu = await type_pdu(program)
    await program.until(b"> ")
    program.type(pdu)
    heard = await program.until(b"OK\r\n")
    order = sorted(("+CREG: 1", "> ", "+CMGS: 1"), key=heard.index)
    assert order.index("+CREG: 1") == {Place.PROMPT: 0, Place.DATA: 1, Place.RESULT: 1}[place]
    assert ("> \r\n+CREG" in heard) == (place in {Place.DATA, Place.RESULT})


async def test_a_prompt_without_its_space(program: Program, modem: SimulatedModem) -> None:
    modem.inject(Fault(Kind.UNSPACED_PROMPT))
    pdu = await type_pdu(program)
    assert await program.until(b">") == "\r\n>"
    assert "+CMGS: 1" in await hear(program, pdu)


async def test_no_prompt_and_esc_leads_out(program: Program, modem: SimulatedModem, network: Network) -> None:
    modem.inject(Fault(Kind.NO_PROMPT, at="+CMGS"))
    await type_pdu(program)
    assert await hear(program, b"AT\r\x1b") == OK
    assert await program.ask("+CSQ") == ["+CSQ: 21,99", "OK"]
    assert network.submissions == []


@pytest.mark.parametrize(("kind", "sent"), [(Kind.NO_RESULT, 0), (Kind.LOST_RESULT, 1)])
async def test_no_result(program: Program, modem: SimulatedModem, network: Network, kind: Kind, sent: int) -> None:
    """Nothing is said after the PDU, which either left or did not: a program cannot tell."""
    modem.inject(Fault(kind, at="+CMGS"))
    pdu = await type_pdu(program)
    await program.until(b"> ")
    assert await hear(program, pdu + b"AT+CSQ\r") == CSQ + OK
    assert len(network.submissions) == sent


async def test_the_network_refuses(program: Program, modem: SimulatedModem, network: Network) -> None:
    modem.inject(Fault(Kind.NETWORK_REFUSES, at="+CMGS", code=42))
    assert await program.submit(submit_pdu("no")) == ["+CMS ERROR: 42"]
    assert await program.submit(submit_pdu("yes")) == ["+CMGS: 1", "OK"]
    assert [flight.cause for flight in modem.flights] == [42, None]


@pytest.mark.parametrize("place", [Place.PROMPT, Place.RESULT])
async def test_late(program: Program, modem: SimulatedModem, network: Network, place: Place) -> None:
    """What is typed meanwhile waits; the part is with the network before its result comes."""
    modem.inject(Fault(Kind.LATE, at="+CMGS", place=place, seconds=0.02))
    pdu = await type_pdu(program)
    heard = await hear(program, pdu + b"AT+CSQ\r", b"+CSQ: 21,99\r\n\r\nOK\r\n")
    assert heard.index("+CMGS: 1") < heard.index("+CSQ")


async def test_unplugged_in_place_of_the_prompt(program: Program, modem: SimulatedModem, network: Network) -> None:
    modem.inject(Fault(Kind.UNPLUG, at="+CMGS", place=Place.PROMPT))
    await type_pdu(program)
    await program.until_gone()
    assert not modem.plugged
    assert network.submissions == []


async def test_unplugged_when_idle_and_back_in_a_while(program: Program, modem: SimulatedModem) -> None:
    modem.inject(Fault(Kind.UNPLUG, seconds=0.01))
    await program.until_gone()
    await modem.wait_until(lambda modem: modem.plugged)
    back = Program(modem.path)
    assert (await back.ask("E0"))[-1] == "OK"
    back.close()


async def test_a_hung_modem_takes_nothing_until_it_recovers(program: Program, modem: SimulatedModem) -> None:
    modem.inject(Fault(Kind.HUNG, seconds=0.3))
    program.heard = b""
    program.type(b"AT+CSQ\r")
    await asyncio.sleep(0.01)
    assert modem.typed[-1].line == "E0"
    assert "+CSQ" in await program.until(b"OK\r\n")


# --- stores and reports -----------------------------------------------------------------------------------------------


async def test_a_hint_for_an_empty_slot_that_answers_ok(program: Program, modem: SimulatedModem) -> None:
    modem.hint(7)
    await program.until(b'+CMTI: "SM",7\r\n')
    modem.inject(Fault(Kind.EMPTY_SLOT_OK))
    assert await program.ask("+CMGR=7") == ["OK"]
    assert await program.ask("+CMGR=7") == ["+CMS ERROR: 321"]


async def test_a_bad_pdu_among_good_ones_and_a_slow_list(program: Program, modem: SimulatedModem) -> None:
    modem.network.phone(CLIENT).text("good")
    modem.sim.messages.put(b"\x00\xff")
    modem.network.phone(CLIENT).text("good, too")
    modem.inject(Fault(Kind.SLOW_LIST, times=0, seconds=0.001))
    lines = await program.ask("+CMGL=4")
    assert [line for line in lines if line.startswith("+CMGL")] == ["+CMGL: 0,0,,23", "+CMGL: 1,0,,1", "+CMGL: 2,0,,27"]


async def test_a_report_in_two_pieces(program: Program, modem: SimulatedModem) -> None:
    await program.ask("+CNMI=2,1,0,1,0")
    modem.inject(Fault(Kind.SPLIT_REPORT, at="+CDS", seconds=0.5))
    await program.submit(submit_pdu("text", report=True))
    assert (await program.until(b"+CDS: 25\r\n")).endswith("+CDS: 25\r\n")
    program.heard = b""
    assert (await program.until(b"0000\r\n")).startswith("0791")


async def test_two_reports_in_one_piece(program: Program, modem: SimulatedModem) -> None:
    await program.ask("+CNMI=2,1,0,1,0")
    modem.inject(Fault(Kind.GLUED_REPORTS, at="+CDS"))
    await program.submit(submit_pdu("one", report=True))
    await program.submit(submit_pdu("two", report=True))
    heard = await program.until(lambda heard: heard.count(b"+CDS") == 2)
    assert heard.count("+CDS: 25\r\n") == 2


def test_faults_are_used_up_in_order() -> None:
    faults = Faults()
    faults.inject(Fault(Kind.LATE, at="+CSQ", times=2, seconds=1))
    faults.inject(Fault(Kind.LATE, seconds=2))
    assert [fault.seconds for fault in (faults.take(Kind.LATE, "+CSQ") for _ in range(3)) if fault] == [1, 1, 2]
    assert faults.take(Kind.LATE, "+CSQ") is None
    faults.inject(Fault(Kind.SILENT, times=0))
    assert all(faults.take(Kind.SILENT, "+CSQ") for _ in range(10))
    faults.clear(Kind.LATE)
    assert faults.peek(Kind.SILENT) is not None
    faults.clear()
    assert not faults.peek(Kind.SILENT)
