"""The pump: claims, flights, ends."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import pytest
from structlog.testing import capture_logs

from smsd.errors import StoreError
from smsd.gateway import _part, _parts
from smsd.gateway.pump import POLL_SECONDS, Pump
from smsd.routes import Inbound
from smsd.rules.conditions import ACKNOWLEDGEMENT_LATE
from smsd.rules.outbox import MessageClass
from smsd.rules.routing import Kind
from smsd.sms import InDoubt, NotSent, Outcome, Received, ReportClass, Sent, StatusReport, Submit, Verdict
from smsd.store import Claim, Claimant, Ended, NewMessage, Receipt
from tests.gateway.house import PHONE, House, ScriptedRoute, Start


async def test_a_text_that_cannot_be_sent_fails_alone(start: Start) -> None:
    """A message whose parts do not match what was announced is rejected; the next one leaves."""
    house = await start()
    bad = house.enqueue("hello", parts=3)
    good = house.enqueue("hello")
    await house.until(lambda: house.store.outbox.show(good)["state"] == "submitted")
    assert house.store.outbox.show(bad)["state"] == "rejected"


async def test_a_route_without_parts_gets_the_whole_text_once(start: Start) -> None:
    """Three parts by the count, one submit, and all of them submitted or refused together."""
    house = await start(ScriptedRoute(whole=True, sim=None))
    text = "а" * 150
    message = house.enqueue(text, parts=3)
    await house.until(lambda: house.store.outbox.show(message)["state"] == "submitted")
    [submit] = house.route.submits
    assert (submit.user_data.text, submit.user_data.header, submit.part, submit.total) == (text, (), 1, 1)
    assert not submit.more_to_come
    assert [part["state"] for part in house.store.outbox.show(message)["part_list"]] == ["sent"] * 3
    house.route.answer = lambda _: NotSent(Verdict.NEVER, "17", "unknown number")
    refused = house.enqueue(text, parts=3)
    await house.until(lambda: house.store.outbox.show(refused)["state"] == "rejected")
    assert len(house.route.submits) == 2


@dataclass
class Paced(ScriptedRoute):
    """A route whose pace has room for one a moment after each submit, which it tells to nobody."""

    full: bool = False
    fifth: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def room(self) -> int:
        return 0 if self.full else 1

    @property
    def room_in(self) -> float:
        self.full = False
        return 0.001

    async def submit(self, submit: Submit) -> Outcome:
        self.full = True
        if len(self.submits) == 4:
            self.fifth.set()
        return await super().submit(submit)


async def test_room_that_time_has_made_is_used_at_once(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody rings when a pace has room again: an answer does not wait until the outbox is looked at anyway."""
    monkeypatch.setattr("smsd.gateway.pump.POLL_SECONDS", 3600.0)
    route = Paced()
    house = await start(route)
    for _ in range(5):
        house.store.outbox.enqueue(NewMessage(MessageClass.ALERT, PHONE, 1, text="news"))
    house.gateway.look()
    await asyncio.wait_for(route.fifth.wait(), 60)


async def test_nobody_looks_again_and_again_at_a_route_that_is_away(start: Start) -> None:
    """Its pace may have room all the time: it is the route that takes nothing, and says so when it does again."""
    route = Paced(up=False)
    house = await start(route)
    assert house.gateway._pumps["scripted"]._room_in == POLL_SECONDS
    await house.heard(route, up=True)
    assert house.gateway._pumps["scripted"]._room_in < POLL_SECONDS
    async with house.gateway._pumps["scripted"].quiet():
        assert house.gateway._pumps["scripted"]._room_in == POLL_SECONDS


async def test_stopping_waits_for_the_part_in_the_air_and_takes_no_more(start: Start) -> None:
    """``stop`` returns when the part has landed."""
    route = ScriptedRoute(hold=asyncio.Event())
    house = await start(route)
    house.enqueue("one")
    house.enqueue("two")
    await house.until(lambda: len(route.submits) == 1)
    stopping = asyncio.create_task(house.gateway.stop(60))
    await asyncio.sleep(0.02)
    assert not stopping.done()
    assert route.hold is not None
    route.hold.set()
    await stopping
    assert house.states() == [("manual", "submitted"), ("manual", "queued")]
    assert len(route.submits) == 1


