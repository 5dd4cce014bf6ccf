"""A bind at work: what goes out, and what becomes of it when the centre refuses or is too slow."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smsd.errors import ConfigError
from smsd.gateway import Route
from smsd.routes.smpp import Action
from smsd.rules.routing import Block, Kind
from smsd.simulator.network import Network
from smsd.simulator.smsc import SimulatedSmsc
from smsd.simulator.troubles import Trouble
from smsd.sms import Doubt, InDoubt, NotSent, Outcome, ReportClass, Sent, StatusReport, Submit, Verdict, segments
from smsd.wire.address import Address
from smsd.wire.smpp.content import LongForm
from smsd.wire.smpp.tables import Command, Status, Tag, tlv
from tests.routes.house import Ledger, Notebook
from tests.routes.smpp.house import CLIENT, SERVICE, bind_to, bound, parts, send, timings

# --- away from us -----------------------------------------------------------------------------------------------------


async def test_a_text_comes_to_the_client_under_the_name(ledger: Ledger) -> None:
    async with bound(ledger) as (route, smsc):
        end = await send(route)
        (message,) = await smsc.network.phone(CLIENT).wait_for(1)
        assert isinstance(end, Sent)
        assert end.reference == smsc.network.submissions[0].reference
        assert (message.sender, message.text) == ("SCSERV", "Привет, мир!")
        (submit,) = smsc.submits
        assert (submit.source, submit.destination) == (Address("SCSERV", 5, 0), Address("79161234567", 1, 1))
        assert (submit.esm_class, submit.registered_delivery, submit.data_coding) == (0, 1, 8)


async def test_it_is_a_route_as_the_gateway_knows_them(ledger: Ledger) -> None:
    async with bound(ledger) as (bind, _):
        route: Route = bind
        assert (route.name, route.kind, route.sender, route.sim, route.window) == (
            "operator", Kind.BIND, "SCSERV", None, 10,
        )  # fmt: skip
        assert route.status.up
        doubt = Doubt(1, 1, CLIENT, datetime.now(UTC), route.witness())
        assert await route.settle(doubt, 1000.0) is None, "answers and receipts settle doubts, nobody else"
        assert route.settle_seconds == 0.5


@pytest.mark.parametrize("form", LongForm)
async def test_a_long_text_with_an_emoji_at_the_seam_comes_whole(ledger: Ledger, form: LongForm) -> None:
    text = "Я" * 66 + "🙂" + "ю" * 80
    async with bound(ledger, long_form=form) as (route, smsc):
        ends = [await route.submit(part) for part in parts(text)]
        (message,) = await smsc.network.phone(CLIENT).wait_for(1)
        assert all(isinstance(end, Sent) for end in ends)
        assert (message.text, message.parts) == (text, 3)
        assert all(len(submit.payload) <= 140 for submit in smsc.submits)


async def test_parts_given_in_order_leave_in_order_over_one_connection(ledger: Ledger) -> None:
    async with bound(ledger, rate=200.0) as (route, smsc):
        await asyncio.gather(*(route.submit(part) for part in parts("Я" * 500)))
        assert [submit.short_message[5] for submit in smsc.submits] == list(range(1, 9))
        assert len(smsc.binds) == 1


async def test_every_submit_bears_the_mark_of_its_attempt(ledger: Ledger) -> None:
    async with bound(ledger) as (route, smsc):
        await send(route, first_attempt=0x12345)
        assert tlv(smsc.submits[0].tlvs, Tag.USER_MESSAGE_REFERENCE) == b"\x23\x45"


async def test_what_the_bind_is_told_stands_in_the_submit(ledger: Ledger) -> None:
    settings: dict[str, Any] = {
        "source_ton": 0,
        "source_npi": 5,
        "destination_npi": 0,
        "service_type": "INFO",
        "more_messages": True,
    }
    async with bound(ledger, **settings) as (route, smsc):
        (part,) = parts("hi", validity=timedelta(minutes=5), more_to_come=True, want_report=False)
        await route.submit(part)
        (submit,) = smsc.submits
        assert (submit.source, submit.destination.npi) == (Address("SCSERV", 0, 5), 0)
        assert (submit.service_type, submit.validity_period) == ("INFO", "000000000500000R")
        assert submit.registered_delivery == 0
        assert tlv(submit.tlvs, Tag.MORE_MESSAGES_TO_SEND) == b"\x01"


async def test_a_bad_number_fails_alone_and_never_leaves(ledger: Ledger) -> None:
    async with bound(ledger) as (route, smsc):
        bad, good = await send(route, to="+7916abc"), await send(route)
        assert isinstance(bad, NotSent)
        assert (bad.verdict, bad.refused) == (Verdict.NEVER, Block.RECIPIENT)
        assert isinstance(good, Sent)
        assert len(smsc.submits) == 1


async def test_a_route_that_is_not_bound_gives_the_message_back_unharmed(ledger: Ledger) -> None:
    route = bind_to(SimulatedSmsc(Network(), port=1))
    end = await send(route)
    assert isinstance(end, NotSent)
    assert end.verdict is Verdict.ROUTE
    assert (route.room, route.status.up) == (0, False)


def test_a_sender_that_cannot_be_one_is_told_at_once() -> None:
    async def make(sender: str) -> None:
        route = bind_to(SimulatedSmsc(Network()))
        type(route)(sender, route.settings, memory=Notebook(), clock=float, chance=float, sender=sender)

    for sender in ("СЕРВИС", "SCSERVSCSERV", ""):
        with pytest.raises(ConfigError, match="not a name"):
            asyncio.run(make(sender))


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "verdict", "refused"),
    [
        (0x0A, Verdict.NEVER, "sender"),
        (0x48, Verdict.NEVER, "sender"),
        (0x0B, Verdict.NEVER, "recipient"),
        (0x01, Verdict.NEVER, "text"),
        (0x08, Verdict.SOON, None),
        (0x45, Verdict.SOON, None),
        (0x64, Verdict.SOON, None),
        (0x401, Verdict.ONCE_MORE, None),
        (0x500, Verdict.ONCE_MORE, None),
    ],
)
async def test_a_status_means_what_the_table_says(
    ledger: Ledger, status: int, verdict: Verdict, refused: str | None
) -> None:
    """And neither a refusal nor a vendor's number harms what comes after it."""
    async with bound(ledger) as (route, smsc):
        smsc.inject(Trouble.STATUS, code=status)
        end = await send(route)
        assert isinstance(end, NotSent)
        assert (end.verdict, end.refused, end.code) == (verdict, refused, f"SMPP 0x{status:02X}")
        assert isinstance(await send(route), Sent)


