"""The route over real HTTP on loopback: each fault of an operator, and the end it has for the message."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from smsd.routes.http import HttpRoute, Timings
from smsd.rules.routing import Block, Kind
from smsd.simulator.httpsmsc import HttpTrouble, SimulatedHttpSmsc
from smsd.simulator.network import Network
from smsd.sms import Doubt, InDoubt, NotSent, ReportClass, Sent, Verdict
from tests.ports import reserved_port
from tests.routes.house import Ledger, Notebook, running
from tests.routes.http.house import (
    BY_KEY,
    CLIENT,
    IDEMPOTENT,
    IMPATIENT,
    LONG,
    QUICK,
    Books,
    message,
    route_to,
    send_all,
)


async def test_a_message_reaches_the_phone_whole_and_under_its_name(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    """A text of many parts is one request."""
    async with running(route_to(smsc), ledger) as route:
        assert await route.submit(message(LONG)) == Sent("m-000001")
    [shown] = smsc.network.phone(CLIENT).screen
    assert (shown.sender, shown.text) == ("SCSERV", LONG)
    assert shown.parts > 5
    assert len(smsc.requests) == 1
    assert smsc.requests[0]["minutes"] == 1440


async def test_the_route_says_what_it_is(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    route = route_to(smsc, window=3)
    assert (route.kind, route.sender, route.sim, route.window, route.whole) == (Kind.BIND, "SCSERV", None, 3, True)
    assert route.status.state == "away"
    async with running(route, ledger):
        assert route.status.up
        assert route.status.facts["profile"] == "Simulated"
    assert route.status.state == "stopped"


async def test_several_messages_are_in_the_air_at_a_time(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    smsc.inject(HttpTrouble.SLOW, times=4, seconds=0.05)
    async with running(route_to(smsc), ledger) as route:
        ends = await send_all(route, *(message(f"{n}", attempt=n) for n in range(1, 5)))
    assert all(isinstance(end, Sent) for end in ends)
    assert smsc.most_at_a_time == 4


# --- an answer that is lost -------------------------------------------------------------------------------------------

LOST = [
    HttpTrouble.LOSE,
    HttpTrouble.DROP,
    HttpTrouble.MUTE,
    HttpTrouble.HALF,
    HttpTrouble.TRICKLE,
    HttpTrouble.PAGE,
    HttpTrouble.NAMELESS,
    HttpTrouble.BROKEN,
    HttpTrouble.BUSY,
    HttpTrouble.HUGE,
]


def _patience(trouble: HttpTrouble) -> Timings:
    """Say how long to wait for an answer; what breaks off is not waited for."""
    return IMPATIENT if trouble in {HttpTrouble.MUTE, HttpTrouble.TRICKLE} else QUICK


@pytest.mark.parametrize("trouble", LOST)
async def test_a_lost_answer_is_a_doubt(smsc: SimulatedHttpSmsc, ledger: Ledger, trouble: HttpTrouble) -> None:
    """Whether it was taken or not: nobody on this side can tell, and nothing is asked twice."""
    smsc.inject(trouble)
    async with running(route_to(smsc, timings=_patience(trouble)), ledger) as route:
        assert isinstance(await route.submit(message()), InDoubt)
        await ledger.until(lambda: route.status.up)
        assert isinstance(await route.submit(message(attempt=2)), Sent)
    assert len(smsc.requests) == 2


@pytest.mark.parametrize("trouble", LOST)
async def test_with_keys_a_lost_answer_is_asked_for_again(ledger: Ledger, trouble: HttpTrouble) -> None:
    """The operator sends once however often it is asked with one key."""
    async with SimulatedHttpSmsc(Network(), idempotent=True) as smsc:
        smsc.inject(trouble, times=2)
        async with running(route_to(smsc, IDEMPOTENT, timings=_patience(trouble)), ledger) as route:
            assert await route.submit(message()) == Sent("m-000001")
        assert len(smsc.requests) == 3
        assert len({request["key"] for request in smsc.requests}) == 1
        assert len(smsc.taken) == 1


async def test_with_keys_what_stays_lost_stays_a_doubt(ledger: Ledger) -> None:
    """A refusal for speed, or a closed door, says nothing about the first request."""
    async with SimulatedHttpSmsc(Network(), idempotent=True) as smsc:
        smsc.inject(HttpTrouble.LOSE)
        smsc.inject(HttpTrouble.REFUSE, status=429, times=200)
        timings = replace(QUICK, repeat_for=0.2)
        async with running(route_to(smsc, IDEMPOTENT, timings=timings), ledger) as route:
            assert isinstance(await route.submit(message()), InDoubt)


async def test_with_keys_an_operator_that_falls_silent_leaves_a_doubt_in_time(ledger: Ledger) -> None:
    """The last asking has no time of its own beyond that of all of them."""
    async with SimulatedHttpSmsc(Network(), idempotent=True) as smsc:
        smsc.inject(HttpTrouble.LOSE)
        smsc.inject(HttpTrouble.MUTE)
        timings = replace(QUICK, answer=3600.0, repeat_for=0.2)
        async with running(route_to(smsc, IDEMPOTENT, timings=timings), ledger) as route:
            asking = asyncio.create_task(route.submit(message()))
            done, _ = await asyncio.wait({asking}, timeout=60)
            assert done, "it is asked for ever"
            assert isinstance(asking.result(), InDoubt)


def test_a_silence_is_a_doubt_and_a_client_answered_within_two_minutes() -> None:
    """The promise, from the table alone: with keys or without, there is half the time left for another way."""
    timings = Timings()
    assert max(timings.connect + timings.answer, timings.repeat_for, timings.settle_after) <= 60


async def test_a_mute_operator_is_noticed_and_not_trusted_until_it_speaks(
    smsc: SimulatedHttpSmsc, ledger: Ledger
) -> None:
    async with running(route_to(smsc, timings=IMPATIENT), ledger) as route:
        smsc.mute = True
        assert isinstance(await route.submit(message()), InDoubt)
        assert route.status.state == "away"
        end = await route.submit(message(attempt=2))
        assert isinstance(end, NotSent)
        assert end.verdict is Verdict.ROUTE
        smsc.mute = False
        await ledger.until(lambda: route.status.up)
        assert isinstance(await route.submit(message(attempt=3)), Sent)


async def test_a_request_that_is_never_answered_costs_the_operator_a_rest_at_once(
    smsc: SimulatedHttpSmsc, ledger: Ledger
) -> None:
    """Somebody answers when it is looked for, and no message: what is sent once more is to find another way."""
    smsc.inject(HttpTrouble.MUTE)
    clock = asyncio.get_running_loop().time
    async with running(route_to(smsc, timings=IMPATIENT), ledger) as route:
        since = clock()
        assert isinstance(await route.submit(message()), InDoubt)
        assert route.status.state == "away"
        await ledger.until(lambda: route.status.up)
        assert clock() - since >= IMPATIENT.answer + 0.1


async def test_a_second_answer_lost_in_a_row_costs_the_operator_a_rest(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    """It answers when it is looked for and loses messages: each trial is a doubt."""
    smsc.inject(HttpTrouble.LOSE, times=3)
    clock = asyncio.get_running_loop().time
    lasted = []
    with capture_logs() as logs:
        async with running(route_to(smsc), ledger) as route:
            for attempt in (1, 2, 3):
                since = clock()
                assert isinstance(await route.submit(message(attempt=attempt)), InDoubt)
                await ledger.until(lambda: route.status.up)
                lasted.append(clock() - since)
    rests = [entry["seconds"] for entry in logs if entry["event"] == "route_rests"]
    assert rests == [pytest.approx(0.1), pytest.approx(0.2)]
    assert lasted[1] >= 0.1
    assert lasted[2] >= 0.2


async def test_stopping_with_a_request_in_the_air_leaves_a_doubt(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    smsc.inject(HttpTrouble.MUTE)
    async with running(route_to(smsc), ledger) as route:
        flight = asyncio.create_task(route.submit(message()))
        await smsc.until(lambda: smsc.requests)
        flight.cancel()
        assert isinstance(await flight, InDoubt)


async def test_stopping_before_its_turn_leaves_a_message_unsent(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    async with running(route_to(smsc, rate=0.5), ledger) as route:
        await route.submit(message())
        waiting = asyncio.create_task(route.submit(message(attempt=2)))
        await asyncio.sleep(0)
        waiting.cancel()
        assert isinstance(await waiting, NotSent)
    assert len(smsc.requests) == 1


# --- what cannot have arrived -----------------------------------------------------------------------------------------


async def test_a_closed_door_costs_the_message_nothing_and_the_route_comes_back(
    smsc: SimulatedHttpSmsc, ledger: Ledger
) -> None:
    async with running(route_to(smsc), ledger) as route:
        await smsc.kill()
        end = await route.submit(message())
        assert isinstance(end, NotSent)
        assert end.verdict is Verdict.ROUTE
        assert route.status.state == "away"
        await smsc.start()
        await ledger.until(lambda: route.status.up)
        assert isinstance(await route.submit(message()), Sent)


@pytest.mark.parametrize("url", ["http://smsc.invalid", "http://127.0.0.1:1"])
async def test_why_nobody_is_reached_is_said_from_the_start(smsc: SimulatedHttpSmsc, ledger: Ledger, url: str) -> None:
    """Nobody needs to send a message first to find out that the address is wrong."""
    async with running(route_to(smsc, url=url), ledger, "away") as route:
        await ledger.until(lambda: route.status.detail.startswith(url.removeprefix("http://").partition(":")[0]))
        assert "ConnectError" in route.status.detail


async def test_a_name_that_does_not_exist_is_no_route(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    async with running(route_to(smsc, url="http://smsc.invalid"), ledger, "away") as route:
        end = await route.submit(message())
        assert isinstance(end, NotSent)
        assert end.verdict is Verdict.ROUTE


# --- refusals ---------------------------------------------------------------------------------------------------------

REFUSALS = [
    ("17", Verdict.NEVER, Block.RECIPIENT),
    ("18", Verdict.NEVER, Block.SENDER),
    ("19", Verdict.NEVER, Block.TEXT),
    ("21", Verdict.LATER, None),
    ("22", Verdict.SOON, None),
    ("24", Verdict.ROUTE, None),
    ("999", Verdict.ONCE_MORE, None),
]


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(("code", "verdict", "block"), REFUSALS)
async def test_a_refusal_by_the_table(
    smsc: SimulatedHttpSmsc, ledger: Ledger, code: str, verdict: Verdict, block: Block | None, status: int
) -> None:
    """Whatever the status of HTTP it comes with."""
    smsc.inject(HttpTrouble.REFUSE, code=code, status=status)
    async with running(route_to(smsc), ledger) as route:
        end = await route.submit(message())
        assert isinstance(end, NotSent)
        assert (end.verdict, end.refused) == (verdict, block)
        if code != "999":
            assert end.reason == f"refused: {code}"
        assert route.status.up


async def test_what_was_taken_before_is_sent(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    smsc.inject(HttpTrouble.REFUSE, code="25")
    async with running(route_to(smsc), ledger) as route:
        end = await route.submit(message(attempt=17))
    assert isinstance(end, Sent)
    assert end.reference.endswith("-17")


ILL = [
    ({"code": "20"}, "refused"),
    ({"code": "26"}, "refused"),
    ({"code": "23"}, "resting"),
    ({"status": 401}, "refused"),
    ({"status": 402}, "refused"),
    ({"status": 403}, "refused"),
    ({"status": 404}, "resting"),
]


@pytest.mark.parametrize(("how", "state"), ILL)
async def test_what_speaks_of_the_account_stops_the_route_for_a_while(
    smsc: SimulatedHttpSmsc, ledger: Ledger, how: dict[str, int | str], state: str
) -> None:
    """No money, wrong password, wrong address: the message is unharmed, and the next one would fare no better."""
    smsc.inject(HttpTrouble.REFUSE, **how)  # type: ignore[arg-type]
    async with running(route_to(smsc), ledger) as route:
        end = await route.submit(message())
        assert isinstance(end, NotSent)
        assert end.verdict is Verdict.ROUTE
        assert route.status.state == state
        assert isinstance(await route.submit(message()), NotSent)
        assert len(smsc.requests) == 1
        await ledger.until(lambda: route.status.up)
        assert isinstance(await route.submit(message()), Sent)


async def test_a_redirection_is_not_followed(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    """A password goes nowhere but where the configuration says."""
    smsc.inject(HttpTrouble.REDIRECT)
    async with running(route_to(smsc), ledger) as route:
        end = await route.submit(message())
        assert isinstance(end, NotSent)
        assert (end.verdict, end.code) == (Verdict.ROUTE, "HTTP 302")


async def test_too_fast_is_slower_from_then_on(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    smsc.inject(HttpTrouble.REFUSE, status=429)
    clock = asyncio.get_running_loop().time
    async with running(route_to(smsc, rate=20.0), ledger) as route:
        end = await route.submit(message())
        assert isinstance(end, NotSent)
        assert end.verdict is Verdict.ROUTE
        since = clock()
        await send_all(route, message(attempt=2), message(attempt=3), message(attempt=4))
        assert clock() - since > 0.2
        assert route.status.up


async def test_a_wrong_password_and_one_that_cannot_be_read(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    async with running(route_to(smsc, password="wrong"), ledger) as route:
        end = await route.submit(message())
        assert isinstance(end, NotSent)
        assert end.code == "HTTP 401"

    def unreadable() -> str:
        return Path("/nowhere/password").read_text("utf-8")

    route = route_to(smsc)
    route._password = unreadable
    async with running(route, ledger):
        end = await route.submit(message())
        assert isinstance(end, NotSent)
        assert "password cannot be read" in end.reason


# --- doubts -----------------------------------------------------------------------------------------------------------


def doubt(route: HttpRoute, attempt: int = 1) -> Doubt:
    return Doubt(attempt, attempt, CLIENT, datetime.now(UTC), route.witness())


async def test_a_doubt_is_settled_by_asking_for_our_own_id(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    """Taken and lost: sent, under the operator's id; never taken: not sent, once it would be filed."""
    smsc.inject(HttpTrouble.LOSE)
    smsc.inject(HttpTrouble.DROP)
    async with running(route_to(smsc, BY_KEY), ledger) as route:
        for attempt in (1, 2):
            assert isinstance(await route.submit(message(attempt=attempt)), InDoubt)
            await ledger.until(lambda: route.status.up)
        assert await route.settle(doubt(route, 1), 0.1) == Sent("m-000001", "status query")
        assert await route.settle(doubt(route, 2), 0.1) is None
        end = await route.settle(doubt(route, 2), 2.0)
        assert isinstance(end, NotSent)
        assert (end.verdict, end.evidence) == (Verdict.ROUTE, "status query")


