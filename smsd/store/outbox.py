"""The outbox: what is to leave, what has left, and what may have.

Knows the verbs, one transaction each; the steps they are made of are ``progress``. Refuses to decide anything.

Where a crash leaves the client: before ``claim`` commits, nothing has left and nothing is recorded; after it, and until
``record`` commits, the attempt has no outcome, and the next start takes it for a doubt. There is no third moment.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from smsd.errors import NotFoundError, UsageError
from smsd.rules.alerts import AlertState
from smsd.rules.doubts import HELD_AFTER
from smsd.rules.limits import LimitTable, quiet_until
from smsd.rules.outbox import (
    DOUBT_POLICY,
    FINAL,
    OBEYS_OPT_OUT,
    PRIORITY,
    WAITING,
    DoubtPolicy,
    MessageClass,
    PartState,
    State,
    may,
)
from smsd.rules.routing import Left
from smsd.sms import Doubt, InDoubt
from smsd.store.alerts import WITHDRAWN
from smsd.store.attempts import doubt_of, settle
from smsd.store.claims import (
    NO_OTHER_WAY,
    Claim,
    Claimant,
    Diversion,
    NewMessage,
    Ways,
    get_message,
    insert_message,
    written_to,
)
from smsd.store.engine import Engine, Row, Transaction
from smsd.store.progress import advance, divert, move, move_parts
from smsd.store.swaps import EXPIRED_HELD, hold_back, is_swapped
from smsd.store.tally import Gauge
from smsd.store.windows import Ended, begin_all, settle_all

__all__ = ["Claim", "Claimant", "Diversion", "Ended", "NewMessage", "Outbox", "Ways"]

_CLASSES = {PRIORITY[message_class]: message_class for message_class in MessageClass}
_SKIPS_PER_CLAIM = 200

LONGEST_WAIT = 3700.0
"""Seconds: more than the longest step of ``rules.outbox.retry_delay``."""


class Outbox:
    """The outbox of one store."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self.limits: LimitTable | None = None
        """What the routes may send at most; ``None``: as much as there is. The daemon sets it, who claims obeys it."""
        self.ways: Ways = NO_OTHER_WAY
        """Which other way a message goes that was refused. The gateway sets it, whatever records an end asks it."""

    # --- in -----------------------------------------------------------------------------------------------------------

    def enqueue(self, new: NewMessage) -> tuple[int, bool]:
        """Queue a message; return its id and whether it is new. A repeat with the same key adds nothing."""
        with self._engine.write() as tx:
            return insert_message(tx, new, self._clock())

    def by_key(self, message_class: MessageClass, key: str) -> Row | None:
        """Return the message a key stands for: its id, recipient, text, parts and fingerprint; ``None``: none yet."""
        with self._engine.read() as tx:
            return tx.first("message_by_key", **{"class": message_class.value}, key=key)

    def enqueue_all(self, messages: Iterable[NewMessage]) -> int:
        """Queue messages in one transaction; return how many were new."""
        with self._engine.write() as tx:
            now = self._clock()
            return sum(insert_message(tx, new, now)[1] for new in messages)

    # --- out ----------------------------------------------------------------------------------------------------------

    def claim(self, claimant: Claimant, limit: int = 1) -> list[Claim]:
        """Give a route the next parts to send, best class first; when this returns their attempts are on disk.

        Messages found past their deadline come to rest as ``expired``, those of people who opted out as
        ``suppressed``. At most one part of a message is in the air at a time.
        """
        return self.exchange((), claimant, limit)

    def record(self, outcomes: Sequence[Ended]) -> None:
        """Record how attempts ended; when this returns it is on disk. A settled attempt is not settled again."""
        with self._engine.write() as tx:
            now = self._clock()
            for attempt_id, outcome in outcomes:
                settle(tx, attempt_id, outcome, now, self.ways)

    def exchange(self, ended: Sequence[Ended], claimant: Claimant, limit: int) -> list[Claim]:
        """Record how attempts ended and claim the next parts, as ``record`` and ``claim`` do, in one transaction.

        So that a whole window costs one commit: what ends while a transaction is on its way is recorded by the next.
        """
        claims: list[Claim] = []
        with self._engine.write() as tx:
            now = self._clock()
            settle_all(tx, ended, now, self.ways)
            gauge = Gauge(tx, claimant.route, self.limits, now)
            skipped = 0
            for due in _dues(tx, claimant.route, claimant.permits, claimant.leaves) if limit else ():
                priority, message_class = due.priority, due.message_class
                while due.at <= now and (room := limit - len(claims)) > 0 and skipped < _SKIPS_PER_CLAIM:
                    rows = _next(tx, priority, message_class, claimant, now, room)
                    allowed = gauge.allowed(message_class, rows)
                    if allowed < len(rows):
                        rows = rows[:allowed] or _begun(tx, priority, claimant, now, room)
                    taken = _take(tx, rows, message_class, claimant, now, gauge)
                    claims += taken
                    skipped += len(rows) - len(taken)
                    if len(rows) < room:
                        break
            gauge.write_down()
        return claims

    def adopt_orphans(self) -> int:
        """Take the attempts that a dead process left without an outcome for doubts; return how many there were."""
        with self._engine.write() as tx:
            now = self._clock()
            orphans = tx.all("attempt_orphans")
            for row in orphans:
                settle(tx, row["id"], InDoubt("the daemon ended while the part was in the air"), now)
            return len(orphans)

    def next_due(
        self,
        route: str,
        permits: Mapping[MessageClass, float] | None = None,
        leaves: Mapping[MessageClass, Left] | None = None,
    ) -> float | None:
        """Say when the next part for a route may be claimed, in Unix seconds; ``None``: nothing waits for it."""
        with self._engine.read() as tx:
            now = self._clock()
            gauge = Gauge(tx, route, self.limits, now)
            moments = []
            for due in _dues(tx, route, permits, leaves or {}):
                if due.at == math.inf:
                    continue
                if gauge.room(due.message_class) >= 1:
                    moments.append(due.ripe_at(now))
                elif (begun := tx.first("message_next_due_begun", route=route, priority=due.priority)) is not None:
                    # At a limit only what has begun counts: the pump looks again by itself every few seconds.
                    moments.append(float(begun["due_at"]))
        return min(moments, default=None)

    def rescue(self, route: str, way: Callable[[MessageClass, str | None], Diversion | None]) -> int:
        """Divert the answers that have begun on a route which has died; return how many.

        Whoever waits for one reads it whole, from its first part on, under another sender. ``way`` says where each
        goes, by its class and the route its client wrote to; ``None``: it stays.
        """
        with self._engine.write() as tx:
            now = self._clock()
            rows = tx.all("message_stranded", route=route, least=PRIORITY[MessageClass.RESULT])
            ways = [(row["id"], way(MessageClass(row["class"]), written_to(tx, row["id"]))) for row in rows]
            diversions = [(message_id, diversion) for message_id, diversion in ways if diversion is not None]
            for message_id, diversion in diversions:
                divert(tx, message_id, diversion, now)
            return len(diversions)

    def let_go(self, route: str) -> int:
        """Let any route take what one that is down now had taken over from one that failed; return how many."""
        with self._engine.write() as tx:
            return tx.run("message_let_go", route=route)

    # --- doubts -------------------------------------------------------------------------------------------------------

    def doubts(self, route: str) -> list[Doubt]:
        """List the attempts of a route whose end is not known, with all that may settle them."""
        with self._engine.read() as tx:
            return [doubt_of(tx, row) for row in tx.all("attempt_doubts", route=route)]

    def apply_policy(self, attempt_id: int) -> DoubtPolicy | None:
        """Do with a doubt that no evidence settled what its class says; return what was done.

        ``RESEND_ONCE``: the part waits to be sent again, and its message may arrive twice. ``HOLD``: it stays in
        doubt for a person. ``None``: it has been settled, or its message given up, meanwhile.
        """
        with self._engine.write() as tx:
            parts = [part for part in tx.all("attempt_get", id=attempt_id) if part["part_state"] == PartState.IN_DOUBT]
            parts = [part for part in parts if part["newest"] == attempt_id]
            if not parts:
                return None
            message = tx.one("message_state", id=parts[0]["message_id"])
            if message["state"] != State.IN_DOUBT:
                return None
            policy = DOUBT_POLICY[MessageClass(message["class"])]
            if policy is DoubtPolicy.HOLD or any(part["resent"] for part in parts):
                return DoubtPolicy.HOLD
            move_parts(tx, parts, PartState.UNSENT, resent=1)
            advance(tx, message["id"], self._clock(), error="sent once more: whether it left was not known")
            return DoubtPolicy.RESEND_ONCE

    # --- reports ------------------------------------------------------------------------------------------------------

    def unreported(
        self, route: str, after: int, limit: int, since: float, before: float = math.inf
    ) -> list[tuple[int, str, str]]:
        """List what a route got away between two moments and nothing was heard of: attempt, reference, recipient.

        For a route that has to ask, from the attempt ``after`` on, oldest first. Only of routes without a subscription.
        """
        with self._engine.read() as tx:
            rows = tx.all("attempt_unreported", route=route, after=after, limit=limit, since=since, before=before)
        return [(row["id"], row["reference"], row["recipient"]) for row in rows]

    # --- people -------------------------------------------------------------------------------------------------------

    def recent(
        self, *, limit: int, state: str | None = None, message_class: str | None = None, recipient: str | None = None
    ) -> list[Row]:
        """List messages, newest first; ``limit`` 0: all of them."""
        with self._engine.read() as tx:
            return tx.all(
                "message_list", limit=limit or -1, state=state, recipient=recipient, **{"class": message_class}
            )

    def glance(self, message_id: int) -> Row | None:
        """Return one message without what hangs on it, or ``None``."""
        with self._engine.read() as tx:
            return tx.first("message_show", id=message_id)

    def show(self, message_id: int) -> Row:
        """Return one message with its parts, attempts and reports; raise ``NotFoundError``."""
        with self._engine.read() as tx:
            row = tx.first("message_show", id=message_id)
            if row is None:
                raise NotFoundError(f"no message {message_id} in the outbox; 'smsd outbox list' shows what there is")
            row["part_list"] = tx.all("part_list", message_id=message_id)
            row["attempt_list"] = tx.all("attempt_list", message_id=message_id)
            row["report_list"] = tx.all("report_list", message_id=message_id)
            return row

    def retry(self, message_id: int) -> None:
        """Send a message again from its first part; raise ``UsageError`` where that cannot be.

        A message in doubt is sent again as well: a person has decided that a double is better than a loss. One that
        waits for its next try is tried at once, from where it stands.
        """
        with self._engine.write() as tx:
            now = self._clock()
            message = get_message(tx, message_id)
            state = State(message["state"])
            _refuse_if_held(tx, message_id)
            if state in WAITING and message["due_at"] is not None and message["due_at"] > now:
                tx.run("message_hasten", id=message_id)
                return
            if state not in FINAL | {State.IN_DOUBT} or not may(state, State.QUEUED):
                raise UsageError(f"message {message_id} is {state.value}: there is nothing to send again")
            shown = tx.one("message_show", id=message_id)
            if shown["secret"] and not shown["sealed"]:
                raise UsageError(
                    f"message {message_id} held a password and has been wiped; "
                    f"'smsd request retry {shown['request_id']}' makes it anew"
                )
            if tx.all("attempt_in_air", message_id=message_id):
                raise UsageError(f"a part of message {message_id} is in the air; wait until it is settled")
            tx.run("part_reset", message_id=message_id)
            tx.run("message_free", id=message_id)
            move(tx, message_id, State.QUEUED, now, due_at=now, error=None)
            tx.run("message_extend", id=message_id, now=now)

    def cancel(self, message_id: int) -> None:
        """Withdraw what has not left of a message, or give up its doubt; raise ``UsageError`` where nothing can be."""
        with self._engine.write() as tx:
            state = State(get_message(tx, message_id)["state"])
            if not may(state, State.CANCELLED) or state is State.CANCELLED:
                raise UsageError(f"message {message_id} is {state.value}: there is nothing to withdraw")
            move(tx, message_id, State.CANCELLED, self._clock(), error="withdrawn by a person")

    # --- care ---------------------------------------------------------------------------------------------------------

    def expire(self, limit: int = 500) -> int:
        """Bring messages past their deadline to rest; return how many. More than ``limit`` wait for the next call."""
        with self._engine.write() as tx:
            now = self._clock()
            rows = tx.all("message_expired", now=now, limit=limit)
            for row in rows:
                _expire(tx, row, now)
            return len(rows)

    def wipe_submitted(self, after: timedelta = timedelta(days=1)) -> int:
        """Wipe sealed texts made longer ago than ``after`` that left, or may have, and were never reported."""
        with self._engine.write() as tx:
            return tx.run("message_wipe_old", before=self._clock() - after.total_seconds())

    def mend_clock(self) -> int:
        """Make due what waits for a time no retry is ever set to: the clock was ahead when it was; return how many."""
        with self._engine.write() as tx:
            now = self._clock()
            return tx.run("message_mend_clock", now=now, latest=now + LONGEST_WAIT)

    def counts(self) -> list[Row]:
        """Count what has not come to rest: rows of class, state, count and the creation time of the oldest."""
        with self._engine.read() as tx:
            rows = tx.all("message_counts")
        return [{"class": _CLASSES[row.pop("priority")].value, **row} for row in rows]

    def oldest_ack(self) -> float | None:
        """Return when the oldest acknowledgement was queued that has not left, in Unix seconds.

        One whose doubt nothing settles is not late, it is held for a person: that is told otherwise.
        """
        with self._engine.read() as tx:
            row = tx.first("message_oldest_ack", held=self._clock() - HELD_AFTER)
        return None if row is None else float(row["created_at"])


