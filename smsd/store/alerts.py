"""Alerts: written down in small batches, existing by one last update, turned into messages as they are needed.

Knows the verbs, one transaction each, none of which holds the store for longer than a batch takes. Refuses to decide
who is written to (``rules.alerts``) and how much may leave (``rules.limits``).

Where a crash leaves it: before ``publish`` commits there is no alert, and its rows are deleted once nobody has been
writing them for ``ABANDONED_SECONDS``; after it there is a whole one. ``feed`` makes messages and marks their
recipients in one transaction, so that nobody is written to twice.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from smsd.errors import NotFoundError, StoreError, UsageError
from smsd.rules.alerts import AlertState, Recipient, Summary, may
from smsd.rules.limits import LimitTable, Spent
from smsd.rules.outbox import PRIORITY, MessageClass
from smsd.store.claims import NewMessage, insert_message
from smsd.store.engine import Engine, Row, Transaction
from smsd.store.tally import forget_tally, spent

__all__ = ["IN_OUTBOX", "Alerts", "Fed", "NewAlert"]

ABANDONED_SECONDS = 60.0
"""An alert that nobody has been writing for so long is that of a dead process."""
BATCH = 1000
"""Recipients deleted, or listed, at a time."""
FEED_BATCH = 100
"""Messages made in one transaction."""
IN_OUTBOX = 300
"""Messages of alerts that wait in the outbox ready to leave: enough for the fastest route between two looks."""
IN_OUTBOX_WAITING = 2000
"""Messages of alerts in the outbox at most, those among them that will be tried again later."""
LATELY_SECONDS = 300.0
ALERT = PRIORITY[MessageClass.ALERT]
DIVERTED = "no bind is up: this alert may leave by the SIM"
WITHDRAWN = "its alert was cancelled by a person"
"""Why a message is withdrawn whose alert is."""


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert to be written down; times are Unix seconds.

    ``overrides`` names the kind of alert that goes to those as well who want none. ``fingerprint`` is a hash of all
    that was asked for, where its maker gives one.
    """

    text: str
    starts_at: float
    expires_at: float | None = None
    may_fall_back: bool = False
    overrides: str | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Fed:
    """What ``feed`` did: messages made, alerts that have come to their end, and whether any is running."""

    messages: int
    ended: tuple[int, ...]
    running: bool


