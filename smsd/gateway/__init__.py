"""What the daemon is for: receive, answer, send, settle.

Read first: this file (who is there, and what comes in), then ``pump`` (what goes out), ``routing`` (which way),
``answers`` (requests), ``doubts``, ``alarms``; ``route`` says what is asked of a route. Knows the order of things:
acknowledge to a route only after the commit, send only after the attempt is on disk, answer before alerting. Refuses to
know protocols (``routes``), rows (``store``), reasons (``rules``) and the clock, which is handed in. Every task here is
a supervisor: whatever goes wrong inside is logged, waited out and tried again; none of them raises, for a failed task
would end the others.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

import structlog

from smsd.directory import Directory
from smsd.errors import PduError, StoreError
from smsd.gateway.alarms import Alarms, AlarmSettings
from smsd.gateway.alerts import Feeder
from smsd.gateway.answers import MESSAGE_SEAL, Answers
from smsd.gateway.doubts import Doubts
from smsd.gateway.keywatch import KeyWatch
from smsd.gateway.pulse import Pulse
from smsd.gateway.pump import STORE_RETRY_SECONDS, Pump
from smsd.gateway.reception import Reception
from smsd.gateway.retention import Forgetting
from smsd.gateway.route import Bells, Counter, Route, Settings
from smsd.gateway.routing import Routing, block_of
from smsd.routes.rest import heard
from smsd.rules.commands import Command
from smsd.rules.conditions import ACKNOWLEDGEMENT_LATE, RouteLook
from smsd.rules.outbox import MessageClass
from smsd.rules.phones import sender_phone
from smsd.rules.reception import Decision, Facts, Incoming, command_of, judge
from smsd.rules.routing import Block, Kind, Left
from smsd.sms import Deliver, InDoubt, NotSent, Outcome, Received, StatusReport, Submit, segments
from smsd.store import Claim, Judge, NewMessage, Receipt
from smsd.store.thread import StoreThread
from smsd.vault import Vault
from smsd.wire.userdata import UserData

__all__ = ["MESSAGE_SEAL", "Gateway", "Route", "Settings"]

CARE_SECONDS = 10.0
"""How often deadlines, late parts and old acknowledgements are looked after."""
WAL_SECONDS = 3600.0
"""How often the write-ahead log is emptied, so that what was wiped leaves no copy there."""
STUCK_SECONDS = 3600.0
"""How long a route may keep a part: an hour without an end is not the network's doing."""

log = structlog.get_logger("smsd.gateway")


