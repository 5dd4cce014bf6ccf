"""A bind to an operator's service centre as a route: connected, bound, lost and bound again, for ever, under one name.

Knows where to connect and when to try again: a spare host at once, the same ones ever more seldom, a host that refused
the bind only after minutes, for a person must change something first. Refuses to end and to decide about messages:
whatever goes wrong becomes a state that people can read, and each submit ends as sent, not sent, or in doubt.
"""

import asyncio
import contextlib
import math
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from smsd.errors import ConfigError, PduError, RouteError, SmsdError, StoreError
from smsd.routes import Inbound, Memory
from smsd.routes.operator import OperatorRoute
from smsd.routes.overdue import Poll, Unreported, learned, nothing
from smsd.routes.rest import any_of, rest
from smsd.routes.smpp.flight import Flight, over
from smsd.routes.smpp.inbound import Arrivals
from smsd.routes.smpp.link import Link
from smsd.routes.smpp.redelivery import Redelivery
from smsd.routes.smpp.settings import Action, BindAs, SmppSettings
from smsd.routes.smpp.translate import (
    bind_of,
    code,
    outcome,
    report_of,
    source,
    submission,
    unwritable,
)
from smsd.sms import (
    Doubt,
    Fact,
    InDoubt,
    NotSent,
    Outcome,
    Received,
    RouteStatus,
    Sent,
    StatusReport,
    Submit,
    Verdict,
    Witness,
)
from smsd.wire.smpp.pdu import Pdu, QuerySm, QuerySmResp, ShortMessage
from smsd.wire.smpp.receipt import Receipt, state_name
from smsd.wire.smpp.tables import Command, Status, status_text

__all__ = ["SmppRoute"]

READY = "ready"
LATE = "late answer"
OVERDUE_BATCH = 20
"""How many overdue receipts are asked after at a time."""
LONG_PASSWORD = 8
"""Octets a password may have by the standard; a longer one is sent whole, and said to be longer."""

_BINDS = {
    BindAs.TRANSCEIVER: (Command.BIND_TRANSCEIVER,),
    BindAs.PAIR: (Command.BIND_TRANSMITTER, Command.BIND_RECEIVER),
}
_REFUSALS = frozenset({Status.BIND_FAILED, Status.INVALID_PASSWORD, Status.INVALID_SYSTEM_ID})

log = structlog.get_logger()


