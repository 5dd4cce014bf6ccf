"""A part in the air belongs to nobody: it lands whatever becomes of the program, the port and the cable."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from smsd.simulator import Fault, Kind, Network, Place, SimulatedModem, Smss
from tests.simulator.conftest import CLIENT, Program, submit_pdu

RADIO_SECONDS = 0.5
SMSS = "+CRSM=176,28483,0,0,2"


@pytest.fixture(params=[Smss.RIGHT, Smss.MID_AIR])
async def slow_modem(request: pytest.FixtureRequest, network: Network, tmp_path: Path) -> AsyncIterator[SimulatedModem]:
    """A modem that takes its time, and either lets the line wait or not."""
    async with SimulatedModem(
        network, link=tmp_path / "modem", radio_seconds=RADIO_SECONDS, smss=request.param
    ) as modem:
        yield modem


async def launch(program: Program, text: str = "in the air", *, report: bool = False) -> None:
    """Type a PDU and do not wait for what becomes of it."""
    octets = submit_pdu(text, report=report)
    program.type(f"AT+CMGS={len(octets) - 1}\r".encode())
    await program.until(b"> ")
    program.heard = b""
    program.type(octets.hex().encode() + b"\x1a")


async def test_a_part_lands_although_its_program_is_gone(slow_modem: SimulatedModem, network: Network) -> None:
    """The next program finds the modem busy or not by its mode, and EF_SMSS advanced once the part has landed."""
    slow_modem.radio_seconds = 200.0  # until it is brought down
    program = Program(slow_modem.path)
    await launch(program)
    await slow_modem.wait_until(lambda modem: modem.in_air)
    program.close()
    heir = Program(slow_modem.path)
    old, new = '+CRSM: 144,0,"00FF"', '+CRSM: 144,0,"01FF"'
    heir.type(f"AT{SMSS}\r".encode())
    if slow_modem.smss is Smss.MID_AIR:
        heard = await heir.until(b'FF"\r\n')
        assert old in heard
        assert slow_modem.in_air == 1
        slow_modem.bring_down()
    else:
        slow_modem.bring_down()
        heard = await heir.until(b'FF"\r\n')
        assert new in heard
        assert slow_modem.in_air == 0
    await heir.until(lambda heard: heard.count(b"OK\r\n") == 2)
    assert (await heir.ask("E0"))[-1] == "OK"
    assert new in await heir.ask(SMSS)
    assert [message.text for message in network.phone(CLIENT).screen] == ["in the air"]
    heir.close()


async def test_one_part_at_a_time(slow_modem: SimulatedModem, network: Network) -> None:
    program = Program(slow_modem.path)
    await launch(program, "one")
    await slow_modem.wait_until(lambda modem: modem.in_air)
    await launch(program, "two")
    await program.until(b"+CMGS: 2\r\n\r\nOK\r\n")
    assert [part.user_data.text for part in network.submissions] == ["one", "two"]
    assert slow_modem.most_in_air == 1
    assert [flight.reference for flight in slow_modem.flights] == [1, 2]
    program.close()


async def test_a_hint_is_said_while_a_part_is_in_the_air(slow_modem: SimulatedModem, network: Network) -> None:
    program = Program(slow_modem.path)
    await program.ask("E0+CNMI=2,1,0,1,0")
    await launch(program)
    await slow_modem.wait_until(lambda modem: modem.in_air)
    network.phone(CLIENT).text("meanwhile")
    heard = await program.until(b"OK\r\n")
    assert heard.index("+CMTI") < heard.index("+CMGS")
    program.close()


@pytest.mark.parametrize(("lost", "sent"), [(0, 1), (1, 0)])
async def test_unplugged_in_mid_air(slow_modem: SimulatedModem, network: Network, lost: int, sent: int) -> None:
    """The cable takes the answer with it; whether the part got through is the fault's to say."""
    program = Program(slow_modem.path)
    slow_modem.inject(Fault(Kind.UNPLUG, at="+CMGS", place=Place.RESULT, code=lost, seconds=2 * RADIO_SECONDS))
    await launch(program)
    await program.until_gone()
    assert "+CMGS:" not in program.heard.decode()
    await slow_modem.wait_until(lambda modem: modem.plugged)
    assert len(network.submissions) == sent
    back = Program(slow_modem.path)
    assert (await back.ask("E0"))[-1] == "OK"
    assert await back.ask(SMSS) == [f'+CRSM: 144,0,"{sent:02X}FF"', "OK"]
    back.close()
    program.close()


async def test_a_report_waits_for_the_cable(slow_modem: SimulatedModem, network: Network) -> None:
    program = Program(slow_modem.path)
    network.report_delay = 0.0
    await launch(program, report=True)
    await slow_modem.wait_until(lambda modem: modem.in_air)
    slow_modem.unplug()
    async with asyncio.timeout(60):
        while not slow_modem.arrivals.unheard:  # noqa: ASYNC110  the report of what has landed tells nobody without a cable
            await asyncio.sleep(0.001)
    slow_modem.plug(slow_modem.path + "-again")
    back = Program(slow_modem.path)
    assert slow_modem.path.endswith("-again")
    await back.ask("E0+CNMI=2,1,0,1,0")
    await back.until(b"+CDS: ")
    back.close()
    program.close()