async def test_the_binds_own_table_goes_first(ledger: Ledger) -> None:
    async with bound(ledger, statuses={0x45: Action.SENDER, 0x500: Action.TEXT}) as (route, smsc):
        smsc.inject(Trouble.STATUS, code=0x45)
        smsc.inject(Trouble.STATUS, code=0x500)
        first, second = await send(route), await send(route)
        assert isinstance(first, NotSent)
        assert isinstance(second, NotSent)
        assert (first.refused, second.refused) == ("sender", "text")


@pytest.mark.parametrize("code", [Status.INVALID_COMMAND_LENGTH, Status.OK])
async def test_generic_nack_is_a_refusal_whatever_it_says(ledger: Ledger, code: int) -> None:
    async with bound(ledger) as (route, smsc):
        smsc.inject(Trouble.NACK, code=code)
        assert isinstance(await send(route), NotSent)


async def test_a_status_of_the_bind_itself_rests_the_route(ledger: Ledger) -> None:
    """No money: the message is unharmed, nothing else is tried for a while, and the bind stays."""
    async with bound(ledger, statuses={0x40B: Action.ROUTE}, timings=timings(pause=1.0)) as (route, smsc):
        smsc.inject(Trouble.STATUS, code=0x40B)
        end = await send(route)
        assert isinstance(end, NotSent)
        assert end.verdict is Verdict.ROUTE
        assert route.status.state == "resting"
        await ledger.until(lambda: route.status.up)
        assert isinstance(await send(route), Sent)
        assert len(smsc.binds) == 1


