"""Faults drawn at random: whatever happens, an end that was told is the truth, and nothing that came in is lost."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from smsd.routes.modem import ModemRoute
from smsd.simulator import Fault, Kind, Network, Place, SimulatedModem, Smss
from smsd.sms import Doubt, InDoubt, NotSent, Outcome, Sent, Witness
from tests.routes.conftest import NUMBER, MakeRoute
from tests.routes.house import QUICK, Ledger, part, running

STARTED = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
MESSAGES = 25
NOISE = (b"\xff\xfe", b'\r\n+CMTI: "ME",3\r\n', b"\r\nRING\r\n", b"\r\n^RSSI:7\r\n", b"zz+CREG: 1\r\n", b"\r\n")
FAULTS: tuple[Callable[[Random], Fault], ...] = (
    lambda chance: Fault(Kind.INSERT, place=chance.choice([*Place]), octets=chance.choice(NOISE)),
    lambda chance: Fault(Kind.CHUNKS),
    lambda chance: Fault(Kind.SILENT, chance.choice(["+CSQ", "+CMGD", "+CMGL", "+CMGS", "+CRSM"])),
    lambda chance: Fault(Kind.NO_PROMPT, "+CMGS"),
    lambda chance: Fault(Kind.NO_RESULT, "+CMGS"),
    lambda chance: Fault(Kind.LOST_RESULT, "+CMGS"),
    lambda chance: Fault(Kind.LATE, "+CMGS", place=Place.PROMPT, seconds=0.4),
    lambda chance: Fault(Kind.LATE, "+CMGL", seconds=0.3),
    lambda chance: Fault(Kind.NETWORK_REFUSES, "+CMGS", code=chance.choice([38, 41, 300, 331, 332, 500, 512])),
    lambda chance: Fault(Kind.REFUSE, "+CMGS", code=chance.choice([302, 500, 515])),
    lambda chance: Fault(Kind.UNSPACED_PROMPT),
    lambda chance: Fault(Kind.SPLIT_REPORT, seconds=0.02),
    lambda chance: Fault(
        Kind.UNPLUG,
        "+CMGS",
        place=chance.choice([Place.PROMPT, Place.RESULT]),
        seconds=0.05,
        code=chance.randrange(2),
    ),
    lambda chance: Fault(Kind.UNPLUG, seconds=0.05),
)
SERIAL: tuple[Callable[[Random], Fault], ...] = (
    *FAULTS,
    lambda _chance: Fault(Kind.LATE, "+CMGS", place=Place.RESULT, seconds=0.5),
)
"""A modem that takes commands while a message is in the air tells its references in any order; the answer to a message
given up would come after the next one's octets. With the shipped limit, 150 s, no answer can be that late."""
TIMINGS = replace(
    QUICK, submission=0.3, prompt=0.25, answer=0.3, setting=0.4, pause=0.02, sim_pause=0.05, dead=1.0, settle_after=0.7
)


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))])
@pytest.mark.parametrize("smss", [Smss.RIGHT, Smss.ALTHOUGH_REFUSED, Smss.MID_AIR])
async def test_every_end_that_is_told_is_the_truth(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: Path, seed: int, smss: Smss
) -> None:
    chance = Random(seed)  # noqa: S311  a seeded draw, not a secret
    ends: dict[int, Outcome] = {}
    witnesses: dict[int, tuple[Witness, float]] = {}
    clock = asyncio.get_running_loop().time
    modem = SimulatedModem(network, NUMBER, link=tmp_path / "modem", smss=smss, radio_seconds=0.01)
    async with modem, running(make_route(timings=TIMINGS, poll_seconds=0.3), ledger) as route:
        for number in range(MESSAGES):
            await ledger.until(lambda: route.status.up)
            if number > 2 and chance.random() < 0.6:
                modem.inject(chance.choice(FAULTS if smss is Smss.MID_AIR else SERIAL)(chance))
            network.phone("+79160000099").text(f"in {number}")
            await ledger.until(lambda: route.status.up)
            witnesses[number] = (route.witness(), clock())
            ends[number] = await route.submit(part(f"out {number}", attempt=number))
            if chance.random() < 0.5:
                await settle_open(route, ends, witnesses, clock)
        modem.faults.clear()
        await ledger.until(lambda: route.status.up)
        await ledger.until(lambda: {*ledger.texts} >= {f"in {number}" for number in range(MESSAGES)})
        await ledger.until(lambda: not modem.in_air)
        ends.update(ledger.ends)
        await settle_open(route, ends, witnesses, lambda: clock() + TIMINGS.settle_after)
    shown = Counter(message.text for message in network.phone("+79160000001").screen)
    for number, end in ends.items():
        copies = shown[f"out {number}"]
        assert copies <= 1
        match end:
            case Sent():
                assert copies == 1, (number, end)
            case NotSent():
                assert copies == 0, (number, end)
            case InDoubt():
                pass
    assert any(isinstance(end, Sent) for end in ends.values())


async def settle_open(
    route: ModemRoute,
    ends: dict[int, Outcome],
    witnesses: dict[int, tuple[Witness, float]],
    clock: Callable[[], float],
) -> None:
    """Ask for evidence on every open doubt, as the gateway does, and write down what it says."""
    for number, end in list(ends.items()):
        if isinstance(end, InDoubt):
            after = [(witnesses[later][0], ends[later]) for later in sorted(ends) if later > number]
            sent = [(witness, outcome.reference) for witness, outcome in after if isinstance(outcome, Sent)]
            kinds = [type(outcome) for _, outcome in after]
            until = kinds.index(Sent) if Sent in kinds else len(kinds)
            witness, started = witnesses[number]
            doubt = Doubt(number, number, "+79160000001", STARTED, witness, tuple(sent), kinds[:until].count(InDoubt))
            outcome = await route.settle(doubt, clock() - started)
            if outcome is not None:
                ends[number] = outcome
