"""What the store's tests share: a clock that is set by hand, messages and received things with sensible defaults."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from smsd.rules.outbox import MessageClass
from smsd.rules.phones import sender_phone
from smsd.rules.reception import command_of, judge
from smsd.sms import Deliver, Received, ReportClass, Sent, StatusReport, Witness
from smsd.store import Claim, Claimant, Judge, NewMessage, Store
from smsd.store.claims import NO_OTHER_WAY

PHONE = "+79160000001"
OTHER = "+79160000002"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp()
INCOMPLETE = timedelta(hours=24)


def at(moment: float) -> datetime:
    """Return a moment (Unix seconds) as a time with its zone."""
    return datetime.fromtimestamp(moment, UTC)


def new(message_class: MessageClass = MessageClass.MANUAL, **values: Any) -> NewMessage:
    """Make a message to queue: one part to ``PHONE`` unless told otherwise."""
    if "sealed" not in values:
        values.setdefault("text", "text")
    return NewMessage(message_class, values.pop("recipient", PHONE), values.pop("parts", 1), **values)


def claimant(
    route: str = "modem0", *, sim: str | None = "sim0", witness: Witness | None = None, whole: bool = False
) -> Claimant:
    """Make a route that asks for work."""
    return Claimant(route, "+79086228779", sim, witness or {}, whole=whole)


def delivered(
    reference: str,
    *,
    submitted_at: float | None,
    recipient: str = PHONE,
    report_class: ReportClass = ReportClass.DELIVERED,
    code: str = "ST 0x00",
) -> StatusReport:
    """Make a status report."""
    submitted = None if submitted_at is None else at(submitted_at)
    return StatusReport(reference, recipient, submitted, submitted, report_class, code)


def acknowledgement(phone: str, now: float) -> NewMessage:
    """Make the acknowledgement of a request."""
    return NewMessage(MessageClass.ACK, phone, 1, text="Ваша заявка принята.", expires_at=now + 3600)


RULES: dict[str, Any] = {
    "phone_of": lambda deliver: sender_phone(deliver.sender, deliver.sender_is_number),
    "command_of": partial(command_of, lenient=False),
    "decide": partial(judge, commands_per_hour=10, lenient=False),
    "ack": acknowledgement,
    "ways": NO_OTHER_WAY,
    "incomplete": INCOMPLETE,
}
JUDGE = Judge(**{each.name: RULES[each.name] for each in fields(Judge)})


@dataclass
class House:
    """A store in a directory of its own, and the hand on its clock."""

    directory: Path
    now: float = NOON
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.store = Store(self.path, self.clock)

    @property
    def path(self) -> Path:
        """Where the database is."""
        return self.directory / "smsd.db"

    def clock(self) -> float:
        """Return the time of the house."""
        return self.now

    def crash(self) -> int:
        """End as a killed process does, and start again; return how many attempts were orphaned."""
        self.store.close()
        self.store = Store(self.path, self.clock)
        return self.store.outbox.adopt_orphans()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Look into the tables past every verb."""
        return list(self.store.engine._connection.execute(query, values))

    def dump(self) -> list[str]:
        """Return all that the database holds, as SQL."""
        return list(self.store.engine._connection.iterdump())

    def queue(self, message_class: MessageClass = MessageClass.MANUAL, **values: Any) -> int:
        """Queue a message; return its id."""
        return self.store.outbox.enqueue(new(message_class, **values))[0]

    def claim(self, route: str = "modem0", *, sim: str | None = "sim0", witness: Witness | None = None) -> Claim:
        """Have a route claim the one part there is for it."""
        [claim] = self.store.outbox.claim(claimant(route, sim=sim, witness=witness))
        return claim

    def send(self, reference: str = "17", route: str = "modem0", *, sim: str | None = "sim0") -> Claim:
        """Have a route claim a part and get it away."""
        claim = self.claim(route, sim=sim)
        self.store.outbox.record([(claim.attempt_id, Sent(reference))])
        return claim

    def state(self, message_id: int) -> str:
        """Return where a message stands."""
        return str(self.store.outbox.show(message_id)["state"])

    def part_states(self, message_id: int) -> list[str]:
        """Return where the parts of a message stand."""
        return [part["state"] for part in self.store.outbox.show(message_id)["part_list"]]

    def receive(
        self,
        value: Deliver | StatusReport | None,
        *,
        route: str = "modem0",
        sim: str | None = "sim0",
        octets: bytes | None = None,
        fault: str | None = None,
        repeats_within: float | None = None,
    ) -> Any:
        """Receive something; octets that were never seen before unless told otherwise."""
        octets = b"%d" % next(self._numbers) if octets is None else octets
        received = Received(route, octets, value, fault=fault, sim=sim, repeats_within=repeats_within)
        return self.store.inbox.receive(received, JUDGE)

    def text(self, text: str, *, sender: str = PHONE, sent_at: float | None = None, **values: Any) -> Any:
        """Receive a text."""
        when = at(self.now if sent_at is None else sent_at)
        octets = values.pop("octets", None)
        return self.receive(Deliver(sender, text, when, **values), octets=octets)