@pytest.mark.parametrize("action", list(Action))
async def test_every_meaning_says_what_is_refused(ledger: Ledger, action: Action) -> None:
    """The route's own failure, and no throttling, sends this message by another; a replaced SIM holds passwords."""
    refused = {
        Action.SENDER: "sender", Action.RECIPIENT: "recipient", Action.TEXT: "text", Action.ROUTE: "route",
        Action.SIM_SWAPPED: "sim swapped",
    }  # fmt: skip
    async with bound(ledger, statuses={0x4DB: action}) as (route, smsc):
        smsc.inject(Trouble.STATUS, code=0x4DB)
        end = await send(route)
        assert isinstance(end, NotSent)
        assert end.refused == refused.get(action)


async def test_a_throttled_centre_gets_everything_slower_and_nothing_twice(ledger: Ledger) -> None:
    async with bound(ledger, SimulatedSmsc(Network(), limit=20), rate=60.0) as (route, smsc):

        async def until_taken(attempt: int) -> None:
            while not isinstance(await send(route, str(attempt), first_attempt=attempt), Sent):
                pass

        async with asyncio.TaskGroup() as group:
            for attempt in range(50):
                group.create_task(until_taken(attempt))
        taken = Counter(submission.user_data.text for submission in smsc.network.submissions)
        assert taken == Counter({str(attempt): 1 for attempt in range(50)})
        assert 0 < smsc.refused < 40


async def test_throttled_is_the_routes_matter_and_no_attempt(ledger: Ledger) -> None:
    for code in (Status.THROTTLED, Status.QUEUE_FULL):
        async with bound(ledger, SimulatedSmsc(Network())) as (route, smsc):
            smsc.inject(Trouble.STATUS, code=code)
            end = await send(route)
            assert isinstance(end, NotSent)
            assert (end.verdict, route.status.up) == (Verdict.ROUTE, True)


async def test_within_the_contracts_rate_there_is_no_complaint(ledger: Ledger) -> None:
    async with bound(ledger, SimulatedSmsc(Network(), limit=50), rate=50.0, window=20) as (route, smsc):
        ends = await asyncio.gather(*(send(route, first_attempt=number) for number in range(60)))
        assert smsc.refused == 0
        assert all(isinstance(end, Sent) for end in ends)


async def test_room_leaves_in_the_queue_what_would_wait_long(ledger: Ledger) -> None:
    async with bound(ledger, rate=20.0, window=50) as (route, _):
        assert 1 <= route.room <= 6
        waiting = [asyncio.create_task(send(route, first_attempt=number)) for number in range(8)]
        await asyncio.sleep(0)
        assert route.room == 0
        await asyncio.gather(*waiting)
        await ledger.until(lambda: route.room > 0)


async def test_the_window_is_never_exceeded(ledger: Ledger) -> None:
    async with bound(ledger, SimulatedSmsc(Network(), latency=0.01), window=5) as (route, smsc):
        ends = await asyncio.gather(*(send(route, first_attempt=number) for number in range(40)))
        assert all(isinstance(end, Sent) for end in ends)
        assert smsc.most_outstanding == 5


# --- doubts -----------------------------------------------------------------------------------------------------------


async def test_a_lost_link_leaves_the_window_in_doubt_at_once(ledger: Ledger) -> None:
    async with bound(ledger, SimulatedSmsc(Network(), latency=30), timings=timings(response=30)) as (route, smsc):
        sending = [asyncio.create_task(send(route, first_attempt=number)) for number in range(4)]
        await smsc.until(lambda: len(smsc.submits) == 4)
        await smsc.kill()
        ends = await asyncio.wait_for(asyncio.gather(*sending), 20)
        assert all(isinstance(end, InDoubt) for end in ends)


