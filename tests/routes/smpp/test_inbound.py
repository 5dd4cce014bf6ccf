"""What comes in over a bind: receipts as centres write them, and the texts of clients."""

import asyncio
import json
from collections import Counter

import pytest

from smsd.routes.smpp import BindAs
from smsd.routes.smpp.redelivery import digest
from smsd.rules.reports import reference_forms
from smsd.rules.routing import Block
from smsd.simulator.network import Network
from smsd.simulator.smsc import SimulatedSmsc
from smsd.simulator.troubles import Trouble
from smsd.sms import Deliver, ReportClass, Sent, StatusReport
from smsd.wire.address import Address
from smsd.wire.smpp.pdu import HEADER_OCTETS, Pdu, ShortMessage
from smsd.wire.smpp.tables import Command
from tests.routes.house import Ledger, Notebook
from tests.routes.smpp.house import CLIENT, QUICK, bound, send, timings

# --- receipts ---------------------------------------------------------------------------------------------------------


async def test_a_receipt_says_what_became_of_the_part(ledger: Ledger) -> None:
    async with bound(ledger) as (route, smsc):
        end = await send(route, first_attempt=70_000)
        await ledger.until(lambda: ledger.reports)
        (report,) = ledger.reports
        assert isinstance(end, Sent)
        assert (report.reference, report.recipient, report.report_class) == (
            end.reference, CLIENT, ReportClass.DELIVERED,
        )  # fmt: skip
        assert (report.echo, report.code) == (70_000 & 0xFFFF, "DELIVRD 000")
        assert report.submitted_at == smsc.network.submissions[0].at.replace(second=0, microsecond=0)
        assert (ledger.rows[0].sim, ledger.rows[0].repeats_within) == (None, QUICK.redelivery)


@pytest.mark.parametrize(
    ("trouble", "code", "told"),
    [
        (Trouble.RECEIPT_SECONDS, 0, "DELIVRD 000"),
        (Trouble.RECEIPT_LETTERS, 0, "DELIVRD 00B"),
        (Trouble.RECEIPT_TLVS, 254, "DELIVRD 254"),
        (Trouble.RECEIPT_CODING, 0xF1, "DELIVRD 000"),
        (Trouble.RECEIPT_CODING, 0xFF, "DELIVRD 000"),
        (Trouble.RECEIPT_VENDOR, 0, "DELIVRD 000"),
        (Trouble.RECEIPT_DATA_SM, 0, "DELIVRD 000"),
    ],
)
async def test_receipts_are_read_as_centres_write_them(ledger: Ledger, trouble: Trouble, code: int, told: str) -> None:
    """Once each, over one connection, and acknowledged."""
    async with bound(ledger) as (route, smsc):
        smsc.inject(trouble, code=code)
        end = await send(route)
        await ledger.until(lambda: ledger.reports)
        await smsc.until(lambda: [pdu for pdu in smsc.heard if pdu.command_id in _ACKNOWLEDGEMENTS])
        assert isinstance(end, Sent)
        assert [(report.code, report.reference) for report in ledger.reports] == [(told, end.reference)]
        assert len(smsc.binds) == 1


_ACKNOWLEDGEMENTS = {Command.DELIVER_SM_RESP, Command.DATA_SM_RESP}


async def test_a_receipt_nobody_understands_is_kept_raw_and_acknowledged(ledger: Ledger) -> None:
    async with bound(ledger) as (route, smsc):
        smsc.inject(Trouble.RECEIPT_MALFORMED)
        await send(route)
        await ledger.until(lambda: ledger.rows)
        (row,) = ledger.rows
        assert row.value is None
        assert "which message" in (row.fault or "")
        assert b"delivered, thank you" in row.octets
        await smsc.until(
            lambda: [pdu.command_status for pdu in smsc.heard if pdu.command_id in _ACKNOWLEDGEMENTS] == [0]
        )