async def test_what_has_landed_is_told_before_the_end(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the moment in which ends are told when there is none left."""
    monkeypatch.setattr("smsd.gateway.pump.TELL_SECONDS", 3600.0)
    with capture_logs() as logs:
        house = await start()
        message = house.enqueue("one")
        await house.until(lambda: house.store.outbox.show(message)["state"] == "submitted")
        assert "sent" not in [entry["event"] for entry in logs]
        await house.gateway.stop(60)
        for task in house.gateway._supervisors:
            task.cancel()
        await asyncio.wait(house.gateway._supervisors)
    assert [entry["event"] for entry in logs].count("sent") == 1


async def test_a_late_acknowledgement_raises_an_alarm(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older than ninety seconds: an error in the log, once."""
    monkeypatch.setattr("smsd.gateway.CARE_SECONDS", 0.01)
    with capture_logs() as logs:
        house = await start(ScriptedRoute(up=False))
        await house.text("CLIENT sms stop")
        house.clock.now += ACKNOWLEDGEMENT_LATE + 1
        await house.until(lambda: any(entry["event"] == "acknowledgement_late" for entry in logs))
        await asyncio.sleep(0.05)
    assert len([entry for entry in logs if entry["event"] == "acknowledgement_late"]) == 1


async def doubted(start: Start) -> tuple[House, ScriptedRoute, int, int]:
    """Have one part in doubt whose evidence the next, which could leave, would spoil; return both messages."""
    route = ScriptedRoute(answer=lambda _: InDoubt("no answer"), evidence_seconds=60.0)
    house = await start(route)
    first = house.enqueue("one")
    await house.until(lambda: house.store.outbox.show(first)["state"] == "in_doubt")
    await house.heard(route, up=False)
    route.answer = lambda _: Sent("2")
    second = house.enqueue("two")
    await house.heard(route, up=True)
    return house, route, first, second


async def test_nothing_new_is_sent_while_it_would_spoil_the_evidence(start: Start) -> None:
    """After a start with a part in doubt the next one waits, until the SIM has spoken or can speak no more."""
    house, _, _, second = await doubted(start)
    await asyncio.sleep(0.1)
    assert house.store.outbox.show(second)["state"] == "queued"
    house.clock.now += 61
    await house.until(lambda: house.store.outbox.show(second)["state"] == "submitted")


async def test_evidence_that_comes_lets_the_next_part_leave_at_once(start: Start) -> None:
    """The SIM says that the part left: nothing is waited for any more."""
    house, route, first, second = await doubted(start)
    route.evidence = lambda _doubt, _age: Sent("1", evidence="EF_SMSS")
    await house.until(lambda: house.store.outbox.show(second)["state"] == "submitted")
    assert house.store.outbox.show(first)["state"] == "submitted"


@dataclass
class PromptCentre(ScriptedRoute):
    """A bind whose service centre sends the receipt right behind its answer."""

    kind: Kind = Kind.BIND
    sim: str | None = None
    window: int = 8
    inbound: Inbound | None = None
    receipts: list[asyncio.Task[None]] = field(default_factory=list)

    async def run(self, inbound: Inbound) -> None:
        self.inbound = inbound
        await super().run(inbound)

    async def submit(self, submit: Submit) -> Outcome:
        self.submits.append(submit)
        await asyncio.sleep(0)
        reference = str(1_000_000 + submit.attempt_id)
        told = StatusReport(reference, submit.recipient, None, None, ReportClass.DELIVERED, "DELIVRD")
        received = Received(self.name, reference.encode(), told, repeats_within=300.0)
        assert self.inbound is not None
        self.receipts.append(asyncio.create_task(self.inbound.received(received)))
        return Sent(reference)


async def test_a_receipt_right_behind_its_answer_finds_it_recorded(start: Start) -> None:
    """None waits for an answer that had come before it, whoever of both asks the store first."""
    route = PromptCentre()
    house = await start(route)
    matched: list[str] = []
    house.gateway._store.engine._connection.set_trace_callback(
        lambda statement: matched.append(statement) if statement.startswith("UPDATE report SET attempt_id") else None
    )
    ids = [house.enqueue(f"text {each}") for each in range(40)]
    await house.until(lambda: all(house.store.outbox.show(each)["state"] == "delivered" for each in ids))
    await asyncio.gather(*route.receipts)
    assert matched == []
    attempts = [house.store.outbox.show(each)["attempt_list"] for each in ids]
    assert [[attempt["evidence"] for attempt in each] for each in attempts] == [["answer"]] * len(ids)


async def test_stopping_waits_for_what_a_receipt_has_recorded(start: Start) -> None:
    """What has ended is recorded by whoever comes first; the pump is empty all the same."""
    route = PromptCentre(hold=asyncio.Event())
    house = await start(route)
    ids = [house.enqueue(f"text {each}") for each in range(20)]
    await house.until(lambda: len(route.submits) > 0)
    await house.gateway.stop(60)
    await asyncio.gather(*route.receipts)
    assert house.gateway.in_air == 0
    assert {house.store.outbox.show(each)["state"] for each in ids} <= {"delivered", "queued"}


async def test_what_the_store_does_not_take_is_recorded_later(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receipt that cannot be kept takes no answer with it."""
    route = PromptCentre()
    house = await start(route)
    inbox = house.gateway._store.inbox
    receive_all = inbox.receive_all

    def full(*_: object) -> object:
        raise StoreError("no room left")

    monkeypatch.setattr(inbox, "receive_all", full)
    message = house.enqueue("text")
    await house.until(lambda: house.store.outbox.show(message)["state"] == "submitted")
    with pytest.raises(StoreError):
        await route.receipts[0]
    monkeypatch.setattr(inbox, "receive_all", receive_all)
    other = house.enqueue("text")
    await house.until(lambda: house.store.outbox.show(other)["state"] == "delivered")


@pytest.mark.parametrize("plain", [False, True])
async def test_a_plain_receipt_has_nobody_look_for_work(
    start: Start, monkeypatch: pytest.MonkeyPatch, *, plain: bool
) -> None:
    """Nothing has become due by it: at full speed each look at the store would cost as much as a receipt."""
    house = await start()
    told = StatusReport("1000001", "+79161234567", None, None, ReportClass.DELIVERED, "DELIVRD")
    monkeypatch.setattr(
        house.gateway._store.inbox, "receive_all", lambda *_: [Receipt("report", attempt_id=1, plain=plain)]
    )
    rung: list[str] = []
    monkeypatch.setattr(house.gateway._bells, "ring", lambda: rung.append("rung"))
    await house.gateway.received(Received("scripted", b"receipt", told, repeats_within=300.0))
    assert bool(rung) is not plain


@dataclass
class SlowCentre(ScriptedRoute):
    """A bind whose service centre answers each submit when the test says so."""

    kind: Kind = Kind.BIND
    sim: str | None = None
    window: int = 8
    answers: list[asyncio.Event] = field(default_factory=list)

    async def submit(self, submit: Submit) -> Outcome:
        self.submits.append(submit)
        answered = asyncio.Event()
        self.answers.append(answered)
        await answered.wait()
        return Sent(str(submit.attempt_id))


def _have_landed(pump: Pump | None, recorded: list[int], route: SlowCentre) -> bool:
    """Tell whether all that the test let land is recorded, or waits in the pump for that."""
    waiting = len(pump._ended) if pump is not None else 0
    return sum(recorded) + waiting == sum(answered.is_set() for answered in route.answers)


@pytest.mark.parametrize("patience", [30.0, 0.0])
async def test_a_window_is_recorded_by_one_commit(
    start: Start, monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    """What lands one by one waits for what is in the air, or for a moment; whichever is over first."""
    monkeypatch.setattr("smsd.gateway.pump.GATHER_SECONDS", patience)
    route = SlowCentre()
    house = await start(route)
    outbox = house.gateway._store.outbox
    exchange, recorded = outbox.exchange, []

    def counting(ended: Sequence[Ended], claimant: Claimant, limit: int) -> list[Claim]:
        recorded.append(len(ended))
        return exchange(ended, claimant, limit)

    for each in range(8):
        house.enqueue(f"text {each}")
    await house.until(lambda: len(route.submits) == 8)
    monkeypatch.setattr(outbox, "exchange", counting)
    pump = house.gateway._pumps[route.name]
    for answered in route.answers:
        answered.set()
        await house.until(partial(_have_landed, pump if patience else None, recorded, route))
    await house.until(lambda: sum(recorded) == 8)
    assert [count for count in recorded if count] == ([8] if patience else [1] * 8)


async def test_a_route_that_fails_leaves_its_part_in_doubt(start: Start) -> None:
    """It may have left: nobody knows how far the route had come."""

    def fail(_: Submit) -> Outcome:
        raise RuntimeError("no such thing")

    house = await start(ScriptedRoute(answer=fail))
    with capture_logs() as logs:
        message = house.enqueue("text")
        await house.until(lambda: house.store.outbox.show(message)["state"] == "in_doubt")
    [attempt] = house.store.outbox.show(message)["attempt_list"]
    assert attempt["reason"] == "the route failed: RuntimeError"
    assert any(entry["event"] == "task_failed" for entry in logs)


def test_a_text_for_many_is_cut_once_and_a_sealed_one_is_kept_nowhere() -> None:
    """The password in it would outlive its message."""
    claim = Claim(1, 1, MessageClass.ALERT, PHONE, "text", None, 1, 1, 0, None)
    assert _part("текст для многих", claim) is _part("текст для многих", claim)
    before = _parts.cache_info()
    assert _part("пароль", replace(claim, text=None, sealed=b"sealed")).text == "пароль"
    assert _parts.cache_info() == before