async def test_a_submit_without_an_answer_is_in_doubt_after_its_time(ledger: Ledger) -> None:
    async with bound(ledger, timings=timings(response=0.5)) as (route, smsc):
        smsc.inject(Trouble.NO_ANSWER)
        assert isinstance(await send(route), InDoubt)
        await ledger.until(lambda: route.status.up)
        assert isinstance(await send(route), Sent), "and its place in the window is free"


async def test_a_centre_that_lives_and_answers_no_submit_counts_as_down(ledger: Ledger) -> None:
    """It answers enquire_link all the while; whatever went there would be one doubt more."""
    async with bound(ledger, timings=timings(response=0.5, enquire=0.02, enquire_least=0.0)) as (route, smsc):
        smsc.inject(Trouble.NO_ANSWER, times=2)
        for _ in range(2):
            assert isinstance(await send(route), InDoubt)
            status = route.status
            assert (status.up, status.state, status.detail) == (False, "resting", "silent: it answers no submit")
            assert isinstance(await send(route), NotSent)
            await ledger.until(lambda: route.status.up)
        assert isinstance(await send(route), Sent)
        assert len(smsc.binds) == 1


async def test_a_centre_that_stays_silent_is_tried_with_one_submit_and_ever_more_seldom(ledger: Ledger) -> None:
    """Each trial is a doubt, and for an alert one that a person must settle."""
    clock = asyncio.get_running_loop().time
    slow = timings(response=0.5, pause=0.1, refused=0.4)
    async with bound(ledger, timings=slow) as (route, smsc):
        smsc.inject(Trouble.NO_ANSWER, times=3)
        rests = []
        for _ in range(3):
            since = clock()
            assert isinstance(await send(route), InDoubt)
            await ledger.until(lambda: route.status.up)
            rests.append(clock() - since - slow.session.response)
            assert route.room == 1
        assert rests[0] >= 0.09
        assert rests[1] >= 0.19
        assert rests[2] >= 0.39
        assert isinstance(await send(route), Sent)
        assert route.room == route.window


async def test_one_answer_that_is_lost_among_others_is_no_silence(ledger: Ledger) -> None:
    async with bound(ledger, timings=timings(response=1.0)) as (route, smsc):
        smsc.inject(Trouble.NO_ANSWER)
        lost = asyncio.create_task(send(route, first_attempt=1))
        await smsc.until(lambda: smsc.submits)
        assert isinstance(await send(route, first_attempt=2), Sent)
        assert isinstance(await lost, InDoubt)
        assert route.status.up


async def test_a_late_answer_ends_the_silence(ledger: Ledger) -> None:
    async with bound(ledger, timings=timings(response=0.05, pause=60.0)) as (route, smsc):
        smsc.inject(Trouble.LATE, seconds=0.2)
        assert isinstance(await send(route), InDoubt)
        assert not route.status.up
        await ledger.until(lambda: route.status.up)
        await ledger.until(lambda: ledger.ends)


async def test_a_late_answer_is_told(ledger: Ledger) -> None:
    async with bound(ledger, timings=timings(response=0.05)) as (route, smsc):
        smsc.inject(Trouble.LATE, seconds=0.15)
        assert isinstance(await send(route, first_attempt=41), InDoubt)
        await ledger.until(lambda: ledger.ends)
        assert ledger.ends == [(41, Sent(smsc.network.submissions[0].reference, "late answer"))]


async def test_a_late_refusal_is_told_with_what_it_refuses(ledger: Ledger) -> None:
    """The doubt is over: it did not leave, and another route may carry it."""
    async with bound(ledger, timings=timings(response=0.05)) as (route, smsc):
        smsc.inject(Trouble.STATUS, code=0x0A, seconds=0.15)
        assert isinstance(await send(route, first_attempt=41), InDoubt)
        await ledger.until(lambda: ledger.ends)
        refusal = NotSent(Verdict.NEVER, "SMPP 0x0A", "invalid source address", "late answer", "sender")
        assert ledger.ends == [(41, refusal)]