def _made_before(permits: Mapping[MessageClass, float] | None, message_class: MessageClass) -> float:
    return math.inf if permits is None else permits[message_class]


def _take(
    tx: Transaction, rows: list[Row], message_class: MessageClass, claimant: Claimant, now: float, gauge: Gauge
) -> list[Claim]:
    """Begin messages, but for those that come to rest here, or wait: see ``_stays``."""
    leaving = [row for row in rows if not (_stays(tx, row, message_class, now) or _sleeps(tx, row, gauge, now))]
    claims = begin_all(tx, leaving, claimant, now)
    for row, claim in zip(leaving, claims, strict=True):
        gauge.take(message_class, row, row["parts"] if claim.whole else 1)
    return claims


def _stays(tx: Transaction, row: Row, message_class: MessageClass, now: float) -> bool:
    """Tell whether a message does not leave: it is too late, its reader has opted out or has a SIM nobody knows, its
    alert was stopped.

    An alert may have been stopped while its message was in the air and came back.
    """  # noqa: D205  the summary is one thought of two lines
    if row["expires_at"] is not None and row["expires_at"] <= now:
        _expire(tx, row, now)
    elif row["secret"] and row["sealed"] is None:
        # What had left, and was wiped, came back by late news.
        move(tx, row["id"], State.EXPIRED, now, error="its text held a password and was wiped before it could leave")
    elif is_swapped(tx, row):
        hold_back(tx, row["id"], now)
    elif row["opted_out"] and message_class in OBEYS_OPT_OUT and not row["overrides"]:
        move(tx, row["id"], State.SUPPRESSED, now, error="the recipient has opted out")
    elif row["state"] != State.QUEUED:
        return False
    elif row["alert_state"] == AlertState.PAUSED:
        tx.run("alert_hold_message", id=row["id"])
    elif row["alert_state"] == AlertState.CANCELLED:
        move(tx, row["id"], State.CANCELLED, now, error=WITHDRAWN)
    else:
        return False
    return True


