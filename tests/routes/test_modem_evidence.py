"""The SIM's last used TP-MR as evidence: when it counts, when it no longer does, and what it settles."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smsd.routes.modem.route import ModemRoute
from smsd.simulator import Fault, Kind, Network, Place, SimulatedModem, Smss
from smsd.sms import Doubt, InDoubt, NotSent, Sent, Witness
from tests.routes.conftest import NUMBER, MakeRoute
from tests.routes.house import QUICK, Ledger, Notebook, part, running

STARTED = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


def doubt(witness: Witness, *later: tuple[Witness, str]) -> Doubt:
    return Doubt(1, 1, "+79160000001", STARTED, witness, later)


async def establish(route: ModemRoute) -> None:
    """Send the two messages that show whether EF_SMSS keeps step."""
    for _ in range(2):
        assert isinstance(await route.submit(part()), Sent)


def reads(modem: SimulatedModem) -> int:
    return [said.line for said in modem.typed].count("+CRSM=176,28483,0,0,2")


async def test_a_witness_names_modem_and_card_and_the_count(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    modem.sim.last_reference = 254
    modem._reference = 254
    async with running(make_route(), ledger) as route:
        assert route.witness() == {"imei": modem.imei, "iccid": modem.sim.iccid, "smss": 254, "in_step": False}
        await establish(route)
        assert route.witness() == {"imei": modem.imei, "iccid": modem.sim.iccid, "smss": 0, "in_step": True}
    assert route.witness() == {"imei": None, "iccid": None, "smss": None, "in_step": False}


async def test_once_in_step_the_count_is_not_read_after_each_message(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(timings=replace(QUICK, idle=60.0)), ledger) as route:
        await establish(route)
        before = reads(modem)
        for _ in range(5):
            await route.submit(part())
        assert reads(modem) == before


async def test_the_standing_is_remembered_for_this_modem_and_this_card(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(), ledger) as route:
        await establish(route)
    async with running(make_route(), ledger) as route:
        assert route.witness()["in_step"] is True
    modem.sim.iccid = "8970109999999999999"
    async with running(make_route(), ledger) as route:
        assert route.witness()["in_step"] is False


@pytest.mark.parametrize("smss", [Smss.NEVER, Smss.ALTHOUGH_REFUSED])
async def test_a_count_out_of_step_is_lost_for_good(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: Path, smss: Smss
) -> None:
    async with SimulatedModem(network, NUMBER, link=tmp_path / "modem", smss=smss) as modem:
        async with running(make_route(), ledger) as route:
            await establish(route)
            modem.inject(Fault(Kind.NETWORK_REFUSES, "+CMGS", code=41))
            assert isinstance(await route.submit(part()), NotSent)
            assert route.witness()["in_step"] is False
        modem.smss = Smss.RIGHT
        async with running(make_route(), ledger) as route:
            await establish(route)
            assert route.witness()["in_step"] is False


async def test_a_count_that_moves_while_nothing_is_sent_is_lost_for_good(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    """Somebody else sends with this SIM: the idle look finds it."""
    async with running(make_route(), ledger) as route:
        await establish(route)
        await route.submit(part())
        modem.sim.last_reference += 1
        await ledger.until(lambda: route.witness()["in_step"] is False)


async def test_what_left_before_the_cable_went_is_settled_as_sent(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(), ledger) as route:
        await establish(route)
        witness = route.witness()
        modem.inject(Fault(Kind.UNPLUG, "+CMGS", place=Place.RESULT, seconds=0.1))
        assert isinstance(await route.submit(part()), InDoubt)
        await ledger.until(lambda: route.status.up)
        assert await route.settle(doubt(witness), 0.1) == Sent("3", "EF_SMSS")


async def test_what_never_left_is_settled_only_after_its_time(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(), ledger) as route:
        await establish(route)
        witness = route.witness()
        modem.inject(Fault(Kind.UNPLUG, "+CMGS", place=Place.RESULT, seconds=0.1, code=1))
        assert isinstance(await route.submit(part()), InDoubt)
        await ledger.until(lambda: route.status.up)
        assert await route.settle(doubt(witness), 0.1) is None
        outcome = await route.settle(doubt(witness), QUICK.settle_after)
        assert isinstance(outcome, NotSent)
        assert outcome.evidence == "EF_SMSS"


async def test_what_was_in_the_air_when_the_process_died_is_never_called_unsent(
    network: Network, make_route: MakeRoute, ledger: Ledger, tmp_path: Path
) -> None:
    """The modem answers with the old count while the message is still in the air; a new life must not believe it."""
    async with SimulatedModem(network, NUMBER, link=tmp_path / "modem", smss=Smss.MID_AIR) as modem:
        async with running(make_route(), ledger) as route:
            await establish(route)
            witness = route.witness()
            modem.radio_seconds = 60.0
            sending = asyncio.create_task(route.submit(part("in the air")))
            await ledger.until(lambda: modem.in_air)
            sending.cancel()
            assert isinstance(await sending, InDoubt)
        async with running(make_route(), ledger) as route:
            assert modem.in_air
            assert await route.settle(doubt(witness), 0.1) is None
            assert route.witness()["smss"] is None
            modem.bring_down()
            await ledger.until(lambda: not modem.in_air)
            assert await route.settle(doubt(witness), 0.5) == Sent("3", "EF_SMSS")


async def test_a_doubt_is_settled_by_the_reference_of_the_next_message(
    modem: SimulatedModem, network: Network, make_route: MakeRoute, ledger: Ledger
) -> None:
    async with running(make_route(), ledger) as route:
        await establish(route)
        witness = route.witness()
        modem.inject(Fault(Kind.LOST_RESULT, "+CMGS"))
        assert isinstance(await route.submit(part()), InDoubt)
        await ledger.until(lambda: route.status.up)
        then = route.witness()
        sent = await route.submit(part())
        assert sent == Sent("4")
        assert await route.settle(doubt(witness, (then, "4")), 0.1) == Sent("3", "TP-MR gap")
        assert route.witness()["in_step"] is True


async def test_another_cards_doubt_is_not_judged(modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger) -> None:
    async with running(make_route(), ledger) as route:
        await establish(route)
        witness = {**route.witness(), "iccid": "8970100000000000000", "smss": 1}
        assert await route.settle(doubt(witness), 600.0) is None


async def test_without_a_modem_nothing_is_judged(make_route: MakeRoute) -> None:
    assert await make_route().settle(doubt({}), 600.0) is None


async def test_a_full_disk_changes_no_outcome_and_the_standing_is_kept_later(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger, notebook: Notebook
) -> None:
    async with running(make_route(), ledger) as route:
        notebook.full = True
        await establish(route)
        assert "in step" not in notebook.words.values()
        notebook.full = False
        await route.submit(part())
        await ledger.until(lambda: "in step" in notebook.words.values())


async def test_a_modem_that_does_not_show_the_file_is_not_asked_for_ever(
    modem: SimulatedModem, make_route: MakeRoute, ledger: Ledger
) -> None:
    modem.inject(Fault(Kind.REFUSE, "+CRSM=176,28483", times=0, cme=4))
    async with running(make_route(), ledger) as route:
        await establish(route)
        assert route.witness()["smss"] == 2
        assert route.witness()["in_step"] is False
        before = reads(modem)
        modem.memories["ME"].put(b"\x00\x04")
        await asyncio.sleep(0)
        modem.hint(0)
        await ledger.until(lambda: ledger.rows)
        assert reads(modem) <= before + 1
