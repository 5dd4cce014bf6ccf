"""A gateway over a real store, with routes and a directory that do what the test says."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from smsd.directory import Registration, Wish
from smsd.gateway import Gateway
from smsd.routes import Inbound
from smsd.rules.outbox import MessageClass
from smsd.rules.routing import Kind
from smsd.sms import Deliver, Doubt, Outcome, Received, RouteStatus, Sent, Submit, Witness
from smsd.store import NewMessage, Store

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
    evidence_seconds: float = 0.0
    kind: Kind = Kind.SIM
    window: int = 1
    whole: bool = False
    up: bool = True
    submits: list[Submit] = field(default_factory=list)
    answer: Callable[[Submit], Outcome] = field(default=lambda submit: Sent(str(submit.attempt_id % 256)))
    evidence: Callable[[Doubt, float], Outcome | None] = field(default=lambda _doubt, _age: None)
    hold: asyncio.Event | None = None

    @property
    def room(self) -> int:
        return self.window

    @property
    def room_in(self) -> float:
        return math.inf

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
    told: list[tuple[str, Wish]] = field(default_factory=list)

    async def registration(self, phone: str) -> Registration | None:
        return self.answer(phone)

    async def subscribe(self, phone: str, wish: Wish) -> None:
        self.told.append((phone, wish))


@dataclass
class House:
    """A gateway at work and all that it stands on."""

    gateway: Gateway
    store: Store
    clock: Clock
    routes: list[ScriptedRoute]
    directory: ScriptedDirectory

    @property
    def route(self) -> ScriptedRoute:
        return self.routes[0]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds; how long that takes is the machine's business: it may be busy."""
        async with asyncio.timeout(60):
            while not condition():
                self.gateway.look()
                await asyncio.sleep(0.005)

    async def heard(self, route: ScriptedRoute, *, up: bool) -> None:
        """Let a route come up or go down, and wait until its pump has seen it."""
        route.up = up
        self.gateway.changed(route.name)
        await self.until(lambda: self.gateway._pumps[route.name]._was_up is up)

    async def text(self, body: str, number: int = 0, *, by: str = "scripted") -> None:
        sent_at = datetime.fromtimestamp(self.clock.now, UTC)
        value = Deliver(PHONE, body, sent_at, service_centre="+79020000000")
        await self.gateway.received(Received(by, f"{body}{self.clock.now}{number}".encode(), value))

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
