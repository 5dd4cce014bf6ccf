"""Stored messages, reports, and how a modem hands them over: one test a fault, over a real pty.

The letters are those of one list of all that has been seen to go wrong between a program and a modem: a hints inside
commands, b noise, c cuts, d silence, e late answers, f refusals, g echo, h unplugging, i empty slots, k many or bad
stored messages, l reports, m look-alikes, n PINs, o line ends, p character sets, q directness, r flow control.
"""

import os
import termios

import pytest

from smsd.routes.modem.route import ModemRoute
from smsd.simulator import Fault, Kind, Network, Sim, SimulatedModem, Status
from smsd.sms import NotSent, ReportClass, Sent, Verdict
from smsd.wire import tpdu
from smsd.wire.address import Address
from smsd.wire.userdata import UserData
from tests.routes.conftest import NUMBER, MakeRoute
from tests.routes.house import Ledger, part, running
from tests.routes.insertions import CLIENT, SENT_AT, deliver, plugged, typed

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


# --- p, q, r ----------------------------------------------------------------------------------------------------------


async def test_p_cyrillic_needs_no_character_set(
    modem: SimulatedModem, network: Network, route: ModemRoute, ledger: Ledger
) -> None:
    modem.inject(Fault(Kind.REFUSE, "+CSCS", times=0))
    async with running(route, ledger):
        assert isinstance(await route.submit(part("Заявка принята")), Sent)
    assert [message.text for message in network.phone(CLIENT).screen] == ["Заявка принята"]
    assert not any("CSCS" in line or line.startswith("Z") for line in typed(modem))


async def hand_over(modem: SimulatedModem, ledger: Ledger) -> None:
    """Hand a message over directly, "flash", to a house that cannot keep it now."""
    octets = deliver("flash")
    ledger.full = True
    modem.unsolicited(f"+CMT: ,{len(octets) - 1 - octets[0]}", octets.hex().upper())
    await ledger.until(lambda: ledger.refusals)


async def test_q1_a_message_handed_over_directly_is_kept_even_when_the_store_is_busy(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    """Class 0 messages come so whatever +CNMI says; they exist nowhere else."""
    async with running(route, ledger):
        await hand_over(modem, ledger)
        ledger.full = False
        await ledger.until(lambda: ledger.texts == ["flash"])


async def test_q1_a_message_handed_over_directly_outlives_the_connection_it_came_by(
    modem: SimulatedModem, route: ModemRoute, ledger: Ledger
) -> None:
    async with running(route, ledger):
        await hand_over(modem, ledger)
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
