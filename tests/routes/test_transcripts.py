"""Every transcript of a modem is played to the driver: it makes the modem ready, and brings in what it holds."""

import re
from pathlib import Path

import pytest

from smsd.routes.modem.record import record
from smsd.simulator import FAMILIES, Sim, SimulatedModem
from smsd.simulator.network import Network
from smsd.simulator.played import PlayedModem
from smsd.wire.transcript import FROM_MODEM, Transcript
from tests.routes.conftest import NUMBER, MakeRoute
from tests.routes.house import QUICK, Ledger, running
from tests.routes.insertions import CLIENT, deliver

TRANSCRIPTS = sorted((Path(__file__).parents[1] / "transcripts").glob("*.txt"))


def answer_to(transcript: Transcript, command: str) -> str:
    """Return the first line of the first answer to a command."""
    lines = iter(transcript.lines)
    for line in lines:
        if line.octets.strip().decode("latin-1").upper() == command:
            break
    return next((told for line in lines if (told := line.octets.strip().decode("latin-1")) not in {"", command}), "")


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_the_driver_gets_on_with_the_modem(
    path: Path, make_route: MakeRoute, ledger: Ledger, tmp_path: Path
) -> None:
    transcript = Transcript.read(path.read_text("ascii"))  # noqa: ASYNC240  a file of the tests
    wanted = transcript.headings["state"]
    async with PlayedModem(transcript, tmp_path / "modem") as played:
        async with running(make_route(), ledger, None) as route:
            await ledger.until(lambda: route.status.state in {wanted, "not-registered"})
            if wanted == "ready":
                assert route.status.facts["model"] == answer_to(transcript, "AT+CGMM").removeprefix("+CGMM: ").strip(
                    '"'
                )
                listed = {line.octets for line in transcript.lines if line.octets.startswith(b"+CMGL:")}
                await ledger.until(lambda: len(ledger.rows) >= bool(listed))
        assert not [
            command for command in played.typed if command.startswith(("+CPIN=", "+CMGS", "+CFUN=0", "+CFUN=4"))
        ]


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_nobody_is_named_in_it(path: Path) -> None:
    """A transcript made by the program has only such numbers as the program makes."""
    for line in Transcript.read(path.read_text("ascii")).lines:
        for run in re.findall(rb"[0-9]{10,}", line.octets if line.mark == FROM_MODEM else b""):
            assert b"000" in run, line


@pytest.mark.parametrize("family", sorted(FAMILIES))
async def test_what_is_recorded_can_be_played(
    family: str, network: Network, tmp_path: Path, make_route: MakeRoute, ledger: Ledger
) -> None:
    """A simulated modem is recorded, and the driver gets on with the recording as with the modem itself."""
    sim = Sim(NUMBER, iccid="8970102345678901234", imsi="250020123456789")
    async with SimulatedModem(network, link=tmp_path / "real", sim=sim, family=family, imei="867459040123456") as modem:
        modem.sim.messages.put(deliver("Секрет 42"))
        transcript, blanked = await record(modem.path, timings=QUICK)
        assert blanked == 0
        assert not [
            typed.line
            for typed in modem.typed
            if typed.line.startswith(("+CMGD", "+CMGS", "+CPIN=", "+CFUN=0", "+CFUN=4"))
        ]
        assert len(modem.sim.messages.stored) == 1
    text = transcript.write()
    for secret in ("040123456", "0123456789", "2345678901234", CLIENT[2:], deliver("Секрет 42").hex().upper()):
        assert secret not in text, secret
    async with PlayedModem(Transcript.read(text), tmp_path / "modem"), running(make_route(), ledger):
        await ledger.until(lambda: ledger.texts)
    assert ledger.texts[0] == "Жжжжжж 00"


async def test_a_locked_sim_ends_the_recording_without_a_try(network: Network, tmp_path: Path) -> None:
    async with SimulatedModem(network, link=tmp_path / "real", sim=Sim(NUMBER, pin="1234")) as modem:
        transcript, _ = await record(modem.path, timings=QUICK)
        assert transcript.headings["state"] == "pin-needed"
        assert modem.sim.pin_tries == 3


async def test_what_comes_by_itself_is_written_down(network: Network, tmp_path: Path) -> None:
    async with SimulatedModem(network, NUMBER, link=tmp_path / "real") as modem:

        def asked(what: str) -> None:
            if what == "what it says by itself":
                network.phone(CLIENT).text("hello")

        transcript, _ = await record(modem.path, timings=QUICK, listen=0.2, told=asked)
    assert any(line.octets.startswith(b"+CMTI:") for line in transcript.lines)
    assert CLIENT[2:] not in transcript.write()