async def test_octets_that_are_no_message_are_kept_raw_and_acknowledged(ledger: Ledger) -> None:
    async with bound(ledger) as (_, smsc):
        smsc.deliver_octets(Command.DELIVER_SM, b"\x00\x01")
        await ledger.until(lambda: ledger.rows)
        assert (ledger.rows[0].value, ledger.rows[0].octets[16:]) == (None, b"\x00\x01")
        await smsc.until(
            lambda: [pdu.command_status for pdu in smsc.heard if pdu.command_id in _ACKNOWLEDGEMENTS] == [0]
        )


async def test_a_receipt_before_the_answer_is_told_and_so_is_the_answer(ledger: Ledger) -> None:
    async with bound(ledger) as (route, smsc):
        smsc.inject(Trouble.LATE, seconds=0.1)
        sending = asyncio.create_task(send(route, first_attempt=9))
        await ledger.until(lambda: ledger.reports)
        assert not sending.done()
        assert ledger.reports[0].echo == 9
        end = await sending
        assert isinstance(end, Sent)
        assert end.reference == ledger.reports[0].reference


async def test_a_receipt_comes_over_the_other_connection_of_a_pair(ledger: Ledger) -> None:
    async with bound(ledger, bind_as=BindAs.PAIR) as (route, smsc):
        assert [command for command, _ in smsc.binds] == [Command.BIND_TRANSMITTER, Command.BIND_RECEIVER]
        end = await send(route)
        await ledger.until(lambda: ledger.reports)
        assert isinstance(end, Sent)
        assert ledger.reports[0].reference == end.reference


async def test_a_pair_that_loses_one_is_made_again(ledger: Ledger) -> None:
    async with bound(ledger, bind_as=BindAs.PAIR) as (route, smsc):
        next(connection for connection in smsc.connections if connection.receives).abort()
        await smsc.until(lambda: len(smsc.binds) == 4)
        await ledger.until(lambda: route.status.up)
        assert isinstance(await send(route), Sent)


async def test_a_receipt_after_a_new_bind_is_told_days_later(ledger: Ledger) -> None:
    """The phone was off; the bind that submitted is gone by the time it is on again."""
    async with bound(ledger) as (route, smsc):
        smsc.network.phone(CLIENT).reachable = False
        end = await send(route)
        await ledger.until(lambda: ledger.reports)
        assert ledger.reports[0].report_class is ReportClass.TRYING
        await smsc.until(lambda: [pdu for pdu in smsc.heard if pdu.command_id == Command.DELIVER_SM_RESP])
        await smsc.kill()
        smsc.network.phone(CLIENT).reachable = True
        await smsc.start()
        await ledger.until(lambda: len(ledger.reports) == 2)
        assert isinstance(end, Sent)
        assert (ledger.reports[1].reference, ledger.reports[1].report_class) == (end.reference, ReportClass.DELIVERED)


@pytest.mark.parametrize(("answers", "receipts"), [(True, False), (False, True), (True, True), (False, False)])
async def test_an_id_in_either_number_system_is_one_that_the_house_joins(
    ledger: Ledger, answers: bool, receipts: bool
) -> None:
    """It is told as it stands: which attempt is meant is decided where attempts are kept."""
    smsc = SimulatedSmsc(Network(), hexadecimal=answers, receipts_hexadecimal=receipts)
    async with bound(ledger, smsc) as (route, _):
        end = await send(route)
        await ledger.until(lambda: ledger.reports)
        assert isinstance(end, Sent)
        assert end.reference in reference_forms(ledger.reports[0].reference)


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        ("254", Block.SENDER),
        ("219", Block.SIM_SWAPPED),
        ("0219", Block.SIM_SWAPPED),
        ("45", Block.SENDER),
        ("00b", Block.SENDER),
        ("001", None),
        ("000", None),
    ],
)
async def test_an_error_in_a_failed_receipt_says_what_is_blocked(
    ledger: Ledger, error: str, refused: Block | None
) -> None:
    """With as many zeros before it as the centre likes."""
    table = {"254": Block.SENDER, "219": Block.SIM_SWAPPED, "045": Block.SENDER, "0B": Block.SENDER}
    async with bound(ledger, receipt_errors=table) as (_, smsc):
        smsc.deliver(receipt(f"id:42 stat:UNDELIV err:{error}"))
        await ledger.until(lambda: ledger.reports)
        assert (ledger.reports[0].refused, ledger.reports[0].code) == (refused, f"UNDELIV {error}")