async def test_a_later_process_settles_the_doubt_of_a_former_one(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    """What our ids begin with is remembered, and written down with each attempt."""
    memory = Notebook()
    smsc.inject(HttpTrouble.LOSE)
    async with running(route_to(smsc, BY_KEY, memory=memory), ledger) as route:
        await route.submit(message())
        left = doubt(route)
    async with running(route_to(smsc, BY_KEY, memory=memory), ledger) as route:
        assert await route.settle(left, 0.1) == Sent("m-000001", "status query")
        assert route.witness() == left.witness
    async with running(route_to(smsc, BY_KEY), ledger) as route:
        assert await route.settle(left, 0.1) == Sent("m-000001", "status query")


async def test_a_doubt_stays_one_where_the_operator_knows_its_own_ids_only(
    smsc: SimulatedHttpSmsc, ledger: Ledger
) -> None:
    async with running(route_to(smsc), ledger) as route:
        assert await route.settle(doubt(route), 100.0) is None
    assert smsc.asked == []


async def test_a_doubt_stays_one_while_the_operator_does_not_answer(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    async with running(route_to(smsc, BY_KEY, timings=IMPATIENT), ledger) as route:
        smsc.mute = True
        assert await route.settle(doubt(route), 100.0) is None


# --- what became of it ------------------------------------------------------------------------------------------------


async def test_what_was_taken_is_asked_after_until_it_is_over(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    """A state that is not the last one is not told."""
    phone = smsc.network.phone(CLIENT)
    phone.reachable = False
    books = Books()
    async with running(route_to(smsc, books=books), ledger) as route:
        sent = await route.submit(message())
        assert isinstance(sent, Sent)
        books.open = [(1, sent.reference, CLIENT)]
        await smsc.until(lambda: len(smsc.asked) >= 3)
        assert ledger.reports == []
        phone.reachable = True
        await ledger.until(lambda: ledger.reports)
        books.open = []
    report = ledger.reports[0]
    assert (report.reference, report.recipient, report.report_class) == ("m-000001", CLIENT, ReportClass.DELIVERED)
    assert ledger.rows[0].repeats_within == 0, "the same words may speak of another message, much later"


async def test_a_swapped_sim_is_told(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    smsc.network.phone(CLIENT).reachable = False
    books = Books()
    async with running(route_to(smsc, books=books), ledger) as route:
        await route.submit(message())
        smsc.become(smsc.taken["m-000001"], "failed", "219")
        books.open = [(1, "m-000001", CLIENT)]
        await ledger.until(lambda: ledger.reports)
    report = ledger.reports[0]
    assert (report.report_class, report.code, report.refused) == (ReportClass.FAILED, "failed 219", Block.SIM_SWAPPED)


async def test_a_report_that_cannot_be_kept_is_asked_for_again(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    books = Books()
    ledger.full = True
    async with running(route_to(smsc, books=books), ledger) as route:
        await route.submit(message())
        books.open = [(1, "m-000001", CLIENT)]
        await ledger.until(lambda: ledger.refusals >= 2)
        ledger.full = False
        await ledger.until(lambda: ledger.reports)


async def test_the_webhook_is_told_and_nobody_is_asked(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    """Answered 200 only once it is kept."""
    phone = smsc.network.phone(CLIENT)
    phone.reachable = False
    with reserved_port() as port:
        async with running(route_to(smsc, webhook_port=port), ledger) as route:
            await route.submit(message())
            smsc.receiver = (port, "/receipts/token")
            ledger.full = True
            smsc.become(smsc.taken["m-000001"], "delivered")
            await smsc.until(lambda: smsc.posted == [503])
            ledger.full = False
            smsc.become(smsc.taken["m-000001"], "delivered")
            await smsc.until(lambda: smsc.posted == [503, 200])
    assert [(report.reference, report.report_class) for report in ledger.reports] == [
        ("m-000001", ReportClass.DELIVERED)
    ]
    assert smsc.asked == []


async def test_a_port_that_is_taken_keeps_nobody_from_sending(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    async with running(route_to(smsc, webhook_port=smsc.port), ledger) as route:
        assert isinstance(await route.submit(message()), Sent)


# --- what is missing to begin with ------------------------------------------------------------------------------------


async def test_certificates_that_cannot_be_read_are_a_state_that_people_see(
    smsc: SimulatedHttpSmsc, ledger: Ledger
) -> None:
    async with running(route_to(smsc, ca_file=Path("/nowhere/ca.pem")), ledger, "failed") as route:
        assert "/nowhere/ca.pem" in route.status.detail


async def test_a_full_disk_at_the_start_is_waited_out(smsc: SimulatedHttpSmsc, ledger: Ledger) -> None:
    memory = Notebook()
    memory.full = True
    async with running(route_to(smsc, memory=memory), ledger, "failed") as route:
        memory.full = False
        await ledger.until(lambda: route.status.up)