class SmppRoute(OperatorRoute):
    """The route ``name`` through the bind that ``settings`` describe.

    ``sender`` is the name a client sees. ``password`` gives the text of the password file, read anew at each bind;
    ``memory`` keeps a few words over restarts; ``clock`` counts seconds and never goes back; ``chance`` draws a number
    from 0.0 up to 1.0. Raises ``ConfigError`` for a sender that cannot be one.
    """

    whole = False

    def __init__(
        self,
        name: str,
        settings: SmppSettings,
        *,
        memory: Memory,
        clock: Callable[[], float],
        chance: Callable[[], float],
        sender: str = "SCSERV",
        password: Callable[[], str] = lambda: "",
        unreported: Unreported = nothing,
    ) -> None:
        super().__init__(
            name,
            sender,
            rate=settings.rate,
            window=settings.window,
            patience=settings.timings,
            clock=clock,
            chance=chance,
            began=("stopped", "not started"),
        )
        self.settings = settings
        self._unreported = unreported
        self._password = password
        try:
            self._source = source(sender, settings)
        except PduError as error:
            raise ConfigError(f"the sender of {name}: {error.problem}") from None
        self._redelivery = Redelivery(name, memory, settings.timings.open)
        self._arrivals = Arrivals(name, settings, self._redelivery)
        self._transmitter: Link | None = None
        self._refusals: dict[tuple[str, int], tuple[float, str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._flights: dict[int, Flight] = {}
        self._asks_states = True
        self._answered_at = -math.inf
        self._silent = False
        self._silences = 0
        """How many submits in a row had no answer while the centre lived: until one has, one is tried at a time."""
        self._rests_until = -math.inf

    # --- for the gateway ----------------------------------------------------------------------------------------------

    @property
    def status(self) -> RouteStatus:
        """How the route is: ``up`` means that a message given now is sent at once, or as soon as its turn comes."""
        state, detail = self._standing
        rate = self._pace.rate
        facts: dict[str, Fact] = {
            "host": self.settings.host,
            "system_id": self.settings.system_id,
            "window": self.settings.window,
            "in_flight": self._transmitter.in_flight if self._transmitter is not None else 0,
            "rate": None if math.isinf(rate) else str(round(rate, 1)),
        }
        return RouteStatus(state == READY, state, detail, facts)

    @property
    def room(self) -> int:
        """How many submits may be made now: none while down, few while their turn would come late.

        Whoever claims no more than this leaves what waits for its turn in the queue, where an answer overtakes it.
        """
        if self._standing[0] != READY:
            return 0
        if self._silences:
            return 0 if self._in_hand else min(1, self._free)
        return self._free

    @property
    def room_in(self) -> float:
        """Seconds until time alone lets it take one more; infinite while the bind is down, or tries one at a time."""
        if self._standing[0] != READY or (self._silences and self._in_hand):
            return math.inf
        return super().room_in

    def witness(self) -> Witness:
        """Return what is known just before an attempt: nothing that could settle a doubt later."""
        return {"bind": self.name}

    def submit(self, submit: Submit) -> asyncio.Future[Outcome]:
        """Send one part, as many at a time as the window allows; what is returned gets its end.

        Too much for the centre or the contract, it waits for its turn here; a part the centre will not take for its
        speed comes back with ``Verdict.ROUTE``: unharmed, uncounted, to be claimed again by priority. Raises nothing,
        not even when the caller is cancelled: the end is there at once, *in doubt* if the part may have left.
        """
        try:
            message = submission(submit, self._source, self.settings)
        except PduError as error:
            return over(unwritable(error))
        link, (state, detail) = self._transmitter, self._standing
        if link is None or state != READY:
            return over(NotSent(Verdict.ROUTE, state, detail or "the bind is not ready"))
        self._in_hand += 1
        if self._waiting == 1 and link.has_room and not self._pace.wait():
            return self._leave(link, message, submit.attempt_id)
        return asyncio.get_running_loop().create_task(self._wait_and_leave(link, message, submit.attempt_id))

    async def settle(self, doubt: Doubt, age_seconds: float) -> Outcome | None:  # noqa: ARG002  the gateway's protocol
        """Return ``None``: only a late answer or a receipt settles a doubt on a bind, and each comes by itself."""
        return None

    async def query(self, reference: str, recipient: str = "") -> StatusReport | None:
        """Ask the centre what became of a part it took as ``reference`` (query_sm); ``None``: it does not say.

        A centre that does not know the command is asked no more.
        """
        link = self._transmitter
        if link is None or not self._asks_states or not reference:
            return None
        try:
            answer = await link.query(QuerySm(reference, self._source))
            if answer is None or answer.command_status != Status.OK:
                self._asks_states = answer is None or answer.command_status != Status.INVALID_COMMAND_ID
                return None
            told = QuerySmResp.decode(answer.body)
        except PduError as error:
            log.info("state_not_told", route=self.name, why=str(error))
            return None
        error_code = str(told.error_code) if told.error_code else ""
        return report_of(Receipt(reference, state_name(told.message_state), error_code), recipient, self.settings)

    @property
    def _standing(self) -> tuple[str, str]:
        """The state and its detail; a link is lost from the moment it is, not when its supervisor has heard of it."""
        if self._state[0] == READY and self._transmitter is not None and self._transmitter.over:
            return "away", self._transmitter.reason
        return self._state

    @property
    def _waiting(self) -> int:
        """How many wait here for their turn, those included that have just been given."""
        return self._in_hand - len(self._flights)

    # --- away from us -------------------------------------------------------------------------------------------------

    def _leave(self, link: Link, message: ShortMessage, attempt_id: int) -> asyncio.Future[Outcome]:
        try:
            link.submit(message, attempt_id)
        except PduError as error:
            self._let_go()
            return over(unwritable(error))
        flight = self._flights[attempt_id] = Flight(self._pace.leave())
        return flight

    async def _wait_and_leave(self, link: Link, message: ShortMessage, attempt_id: int) -> Outcome:
        """Wait for the turn and a place, submit, and wait for the end."""
        flight, refusal = None, NotSent(Verdict.ROUTE, "cancelled", "the daemon stops before its turn came")
        with contextlib.suppress(asyncio.CancelledError):
            async with self._gate:
                # Both must hold in the very turn of the loop in which it leaves.
                while flight is None and await link.room():
                    if await self._gate.ready():
                        flight = self._leave(link, message, attempt_id)
                refusal = NotSent(Verdict.ROUTE, "lost", link.reason)
        if flight is not None:
            return await flight
        self._let_go()
        return refusal

    def _answered(self, link: Link, attempt_id: int, answer: Pdu | InDoubt) -> None:
        """Hear the end of a submit, and tell whoever waits for it; if nobody does any more, the gateway."""
        flight = self._flights.pop(attempt_id, None)
        if flight is not None:
            self._pace.answered(flight.departure)
            self._let_go()
        if flight is None or flight.done():
            if not isinstance(answer, InDoubt):
                self._spawn(self._settle_late(attempt_id, self._judged(answer, LATE)))
        elif isinstance(answer, InDoubt):
            self._unanswered(link, flight)
            flight.set_result(answer)
        else:
            flight.set_result(self._judged(answer))

    def _unanswered(self, link: Link, flight: Flight) -> None:
        """Rest where it says that it lives and answers no submit: each further one would be a doubt, too."""
        if flight.departure.at > self._answered_at and not link.over:
            timings, self._silences = self.settings.timings, self._silences + 1
            longer = timings.pause * 2 ** min(self._silences - 1, 30)
            self._rest("silent", "it answers no submit", min(longer, max(timings.pause, timings.refused)))
            self._silent = self._state[0] == "resting"

    def _let_go(self) -> None:
        self._in_hand -= 1
        if not self._in_hand:
            self._changed()

    def _judged(self, answer: Pdu, evidence: str = "answer") -> Outcome:
        """Say what an answer means for the part, and do what it means for the bind."""
        self._answered_at = self._clock()
        if self._silent and self._state[0] == "resting":
            self._become(READY, "")
        self._silent, self._silences = False, 0
        end = outcome(answer, self.settings, evidence)
        if isinstance(end, Sent):
            return end
        action = self.settings.action(answer.command_status)
        if action is Action.THROTTLE and self._pace.throttled():
            log.warning(
                "throttled", route=self.name, status=code(answer.command_status), rate=round(self._pace.rate, 1)
            )
        elif action is Action.ROUTE:
            self._rest(code(answer.command_status), status_text(answer.command_status))
        return end

    def _rest(self, status: str, why: str, seconds: float | None = None) -> None:
        """Submit nothing for a while: the next message would fare no better."""
        if self._state[0] != READY:
            return
        seconds = self.settings.timings.pause if seconds is None else seconds
        log.warning("route_rests", route=self.name, state="resting", reason=f"{status}: {why}", seconds=seconds)
        self._become("resting", f"{status}: {why}")
        link = self._transmitter
        self._rests_until = until = self._clock() + seconds

        def resume() -> None:
            if self._transmitter is link and self._state[0] == "resting" and self._rests_until == until:
                self._become(READY, "")

        asyncio.get_running_loop().call_later(seconds, resume)

    async def _settle_late(self, attempt_id: int, end: Outcome) -> None:
        if self._inbound is not None:
            await self._inbound.settled(attempt_id, end)

    # --- towards us ---------------------------------------------------------------------------------------------------

    def _asked(self, link: Link, pdu: Pdu) -> None:
        """Take a message, unless too many are being taken."""
        if pdu.command_id == Command.ALERT_NOTIFICATION:
            return
        if len(self._tasks) >= self.settings.inbound_most:
            link.answer(pdu, Status.QUEUE_FULL)
        else:
            self._spawn(self._arrivals.take(link, pdu, self._inbound))

    async def _ask(self, reference: str, recipient: str) -> Received | None:
        """Ask what became of a part whose receipt is overdue; ``None``: nothing that matters is known."""
        report = await self.query(reference, recipient)
        told = "" if report is None else report.code
        return learned(self.name, f"query_sm {reference} {told}".encode(), report)

    async def _told(self, received: Received) -> None:
        if self._inbound is not None:
            await self._inbound.received(received)

    # --- life ---------------------------------------------------------------------------------------------------------

    async def run(self, inbound: Inbound) -> None:
        """Keep the route alive until cancelled, which unbinds in order; never raises anything else."""
        self._inbound = inbound
        try:
            while True:
                for host, port in self.settings.hosts:
                    if (host, port) not in self._refusals:
                        await self._lived(host, port)
                self._failures += 1
                await rest(self._till_next_round())
        finally:
            for task in list(self._tasks):
                task.cancel()
            self._become("stopped", "")

    async def _lived(self, host: str, port: int) -> None:
        """Live one life on one host, whatever ends it."""
        try:
            status = await self._live(host, port)
        except RouteError as error:
            self._become("away", str(error))
        except StoreError as error:
            self._become("waiting-for-store", str(error))
        except Exception as error:  # one broken route must not take the others with it
            log.exception("route_broken", route=self.name)
            self._become("failed", f"{type(error).__name__}: {error}" if isinstance(error, SmsdError) else "a fault")
        else:
            if status in _REFUSALS:
                log.error("bind_refused", route=self.name, status=code(status), reason=status_text(status))
                detail = f"{code(status)}: {status_text(status)} (is it the right name and password?)"
                self._become("refused", detail)
                self._refusals[host, port] = (self._clock() + self.settings.timings.refused, detail)
            else:
                self._become("away", f"the bind was refused, {code(status)}: {status_text(status)}")

    async def _live(self, host: str, port: int) -> int:
        """Bind, work and lose the bind again (``RouteError``), or return the status by which we were not let in."""
        self._become("connecting", f"{host}:{port}")
        await self._redelivery.recall()
        bind = bind_of(self.settings, self._secret())
        links: list[Link] = []
        try:
            for command in _BINDS[self.settings.bind_as]:
                link = await Link.open(
                    self.settings,
                    host,
                    port,
                    self._clock,
                    asked=self._asked,
                    answered=self._answered,
                    heard=lambda link: self._spawn(self._arrivals.close_heard(link)),
                )
                links.append(link)
                status = await link.bind(command, bind)
                if status != Status.OK:
                    return status
            self._failures = 0
            self._transmitter = links[0]
            self._redelivery.begin(self._clock())
            self._become(READY, "")
            raise RouteError(await self._first_end(links))
        finally:
            self._transmitter = None
            if self._state[0] in {READY, "resting"}:
                self._become("closing", "")
            await asyncio.gather(*(link.close(self.settings.timings.drain) for link in links))
            await self._finish_tasks()

    async def _first_end(self, links: list[Link]) -> str:
        """Wait for the end of one of the links and say why it ended."""
        ends = [asyncio.create_task(link.ended.wait()) for link in links]
        old = asyncio.create_task(self._forget_old())
        overdue = asyncio.create_task(
            Poll(self._unreported, self._ask, self._told, batch=OVERDUE_BATCH).run(
                self.settings.timings.overdue, lambda: self.settings.receipts and self._state[0] == READY
            )
        )
        try:
            while not await any_of(ends):
                if any(link.asleep for link in links):
                    return "its timers have stopped, a fault in the program"
        finally:
            for task in (*ends, old, overdue):
                task.cancel()
            self._redelivery.end(self._clock())
        return next(link.reason for link in links if link.ended.is_set())

    async def _forget_old(self) -> None:
        while (until := self._redelivery.give_up_at()) is not None:
            if (seconds := until - self._clock()) > 0:
                await asyncio.sleep(seconds)
            with contextlib.suppress(StoreError):
                await self._redelivery.give_up_old(self._clock())

    async def _finish_tasks(self) -> None:
        """Let what came in be stored, though it cannot be answered any more."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.settings.timings.drain)

    def _secret(self) -> str:
        try:
            password = self._password()
        except (OSError, ConfigError) as error:
            raise RouteError(f"the password cannot be read: {error}") from None
        if len(password) > LONG_PASSWORD:
            log.warning("password_long", route=self.name, octets=len(password), standard=LONG_PASSWORD)
        return password

    def _till_next_round(self) -> float:
        """Say how long to wait: a host that refused the bind is left alone for minutes, whatever its spares do."""
        now = self._clock()
        if len(self._refusals) < len(self.settings.hosts):
            wait = self._backoff()
        else:
            wait = max(0.0, min(until for until, _ in self._refusals.values()) - now)
        if self._refusals:
            # What a person must change is shown until then, and not that a spare is away as well.
            self._become("refused", next(iter(self._refusals.values()))[1])
        self._refusals = {host: told for host, told in self._refusals.items() if told[0] > now + wait}
        return wait

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside; what fails is logged, never lost."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("route_broken", route=self.name, exc_info=error)