async def test_a_receipt_that_cannot_be_kept_is_delivered_again(ledger: Ledger) -> None:
    ledger.full = True
    async with bound(ledger) as (_, smsc):
        smsc.deliver(receipt("id:42 stat:DELIVRD"))
        await ledger.until(lambda: ledger.refusals >= 2)
        assert {pdu.command_status for pdu in smsc.heard if pdu.command_id in _ACKNOWLEDGEMENTS} == {0x64}
        ledger.full = False
        await ledger.until(lambda: ledger.reports)


async def test_query_sm_asks_what_became_of_a_message(ledger: Ledger) -> None:
    async with bound(ledger) as (route, smsc):
        end = await send(route, want_report=False)
        assert isinstance(end, Sent)
        told = await route.query(end.reference, CLIENT)
        assert told == StatusReport(end.reference, CLIENT, None, None, ReportClass.TRYING, "ENROUTE")
        assert await route.query("999") is None
        assert smsc.heard[-1].command_id == Command.QUERY_SM


def receipt(text: str) -> ShortMessage:
    return ShortMessage(Address("79161234567", 1, 1), Address("SCSERV", 5, 0), text.encode(), esm_class=0x04)


# --- messages of clients ----------------------------------------------------------------------------------------------


async def test_a_clients_text_comes_in_and_is_acknowledged_once_it_is_safe(ledger: Ledger) -> None:
    async with bound(ledger) as (_, smsc):
        acknowledged: list[int] = []
        ledger.watch = lambda _received: acknowledged.append(len(smsc.heard))
        before = len(smsc.heard)
        smsc.network.phone(CLIENT).text("CLIENT info")
        await smsc.until(lambda: [pdu for pdu in smsc.heard if pdu.command_id == Command.DELIVER_SM_RESP])
        (row,) = ledger.rows
        assert isinstance(row.value, Deliver)
        assert (row.value.sender, row.value.text, row.value.total) == (CLIENT, "CLIENT info", 1)
        assert (row.route, row.sim, row.repeats_within) == ("operator", None, None)
        assert acknowledged == [before], "not before it was kept"


async def test_a_long_text_comes_in_as_its_parts(ledger: Ledger) -> None:
    text = "Очень длинный текст с 🙂 в нём. " * 6
    async with bound(ledger) as (_, smsc):
        smsc.network.phone(CLIENT).text(text)
        await ledger.until(lambda: len(ledger.rows) == 3)
        values = [row.value for row in ledger.rows if isinstance(row.value, Deliver)]
        assert [(value.sequence, value.total) for value in values] == [(1, 3), (2, 3), (3, 3)]
        assert b"".join(value.body or b"" for value in values).decode("utf-16-be") == text


async def test_a_text_by_data_sm_comes_in_too(ledger: Ledger) -> None:
    async with bound(ledger) as (_, smsc):
        smsc.deliver(ShortMessage(Address("79161234567", 1, 1), Address("1", 1, 1), b"hello"), Command.DATA_SM)
        await ledger.until(lambda: ledger.texts == ["hello"])


async def test_a_text_that_comes_again_after_a_lost_answer_has_the_same_octets(ledger: Ledger) -> None:
    """The house knows a repeat by its octets, whatever number it bears on the line."""
    async with bound(ledger) as (route, smsc):

        def drop(_received: object) -> None:
            for connection in smsc.connections:
                connection.abort()

        ledger.watch = drop
        smsc.network.phone(CLIENT).text("CLIENT info")
        await ledger.until(lambda: ledger.rows)
        ledger.watch = lambda _received: None
        await ledger.until(lambda: len(ledger.rows) == 2)
        assert ledger.rows[0].octets == ledger.rows[1].octets
        await ledger.until(lambda: route.status.up)