async def test_whoever_stops_waiting_is_told_of_a_doubt_and_later_of_the_end(ledger: Ledger) -> None:
    async with bound(ledger, SimulatedSmsc(Network(), latency=0.1)) as (route, smsc):
        sending = asyncio.create_task(send(route, first_attempt=5))
        await smsc.until(lambda: smsc.submits)
        sending.cancel()
        assert isinstance(await sending, InDoubt)
        await ledger.until(lambda: ledger.ends)
        assert ledger.ends[0][0] == 5


async def test_whoever_stops_waiting_for_his_turn_has_sent_nothing(ledger: Ledger) -> None:
    async with bound(ledger, rate=2.0) as (route, smsc):
        first, second = (asyncio.create_task(send(route, first_attempt=number)) for number in (1, 2))
        assert isinstance(await first, Sent)
        second.cancel()
        end = await second
        assert isinstance(end, NotSent)
        assert end.verdict is Verdict.ROUTE
        assert len(smsc.submits) == 1


# --- killed at full speed ---------------------------------------------------------------------------------------------


async def test_a_centre_killed_at_full_speed_loses_nothing_and_doubles_nothing(ledger: Ledger) -> None:
    """2,000 messages, window 50: what is not in doubt came exactly once, and no more than a window is in doubt."""
    messages, window = 2000, 50
    smsc = SimulatedSmsc(Network(), latency=0.001)
    async with bound(ledger, smsc, window=window) as (route, _):
        ends: dict[int, Outcome] = {}
        work = iter(range(messages))

        async def worker() -> None:
            for number in work:
                submit = Submit(number, number, CLIENT, segments(str(number), 0)[0], want_report=False)
                while isinstance(end := await route.submit(submit), NotSent):
                    await ledger.until(lambda: route.status.up)
                ends[number] = end

        async def kill() -> None:
            await smsc.until(lambda: len(smsc.submits) >= 700)
            await smsc.kill()
            await smsc.start()

        await asyncio.wait_for(asyncio.gather(kill(), *(worker() for _ in range(window))), 60)
    arrived = Counter(int(each.user_data.text or "-1") for each in smsc.network.submissions)
    doubts = {number for number, end in ends.items() if isinstance(end, InDoubt)}
    assert len(ends) == messages
    assert 0 < len(doubts) <= window
    assert max(arrived.values()) == 1
    assert set(range(messages)) - doubts <= set(arrived)
    assert SERVICE not in smsc.network.phones


async def test_without_receipts_nothing_is_overdue(ledger: Ledger) -> None:
    """Where an operator sends none, submitted is the last word: nobody asks after it."""
    asked = []

    async def unreported(after: int, _limit: int) -> list[tuple[int, str, str]]:
        asked.append(after)
        return []

    quick = timings(overdue=0.01, enquire=0.05)
    async with bound(ledger, timings=quick, unreported=unreported, receipts=False) as (route, smsc):
        assert isinstance(await send(route), Sent)
        assert smsc.submits[0].registered_delivery == 0
        await smsc.until(lambda: Command.ENQUIRE_LINK in [pdu.command_id for pdu in smsc.heard])
    assert asked == []


async def test_what_is_overdue_is_asked_after(ledger: Ledger) -> None:
    """A part whose receipt never came: query_sm tells what became of it, once it is final."""
    references: list[str] = []

    async def unreported(after: int, _limit: int) -> list[tuple[int, str, str]]:
        return [(1, reference, CLIENT) for reference in references if not after]

    async with bound(ledger, timings=timings(overdue=0.02), unreported=unreported) as (route, smsc):
        smsc.inject(Trouble.RECEIPT_MALFORMED)
        end = await send(route)
        assert isinstance(end, Sent)
        await ledger.until(lambda: ledger.rows)
        assert ledger.rows[0].value is None, "the receipt says nothing that can be read"
        references.append(end.reference)
        await ledger.until(lambda: len(ledger.rows) > 1)
    told = ledger.rows[1].value
    assert isinstance(told, StatusReport)
    assert (told.reference, told.recipient, told.report_class) == (end.reference, CLIENT, ReportClass.DELIVERED)
    assert ledger.rows[1].repeats_within == 0, "a centre begins its ids again: the same words may speak of another part"
