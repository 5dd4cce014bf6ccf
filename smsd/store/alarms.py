"""Alarms as rows: what stands, what was told, what is kept quiet; and the numbers they are judged by.

Knows that what is told and the messages that tell it are one transaction. Refuses to judge (``rules.alarms``).

Where a ``kill -9`` leaves the administrators: before ``tell`` commits, nothing is told and the next look finds the
same again; after it, the messages are queued, and journal and command have the event at the next start at the latest.
Between a command that ran and ``carried`` it runs once more: its event has a number to know it by.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace

from smsd.rules.alarms import ANYTHING, Change, Condition, Event, Key, Severity, Silence, Standing, foremost
from smsd.rules.outbox import PRIORITY, MessageClass
from smsd.store.claims import NewMessage, insert_message
from smsd.store.engine import Engine, Row, Transaction

__all__ = ["ANYTHING", "LOOKED_AT", "Alarms", "Told"]

LOOKED_AT = "alarms_looked_at"
"""The fact of the store that says when it was looked last whether anything is wrong, in Unix seconds."""
KEPT_SECONDS = 90 * 86_400.0
"""For how long what was told is kept."""
HOUR = 3600.0
HELD_TOLD = "alarms_held_told"
"""The fact of the store that says up to which event people know of what the limit of an hour kept from them."""
KEPT_FOR_CRITICAL = 3
"""One in so many messages of an hour is kept for what is critical: ten warnings must not silence it."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it was written down; ``quiet``: people are not to be told. ``id`` 0: it could not be written yet."""

    event: Event
    id: int = 0
    quiet: bool = False


Words = Callable[[Event, int], list[NewMessage]]
"""Makes the messages that tell an event with a number; none where people are not told of such events."""


