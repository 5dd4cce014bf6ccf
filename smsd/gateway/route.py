"""What the gateway asks of a way out of the house, and what the configuration decides for it."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from smsd.routes import Inbound
from smsd.rules.outbox import MessageClass
from smsd.rules.replies import Replies
from smsd.rules.requests import DEADLINE
from smsd.rules.retention import Keep
from smsd.rules.routing import Kind
from smsd.sms import Doubt, Outcome, RouteStatus, Submit, Witness, segments
from smsd.store import Claim, NewMessage

__all__ = ["Bells", "Counter", "Route", "Settings"]


class Route(Protocol):
    """A way out of (and into) the house: a modem, a bind."""

    @property
    def name(self) -> str:
        """The name in the configuration."""

    @property
    def kind(self) -> Kind:
        """Whether a client sees a name or a number."""

    @property
    def sender(self) -> str:
        """What a client sees as the sender."""

    @property
    def sim(self) -> str | None:
        """The subscription that is used now, where known."""

    @property
    def status(self) -> RouteStatus:
        """How it is."""

    @property
    def window(self) -> int:
        """How many parts it sends at a time."""

    @property
    def room(self) -> int:
        """How many more parts it would send at once: fewer than the window allows where a contract sets a pace."""

    @property
    def room_in(self) -> float:
        """Seconds after which time alone gives it room: a pace does, and tells nobody. Infinite: it does not."""

    @property
    def whole(self) -> bool:
        """Whether it takes messages as a whole, however many parts they make."""

    @property
    def settle_seconds(self) -> float:
        """Seconds after which evidence that has not come will not come: the policy of the class decides then."""

    @property
    def evidence_seconds(self) -> float:
        """Seconds after a part in doubt began in which another part would spoil the evidence; 0: nothing spoils it."""

    async def run(self, inbound: Inbound) -> None:
        """Keep itself alive for ever; ends only by cancellation."""

    def witness(self) -> Witness:
        """Return what is known now that may settle a doubt about the next part."""

    def submit(self, submit: Submit) -> Awaitable[Outcome]:
        """Send one part (or one whole message), as many at a time as the window allows.

        What is returned always gives one of the three ends, when it is cancelled too: then at once.
        """

    async def settle(self, doubt: Doubt, age_seconds: float) -> Outcome | None:
        """Look for evidence on a doubt; ``None``: not settled."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration decides, as values. What ``order`` does not name sends nothing; empty: all send."""

    replies: Replies
    region: str = "RU"
    commands_per_hour: int = 10
    lenient_commands: bool = False
    incomplete: timedelta = timedelta(hours=24)
    request_deadline: timedelta = DEADLINE
    lifetimes: Mapping[MessageClass, timedelta] = field(default_factory=dict)
    keep: Keep = field(default_factory=Keep)
    order: tuple[str, ...] = ()
    by_class: Mapping[MessageClass, tuple[str, ...]] = field(default_factory=dict)
    fallback_after: timedelta = timedelta(seconds=30)
    fallback_prefix: str = ""

    def message(self, message_class: MessageClass, phone: str, text: str, now: float) -> NewMessage:
        """Make a message of a class that is queued ``now`` (Unix seconds), with the deadline of its class."""
        lifetime = self.lifetimes.get(message_class)
        return NewMessage(
            message_class,
            phone,
            len(segments(text, 0)),
            text=text,
            expires_at=None if lifetime is None else now + lifetime.total_seconds(),
        )


class Counter(Protocol):
    """Who counts what leaves and comes in."""

    def landed(self, route: str, claim: Claim, outcome: Outcome) -> None:
        """Count an attempt that has ended."""

    def received(self, route: str, state: str) -> None:
        """Count a message that came in, by its state in the inbox."""


class Bells:
    """Who is to look when something has changed: an event for each route's pump and doubts, for requests and alerts."""

    def __init__(self, routes: list[str]) -> None:
        self.work = {name: asyncio.Event() for name in routes}
        self.doubts = {name: asyncio.Event() for name in routes}
        self.requests = asyncio.Event()
        self.alerts = asyncio.Event()

    def ring(self) -> None:
        """Let everybody look at the outbox and the requests."""
        for event in (*self.work.values(), self.requests, self.alerts):
            event.set()
