"""Short messages over the simulated modem: memories, indications, sending, reports (27.005)."""

from pathlib import Path

import pytest

from smsd.simulator import Family, Kind, Network, Sim, SimulatedModem, Smss, Status
from smsd.simulator.family import FAMILIES
from smsd.wire import tpdu, userdata
from smsd.wire.address import Address
from tests.simulator.conftest import CLIENT, SERVICE, Program, submit_pdu


async def test_an_incoming_message_is_hinted_listed_read_and_deleted(program: Program, network: Network) -> None:
    await program.ask("+CNMI=2,1,0,1,0")
    program.heard = b""
    network.phone(CLIENT).text("CLIENT info")
    assert await program.until(b"\r\n+CMTI") == '\r\n+CMTI: "SM",0\r\n'
    header, pdu, _ = await program.ask("+CMGL=4")
    frame = tpdu.decode(pdu)
    assert isinstance(frame.tpdu, tpdu.Deliver)
    assert (frame.tpdu.tp_oa.text, frame.tpdu.user_data.text) == (CLIENT, "CLIENT info")
    assert header == f"+CMGL: 0,0,,{frame.tpdu_length}"
    assert await program.ask("+CMGR=0") == [f"+CMGR: 1,,{frame.tpdu_length}", pdu, "OK"]
    assert await program.ask("+CMGL=0") == ["OK"]
    assert await program.ask("+CMGD=0") == ["OK"]
    assert await program.ask("+CMGR=0") == ["+CMS ERROR: 321"]


async def test_nothing_is_hinted_that_was_not_asked_for(program: Program, network: Network) -> None:
    network.phone(CLIENT).text("quiet")
    assert await program.ask("") == ["OK"]
    assert (await program.ask("+CPMS?"))[0] == '+CPMS: "SM",1,20,"SM",1,20,"SM",1,20'


async def test_a_full_sim_leaves_the_rest_in_the_network(network: Network, tmp_path: Path) -> None:
    sim = Sim(SERVICE, slots=2, first_index=1)
    async with SimulatedModem(network, sim=sim, link=tmp_path / "modem", family="huawei") as modem:
        program = Program(modem.path)
        await program.ask("E0+CNMI=2,1,0,1,0")
        for body in ("one", "two", "three"):
            network.phone(CLIENT).text(body)
        await program.until(b'^SMMEMFULL: "SM"')
        assert (sorted(sim.messages.stored), network.waiting()) == ([1, 2], 1)
        assert await program.ask("+CRSM=176,28483,0,0,2") == ['+CRSM: 144,0,"00FE"', "OK"]
        await program.ask("+CMGD=1")
        await program.until(b'^SMMEMFULL: "SM"')  # said of the third, after the answer
        await program.until(b'^SMMEMFULL: "SM"\r\n')
        assert (sorted(sim.messages.stored), network.waiting()) == ([1, 2], 0)
        assert await program.ask("+CMGD=1,4") == ["OK"]
        assert sim.messages.stored == {}
        program.close()


async def test_messages_go_where_the_third_memory_says(program: Program, modem: SimulatedModem) -> None:
    assert await program.ask('+CPMS="ME","ME","ME"') == ["+CPMS: 0,50,0,50,0,50", "OK"]
    await program.ask("+CNMI=2,1,0,1,0")
    program.heard = b""
    modem.network.phone(CLIENT).text("to ME")
    assert '+CMTI: "ME",0' in await program.until(b"\r\n+CMTI")
    assert len(modem.memories["ME"].stored) == 1
    assert await program.ask('+CPMS="XX"') == ["+CMS ERROR: 302"]


async def test_a_stored_submit_is_listed_with_its_status_and_sent_by_cmss(
    program: Program, modem: SimulatedModem
) -> None:
    octets = submit_pdu("stored")
    program.type(f"AT+CMGW={len(octets) - 1}\r".encode())
    await program.until(b"> ")
    program.type(octets.hex().encode() + b"\x1a")
    await program.until(b"+CMGW: 0\r\n\r\nOK\r\n")
    assert (await program.ask("+CMGL=2"))[0] == f"+CMGL: 0,2,,{len(octets) - 1}"
    assert await program.ask("+CMSS=0") == ["+CMSS: 1", "OK"]
    assert [message.text for message in modem.network.phone(CLIENT).screen] == ["stored"]
    assert modem.sim.messages.stored[0].status is Status.SENT