class Alarms:
    """The alarms of one store."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def ledger(self) -> dict[Key, Standing]:
        """Return what is remembered of every alarm."""
        with self._engine.read() as tx:
            rows = tx.all("alarm_ledger")
        known = set(Condition)
        found = [Standing(Condition(row.pop("condition")), **row) for row in rows if row["condition"] in known]
        return {standing.key: standing for standing in found}

    def tell(
        self,
        events: Iterable[Event],
        *,
        keep: Iterable[Standing] = (),
        drop: Iterable[Key] = (),
        words: Words,
        per_hour: int = 0,
        carried: Collection[Event] = (),
        over: Iterable[Silence] = (),
    ) -> list[Told]:
        """Write down what is told, queue its messages and remember the alarms as they are now, in one transaction.

        Beyond ``per_hour`` events within an hour no messages are queued (0: no limit); a third of them is kept for what
        is critical. ``carried`` are those that journal and command have had already; ``over`` silences that have ended,
        of which this tells.
        """
        with self._engine.write(noted=False) as tx:
            now = self._clock()
            for condition, about in drop:
                tx.run("alarm_drop", condition=condition.value, about=about)
            tx.run_all("alarm_put", [asdict(standing) for standing in keep])
            for name, about in over:
                tx.run("alarm_silence_drop", condition=name, about=about, now=now)
            told = [self._tell(tx, event, words, per_hour, now, done=event in carried) for event in events]
            if told:
                tx.run("alarm_event_forget", before=now - KEPT_SECONDS)
            return told

    def tell_held(self, words: Words, per_hour: int) -> bool:
        """Tell what the limit of an hour kept from people, as soon as there is room: the foremost, and how many more.

        Return whether there is something left to tell. Usually the next event has said it already.
        """
        with self._engine.write(noted=False) as tx:
            now = self._clock()
            held = self._held(tx, words, now) if per_hour else []
            chosen = foremost(told.event for told in held)
            if chosen is None or self._sent(tx, now) >= _room(chosen, per_hour):
                return chosen is not None
            event_id = next(told.id for told in reversed(held) if told.event == chosen)
            messages = words(replace(chosen, held=len(held) - 1), event_id)
            tx.run("alarm_event_told", id=event_id, messages=len(messages))
            for message in messages:
                insert_message(tx, message, now)
            tx.run("fact_put", name=HELD_TOLD, value=str(held[-1].id))
            return False

    def _held(self, tx: Transaction, words: Words, now: float) -> list[Told]:
        """List what would have been told by messages, but for the limit, and people do not know of yet."""
        known = tx.first("fact_get", name=HELD_TOLD)
        rows = tx.all("alarm_event_held", after=int(known["value"]) if known else 0, since=now - 2 * HOUR)
        silences = _silences(tx, now)
        return [
            told
            for told in map(_told, rows)
            if told.event.condition is not None
            and not _quiet(silences, told.event.condition.value, told.event.about)
            and words(told.event, 0)
        ]

    def _sent(self, tx: Transaction, now: float) -> int:
        return int(tx.one("alarm_event_messages", since=now - HOUR, now=now)["count"])

    def test(self, words: Words) -> Told:
        """Have a test told by every way; return it."""
        with self._engine.write() as tx:
            now = self._clock()
            return self._tell(tx, Event(Change.TEST, now, since=now), words, 0, now)

    def _tell(
        self, tx: Transaction, event: Event, words: Words, per_hour: int, now: float, *, done: bool = False
    ) -> Told:
        condition = event.condition.value if event.condition is not None else ""
        quiet = _quiet(_silences(tx, now), condition, event.about)
        limited = bool(per_hour) and event.change is not Change.TEST
        silent = quiet or (limited and self._sent(tx, now) >= _room(event, per_hour))
        values = {
            "at": event.at, "change": event.change.value, "condition": condition, "about": event.about,
            "since": event.since, "detail": event.detail, "figure": event.figure, "quiet": int(quiet),
            "carried_at": now if done else None, "outcome": "" if done else None,
        }  # fmt: skip
        count = 0 if silent else len(words(event, 0))
        event_id = int(tx.one("alarm_event_insert", **values, messages=count)["id"])
        if count:
            held = self._held(tx, words, now) if limited else []
            for message in words(replace(event, held=len(held)), event_id):
                insert_message(tx, message, now)
            if held:
                tx.run("fact_put", name=HELD_TOLD, value=str(event_id))
        return Told(event, event_id, quiet)

    def uncarried(self, after: int = 0) -> list[Told]:
        """List what journal and command have not had yet, of events after one."""
        with self._engine.read() as tx:
            return [_told(row) for row in tx.all("alarm_event_uncarried", after=after)]

    def carried(self, event_id: int, outcome: str) -> None:
        """Write down that journal and command had an event, and what came of it."""
        with self._engine.write(noted=False) as tx:
            tx.run("alarm_event_carried", id=event_id, now=self._clock(), outcome=outcome)

    # --- for people ---------------------------------------------------------------------------------------------------

    def recent(self, *, limit: int) -> list[Row]:
        """List what was told, newest first; ``limit`` 0: all of it."""
        with self._engine.read() as tx:
            return tx.all("alarm_event_list", limit=limit or -1)

    def event(self, event_id: int) -> Row:
        """Return one event."""
        with self._engine.read() as tx:
            return tx.one("alarm_event_show", id=event_id)

    def silence(self, condition: Condition, about: str, until: float) -> None:
        """Keep an alarm quiet until a moment (Unix seconds); one that is past ends the silence."""
        with self._engine.write() as tx:
            if until > self._clock():
                tx.run("alarm_silence_put", condition=condition.value, about=about, until=until)
            else:
                tx.run("alarm_silence_end", condition=condition.value, about=about)

    def silences(self) -> list[Row]:
        """List what is kept quiet now: condition, about, until."""
        with self._engine.read() as tx:
            return tx.all("alarm_silence_list", now=self._clock())

    def over(self) -> list[Silence]:
        """List the silences that have ended since this was last told of."""
        with self._engine.read() as tx:
            return [(row["condition"], row["about"]) for row in tx.all("alarm_silence_over", now=self._clock())]

    # --- what is judged -----------------------------------------------------------------------------------------------

    def held(self, before: float) -> int:
        """Count the messages that have been in doubt since before a moment (Unix seconds)."""
        with self._engine.read() as tx:
            return int(tx.one("alarm_held", before=before)["count"])

    def swapped(self) -> list[str]:
        """List the numbers whose SIM was replaced, the first first."""
        with self._engine.read() as tx:
            return [row["phone"] for row in tx.all("alarm_swapped")]

    def oldest_waiting(self, classes: Iterable[MessageClass]) -> Mapping[str, float]:
        """Return, for each class of which something waits, when the oldest was queued."""
        with self._engine.read() as tx:
            found = {each.value: tx.first("alarm_oldest_waiting", priority=PRIORITY[each]) for each in classes}
        return {name: float(row["created_at"]) for name, row in found.items() if row is not None}


def _room(event: Event, per_hour: int) -> int:
    """Return how many events of an hour may have been told by message for this one to be."""
    return per_hour if event.severity is Severity.CRITICAL else per_hour - per_hour // KEPT_FOR_CRITICAL


def _silences(tx: Transaction, now: float) -> set[tuple[str, str]]:
    return {(row["condition"], row["about"]) for row in tx.all("alarm_silence_list", now=now)}


def _quiet(silences: set[tuple[str, str]], condition: str, about: str) -> bool:
    return not silences.isdisjoint({(condition, about), (condition, ANYTHING)})


def _told(row: Row) -> Told:
    known = set(Condition)
    condition = Condition(row["condition"]) if row["condition"] in known else None
    return Told(
        Event(
            Change(row["change"]), row["at"], condition, row["about"], row["since"], row["detail"], row["figure"]
        ),
        row["id"],
        bool(row["quiet"]),
    )  # fmt: skip
