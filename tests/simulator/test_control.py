"""A request by word or by JSON does to modem and network what it says, or says what is wrong."""

import asyncio
import json
from typing import Any

import pytest

from smsd.simulator import SimulatedModem
from smsd.simulator.control import Control
from smsd.simulator.network import Report
from smsd.simulator.smsc import SimulatedSmsc
from smsd.simulator.troubles import Injected, Trouble
from smsd.wire.userdata import UserData
from tests.simulator.conftest import CLIENT, Program, submit_pdu


@pytest.fixture
def control(modem: SimulatedModem) -> Control:
    return Control(modem)


async def asked(control: Control, line: str) -> Any:
    return json.loads(await control.answer(line))


async def test_a_person_types_words(control: Control, program: Program, modem: SimulatedModem) -> None:
    """The last word of a request takes the rest of the line."""
    assert await asked(control, f"text {CLIENT} CLIENT sms stop") is None
    await program.submit(submit_pdu("Ответ"))
    screen = await asked(control, f"screen {CLIENT}")
    assert screen[0]["text"] == "Ответ"
    (sent,) = await asked(control, "sent")
    assert (sent["text"], sent["recipient"], sent["reference"], sent["part"], sent["total"]) == (
        "Ответ",
        CLIENT,
        "1",
        1,
        1,
    )
    assert await asked(control, "count") == {"sent": 1, "in_air": 0, "most_in_air": 1, "waiting": 0}
    typed = await asked(control, "typed")
    assert [command["line"][:5] for command in typed] == ["E0", "+CMGS"]
    sim = await asked(control, "sim")
    assert sim["last_reference"] == 1
    assert list(sim["memories"]["SM"]) == ["0"]


async def test_faults_and_the_cable_by_word(control: Control, program: Program, modem: SimulatedModem) -> None:
    assert await asked(control, "inject refuse at=+CSQ times=2 code=38") is None
    assert await program.ask("+CSQ") == ["+CMS ERROR: 38"]
    assert await asked(control, "clear") is None
    assert await program.ask("+CSQ") == ["+CSQ: 21,99", "OK"]
    assert await asked(control, '["inject", "insert", "place=inside", "octets=\\r\\n+RING\\r\\n"]') is None
    assert "+RING" in await program.ask("+CSQ")
    assert await asked(control, "store SM 00FF 1") == 0
    assert await asked(control, "registration 5") is None
    assert await program.ask("+CREG?") == ["+CREG: 0,5", "OK"]
    await asked(control, "unplug")
    assert not modem.plugged
    assert await asked(control, "plug") == modem.path
    assert await asked(control, "path") == modem.path


async def test_the_operator_is_taken_away_and_brought_back(modem: SimulatedModem) -> None:
    """On the same port, as often as one likes; what it is told of troubles strikes its next submits."""
    async with SimulatedSmsc(modem.network) as centre:
        control = Control(modem, centre)
        port = centre.port
        for _ in range(2):
            assert await asked(control, "operator away") is None
            assert await asked(control, "operator away") is None
            with pytest.raises(OSError, match="onnect"):
                await asyncio.open_connection("127.0.0.1", port)
            assert await asked(control, "operator back") is None
            assert await asked(control, "operator back") is None
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
        mute = []
        for state in ("mute", "back"):
            await asked(control, f"operator {state}")
            mute.append(centre.mute)
        assert mute == [True, False]
        assert await asked(control, "trouble status code=0x0A times=2") is None
        assert centre.troubles.take(Trouble.STATUS) == Injected(Trouble.STATUS, times=2, code=0x0A)
        await asked(control, "clear")
        assert centre.troubles.take(Trouble.STATUS) is None


async def test_the_network_reports_as_it_is_told(control: Control, program: Program, modem: SimulatedModem) -> None:
    """What is reported as never delivered is on no phone."""
    await asked(control, "report 219")
    await program.submit(submit_pdu("Ответ"))
    assert await asked(control, f"screen {CLIENT}") == []
    await asked(control, "clear")
    await program.submit(submit_pdu("Ответ"))
    assert len(await asked(control, f"screen {CLIENT}")) == 1


async def test_a_name_is_blocked_and_a_number_is_not(control: Control, program: Program, modem: SimulatedModem) -> None:
    """What the SIM sends arrives while the operator blocks the name."""
    await asked(control, "block 254")
    reports: asyncio.Queue[Report] = asyncio.Queue()
    for reference, sender in enumerate(("SCSERV", "+79086228779")):
        modem.network.submit(sender, CLIENT, UserData.of_text(sender), str(reference), reports.put_nowait)
    async with asyncio.timeout(60):
        told = [await reports.get(), await reports.get()]
    assert [(report.submission.sender, report.status) for report in told] == [("SCSERV", 254), ("+79086228779", 0)]
    assert [message["sender"] for message in await asked(control, f"screen {CLIENT}")] == ["+79086228779"]
    await asked(control, "clear")
    assert modem.network.name_status == 0


@pytest.mark.parametrize(
    "line", ["operator gone", "block x", "trouble nothing", "trouble status colour=red", "report 256"]
)
async def test_what_is_wrong_with_the_operator_is_said(modem: SimulatedModem, line: str) -> None:
    answer = await asked(Control(modem, SimulatedSmsc(modem.network)), line)
    assert list(answer) == ["error"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("operator", "write operator STATE: Take"),
        ("clear now", "write clear: Forget"),
        ("trouble nothing", "'nothing'; there are "),
        ("trouble status code=0x1FFFFFFFF", "code is from 0 to 4294967295"),
        ("trouble status times=-1", "times is from 0"),
        ("trouble late seconds=nan", "seconds is from 0"),
    ],
)
async def test_what_would_be_right_is_said(modem: SimulatedModem, line: str, said: str) -> None:
    assert said in (await asked(Control(modem, SimulatedSmsc(modem.network)), line))["error"]


async def test_without_an_operator_it_is_said_how_to_have_one(control: Control) -> None:
    assert "--smsc PORT" in (await asked(control, "operator away"))["error"]


@pytest.mark.parametrize(
    "line", ["nonsense", "text", "inject nothing", "inject late colour=red", "[1", "radio slow", "wait +7 1 0.01", "[]"]
)
async def test_what_is_wrong_is_said(control: Control, line: str) -> None:
    answer = await asked(control, line)
    assert list(answer) == ["error"]


async def test_help_names_every_verb(control: Control) -> None:
    said = await asked(control, "help")
    assert {"text", "sent", "inject", "unplug", "plug", "quit"} <= set(said)