class Gateway:
    """Receives, answers, sends and settles, over routes and a store."""

    def __init__(
        self,
        store: StoreThread,
        routes: Sequence[Route],
        directory: Directory,
        vault: Vault,
        settings: Settings,
        clock: Callable[[], float],
        alarms: AlarmSettings | None = None,
    ) -> None:
        self._thread = store
        self._store = store.store
        self._routing = Routing(routes, settings, clock)
        self._routes = self._routing.routes
        self._vault = vault
        self._settings = settings
        self._clock = clock
        self._statuses = asyncio.Event()
        self._alarmed = False
        self.counter: Counter | None = None
        """Who counts what leaves and comes in, if anybody does."""
        self._beside: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        self._wal_emptied = clock()
        self._supervisors: list[asyncio.Task[None]] = []
        self._pulses: list[Pulse] = []
        self._bells = Bells(list(self._routes))
        self._answers = Answers(store, directory, vault.public, settings, clock, self._bells)
        self._feeder = Feeder(
            store,
            [route.name for route in self._routes.values() if route.kind is Kind.SIM],
            clock,
            self._bells,
            substitute=self._routing.substitute,
            keep=settings.keep.outbox.get(MessageClass.ALERT),
        )
        self._forgetting = Forgetting(store, settings.keep, clock)
        self.alarms = Alarms(store, alarms or AlarmSettings(), clock, self.looks, self.to_admin, self._bells.ring)
        self._keywatch = KeyWatch(store, vault.public.key_id, self.alarms)
        self._doubts = Doubts(store, self._routes.values(), clock, self._bells, self._record, self._quiet)
        self._pumps = {route.name: self._pump_of(route) for route in self._routes.values()}
        self._store.outbox.ways = self._routing.ways
        self._reception = Reception(store, self._judge(), lambda route: self._pumps[route].recording())

    def _judge(self) -> Judge:
        return Judge(
            phone_of=self._phone_of,
            command_of=self._command_of,
            decide=self._decide,
            ack=self._ack,
            ways=self._routing.ways,
            incomplete=self._settings.incomplete,
        )

    def _pump_of(self, route: Route) -> Pump:
        return Pump(
            route,
            self._thread,
            self._clock,
            self._bells.work[route.name],
            cut=self._cut,
            permits=self._permits,
            leaves=self._leaves,
            survey=self._doubts.survey,
            landed=self._landed,
        )

    async def run(self) -> None:
        """Work until cancelled. Attempts that a dead process left open are taken for doubts first."""
        orphans = await self._thread.call(self._store.outbox.adopt_orphans)
        if orphans:
            log.warning("attempts_in_doubt", count=orphans, why="the daemon had ended while they were in the air")
        await self._thread.call(self._store.requests.adopt_orphans)
        await self._thread.call(self._store.keep_routes, list(self._routes))
        async with asyncio.TaskGroup() as group:

            def supervise(what: str, work: Callable[..., Awaitable[None]], *args: object) -> None:
                pulse = Pulse(what, _supervised(what, work, *args))
                self._pulses.append(pulse)
                self._supervisors.append(group.create_task(_beating(pulse), name=what))

            for name, route in self._routes.items():
                self._bells.doubts[name].set()
                supervise(f"route {name}", route.run, self)
                supervise(f"pump {name}", self._pumps[name].run)
                supervise(f"doubts {name}", self._doubts.run, route)
            supervise("requests", self._answers.run)
            supervise("alerts", self._feeder.run)
            supervise("statuses", self._publish)
            supervise("care", self._care)
            supervise("retention", self._forgetting.run)
            supervise("alarms", self.alarms.run)
            supervise("key", self._keywatch.run)
            supervise("alarms' command", self.alarms.carry)
            for what, work in self._beside:
                supervise(what, work)

    def busy(self, route: str) -> bool:
        """Whether a part of a route is in the air."""
        return self._pumps[route].in_air > 0

    def beside(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Have something work beside, from the start on: it is begun again whatever it raises."""
        self._beside.append((what, work))

    async def stop(self, seconds: float) -> None:
        """Take no more work and wait at most ``seconds`` for the parts in the air to be answered."""
        self._answers.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(pump.stop() for pump in self._pumps.values()))

    def _quiet(self, name: str) -> contextlib.AbstractAsyncContextManager[None]:
        return self._pumps[name].quiet()

    def look(self) -> None:
        """Look at the outbox and the requests: somebody rang."""
        self._bells.ring()
        self.alarms.look()

    @property
    def in_air(self) -> int:
        """How many parts are in the air."""
        return sum(pump.in_air for pump in self._pumps.values())

    @property
    def lifeless(self) -> list[str]:
        """Name the supervisors that have ended, which none ever should. A route that is down is not among them."""
        return [task.get_name() for task in self._supervisors if task.done()]

    def standing_still(self, seconds: float) -> list[str]:
        """Name what waits for something that will not come, and where; to be asked every so many ``seconds``.

        A supervisor without a beat for so long, or a part that was given to its route and is not given back.
        """
        still = [f"{pulse.name}: {pulse.place}" for pulse in self._pulses if not pulse.look(seconds)]
        stuck = [f"submit {name}" for name, pump in self._pumps.items() if pump.look(seconds) >= STUCK_SECONDS]
        return still + stuck

    # --- what routes say ----------------------------------------------------------------------------------------------

    async def received(self, received: Received) -> None:
        """Make something received safe and act on it. Raises ``StoreError``: then it must not be deleted."""
        received = self._with_recipient(received)
        receipt = await self._reception.take(received)
        if isinstance(received.value, StatusReport) and not receipt.repeated:
            _alarm_if_swapped(received.value.refused, received.value.recipient, receipt.attempt_id)
        _tell(received, receipt)
        if self.counter is not None and receipt.state is not None and not receipt.repeated:
            self.counter.received(received.route, receipt.state.value)
        if receipt.message_id is not None or (receipt.attempt_id is not None and not receipt.plain):
            # A report may have settled a doubt, and what waited for it may leave.
            self._bells.ring()

    def _with_recipient(self, received: Received) -> Received:
        """Write the recipient of a report as messages are addressed: networks report national numbers, too."""
        value = received.value
        if not isinstance(value, StatusReport):
            return received
        phone = sender_phone(value.recipient, is_number=True, region=self._settings.region)
        if phone is None or phone == value.recipient:
            return received
        return replace(received, value=replace(value, recipient=phone))

    async def settled(self, attempt_id: int, outcome: Outcome) -> None:
        """Record the late end of an attempt."""
        await self._record(attempt_id, outcome)
        _alarm_if_swapped(getattr(outcome, "refused", None), "", attempt_id)
        self._bells.ring()

    def changed(self, route: str) -> None:
        """Look at a route again: its state is another, or it is free."""
        self._routing.changed(route)
        self._bells.work[route].set()
        self._statuses.set()

    def looks(self) -> list[RouteLook]:
        """Say how the routes are."""
        states = [(route, route.status) for route in self._routes.values()]
        return [
            RouteLook(route.name, route.kind, status.up, status.state, status.detail, status.facts)
            for route, status in states
        ]

    def to_admin(self, phone: str, text: str) -> NewMessage:
        """Make a message of class ``admin``, queued now."""
        return self._settings.message(MessageClass.ADMIN, phone, text, self._clock())

    async def _record(self, attempt_id: int, outcome: Outcome) -> None:
        """Record an outcome; while the disk is full or locked it is held here."""
        while True:
            try:
                await self._thread.call(self._store.outbox.record, [(attempt_id, outcome)])
            except StoreError as error:
                log.error("store_trouble", attempt_id=attempt_id, error=str(error))
                await asyncio.sleep(STORE_RETRY_SECONDS)
            else:
                return

    # --- the judge is called by the store, on its thread and inside its transaction: these are pure -------------------

    def _phone_of(self, deliver: Deliver) -> str | None:
        return sender_phone(deliver.sender, deliver.sender_is_number, self._settings.region)

    def _command_of(self, incoming: Incoming) -> Command | None:
        return command_of(incoming, lenient=self._settings.lenient_commands)

    def _decide(self, incoming: Incoming, facts: Facts) -> Decision:
        return judge(
            incoming,
            facts,
            commands_per_hour=self._settings.commands_per_hour,
            lenient=self._settings.lenient_commands,
        )

    def _ack(self, phone: str, now: float) -> NewMessage:
        return self._settings.message(MessageClass.ACK, phone, self._settings.replies.accepted, now)

    # --- what the pumps ask -------------------------------------------------------------------------------------------

    def _permits(self, route: str) -> Mapping[MessageClass, float]:
        """Say what a route may take now."""
        return self._routing.permits(route, self._stuck)

    def _leaves(self, route: str) -> Mapping[MessageClass, Left]:
        """Say what of that a route leaves to another."""
        return self._routing.leaves(route, self._stuck)

    @property
    def _stuck(self) -> dict[str, float]:
        return {name: pump.stuck_for for name, pump in self._pumps.items()}

    def _cut(self, claim: Claim, route: Route) -> Submit:
        """Cut the claimed part out of its text, or take all of it.

        The same text, reference and route always give the same parts.
        """
        text = claim.text if claim.sealed is None else self._vault.open(claim.sealed, associated=MESSAGE_SEAL)
        text = self._prefixed(text or "", claim.parts, route)
        left = None if claim.expires_at is None else max(0.0, claim.expires_at - self._clock())
        return Submit(
            attempt_id=claim.attempt_id,
            message_id=claim.message_id,
            recipient=claim.recipient,
            user_data=UserData.of_text(text) if claim.whole else _part(text, claim),
            part=claim.part,
            total=1 if claim.whole else claim.parts,
            validity=None if left is None else timedelta(seconds=left),
            more_to_come=not claim.whole and claim.part < claim.parts,
        )

    def _prefixed(self, text: str, parts: int, route: Route) -> str:
        """Put the prefix before a text that leaves by the SIM instead of a bind, where it does not cost a part more."""
        prefix = self._settings.fallback_prefix
        if not prefix or not self._routing.stands_in(route) or len(segments(prefix + text, 0)) > parts:
            return text
        return prefix + text

    def _landed(self, route: Route, claim: Claim, outcome: Outcome) -> None:
        self._statuses.set()
        if self.counter is not None:
            self.counter.landed(route.name, claim, outcome)
        if isinstance(outcome, InDoubt):
            self._bells.doubts[route.name].set()
        elif isinstance(outcome, NotSent):
            _alarm_if_swapped(outcome.refused, claim.recipient, claim.attempt_id)
            self._bells.ring()

    # --- care ---------------------------------------------------------------------------------------------------------

    async def _publish(self) -> None:
        """Write how the routes are to the store, where ``smsd status`` reads it."""
        while True:
            await heard(self._statuses)
            self._statuses.clear()
            for route in self._routes.values():
                await self._thread.call(self._store.put_route, route.name, route.status)
            await asyncio.sleep(0.2)

    async def _care(self) -> None:
        """Look after deadlines, parts that never came, texts to wipe and acknowledgements that wait too long."""
        while True:
            expired = await self._thread.call(self._store.outbox.expire)
            if expired:
                log.warning("expired", count=expired)
            await self._thread.call(self._store.outbox.wipe_submitted)
            await self._rescue()
            if mended := await self._thread.call(self._store.outbox.mend_clock):
                log.warning("clock_was_ahead", count=mended, why="they were to be tried at a time that is far off now")
            for inbox_id in await self._thread.call(self._store.inbox.give_up_incomplete, self._settings.incomplete):
                log.info("part_never_came", inbox_id=inbox_id)
            if self._clock() - self._wal_emptied >= WAL_SECONDS:
                self._wal_emptied = self._clock()
                await self._thread.call(self._store.engine.forget_wal)
            oldest = await self._thread.call(self._store.outbox.oldest_ack)
            late = oldest is not None and self._clock() - oldest > ACKNOWLEDGEMENT_LATE
            if late and not self._alarmed:
                log.error("acknowledgement_late", seconds=round(self._clock() - (oldest or 0)), promised=120)
            self._alarmed = late
            await asyncio.sleep(CARE_SECONDS)

    async def _rescue(self) -> None:
        """Let answers that have begun on a bind which has died begin again by the SIM.

        And let what was given to a route because another had failed, and finds it down too, leave by whichever is up.
        """
        now, long = self._clock(), max(self._routing.fallback_after, CARE_SECONDS)
        for route in self._routes.values():
            if self._routing.down_for(route, now) < long:
                continue
            if await self._thread.call(self._store.outbox.let_go, route.name):
                self._bells.ring()
            if route.kind is not Kind.BIND:
                continue
            if count := await self._thread.call(self._store.outbox.rescue, route.name, self._routing.rescue):
                log.warning("rescued", route=route.name, count=count)
                self._bells.ring()


async def _beating(pulse: Pulse) -> None:
    await pulse


async def _supervised(what: str, work: Callable[..., Awaitable[None]], *args: object) -> None:
    """Run a task for ever: whatever it raises is logged and it begins again."""
    while True:
        try:
            await work(*args)
        except StoreError as error:
            log.error("store_trouble", task=what, error=str(error))
            await asyncio.sleep(STORE_RETRY_SECONDS)
        except Exception:
            log.exception("task_failed", task=what)
            await asyncio.sleep(STORE_RETRY_SECONDS)


def _part(text: str, claim: Claim) -> UserData:
    # A text that was sealed is kept nowhere, not for a moment.
    parts = (_parts if claim.sealed is None else segments)(text, claim.reference)
    if len(parts) != claim.parts:
        raise PduError("TP-UD", f"the text makes {len(parts)} parts, {claim.parts} were announced")
    return parts[claim.part - 1]


@lru_cache(64)
def _parts(text: str, reference: int) -> tuple[UserData, ...]:
    """Cut a text that goes to many, as that of an alert, once."""
    return segments(text, reference)


def _alarm_if_swapped(refused: str | None, recipient: str, attempt_id: int | None) -> None:
    """Call a person where an operator says that a SIM was replaced: passwords to the number are held from now on."""
    if block_of(refused) is Block.SIM_SWAPPED:
        log.error(
            "sim_swapped",
            recipient=recipient,
            attempt_id=attempt_id,
            why="the operator says that the recipient's SIM was replaced: passwords are held; ask the client, then "
            "'smsd client release'",
        )


def _tell(received: Received, receipt: Receipt) -> None:
    told = log.bind(route=received.route)
    if receipt.repeated:
        told.debug("received_again")
    elif receipt.kind == "report":
        told.info("status_report", attempt_id=receipt.attempt_id, status=getattr(received.value, "code", ""))
    elif receipt.kind == "unreadable":
        told.warning("quarantined", inbox_id=receipt.inbox_id, why=receipt.reason)
    else:
        told.info(
            "received",
            inbox_id=receipt.inbox_id,
            sender=getattr(received.value, "sender", ""),
            state=str(receipt.state),
            why=receipt.reason or None,
            request_id=receipt.request_id,
            message_id=receipt.message_id,
        )