def _expire(tx: Transaction, row: Row, now: float) -> None:
    """Bring a message past its deadline to rest, saying so if it was held."""
    held = is_swapped(tx, row)
    move(tx, row["id"], State.EXPIRED, now, error=EXPIRED_HELD if held else "its deadline passed")
    if held:
        tx.run("message_was_held", id=row["id"])


def _refuse_if_held(tx: Transaction, message_id: int) -> None:
    """Raise ``UsageError`` where nobody may send a message again: a person lifts the hold on its number first."""
    shown = tx.one("message_show", id=message_id)
    if shown["sealed"] and is_swapped(tx, shown):
        raise UsageError(
            f"message {message_id} is held, because the SIM of {shown['recipient']} was replaced; "
            f"'smsd client release {shown['recipient']}' lets it go"
        )


def _sleeps(tx: Transaction, row: Row, gauge: Gauge, now: float) -> bool:
    """Let a message wait that would come in the quiet hours of its reader's own time zone; tell whether it does."""
    quiet = gauge.table.quiet if gauge.table is not None else None
    if row["timezone"] is None or row["state"] != State.QUEUED:
        return False
    until = quiet_until(quiet, ZoneInfo(row["timezone"]), now)
    if until is not None:
        tx.run("message_wait", id=row["id"], due_at=until)
    return until is not None