# --- sending ----------------------------------------------------------------------------------------------------------


async def test_a_part_is_sent_with_the_modems_own_reference(program: Program, network: Network) -> None:
    assert await program.submit(submit_pdu("one")) == ["+CMGS: 1", "OK"]
    assert await program.submit(submit_pdu("two")) == ["+CMGS: 2", "OK"]
    assert [(part.reference, part.user_data.text) for part in network.submissions] == [("1", "one"), ("2", "two")]
    assert [message.text for message in network.phone(CLIENT).screen] == ["one", "two"]


async def test_a_long_message_comes_whole_to_the_screen(program: Program, network: Network) -> None:
    text = "Ваша заявка принята. " * 8
    for part in userdata.split(text, reference=9):
        message = tpdu.Submit(tp_da=Address.of_number(CLIENT), user_data=part)
        await program.submit(tpdu.encode(message)[0])
    (message_shown,) = network.phone(CLIENT).screen
    assert (message_shown.text, message_shown.parts) == (text, 3)


async def test_a_wrong_length_is_refused(program: Program, network: Network) -> None:
    octets = submit_pdu("text")
    assert (await program.submit(octets, len(octets)))[-1] == "+CMS ERROR: 304"
    assert network.submissions == []


@pytest.mark.parametrize("octets", [b"\x00", b"\x00\x01\x00", b"\x00\x00\x00\x00", bytes.fromhex("00" + "ff" * 20)])
async def test_rubbish_is_refused(program: Program, network: Network, octets: bytes) -> None:
    assert (await program.submit(octets))[-1] == "+CMS ERROR: 304"
    assert network.submissions == []


async def test_esc_takes_a_message_back(program: Program, network: Network) -> None:
    program.type(b"AT+CMGS=10\r")
    await program.until(b"> ")
    program.heard = b""
    program.type(b"0011\x1b")
    await program.until(b"\r\nOK\r\n")
    assert await program.ask("") == ["OK"]
    assert network.submissions == []


async def test_the_network_refuses_by_its_cause(program: Program, network: Network) -> None:
    network.refusals.append(38)
    assert (await program.submit(submit_pdu("no")))[-1] == "+CMS ERROR: 38"


async def test_without_a_network_nothing_is_sent(program: Program, modem: SimulatedModem) -> None:
    modem.registration = 2
    assert (await program.submit(submit_pdu("no")))[-1] == "+CMS ERROR: 331"


async def test_text_mode_sends_and_lists(program: Program, network: Network) -> None:
    await program.ask("+CMGF=1")
    await program.ask('+CSCS="IRA"')
    program.type(f'AT+CMGS="{CLIENT}"\r'.encode())
    await program.until(b"> ")
    program.type(b"plain text\x1a")
    await program.until(b"+CMGS: 1\r\n\r\nOK\r\n")
    assert network.phone(CLIENT).screen[0].text == "plain text"
    network.phone(CLIENT).text("да")
    await program.ask('+CSCS="UCS2"')
    header, text, _ = await program.ask('+CMGL="ALL"')
    assert header.startswith(f'+CMGL: 0,"REC UNREAD","{CLIENT}"')
    assert text == "04340430"


# --- reports and routing ----------------------------------------------------------------------------------------------


async def test_a_report_follows_the_result(program: Program, network: Network) -> None:
    await program.ask("+CNMI=2,1,0,1,0")
    network.report_status = 0x46
    program.heard = b""
    octets = submit_pdu("text", report=True)
    await program.submit(octets)
    heard = await program.until(lambda heard: heard.endswith(b"46\r\n"))
    lines = [line for line in heard.splitlines() if line]
    assert lines[:2] == ["+CMGS: 1", "OK"]
    frame = tpdu.decode(lines[3])
    assert isinstance(frame.tpdu, tpdu.StatusReport)
    assert (frame.tpdu.tp_mr, frame.tpdu.tp_ra.text, frame.tpdu.tp_st) == (1, CLIENT, 0x46)
    assert lines[2] == f"+CDS: {frame.tpdu_length}"


