"""The gateway over a real store and a route that does what the test says."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from smsd.directory import Registration
from smsd.errors import DirectoryError
from smsd.gateway import ACK_ALARM_SECONDS, Gateway, Settings
from smsd.routes import Inbound
from smsd.rules.outbox import MessageClass
from smsd.rules.replies import Replies
from smsd.rules.routing import Kind
from smsd.sms import Deliver, Doubt, InDoubt, NotSent, Outcome, Received, RouteStatus, Sent, Submit, Verdict, Witness
from smsd.store import NewMessage, Store
from smsd.store.thread import StoreThread
from smsd.vault import Vault

PHONE = "+79161234567"


class Clock:
    """A clock that the test turns."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class ScriptedRoute:
    """Sends by the test's ``answer`` and settles by its ``evidence``."""

    name: str = "scripted"
    sender: str = "+79086228779"
    sim: str | None = "sim"
    settle_seconds: float = 75.0
    kind: Kind = Kind.SIM
    window: int = 1
    up: bool = True
    submits: list[Submit] = field(default_factory=list)
    answer: Callable[[Submit], Outcome] = field(default=lambda submit: Sent(str(submit.attempt_id % 256)))
    evidence: Callable[[Doubt, float], Outcome | None] = field(default=lambda _doubt, _age: None)
    hold: asyncio.Event | None = None

    @property
    def status(self) -> RouteStatus:
        return RouteStatus(up=self.up, state="ready" if self.up else "away")

    async def run(self, inbound: Inbound) -> None:
        inbound.changed(self.name)
        await asyncio.Event().wait()

    def witness(self) -> Witness:
        return {}

    async def submit(self, submit: Submit) -> Outcome:
        self.submits.append(submit)
        if self.hold is not None:
            await self.hold.wait()
        return self.answer(submit)

    async def settle(self, doubt: Doubt, age_seconds: float) -> Outcome | None:
        return self.evidence(doubt, age_seconds)


@dataclass
class ScriptedDirectory:
    """Knows what the test tells it."""

    answer: Callable[[str], Registration | None] = field(default=lambda _: Registration("1", "ivanov", "secret"))
    told: list[tuple[str, bool]] = field(default_factory=list)

    async def registration(self, phone: str) -> Registration | None:
        return self.answer(phone)

    async def subscribe(self, phone: str, *, subscribed: bool) -> None:
        self.told.append((phone, subscribed))


@dataclass
class House:
    """A gateway at work and all that it stands on."""

    gateway: Gateway
    store: Store
    clock: Clock
    route: ScriptedRoute
    directory: ScriptedDirectory

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                self.gateway.look()
                await asyncio.sleep(0.005)

    async def text(self, body: str, number: int = 0) -> None:
        sent_at = datetime.fromtimestamp(self.clock.now, UTC)
        value = Deliver(PHONE, body, sent_at, service_centre="+79020000000")
        await self.gateway.received(Received("scripted", f"{body}{self.clock.now}{number}".encode(), value))

    def enqueue(self, text: str, message_class: MessageClass = MessageClass.MANUAL, parts: int = 1) -> int:
        message_id, _ = self.store.outbox.enqueue(NewMessage(message_class, PHONE, parts, text=text))
        self.gateway.look()
        return message_id

    def request(self) -> tuple[str, int]:
        row = self.store.requests.recent(limit=1)[0]
        return row["state"], row["asked"]

    def states(self) -> list[tuple[str, str]]:
        return [(row["class"], row["state"]) for row in reversed(self.store.outbox.recent(limit=0))]


