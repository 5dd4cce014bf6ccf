"""Alarms on their way to people: looked for every few seconds, told once, carried by every way there is.

Knows when to look and in what order to tell: into the store with the messages to the administrators, then to the
journal, then to the command. While the store takes nothing, journal and command have it all the same, and the messages
follow when it does. Refuses to judge (``rules.alarms``) and to know what a journal or a command is: both are handed in.
"""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from smsd.errors import StoreError
from smsd.routes.rest import heard
from smsd.rules.alarms import Event, Finding, Key, Severity, Silence, Standing, judge, say, spoken_again
from smsd.rules.conditions import Marks, RouteLook, Situation, observe
from smsd.rules.doubts import HELD_AFTER
from smsd.rules.outbox import MessageClass
from smsd.rules.phones import mask
from smsd.store import NewMessage
from smsd.store.alarms import LOOKED_AT, Told
from smsd.store.thread import StoreThread

__all__ = ["AlarmSettings", "Alarms", "Looks"]

LOOK_SECONDS = 10.0
"""How often it is looked whether something is wrong."""
CLOCK_SPAN = 86_400.0
"""Seconds for which the network's word on the time is worth something."""
CLOCK_SECONDS = 600.0
"""How often the network's clock is compared with this host's."""
CLOCK_WITNESSES = 3
"""So many messages must say that the clock is off."""
RECORD_SECONDS = 60.0
"""How often it is tried whether the store takes anything: without that, a full disk shows only when somebody writes."""
MOST_WAITING = 500
"""Events that wait for the command; with more, the oldest are given up."""
WAITING_CLASSES = (MessageClass.RESULT, MessageClass.MANUAL, MessageClass.NOTIFICATION)
"""Classes whose age is an alarm: acknowledgements have one of their own, alerts are held on purpose."""

log = structlog.get_logger("smsd.gateway")


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """What the configuration decides. ``message`` makes a message of class ``admin`` to a phone, queued at a time.

    ``journal`` has an event at once; ``command`` takes as long as it needs and says what came of it.
    """

    phones: Sequence[str] = ()
    least: Severity = Severity.WARNING
    repeat_after: timedelta = timedelta(hours=24)
    per_hour: int = 10
    marks: Marks = field(default_factory=Marks)
    journal: Callable[[Told], None] = lambda _told: None
    command: Callable[[Told], Awaitable[str]] | None = None

    def words(self, message: Callable[[str, str], NewMessage], event: Event, event_id: int) -> list[NewMessage]:
        """Make the messages that tell an event: none where it is not bad enough for a message."""
        if event.severity.rank < self.least.rank:
            return []
        text = say(event)
        return [replace(message(phone, text), key=f"alarm {event_id} {phone}") for phone in self.phones]


Looks = Callable[[], Sequence[RouteLook]]
"""Says how the routes are."""


