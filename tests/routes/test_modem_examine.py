"""A look at a modem that nothing drives: what it tells, and that it is left as it was."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smsd.errors import PortGoneError
from smsd.routes.modem import CardState, Examination, examine
from smsd.routes.modem.examine import moment_of
from smsd.simulator import Fault, Kind, SimulatedModem
from tests.routes.house import QUICK


async def look(device: str | Path) -> Examination:
    """Look at a modem."""
    return await examine(str(device), clock=asyncio.get_running_loop().time, timings=QUICK)


async def test_a_good_modem_tells_all_of_itself(modem: SimulatedModem) -> None:
    seen = await look(modem.path)
    assert (seen.identity.imei, seen.identity.iccid) == (modem.imei, modem.sim.iccid)
    assert (seen.service_centre, seen.registered, seen.registration) == ("+79168999100", True, "home")
    assert (seen.operator, seen.signal) == ("25002", -71)
    assert seen.slots is not None
    assert (seen.slots[0], seen.hints, seen.pdu_mode, seen.taken_directly) == (0, True, True, False)


async def test_no_pin_is_entered_and_nothing_asked_of_a_locked_sim(modem: SimulatedModem) -> None:
    modem.sim.pin = "1234"
    modem.sim.power_on()
    seen = await look(modem.path)
    assert seen.card.state is CardState.PIN_NEEDED
    assert seen.registered is None
    assert modem.sim.pin_tries == 3


async def test_a_modem_that_refuses_questions_tells_what_it_can(modem: SimulatedModem) -> None:
    for command in ("+CSCA", "+CNMI", "+CPMS", "+CMGF"):
        modem.inject(Fault(Kind.REFUSE, at=command, times=0))
    seen = await look(modem.path)
    assert (seen.service_centre, seen.hints, seen.slots, seen.pdu_mode) == (None, None, None, True)


async def test_the_fullest_store_counts(modem: SimulatedModem) -> None:
    for _ in range(15):
        modem.sim.messages.put(b"x")
    seen = await look(modem.path)
    assert seen.slots == (15, modem.sim.messages.slots)


async def test_messages_handed_over_unstored_are_seen(modem: SimulatedModem) -> None:
    modem.settings.indications = [2, 2, 0, 0, 0]
    assert (await look(modem.path)).taken_directly


async def test_an_absent_port_is_told(tmp_path: Path) -> None:
    with pytest.raises(PortGoneError, match="no such device"):
        await look(tmp_path / "none")


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ('+CCLK: "26/11/22,14:50:31+12"', datetime(2026, 11, 22, 11, 50, 31, tzinfo=UTC)),
        ('+CCLK: "26/11/22,14:50:31-04"', datetime(2026, 11, 22, 15, 50, 31, tzinfo=UTC)),
        ('+CCLK: "80/01/06,00:00:10+00"', None),
        ('+CCLK: "04/01/01,00:00:10+00"', None),
        ('+CCLK: "26/13/22,14:50:31+12"', None),
        ('+CCLK: "26/11/22,14:50:31"', None),
        (None, None),
    ],
)
def test_the_clock_is_read_with_its_zone(line: str | None, moment: datetime | None) -> None:
    assert moment_of(line) == moment