async def test_no_report_without_a_wish(program: Program, network: Network) -> None:
    await program.ask("+CNMI=2,1,0,1,0")
    await program.submit(submit_pdu("text"))
    assert await program.ask("") == ["OK"]
    assert not network.submissions[0].report_wanted


@pytest.mark.parametrize(("family", "hint"), [("generic", '+CDSI: "SR",0'), ("quectel", '+CDSI: "SM",0')])
async def test_stored_reports_are_hinted_as_the_family_does(
    network: Network, tmp_path: Path, family: str, hint: str
) -> None:
    async with SimulatedModem(network, link=tmp_path / "modem", family=family) as modem:
        program = Program(modem.path)
        await program.ask("E0+CNMI=2,1,0,2,0")
        await program.submit(submit_pdu("text", report=True))
        await program.until(hint.encode())
        assert len(modem.memories["SR"].stored) == 1
        await program.ask('+CPMS="SR"')
        assert (await program.ask("+CMGR=0"))[0].startswith("+CMGR: 0,,")
        program.close()


async def test_a_routed_message_not_acknowledged_ends_the_routing(network: Network, tmp_path: Path) -> None:
    async with SimulatedModem(network, link=tmp_path / "modem", acknowledge_seconds=0.01) as modem:
        program = Program(modem.path)
        await program.ask("E0+CSMS=1;+CNMI=2,2,0,1,0")
        program.heard = b""
        network.phone(CLIENT).text("routed")
        await program.until(lambda heard: heard.count(b"\r\n") == 3)
        assert program.heard.startswith(b"\r\n+CMT: ,")
        while (await program.ask("+CNMI?"))[0] != "+CNMI: 2,0,0,0,0":
            pass
        assert await program.ask("+CNMA") == ["+CMS ERROR: 340"]
        assert modem.sim.messages.stored == {}
        program.close()


async def test_a_routed_message_acknowledged_goes_on(program: Program, modem: SimulatedModem) -> None:
    await program.ask("+CSMS=1;+CNMI=2,2,0,1,0")
    program.heard = b""
    modem.network.phone(CLIENT).text("routed")
    await program.until(lambda heard: heard.count(b"\r\n") == 3)
    assert await program.ask("+CNMA") == ["OK"]
    assert (await program.ask("+CNMI?"))[0] == "+CNMI: 2,2,0,1,0"


async def test_a_family_may_know_no_direct_reports(network: Network, tmp_path: Path) -> None:
    plain = FAMILIES["generic"]
    family = Family("odd", plain.manufacturer, plain.model, plain.revision, report_modes=(0, 2))
    async with SimulatedModem(network, link=tmp_path / "modem", family=family) as modem:
        program = Program(modem.path)
        assert await program.ask("E0+CNMI=2,1,0,1,0") == ["+CMS ERROR: 303"]
        assert await program.ask("+CNMI=?") == ["+CNMI: (0,1,2,3),(0,1,2,3),(0,2),(0,2),(0,1)", "OK"]
        program.close()


# --- EF_SMSS ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("smss", "after_sent", "after_refused"),
    [(Smss.RIGHT, 1, 1), (Smss.NEVER, 0, 0), (Smss.ALTHOUGH_REFUSED, 1, 2), (Smss.MID_AIR, 1, 1)],
)
async def test_the_last_reference_on_the_sim(
    network: Network, tmp_path: Path, smss: Smss, after_sent: int, after_refused: int
) -> None:
    async with SimulatedModem(network, link=tmp_path / "modem", smss=smss) as modem:
        program = Program(modem.path)
        await program.ask("E0")
        assert await program.submit(submit_pdu("one")) == ["+CMGS: 1", "OK"]
        assert (await program.ask("+CRSM=176,28483,0,0,2"))[0] == f'+CRSM: 144,0,"{after_sent:02X}FF"'
        network.refusals.append(38)
        await program.submit(submit_pdu("no"))
        assert (await program.ask("+CRSM=176,28483,0,0,2"))[0] == f'+CRSM: 144,0,"{after_refused:02X}FF"'
        program.close()
    assert not modem.faults.take(Kind.INSERT)