class Alarms:
    """Looks after the alarms of one service. ``ring`` wakes whoever sends messages."""

    def __init__(
        self,
        thread: StoreThread,
        settings: AlarmSettings,
        clock: Callable[[], float],
        looks: Looks,
        message: Callable[[str, str], NewMessage],
        ring: Callable[[], None],
    ) -> None:
        self._thread = thread
        self._store = thread.store
        self._settings = settings
        self._clock = clock
        self._looks = looks
        self._message = message
        self._ring = ring
        self._ledger: dict[Key, Standing] = {}
        self._saved: dict[Key, Standing] = {}
        self._unsaved: list[Event] = []
        self._told_already: set[Event] = set()
        self._over: list[Silence] = []
        self._found: dict[Key, Finding] = {}
        self._store_error: str | None = None
        self._recorded_at = 0.0
        self._skew: float | None = None
        self._skew_at = 0.0
        self._begun = False
        self._may_hold = True
        self._turn = asyncio.Lock()
        self._seen = 0
        self._waiting: deque[Told] = deque(maxlen=MOST_WAITING)
        self._work = asyncio.Event()
        self._wake = asyncio.Event()

    # --- for the house ------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Look now: somebody rang."""
        self._wake.set()

    def found(self, finding: Finding) -> None:
        """Hear of a trouble that is found elsewhere (a self-test, a balance); it stands until ``over``."""
        self._found[finding.key] = finding
        self._wake.set()

    def over(self, *keys: Key) -> None:
        """Hear that such a trouble is over."""
        for key in keys:
            self._found.pop(key, None)

    @property
    def ledger(self) -> list[Standing]:
        """What is remembered of every alarm: those that stand, are too young to be told, or are over."""
        return list(self._ledger.values())

    # --- life ---------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self._wake.clear()
            await self._judge()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()

    async def carry(self) -> None:
        """Hand events to the command for ever, one after another; one that hangs is its own affair."""
        while True:
            while self._waiting:
                told = self._waiting[0]
                outcome = ""
                if self._settings.command is not None and not told.quiet:
                    outcome = await self._settings.command(told)
                    log.info("alarm_carried", event_id=told.id, outcome=outcome)
                if told.id:
                    with contextlib.suppress(StoreError):
                        await self._thread.call(self._store.alarms.carried, told.id, outcome)
                if self._waiting and self._waiting[0] is told:
                    self._waiting.popleft()
            self._work.clear()
            await heard(self._work)

    # --- one look -----------------------------------------------------------------------------------------------------

    async def _judge(self) -> None:
        """Look once: judge, tell, remember."""
        async with self._turn:
            await self._begin()
            await self._take_up()
            now = self._clock()
            situation = await self._situation(now)
            findings = observe(situation, self._settings.marks)
            events, self._ledger = judge(
                self._ledger, findings, now, repeat_after=self._settings.repeat_after.total_seconds()
            )
            await self._tell([*events, *await self._speak_again(events, now)], now)

    async def _begin(self) -> None:
        """Read what the last process remembered; while that cannot be read, what this one has found is all there is."""
        if self._begun:
            return
        try:
            self._saved = await self._thread.call(self._store.alarms.ledger)
        except StoreError as error:
            self._store_error = str(error)
            return
        # What was told before is not told anew because it was found again before that could be read.
        self._ledger |= {
            key: standing
            for key, standing in self._saved.items()
            if standing.raised_at is not None or key not in self._ledger
        }
        self._begun = True

    async def _speak_again(self, told: list[Event], now: float) -> list[Event]:
        """Tell what stands and was silenced until now; a silence is forgotten with the telling, in one transaction."""
        if self._over:  # the store has not taken it yet, and nothing is told twice
            return []
        with contextlib.suppress(StoreError):
            self._over = await self._thread.call(self._store.alarms.over)
        if not self._over:
            return []
        just_told = {(event.condition, event.about) for event in told}
        quiet = {key: standing for key, standing in self._ledger.items() if key not in just_told}
        events, after = spoken_again(quiet, self._over, now)
        self._ledger |= after
        return events

    async def _tell(self, events: list[Event], now: float) -> None:
        events = [*self._unsaved, *events]
        ledger = self._ledger
        keep = [standing for key, standing in ledger.items() if self._saved.get(key) != standing]
        drop = [key for key in self._saved if key not in ledger]
        told: list[Told] = []
        try:
            if events or keep or drop or self._over:
                told = await self._thread.call(
                    self._store.alarms.tell, events, keep=keep, drop=drop, words=self._words,
                    per_hour=self._settings.per_hour, carried=frozenset(self._told_already), over=tuple(self._over),
                )  # fmt: skip
            if not 0 <= now - self._recorded_at < RECORD_SECONDS:
                await self._thread.call(self._store.put_fact, LOOKED_AT, str(now))
                self._recorded_at = now
        except StoreError as error:
            self._store_error = str(error)
            self._unsaved = events[-MOST_WAITING:]
            for event in events:
                if event not in self._told_already:
                    self._told_already.add(event)
                    self._hand_on(Told(event))
            return
        self._store_error = None
        self._saved, self._unsaved, self._over = ledger, [], []
        self._may_hold = self._may_hold or bool(told)
        if self._may_hold:
            with contextlib.suppress(StoreError):
                self._may_hold = await self._thread.call(
                    self._store.alarms.tell_held, self._words, self._settings.per_hour
                )
        for each in told:
            self._seen = max(self._seen, each.id)
            if each.event not in self._told_already:
                self._hand_on(each)
        self._told_already.clear()
        if told:
            self._ring()

    async def _take_up(self) -> None:
        """Take up what was told and not carried: by a process that died, or by the command line."""
        with contextlib.suppress(StoreError):
            for told in await self._thread.call(self._store.alarms.uncarried, self._seen):
                self._seen = max(self._seen, told.id)
                self._hand_on(told)

    def _hand_on(self, told: Told) -> None:
        event = told.event
        self._settings.journal(told)
        if len(self._waiting) == MOST_WAITING:
            log.warning("alarms_given_up", count=1, why="the command has not kept up")
        self._waiting.append(told)
        self._work.set()
        log.debug("alarm_told", event_id=told.id, change=event.change.value, condition=event.condition)

    def _words(self, event: Event, event_id: int) -> list[NewMessage]:
        return self._settings.words(self._message, event, event_id)

    # --- what is the case ---------------------------------------------------------------------------------------------

    async def _situation(self, now: float) -> Situation:
        others = list(self._found.values())
        looks = self._looks()
        try:
            situation = await self._thread.call(self._survey, now, looks, others)
        except StoreError as error:
            return Situation(looks, store_error=str(error), free_octets=self._room(), others=others)
        return situation

    def _survey(self, now: float, looks: Sequence[RouteLook], others: Sequence[Finding]) -> Situation:
        """Ask the store; on its thread."""
        oldest = self._store.outbox.oldest_ack()
        waiting = self._store.alarms.oldest_waiting(WAITING_CLASSES)
        stuck = self._store.requests.stuck()
        self._look_at_clock(now)
        return Situation(
            routes=looks,
            acknowledgement=None if oldest is None else now - oldest,
            queue={name: now - since for name, since in waiting.items()},
            held=self._store.alarms.held(now - HELD_AFTER),
            stuck=None if stuck is None else (now - stuck["received_at"], str(stuck["error"])),
            free_octets=self._room(),
            store_error=self._store_error,
            clock_off=self._skew,
            swapped=_apart([mask(phone) for phone in self._store.alarms.swapped()]),
            others=others,
        )

    def _look_at_clock(self, now: float) -> None:
        if 0 <= now - self._skew_at < CLOCK_SECONDS:
            return
        self._skew_at = now
        skew = self._store.figures.skew(now - CLOCK_SPAN)
        sure = skew is not None and skew.submits and skew.count >= CLOCK_WITNESSES
        self._skew = skew.seconds if sure and skew is not None else None

    def _room(self) -> int | None:
        try:
            room = os.statvfs(self._store.path.parent)
        except OSError:
            return None
        return room.f_bavail * room.f_frsize


def _apart(names: list[str]) -> list[str]:
    """Tell numbers apart that look the same when they are masked: those after the first are counted."""
    return [
        name if (before := names[:place].count(name)) == 0 else f"{name} ({before + 1})"
        for place, name in enumerate(names)
    ]