def _next(
    tx: Transaction, priority: int, message_class: MessageClass, claimant: Claimant, now: float, limit: int
) -> list[Row]:
    """Find the next messages of a class for a route: what is bound to it first, its reader waits for the rest."""
    route = claimant.route
    rows = tx.all("message_next_bound", priority=priority, now=now, route=route, limit=limit, begun_only=0)
    made_before = _made_before(claimant.permits, message_class)
    if len(rows) < limit and made_before > -math.inf:
        left = _left(claimant.leaves.get(message_class))
        left_limit = limit - len(rows)
        rows += tx.all("message_next", priority=priority, now=now, made_before=made_before, limit=left_limit, **left)
    return rows


def _left(left: Left | None) -> dict[str, Any]:
    return {
        "left_to": None if left is None else json.dumps(sorted(left.routes)),
        "left_after": 0.0 if left is None else left.made_after,
    }


def _begun(tx: Transaction, priority: int, claimant: Claimant, now: float, limit: int) -> list[Row]:
    """Find the next messages that a route has begun: those go on at a limit, too."""
    return tx.all("message_next_bound", priority=priority, now=now, route=claimant.route, limit=limit, begun_only=1)


@dataclass(frozen=True, slots=True)
class _Due:
    """When the next part of a class may be claimed: bound to the route, or free and then made before a moment."""

    priority: int
    bound_at: float
    free_at: float
    age: float
    """Seconds by which the next free message is too young for the route; below 0: it may have it."""

    @property
    def message_class(self) -> MessageClass:
        """Return the class."""
        return _CLASSES[self.priority]

    @property
    def at(self) -> float:
        """Return the earliest moment at which anything is due, whether it is old enough or not; infinite: never."""
        return min(self.bound_at, self.free_at)

    def ripe_at(self, now: float) -> float:
        """Return when the next part may be claimed; a message that is too young for this route becomes older."""
        return min(self.bound_at, max(self.free_at, now + self.age))


def _dues(
    tx: Transaction, route: str, permits: Mapping[MessageClass, float] | None, leaves: Mapping[MessageClass, Left]
) -> list[_Due]:
    """Say when the next part of each class may be claimed, best class first."""
    found = []
    for row in tx.all("message_next_dues", route=route, priorities=json.dumps(list(_CLASSES))):
        made_before = _made_before(permits, _CLASSES[row["priority"]])
        bound = math.inf if row["bound_due_at"] is None else row["bound_due_at"]
        left = leaves.get(_CLASSES[row["priority"]])
        free: Row | None = None if row["free_due_at"] is None or made_before == -math.inf else row
        if free is not None and left is not None:
            free = tx.first("message_next_due_own", priority=row["priority"], **_left(left))
        if free is None:
            found.append(_Due(row["priority"], bound, math.inf, -math.inf))
        else:
            found.append(_Due(row["priority"], bound, free["free_due_at"], free["free_created_at"] - made_before))
    return found
