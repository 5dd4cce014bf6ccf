"""What the daemon is for: receive, answer, pump, settle.

Knows the order of things: acknowledge to a route only after the commit, send only after the attempt is on disk, answer
before alerting. Refuses to know protocols (``routes``), rows (``store``), reasons (``rules``) and the clock, which is
handed in. Every task here is a supervisor: whatever goes wrong inside is logged, waited out and tried again; none of
them raises, for a failed task would end the others.

One message's way out: ``store.outbox.claim`` (the attempt is on disk) → ``Route.submit`` → ``store.outbox.record``.
Where a ``kill -9`` leaves the client: before the claim commits, unsent and still queued; between claim and record, in
doubt, settled at the next start by the SIM's memory, a report, or the policy of its class; after it, as recorded.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

import structlog

from smsd.directory import Directory
from smsd.errors import DirectoryError, PduError, SealError, StoreError
from smsd.routes import Inbound
from smsd.rules.commands import Command
from smsd.rules.outbox import DoubtPolicy, MessageClass
from smsd.rules.phones import sender_phone
from smsd.rules.reception import Decision, Facts, Incoming, command_of, judge
from smsd.rules.replies import Replies
from smsd.rules.requests import DEADLINE, RequestState, retry_delay
from smsd.sms import (
    Deliver,
    Doubt,
    InDoubt,
    NotSent,
    Outcome,
    Received,
    RouteStatus,
    Submit,
    Verdict,
    Witness,
    segments,
)
from smsd.store import Claim, Claimant, Judge, NewMessage, Receipt, Request
from smsd.store.thread import StoreThread
from smsd.vault import PublicKey, Vault, seal

__all__ = ["MESSAGE_SEAL", "Gateway", "Route", "Settings"]

MESSAGE_SEAL = b"text of a message"
"""What a sealed text is bound to: it cannot be opened as anything else."""

POLL_SECONDS = 5.0
"""How often the outbox and the requests are looked at when nobody rang."""
DOUBT_SECONDS = 2.0
"""How often the evidence of fresh doubts is asked for."""
HELD_SECONDS = 60.0
"""How often the evidence of doubts is asked for that are held for a person."""
CARE_SECONDS = 10.0
"""How often deadlines, late parts and old acknowledgements are looked after."""
ACK_ALARM_SECONDS = 90.0
"""An acknowledgement older than this raises an alarm: two minutes are promised."""
STORE_RETRY_SECONDS = 2.0
"""How long to wait when the store takes nothing (a full disk, a stuck writer)."""


class Route(Protocol):
    """A way out of (and into) the house: a modem, a bind."""

    @property
    def name(self) -> str:
        """The name in the configuration."""

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
    def settle_seconds(self) -> float:
        """Seconds after which evidence that has not come will not come: the policy of the class decides then."""

    async def run(self, inbound: Inbound) -> None:
        """Keep itself alive for ever; ends only by cancellation."""

    def witness(self) -> Witness:
        """Return what is known now that may settle a doubt about the next part."""

    async def submit(self, submit: Submit) -> Outcome:
        """Send one part; always returns one of the three ends."""

    async def settle(self, doubt: Doubt, age_seconds: float) -> Outcome | None:
        """Look for evidence on a doubt; ``None``: not settled."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration decides, as values."""

    replies: Replies
    region: str = "RU"
    commands_per_hour: int = 10
    lenient_commands: bool = False
    incomplete: timedelta = timedelta(hours=24)
    lifetimes: Mapping[MessageClass, timedelta] | None = None
    keep_inbox: timedelta | None = None
    keep_outbox: timedelta | None = None

    def expires_at(self, message_class: MessageClass, now: float) -> float | None:
        """Return the deadline of a message of a class that is queued now, in Unix seconds."""
        lifetime = (self.lifetimes or {}).get(message_class)
        return None if lifetime is None else now + lifetime.total_seconds()


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
    ) -> None:
        self._thread = store
        self._store = store.store
        self._routes = {route.name: route for route in routes}
        self._directory = directory
        self._vault = vault
        self._public: PublicKey = vault.public
        self._settings = settings
        self._clock = clock
        self._stopping = False
        self._work = {name: asyncio.Event() for name in self._routes}
        self._doubts = {name: asyncio.Event() for name in self._routes}
        self._requests = asyncio.Event()
        self._statuses = asyncio.Event()
        self._in_air = 0
        self._landed = asyncio.Event()
        self._landed.set()
        self._alarmed = False
        self._log = structlog.get_logger("smsd.gateway")
        self._judge = Judge(
            phone_of=self._phone_of,
            command_of=self._command_of,
            decide=self._decide,
            ack=self._ack,
            incomplete=settings.incomplete,
        )

    async def run(self) -> None:
        """Work until cancelled. Attempts that a dead process left open are taken for doubts first."""
        orphans = await self._thread.call(self._store.outbox.adopt_orphans)
        if orphans:
            self._log.warning("attempts_in_doubt", count=orphans, why="the daemon had ended while they were in the air")
        await self._thread.call(self._store.requests.adopt_orphans)
        await self._thread.call(self._store.keep_routes, list(self._routes))
        async with asyncio.TaskGroup() as group:
            for route in self._routes.values():
                self._doubts[route.name].set()
                group.create_task(self._supervised(f"route {route.name}", route.run, self))
                group.create_task(self._supervised(f"pump {route.name}", self._pump, route))
                group.create_task(self._supervised(f"doubts {route.name}", self._settle, route))
            group.create_task(self._supervised("requests", self._carry_out))
            group.create_task(self._supervised("statuses", self._publish))
            group.create_task(self._supervised("care", self._care))

    async def stop(self, seconds: float) -> None:
        """Take no more work and wait at most ``seconds`` for the parts in the air to be answered."""
        self._stopping = True
        self.look()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._landed.wait(), seconds)

    def look(self) -> None:
        """Somebody rang: look at the outbox and the requests."""
        for event in (*self._work.values(), self._requests):
            event.set()

    @property
    def in_air(self) -> int:
        """How many parts are in the air."""
        return self._in_air

    async def _supervised(self, what: str, work: Callable[..., Awaitable[None]], *args: object) -> None:
        """Run a task for ever: whatever it raises is logged and it begins again."""
        while True:
            try:
                await work(*args)
            except StoreError as error:
                self._log.error("store_trouble", task=what, error=str(error))
                await asyncio.sleep(STORE_RETRY_SECONDS)
            except Exception:  # noqa: BLE001  a supervisor's whole purpose
                self._log.exception("task_failed", task=what)
                await asyncio.sleep(STORE_RETRY_SECONDS)

    # --- in -----------------------------------------------------------------------------------------------------------

    async def received(self, received: Received) -> None:
        """Make something received safe and act on it. Raises ``StoreError``: then it must not be deleted."""
        receipt = await self._thread.call(self._store.inbox.receive, received, self._judge)
        self._tell(received, receipt)
        if receipt.message_id is not None:
            self.look()
        if receipt.attempt_id is not None:
            # A report may have settled a doubt, and what waited for it may leave.
            self.look()

    async def settled(self, attempt_id: int, outcome: Outcome) -> None:
        """Record the late end of an attempt."""
        await self._record(attempt_id, outcome)
        self.look()

    def changed(self, route: str) -> None:
        """Look at a route again: its state is another, or it is free."""
        self._work[route].set()
        self._statuses.set()

    def _tell(self, received: Received, receipt: Receipt) -> None:
        log = self._log.bind(route=received.route)
        if receipt.repeated:
            log.debug("received_again")
        elif receipt.kind == "report":
            log.info("status_report", attempt_id=receipt.attempt_id, status=getattr(received.value, "code", ""))
        elif receipt.kind == "unreadable":
            log.warning("quarantined", inbox_id=receipt.inbox_id, why=receipt.reason)
        else:
            log.info(
                "received",
                inbox_id=receipt.inbox_id,
                sender=getattr(received.value, "sender", ""),
                state=str(receipt.state),
                why=receipt.reason or None,
                request_id=receipt.request_id,
                message_id=receipt.message_id,
            )

    # The judge is called by the store, on its thread and inside its transaction: these are pure.

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
        return self._message(MessageClass.ACK, phone, self._settings.replies.accepted, now)

    def _message(self, message_class: MessageClass, phone: str, text: str, now: float) -> NewMessage:
        return NewMessage(
            message_class,
            phone,
            len(segments(text, 0)),
            text=text,
            expires_at=self._settings.expires_at(message_class, now),
        )

    # --- out ----------------------------------------------------------------------------------------------------------

    async def _pump(self, route: Route) -> None:
        """Claim and send for one route, one part at a time, as long as it is up."""
        work = self._work[route.name]
        was_up = False
        while True:
            work.clear()
            if self._stopping or not route.status.up:
                was_up = False
                await work.wait()
                continue
            if not was_up:
                # Evidence is asked for before anything new is sent: the next message moves what it rests on.
                for doubt in await self._thread.call(self._store.outbox.doubts, route.name):
                    await self._settle_one(route, doubt, told=True)
                was_up = True
            claimant = Claimant(route.name, route.sender, route.sim, route.witness())
            claims = await self._thread.call(self._store.outbox.claim, claimant, 1)
            if not claims:
                due_at = await self._thread.call(self._store.outbox.next_due, route.name)
                await self._rest(work, due_at)
            for claim in claims:
                await self._send(route, claim)
            if (task := asyncio.current_task()) is not None and task.cancelling():
                # A route that is cancelled in mid-send returns the end of the part; now that it is recorded, obey.
                raise asyncio.CancelledError

    async def _rest(self, event: asyncio.Event, due_at: float | None) -> None:
        """Wait until somebody rings, the next thing is due, or it is time to look anyway."""
        seconds = POLL_SECONDS if due_at is None else min(POLL_SECONDS, max(0.0, due_at - self._clock()))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)

    async def _send(self, route: Route, claim: Claim) -> None:
        """Send a claimed part and record how that ended, however long the store takes to take it."""
        log = self._log.bind(
            message_id=claim.message_id, attempt_id=claim.attempt_id, part=f"{claim.part}/{claim.parts}"
        )
        self._in_air += 1
        self._landed.clear()
        try:
            try:
                submit = self._submit(claim)
            except (PduError, SealError) as error:
                outcome: Outcome = NotSent(Verdict.NEVER, "text", str(error))
            else:
                log.debug("submitting", route=route.name, recipient=claim.recipient)
                outcome = await self._submitted(route, submit)
            await self._record(claim.attempt_id, outcome)
        finally:
            self._in_air -= 1
            if not self._in_air:
                self._landed.set()
        if isinstance(outcome, InDoubt):
            self._doubts[route.name].set()
            log.warning("in_doubt", route=route.name, why=outcome.reason)
        elif isinstance(outcome, NotSent):
            log.warning("not_sent", route=route.name, verdict=outcome.verdict.value, status=outcome.code)
        else:
            log.info("sent", route=route.name, reference=outcome.reference)

    async def _submitted(self, route: Route, submit: Submit) -> Outcome:
        """Have a route send a part; whatever it raises leaves the part in doubt, never without an end."""
        try:
            return await route.submit(submit)
        except Exception as error:  # noqa: BLE001  whatever it is, the part may have left
            self._log.exception("task_failed", task=f"submit {route.name}", attempt_id=submit.attempt_id)
            return InDoubt(f"the route failed: {type(error).__name__}")

    def _submit(self, claim: Claim) -> Submit:
        """Cut the claimed part out of its text. The same text and reference always give the same parts."""
        text = claim.text if claim.sealed is None else self._vault.open(claim.sealed, associated=MESSAGE_SEAL)
        parts = segments(text or "", claim.reference)
        if len(parts) != claim.parts:
            raise PduError("TP-UD", f"the text makes {len(parts)} parts, {claim.parts} were announced")
        validity = None if claim.expires_at is None else timedelta(seconds=max(0.0, claim.expires_at - self._clock()))
        return Submit(
            attempt_id=claim.attempt_id,
            message_id=claim.message_id,
            recipient=claim.recipient,
            user_data=parts[claim.part - 1],
            part=claim.part,
            total=claim.parts,
            validity=validity,
            more_to_come=claim.part < claim.parts,
        )

    async def _record(self, attempt_id: int, outcome: Outcome) -> None:
        """Record an outcome; while the disk is full or locked it is held here, and its route sends nothing else."""
        while True:
            try:
                await self._thread.call(self._store.outbox.record, [(attempt_id, outcome)])
            except StoreError as error:
                self._log.error("store_trouble", attempt_id=attempt_id, error=str(error))
                await asyncio.sleep(STORE_RETRY_SECONDS)
            else:
                return

    # --- doubts -------------------------------------------------------------------------------------------------------

    async def _settle(self, route: Route) -> None:
        """Look for evidence on the doubts of one route, and apply the policy of the class where none comes."""
        event = self._doubts[route.name]
        held: set[int] = set()
        while True:
            await event.wait()
            doubts = await self._thread.call(self._store.outbox.doubts, route.name)
            if not doubts:
                event.clear()
                held.clear()
                continue
            for doubt in doubts:
                if await self._settle_one(route, doubt, told=doubt.attempt_id in held):
                    held.add(doubt.attempt_id)
            fresh = any(doubt.attempt_id not in held for doubt in doubts)
            event.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), DOUBT_SECONDS if fresh else HELD_SECONDS)
            event.set()

    async def _settle_one(self, route: Route, doubt: Doubt, *, told: bool) -> bool:
        """Settle one doubt if anything settles it; return whether it is held for a person."""
        log = self._log.bind(message_id=doubt.message_id, attempt_id=doubt.attempt_id, route=route.name)
        age = self._clock() - doubt.started_at.timestamp()
        outcome = await route.settle(doubt, age) if route.status.up else None
        if outcome is not None:
            await self._record(doubt.attempt_id, outcome)
            log.info("doubt_settled", end=type(outcome).__name__, evidence=getattr(outcome, "evidence", None))
            self.look()
            return False
        if age < route.settle_seconds or not any(other.status.up for other in self._routes.values()):
            return told
        policy = await self._thread.call(self._store.outbox.apply_policy, doubt.attempt_id)
        if policy is DoubtPolicy.RESEND_ONCE:
            log.warning("sent_once_more", why="no evidence came and a client waits")
            self.look()
        elif policy is DoubtPolicy.HOLD and not told:
            log.warning("held_in_doubt", why="no evidence came; 'smsd outbox retry' or 'cancel' decides")
        return policy is DoubtPolicy.HOLD

    # --- requests -----------------------------------------------------------------------------------------------------

    async def _carry_out(self) -> None:
        """Carry out clients' requests one after another."""
        while True:
            self._requests.clear()
            request = None if self._stopping else await self._thread.call(self._store.requests.take)
            if request is None:
                due_at = await self._thread.call(self._store.requests.next_due)
                await self._rest(self._requests, due_at)
            else:
                await self._answer(request)

    async def _answer(self, request: Request) -> None:
        """Carry one request out and queue its result; a directory that is down is asked again until the deadline."""
        log = self._log.bind(request_id=request.id)
        try:
            state, result, error = await self._result(request)
        except DirectoryError as trouble:
            age = self._clock() - request.received_at
            if age < DEADLINE.total_seconds():
                delay = retry_delay(request.asked).total_seconds()
                await self._thread.call(self._store.requests.postpone, request.id, delay, str(trouble))
                log.warning("request_waits", error=str(trouble), asked=request.asked, seconds=delay)
                return
            now = self._clock()
            result = self._message(MessageClass.RESULT, request.phone, self._settings.replies.failed, now)
            state, error = RequestState.FAILED, str(trouble)
        message_id = await self._thread.call(self._store.requests.finish, request.id, state, result, error)
        log.info("request_ended", state=state.value, message_id=message_id, why=error)
        self.look()

    async def _result(self, request: Request) -> tuple[RequestState, NewMessage, str | None]:
        """Do what a request asks for; return its state, the message that says so, and the reason of a failure."""
        replies, now = self._settings.replies, self._clock()
        if request.command is not Command.INFO:
            # Of competing wishes the later one holds: the answer says what holds now.
            subscribed = await self._thread.call(self._store.clients.subscribed, request.phone)
            await self._directory.subscribe(request.phone, subscribed=subscribed)
            text = replies.start if subscribed else replies.stop
            return RequestState.DONE, self._message(MessageClass.RESULT, request.phone, text, now), None
        registration = await self._directory.registration(request.phone)
        if registration is None:
            answer = self._message(MessageClass.RESULT, request.phone, replies.unknown, now)
            return RequestState.FAILED, answer, "the phone is not a client's"
        if registration.password is None:
            answer = self._message(MessageClass.RESULT, request.phone, replies.failed, now)
            return RequestState.FAILED, answer, "no password is recorded for this client"
        text = replies.info(code=registration.code, login=registration.login, password=registration.password)
        plain = self._message(MessageClass.RESULT, request.phone, text, now)
        sealed = seal(self._public, text, associated=MESSAGE_SEAL)
        return RequestState.DONE, replace(plain, text=None, sealed=sealed), None

    # --- care ---------------------------------------------------------------------------------------------------------

    async def _publish(self) -> None:
        """Write how the routes are to the store, where ``smsd status`` reads it."""
        while True:
            await self._statuses.wait()
            self._statuses.clear()
            for route in self._routes.values():
                await self._thread.call(self._store.put_route, route.name, route.status)
            await asyncio.sleep(0.2)

    async def _care(self) -> None:
        """Look after deadlines, parts that never came, texts to wipe and acknowledgements that wait too long."""
        while True:
            expired = await self._thread.call(self._store.outbox.expire)
            if expired:
                self._log.warning("expired", count=expired)
            await self._thread.call(self._store.outbox.wipe_submitted)
            for inbox_id in await self._thread.call(self._store.inbox.give_up_incomplete, self._settings.incomplete):
                self._log.info("part_never_came", inbox_id=inbox_id)
            await self._forget()
            oldest = await self._thread.call(self._store.outbox.oldest_ack)
            late = oldest is not None and self._clock() - oldest > ACK_ALARM_SECONDS
            if late and not self._alarmed:
                self._log.error("acknowledgement_late", seconds=round(self._clock() - (oldest or 0)), promised=120)
            self._alarmed = late
            await asyncio.sleep(CARE_SECONDS)

    async def _forget(self) -> None:
        """Forget a handful of what is older than the configuration keeps."""
        now, keep_inbox, keep_outbox = self._clock(), self._settings.keep_inbox, self._settings.keep_outbox
        if keep_inbox or keep_outbox:
            await self._thread.call(
                self._store.forget,
                inbox_before=now - keep_inbox.total_seconds() if keep_inbox else None,
                outbox_before=now - keep_outbox.total_seconds() if keep_outbox else None,
            )