async def test_the_same_words_again_are_another_message_once_the_centre_heard_our_answer(ledger: Ledger) -> None:
    async with bound(ledger) as (route, smsc):
        for number in (1, 2):
            smsc.network.phone(CLIENT).text("CLIENT info")
            await smsc.until(lambda: Counter(pdu.command_id for pdu in smsc.heard)[Command.DELIVER_SM_RESP] >= number)  # noqa: B023
            assert isinstance(await send(route, want_report=False), Sent)  # its answer proves that ours was read
            await ledger.until(lambda: not route._redelivery._open)
        assert len({row.octets for row in ledger.rows}) == 2


@pytest.mark.parametrize("bind_as", BindAs)
async def test_the_same_words_again_are_another_message_though_we_send_nothing(ledger: Ledger, bind_as: BindAs) -> None:
    """The centre is asked whether it heard our answer: *stop*, *start* and *stop* again end with *stop*."""
    async with bound(ledger, bind_as=bind_as) as (route, smsc):
        for number in (1, 2):
            smsc.network.phone(CLIENT).text("CLIENT sms stop")
            await ledger.until(lambda: len(ledger.rows) == number)  # noqa: B023
            if number == 1:
                await ledger.until(lambda: not route._redelivery._open)
        assert len({row.octets for row in ledger.rows}) == 2


async def test_the_same_words_two_minutes_of_link_later_are_another_message(ledger: Ledger) -> None:
    """Whether the centre heard our answer before the daemon died nobody knows; who asks again later is answered."""
    notebook = Notebook()
    async with bound(ledger, memory=notebook) as (route, smsc):
        smsc.network.phone(CLIENT).text("CLIENT info")
        await ledger.until(lambda: ledger.rows and not route._redelivery._open)
    mark = digest(Pdu(Command.DELIVER_SM, 0, 1, ledger.rows[0].octets[HEADER_OCTETS:]))
    await notebook.remember("smpp.open", json.dumps({"next": 2, "open": {mark: 1}}))
    async with bound(ledger, memory=notebook, timings=timings(open=0.05)) as (route, smsc):
        await ledger.until(lambda: not route._redelivery._open)
        smsc.network.phone(CLIENT).text("CLIENT info")
        await ledger.until(lambda: len(ledger.rows) == 2)
    assert ledger.rows[0].octets != ledger.rows[1].octets


async def test_a_message_that_cannot_be_kept_stays_at_the_centre(ledger: Ledger) -> None:
    async with bound(ledger) as (_, smsc):
        ledger.full = True
        smsc.network.phone(CLIENT).text("CLIENT info")
        await ledger.until(lambda: ledger.refusals >= 2)
        ledger.full = False
        await ledger.until(lambda: ledger.texts == ["CLIENT info"])


async def test_more_than_can_be_taken_is_put_off(ledger: Ledger) -> None:
    """A full house says so with 0x14, and gets everything later."""
    gate = asyncio.Event()

    class Slow(Ledger):
        async def received(self, received: object) -> None:
            await gate.wait()
            await Ledger.received(self, received)  # type: ignore[arg-type]

    slow = Slow()
    async with bound(slow, inbound_most=2) as (route, smsc):
        for number in range(5):
            smsc.network.phone(CLIENT).text(f"text {number}")
        end = await send(route)  # whose receipt comes besides
        await smsc.until(lambda: 0x14 in {pdu.command_status for pdu in smsc.heard})
        assert not [pdu for pdu in smsc.heard if pdu.command_id in _ACKNOWLEDGEMENTS and pdu.command_status == 0]
        gate.set()
        await slow.until(lambda: len(slow.texts) == 5 and slow.reports)
        assert sorted(slow.texts) == [f"text {number}" for number in range(5)]
        assert isinstance(end, Sent)
        assert slow.reports[0].reference == end.reference


async def test_a_fault_in_the_house_makes_the_centre_try_again(ledger: Ledger) -> None:
    async with bound(ledger) as (_, smsc):
        faults = iter([True])

        def once(_received: object) -> None:
            if next(faults, False):
                raise ZeroDivisionError

        ledger.watch = once
        smsc.network.phone(CLIENT).text("CLIENT info")
        await ledger.until(lambda: ledger.texts == ["CLIENT info"])
        assert next(pdu.command_status for pdu in smsc.heard if pdu.command_id == Command.DELIVER_SM_RESP) == 0x64
