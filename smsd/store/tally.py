"""What the routes have sent of late: counted as parts begin, so that a limit costs no scan of what was sent.

Knows minutes and sums. Refuses to know what a limit is (``rules.limits``). Every function works inside a transaction
that its caller has begun. A part that certainly did not leave is taken back; one in doubt counts.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from smsd.rules.limits import NO_LIMITS, Limits, LimitTable, Spent, fitting, room
from smsd.rules.outbox import MessageClass, State
from smsd.store.engine import Row, Transaction

__all__ = ["Gauge", "forget_tally", "spent", "taken_back"]

MINUTE = 60
HOUR_MINUTES = 60
DAY_MINUTES = 1440
DAY_SECONDS = 86400.0


def taken_back(tx: Transaction, attempt: Row, parts: int) -> None:
    """Count no longer the parts of an attempt that did not leave."""
    tx.run(
        "tally_take_back",
        route=attempt["route"],
        minute=int(attempt["started_at"] // MINUTE),
        message_id=attempt["message_id"],
        parts=parts,
    )


def spent(tx: Transaction, route: str, table: LimitTable, now: float) -> Spent:
    """Sum up what a route has sent, as far as its limits ask for it."""
    minute = int(now // MINUTE)
    row = tx.one("tally_spent", route=route, minute=minute, hour=minute - HOUR_MINUTES, day=minute - DAY_MINUTES)
    limits = table.of(route, now)
    recipients = money = 0
    if limits.recipients_per_day:
        recipients = tx.one("tally_recipients", route=route, since=now - DAY_SECONDS)["count"]
    if limits.budget_per_day:
        rows = tx.all("tally_by_route", day=minute - DAY_MINUTES)
        money = sum(each["parts"] * table.price_of(each["route"]) for each in rows)
    owed = tx.one("tally_owed", route=route)["parts"] if limits.any else 0
    return Spent(row["minute"], row["hour"], row["day"], row["alerts"], recipients, money, owed)


def forget_tally(tx: Transaction, now: float) -> None:
    """Forget what no longer counts."""
    tx.run("tally_forget", day=int(now // MINUTE) - DAY_MINUTES)
    tx.run("tally_recipient_forget", since=now - DAY_SECONDS)


@dataclass(slots=True)
class Gauge:
    """How much a route may still begin within one transaction; sums are asked for only where a limit needs them."""

    tx: Transaction
    route: str
    table: LimitTable | None
    now: float
    _limits: Limits = field(init=False)
    _spent: Spent | None = field(default=None, init=False)
    _taken: int = field(default=0, init=False)
    _begun: Counter[MessageClass] = field(default_factory=Counter, init=False)

    def __post_init__(self) -> None:
        self._limits = NO_LIMITS if self.table is None else self.table.of(self.route, self.now)

    def room(self, message_class: MessageClass) -> float:
        """Say how many parts of a class may begin now."""
        if self.table is None or not self._limits.any:
            return room(NO_LIMITS, Spent(), message_class)
        price = self.table.price_of(self.route)
        bound = room(self._limits, Spent(), message_class, price)
        if bound < 1 or bound == math.inf:
            return bound  # whatever has been spent
        if self._spent is None:
            self._spent = spent(self.tx, self.route, self.table, self.now)
        return room(self._limits, self._spent, message_class, price) - self._taken

    def allowed(self, message_class: MessageClass, messages: Sequence[Row]) -> int:
        """Say how many of these messages may go on, or begin with all their parts, in this order."""
        if not messages or (left := self.room(message_class)) == math.inf:
            return len(messages)
        return fitting((row["parts"] if row["state"] == State.QUEUED else 0 for row in messages), left)

    def take(self, message_class: MessageClass, message: Row, parts: int) -> None:
        """Begin so many parts of a message, and with its first part all of them."""
        self._begun[message_class] += parts
        if message["state"] == State.QUEUED:
            self._taken += message["parts"]
        if self._limits.recipients_per_day:
            tx = self.tx
            tx.run("tally_recipient", route=self.route, recipient=message["recipient"], now=self.now)

    def write_down(self) -> None:
        """Count the parts that were begun, at once for each class."""
        tx, minute = self.tx, int(self.now // MINUTE)
        for message_class, parts in self._begun.items():
            tx.run("tally_add", route=self.route, minute=minute, parts=parts, **{"class": message_class.value})