class Alerts:
    """The alerts of one store."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    # --- in -----------------------------------------------------------------------------------------------------------

    def prepare(self, new: NewAlert) -> int:
        """Begin an alert that nobody sees yet; return its id."""
        with self._engine.write() as tx:
            return tx.insert(
                "alert_insert",
                now=self._clock(),
                text=new.text,
                starts_at=new.starts_at,
                expires_at=new.expires_at,
                may_fall_back=int(new.may_fall_back),
                overrides=new.overrides,
                fingerprint=new.fingerprint,
            )

    def append(self, alert_id: int, first: int, recipients: Sequence[Recipient]) -> None:
        """Write recipients down, numbered from ``first``; raise ``StoreError`` where the alert was given up."""
        rows = [
            {
                "alert_id": alert_id,
                "sequence": sequence,
                "phone": each.phone,
                "text": each.text,
                "parts": each.parts,
                "dropped": each.dropped,
                "consent_at": each.consent_at or None,
                "consent_source": each.consent_source or None,
                "timezone": each.timezone or None,
            }
            for sequence, each in enumerate(recipients, first)
        ]
        with self._engine.write() as tx:
            if not tx.run("alert_touch", id=alert_id, now=self._clock()):
                raise StoreError(f"alert {alert_id} was given up because nothing came for a minute; send it again")
            tx.run_all("alert_recipient_insert", rows)

    def publish(self, alert_id: int, summary: Summary, key: str | None = None) -> int:
        """Make an alert exist; return its id, or that of the alert its key already stands for.

        Raises ``StoreError`` when it was given up meanwhile.
        """
        with self._engine.write() as tx:
            if key is not None and (known := tx.first("alert_by_key", key=key)) is not None:
                return int(known["id"])
            if not tx.run(
                "alert_publish",
                id=alert_id,
                recipients=summary.recipients,
                parts=summary.parts,
                dropped=summary.dropped_count,
                now=self._clock(),
                key=key,
            ):
                raise StoreError(f"alert {alert_id} was given up because nothing came for a minute; send it again")
            return alert_id

    def by_key(self, key: str) -> Row | None:
        """Return id, text and fingerprint of the alert a key stands for."""
        with self._engine.read() as tx:
            return tx.first("alert_by_key", key=key)

    def discard(self, alert_id: int) -> None:
        """Delete an alert that never existed, with its recipients, a batch at a time."""
        while self._discard_some(alert_id):
            pass

    def sweep(self, ended_before: float | None = None) -> bool:
        """Delete a batch of an alert whose process died while it wrote it; tell whether there was any.

        With a moment (Unix seconds), of one that ended before it and whose messages are forgotten already.
        """
        with self._engine.read() as tx:
            row = tx.first("alert_abandoned", before=self._clock() - ABANDONED_SECONDS)
            if row is None and ended_before is not None:
                row = tx.first("alert_old", before=ended_before)
        if row is None:
            return False
        self._discard_some(row["id"])
        return True

    def _discard_some(self, alert_id: int) -> bool:
        """Delete a batch of recipients, or at last the alert; tell whether it is still there."""
        with self._engine.write() as tx:
            if tx.run("alert_recipients_forget", id=alert_id, limit=BATCH):
                return True
            tx.run("alert_forget", id=alert_id)
            return False

    # --- out ----------------------------------------------------------------------------------------------------------

    def feed(self) -> Fed:
        """Make the next messages of the running alerts, each its share, and end those of which nothing is left.

        At most ``FEED_BATCH`` at a time: while ``messages`` is that many, there may be more to make.
        """
        with self._engine.write() as tx:
            now = self._clock()
            running = tx.all("alert_running")
            hungry = [row for row in running if _is_due(row, now) and row["fed"] < row["recipients"]]
            room = _room(tx, now) if hungry else 0
            made = 0
            for left, row in zip(range(len(hungry), 0, -1), hungry, strict=True):
                made += _feed_one(tx, row, (room - made + left - 1) // left, now)
            ended = tuple(row["id"] for row in running if _has_ended(tx, row, now))
            for alert_id in ended:
                tx.run("alert_move", id=alert_id, state=AlertState.DONE, done_at=now)
            return Fed(made, ended, len(running) > len(ended))

    def stand_in(self, route: str, limit: int) -> int:
        """Let a SIM carry alerts that may fall back, ``limit`` waiting for it at a time; return how many were given."""
        with self._engine.write() as tx:
            bound = tx.one("alert_bound", route=route, priority=ALERT)["count"]
            if bound >= limit:
                return 0
            return tx.run(
                "alert_bind",
                route=route,
                priority=ALERT,
                reason=DIVERTED,
                now=self._clock(),
                limit=limit - bound,
            )

    def stand_down(self, route: str) -> int:
        """Take back from a SIM what it was to carry for the binds and has not begun; return how many."""
        with self._engine.write() as tx:
            return tx.run("alert_unbind", route=route, priority=ALERT)

    def forget_tally(self) -> None:
        """Forget what no longer counts towards any limit."""
        with self._engine.write() as tx:
            forget_tally(tx, self._clock())

    # --- people -------------------------------------------------------------------------------------------------------

    def pause(self, alert_id: int) -> None:
        """Let nothing more of an alert leave that has not begun; raise ``UsageError`` where that cannot be."""
        with self._engine.write() as tx:
            _move(tx, alert_id, AlertState.PAUSED, "pause")
            tx.run("alert_hold", id=alert_id)

    def resume(self, alert_id: int) -> None:
        """Let a paused alert go on."""
        with self._engine.write() as tx:
            if AlertState(_get(tx, alert_id)["state"]) is not AlertState.PAUSED:
                raise UsageError(f"alert {alert_id} is not paused: there is nothing to resume")
            _move(tx, alert_id, AlertState.RUNNING, "resume")
            tx.run("alert_release", id=alert_id, now=self._clock())

    def cancel(self, alert_id: int) -> None:
        """Withdraw what has not begun to leave of an alert."""
        with self._engine.write() as tx:
            _move(tx, alert_id, AlertState.CANCELLED, "cancel", done_at=self._clock())
            tx.run("alert_withdraw", id=alert_id, error=WITHDRAWN)

    def recent(self, *, limit: int, only_open: bool = False) -> list[Row]:
        """List alerts with their counts, newest first; ``limit`` 0: all of them."""
        with self._engine.read() as tx:
            rows = tx.all("alert_list", limit=limit or -1, open=int(only_open))
            for row in rows:
                row["counts"] = _counts(tx, row, self._clock())
            return rows

    def show(self, alert_id: int) -> Row:
        """Return one alert: counts by state, dropped by reason, failures by cause; raise ``NotFoundError``."""
        with self._engine.read() as tx:
            row = _get(tx, alert_id)
            now = self._clock()
            row["counts"] = _counts(tx, row, now)
            row["drops"] = {each["reason"]: each["count"] for each in tx.all("alert_drops", id=alert_id)}
            row["overrode"] = tx.one("alert_overrode", id=alert_id)["count"] if row["overrides"] else 0
            row["causes"] = tx.all("alert_causes", id=alert_id, limit=20)
            row["span"] = tx.one("alert_sent_span", id=alert_id, since=now - LATELY_SECONDS)
            # An alert that began a moment ago has not had all of the time that rates are taken over.
            began = row["span"]["first"]
            row["span"]["seconds"] = LATELY_SECONDS if began is None else max(1.0, min(LATELY_SECONDS, now - began))
            return row

    def recipients(self, alert_id: int) -> Iterator[Row]:
        """Yield everybody an alert is, or was not, for, in order; raise ``NotFoundError``."""
        with self._engine.read() as tx:
            alert = _get(tx, alert_id)
        after = 0
        while True:
            with self._engine.read() as tx:
                page = tx.all("alert_recipient_page", id=alert_id, after=after, limit=BATCH)
            for row in page:
                row["state"] = row["dropped"] or row["state"] or _unfed(alert, row["message_id"] is not None)
                yield row
            if not page:
                return
            after = page[-1]["sequence"]

    def parts_ahead(self, besides: int | None = None) -> list[tuple[float, int]]:
        """List the running alerts, but for one: when each starts and about how many parts of it are still to leave."""
        with self._engine.read() as tx:
            return [(row["starts_at"], row["parts"]) for row in tx.all("alert_parts_ahead", id=besides or 0)]

    def spent(self, route: str, table: LimitTable) -> Spent:
        """Sum up what a route has sent of late."""
        with self._engine.read() as tx:
            return spent(tx, route, table, self._clock())


def _get(tx: Transaction, alert_id: int) -> Row:
    row = tx.first("alert_get", id=alert_id)
    if row is None or row["state"] == AlertState.PREPARING:
        raise NotFoundError(f"no alert {alert_id}; 'smsd alert list' shows what there is")
    return row


def _move(tx: Transaction, alert_id: int, after: AlertState, verb: str, *, done_at: float | None = None) -> None:
    before = AlertState(_get(tx, alert_id)["state"])
    if not may(before, after):
        raise UsageError(f"alert {alert_id} is {before.value}: there is nothing to {verb}")
    tx.run("alert_move", id=alert_id, state=after, done_at=done_at)


def _is_due(row: Row, now: float) -> bool:
    return row["starts_at"] <= now and not _is_late(row, now)


def _is_late(row: Row, now: float) -> bool:
    return row["expires_at"] is not None and row["expires_at"] <= now


def _has_ended(tx: Transaction, row: Row, now: float) -> bool:
    """Tell whether nothing of an alert will be sent any more: all has had its turn, or it is too late."""
    fed = tx.one("alert_get", id=row["id"])["fed"]
    if fed < row["recipients"] and not _is_late(row, now):
        return False
    return tx.first("alert_waiting", id=row["id"]) is None


def _room(tx: Transaction, now: float) -> int:
    """Say how many messages of alerts the outbox is short of."""
    row = tx.one("alert_in_outbox", priority=ALERT, now=now, limit=IN_OUTBOX_WAITING)
    return max(0, min(FEED_BATCH, IN_OUTBOX - int(row["due"]), IN_OUTBOX_WAITING - int(row["waiting"])))


def _feed_one(tx: Transaction, alert: Row, limit: int, now: float) -> int:
    """Make the next messages of one alert and mark its recipients."""
    rows = tx.all("alert_next_recipients", id=alert["id"], cursor=alert["cursor"], limit=limit) if limit > 0 else []
    for row in rows:
        message = NewMessage(
            MessageClass.ALERT,
            row["phone"],
            row["parts"],
            text=alert["text"] if row["text"] is None else row["text"],
            expires_at=alert["expires_at"],
            alert_id=alert["id"],
            timezone=row["timezone"],
        )
        message_id, _ = insert_message(tx, message, now)
        tx.run(
            "alert_recipient_fed",
            alert_id=alert["id"],
            sequence=row["sequence"],
            message_id=message_id,
            overrode=int(bool(row["opted_out"] and alert["overrides"])),
        )
    if rows:
        tx.run("alert_fed", id=alert["id"], count=len(rows), cursor=rows[-1]["sequence"])
    return len(rows)


def _counts(tx: Transaction, row: Row, now: float) -> dict[str, int]:
    """Count the recipients of an alert by state: those of their messages, and those whose turn has not come."""
    counts = {each["state"]: int(each["count"]) for each in tx.all("alert_counts", id=row["id"])}
    forgotten = row["fed"] - sum(counts.values())
    if forgotten > 0:
        counts["forgotten"] = forgotten
    if (unfed := row["recipients"] - row["fed"]) > 0:
        state = "expired" if _is_late(row, now) and row["state"] != AlertState.CANCELLED else _unfed(row, fed=False)
        counts[state] = counts.get(state, 0) + unfed
    return counts


def _unfed(row: Row, fed: bool) -> str:  # noqa: FBT001
    """Say in which state a recipient is who has no message: its turn never came, or it is forgotten."""
    if fed:
        return "forgotten"
    return {AlertState.CANCELLED: "cancelled", AlertState.DONE: "expired"}.get(AlertState(row["state"]), "queued")