Start = Callable[..., Awaitable[House]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a gateway; it ends with the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def started(route: ScriptedRoute | None = None, directory: ScriptedDirectory | None = None) -> House:
            clock = Clock()
            thread = StoreThread(Store(tmp_path / "smsd.db", clock))
            stack.callback(thread.close)
            # The test looks through a connection of its own, as the command line does.
            store = Store(tmp_path / "smsd.db", clock)
            stack.callback(store.close)
            route = route or ScriptedRoute()
            directory = directory or ScriptedDirectory()
            lifetimes = dict.fromkeys(MessageClass, timedelta(days=1))
            settings = Settings(Replies(), lifetimes=lifetimes)
            gateway = Gateway(thread, [route], directory, Vault.generate(), settings, clock)
            task = asyncio.create_task(gateway.run())

            async def end() -> None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

            stack.push_async_callback(end)
            return House(gateway, store, clock, route, directory)

        yield started


async def test_a_directory_that_is_down_is_asked_again_and_the_client_answered(start: Start) -> None:
    """The request waits; when the directory returns the client gets his data."""

    def down(_: str) -> Registration | None:
        raise DirectoryError("no answer")

    house = await start(directory=ScriptedDirectory(answer=down))
    await house.text("CLIENT info")
    await house.until(lambda: house.request() == ("accepted", 1))
    house.directory.answer = lambda _: Registration("1", "ivanov", "secret")
    house.clock.now += 60
    await house.until(lambda: house.states() == [("ack", "submitted"), ("result", "submitted")])


async def test_a_directory_that_stays_down_ends_in_an_apology(start: Start) -> None:
    """After the deadline the client is told, not left."""

    def down(_: str) -> Registration | None:
        raise DirectoryError("no answer")

    house = await start(directory=ScriptedDirectory(answer=down))
    await house.text("CLIENT info")
    await house.until(lambda: house.request() == ("accepted", 1))
    house.clock.now += 24 * 3600 + 1
    await house.until(lambda: house.store.requests.recent(limit=1)[0]["state"] == "failed")
    await house.until(lambda: house.states()[-1] == ("result", "submitted"))


async def test_a_result_waits_for_its_acknowledgement(start: Start) -> None:
    """While the acknowledgement is in the air the result stays; once it is settled the result leaves."""
    route = ScriptedRoute(hold=asyncio.Event())
    house = await start(route)
    await house.text("CLIENT sms stop")
    await house.until(lambda: len(house.states()) == 2)
    assert len(route.submits) == 1
    assert route.hold is not None
    route.hold.set()
    await house.until(lambda: len(route.submits) == 2)


async def test_a_result_waits_a_hundred_seconds_at_most(start: Start) -> None:
    """An acknowledgement that cannot leave does not keep the result for ever."""
    house = await start(ScriptedRoute(answer=lambda _: NotSent(Verdict.LATER, "CMS 38")))
    await house.text("CLIENT sms stop")
    await house.until(lambda: len(house.states()) == 2 and len(house.route.submits) == 1)
    house.clock.now += 101
    await house.until(lambda: len({submit.message_id for submit in house.route.submits}) == 2)


async def test_of_stop_and_start_the_later_wish_is_answered(start: Start) -> None:
    """A stop that arrives after a newer start changes nothing, and the client is told what holds."""
    house = await start()
    await house.text("CLIENT sms start")
    await house.until(lambda: len(house.states()) == 2)
    late = Deliver(PHONE, "CLIENT sms stop", datetime.fromtimestamp(house.clock.now - 60, UTC))
    await house.gateway.received(Received("scripted", b"late stop", late))
    await house.until(lambda: house.states().count(("result", "submitted")) == 2)
    assert house.store.clients.subscribed(PHONE)
    assert "включены" in house.store.outbox.recent(limit=1)[0]["text"]


async def test_an_answer_in_doubt_is_sent_once_more_and_then_held(start: Start) -> None:
    """No evidence: an acknowledgement is resent once; a second doubt is left to a person."""
    house = await start(ScriptedRoute(answer=lambda _: InDoubt("no answer")))
    await house.text("CLIENT sms stop")
    await house.until(lambda: ("ack", "in_doubt") in house.states())
    assert len([s for s in house.route.submits if s.message_id == 1]) == 1
    house.clock.now += 76
    house.gateway._bells.doubts["scripted"].set()
    await house.until(lambda: len([s for s in house.route.submits if s.message_id == 1]) == 2)
    house.clock.now += 76
    house.gateway._bells.doubts["scripted"].set()
    await house.until(lambda: house.states()[0] == ("ack", "in_doubt"))
    await asyncio.sleep(0.05)
    assert len([s for s in house.route.submits if s.message_id == 1]) == 2


async def test_a_manual_message_in_doubt_is_held(start: Start) -> None:
    """What nobody waits for is not sent twice: it stays in doubt, and evidence still settles it."""
    house = await start(ScriptedRoute(answer=lambda _: InDoubt("no answer")))
    held = house.enqueue("hello")
    await house.until(lambda: house.states() == [("manual", "in_doubt")])
    house.clock.now += 3600
    house.gateway._bells.doubts["scripted"].set()
    await asyncio.sleep(0.05)
    assert len(house.route.submits) == 1
    house.route.evidence = lambda _doubt, _age: Sent("7", evidence="EF_SMSS")
    house.gateway._bells.doubts["scripted"].set()
    await house.until(lambda: house.store.outbox.show(held)["state"] == "submitted")


async def test_a_policy_waits_while_no_route_is_up(start: Start) -> None:
    """With nothing to send by there is no use in giving up the evidence that the modem may still bring."""
    house = await start(ScriptedRoute(answer=lambda _: InDoubt("no answer")))
    await house.text("CLIENT sms stop")
    await house.until(lambda: ("ack", "in_doubt") in house.states())
    house.route.up = False
    house.clock.now += 3600
    house.gateway._bells.doubts["scripted"].set()
    await asyncio.sleep(0.05)
    assert house.store.outbox.show(1)["part_list"][0]["resent"] == 0


async def test_a_text_that_cannot_be_sent_fails_alone(start: Start) -> None:
    """A message whose parts do not match what was announced is rejected; the next one leaves."""
    house = await start()
    bad = house.enqueue("hello", parts=3)
    good = house.enqueue("hello")
    await house.until(lambda: house.store.outbox.show(good)["state"] == "submitted")
    assert house.store.outbox.show(bad)["state"] == "rejected"


async def test_stopping_waits_for_the_part_in_the_air_and_takes_no_more(start: Start) -> None:
    """``stop`` returns when the part has landed."""
    route = ScriptedRoute(hold=asyncio.Event())
    house = await start(route)
    house.enqueue("one")
    house.enqueue("two")
    await house.until(lambda: len(route.submits) == 1)
    stopping = asyncio.create_task(house.gateway.stop(5))
    await asyncio.sleep(0.02)
    assert not stopping.done()
    assert route.hold is not None
    route.hold.set()
    await stopping
    assert house.states() == [("manual", "submitted"), ("manual", "queued")]
    assert len(route.submits) == 1


async def test_a_late_acknowledgement_raises_an_alarm(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older than ninety seconds: an error in the log, once."""
    monkeypatch.setattr("smsd.gateway.CARE_SECONDS", 0.01)
    with capture_logs() as logs:
        house = await start(ScriptedRoute(up=False))
        await house.text("CLIENT sms stop")
        house.clock.now += ACK_ALARM_SECONDS + 1
        await house.until(lambda: any(entry["event"] == "acknowledgement_late" for entry in logs))
        await asyncio.sleep(0.05)
    assert len([entry for entry in logs if entry["event"] == "acknowledgement_late"]) == 1


async def test_a_route_that_raises_leaves_a_doubt_and_goes_on(start: Start) -> None:
    """A surprise in a route costs one part its certainty, not the service its life."""
    calls = 0

    def surprise(_: Submit) -> Outcome:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise RuntimeError("surprise")
        return Sent("1")

    house = await start(ScriptedRoute(answer=surprise))
    first = house.enqueue("one")
    second = house.enqueue("two")
    await house.until(lambda: house.store.outbox.show(second)["state"] == "submitted")
    assert house.store.outbox.show(first)["state"] == "in_doubt"
