"""An operator that is reached by HTTP as a route: asked to send, asked what became of it, left alone when it is ill.

Knows when a request may be repeated (where the operator sends a message once however often it is asked with one key),
when the operator is to be trusted again, and that a lost answer is a doubt. Refuses to end and to decide about
messages: whatever goes wrong becomes a state that people can read.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import structlog

from smsd.errors import ConfigError, RouteError, SmsdError, StoreError
from smsd.routes import Inbound, Memory
from smsd.routes.http.client import Client, Unanswered, Unsent
from smsd.routes.http.profile import Action, State
from smsd.routes.http.settings import HttpSettings
from smsd.routes.http.translate import (
    Answer,
    Judged,
    Request,
    fill,
    judge,
    key_of,
    minutes,
    recipient_of,
    report_in,
    report_of,
    state_of,
)
from smsd.routes.http.webhook import Webhook
from smsd.routes.operator import OperatorRoute
from smsd.routes.overdue import Poll, Unreported, learned
from smsd.routes.rest import rest, stretch
from smsd.sms import (
    Doubt,
    Fact,
    InDoubt,
    NotSent,
    Outcome,
    Received,
    RouteStatus,
    Sent,
    Submit,
    Verdict,
    Witness,
)

__all__ = ["HttpRoute"]

READY, AWAY, RESTING, REFUSED = "ready", "away", "resting", "refused"
INSTANCE = "instance"
"""Under which name it is remembered who we are in the ids of our attempts."""

log = structlog.get_logger()


class HttpRoute(OperatorRoute):
    """The route ``name`` to the operator that ``settings`` describe.

    ``sender`` is the name a client sees. ``password`` and ``token`` (of the webhook) give the text of their files, read
    anew at each need; ``memory`` keeps a few words over restarts; ``unreported`` lists what was taken and never
    reported; ``clock`` counts seconds and never goes back; ``chance`` draws a number from 0.0 up to 1.0.
    """

    whole = True

    def __init__(
        self,
        name: str,
        settings: HttpSettings,
        *,
        memory: Memory,
        unreported: Unreported,
        clock: Callable[[], float],
        chance: Callable[[], float],
        sender: str = "SCSERV",
        password: Callable[[], str] = lambda: "",
        token: Callable[[], str] = lambda: "",
    ) -> None:
        super().__init__(
            name,
            sender,
            rate=settings.rate,
            window=settings.window,
            patience=settings.timings,
            clock=clock,
            chance=chance,
            began=(AWAY, "not started"),
        )
        self.settings = settings
        self._profile = settings.profile
        self._memory = memory
        self._password = password
        self._token = token
        self._client = Client(settings)
        self._poll = Poll(unreported, self._ask, self._tell, batch=settings.poll_batch)
        self._instance = ""
        self._ill = asyncio.Event()
        self._rest = 0.0
        self._losses = 0
        self._lost_at = 0.0

    # --- for the gateway ----------------------------------------------------------------------------------------------

    @property
    def status(self) -> RouteStatus:
        """How the route is: ``up`` means that a message given now is sent as soon as its turn comes."""
        state, detail = self._state
        facts: dict[str, Fact] = {
            "host": self._client.host,
            "profile": self._profile.title,
            "window": self.settings.window,
            "in_flight": self._in_hand,
        }
        return RouteStatus(state == READY, state, detail, facts)

    @property
    def room(self) -> int:
        """How many messages it would send at once: few while their turn would come late."""
        return self._free

    def witness(self) -> Witness:
        """Return by which name our ids of attempts begin: what a later process needs to ask after a doubt."""
        return {INSTANCE: self._instance}

    async def submit(self, submit: Submit) -> Outcome:
        """Send one whole message and return its end; raises nothing, not even when the caller is cancelled."""
        if self._state[0] != READY:
            return NotSent(Verdict.ROUTE, self._state[0], self._state[1])
        self._in_hand += 1
        try:
            return await self._submit(submit)
        finally:
            self._in_hand -= 1

    async def settle(self, doubt: Doubt, age_seconds: float) -> Outcome | None:
        """Ask the operator whether it has the message, where it knows our ids; ``None``: not settled."""
        instance = doubt.witness.get(INSTANCE)
        if not self._profile.settles or not isinstance(instance, str):
            return None
        key = key_of(self._profile, instance, doubt.attempt_id)
        answer = await self._look_up(key=key, recipient=doubt.recipient)
        if answer is None:
            return None
        state, reference, words = state_of(self._profile, answer)
        if state is State.ABSENT:
            late = age_seconds >= self.settings.timings.absent_after
            return NotSent(Verdict.ROUTE, words, "the operator has no such message", "status query") if late else None
        return None if state is None else Sent(reference or key, "status query")

    # --- away from us -------------------------------------------------------------------------------------------------

    async def _submit(self, submit: Submit) -> Outcome:
        """Wait for the turn, then ask; a doubt is asked again where that is harmless."""
        try:
            password = self._secret()
        except RouteError as error:
            self._be_ill(REFUSED, str(error), self.settings.timings.refused)
            return NotSent(Verdict.ROUTE, REFUSED, str(error))
        key = key_of(self._profile, self._instance, submit.attempt_id)
        request = fill(
            self._profile.submit,
            self._values(
                password=password,
                key=key,
                recipient=submit.recipient,
                sender=self.sender,
                text=submit.user_data.text or "",
                minutes=minutes(submit.validity),
            ),
        )
        try:
            async with self._gate:
                while not await self._gate.ready():
                    pass
                departure = self._pace.leave()
        except asyncio.CancelledError:
            return NotSent(Verdict.ROUTE, "cancelled", "the daemon stops before its turn came")
        try:
            end = await self._once(request, password, key)
            if isinstance(end, InDoubt) and self._profile.idempotent:
                end = await self._insist(request, password, key, end, departure.at)
        except asyncio.CancelledError:
            return InDoubt("the daemon stops before the answer")
        finally:
            self._pace.answered(departure)
        return end

    async def _insist(self, request: Request, password: str, key: str, doubt: InDoubt, since: float) -> Outcome:
        """Ask the same with the same key until it is known; what only says *not this time* settles nothing.

        The last asking is given up, too, when the time is over: somebody may wait for what goes by no other route yet.
        """
        timings = self.settings.timings
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(since + timings.repeat_for - self._clock()):
                while True:
                    await asyncio.sleep(timings.repeat)
                    end = await self._once(request, password, key)
                    if isinstance(end, Sent) or (isinstance(end, NotSent) and end.verdict is Verdict.NEVER):
                        return end
        return doubt

    async def _once(self, request: Request, password: str, key: str) -> Outcome:
        began = self._clock()
        match answer := await self._client.send(request, password):
            case Unsent(reason):
                self._be_ill(AWAY, reason, 0.0)
                return NotSent(Verdict.ROUTE, AWAY, reason)
            case Unanswered(reason, silent):
                self._lose(began, reason, silent=silent)
                return InDoubt(reason)
            case Answer():
                judged = judge(self._profile, answer, key)
                self._heed(judged, began)
                return judged.outcome

    def _secret(self) -> str:
        """Read the password. Raises ``RouteError`` when that cannot be."""
        try:
            return self._password()
        except OSError as error:
            raise RouteError(f"the password cannot be read: {error.strerror}") from None
        except ConfigError as error:
            raise RouteError(str(error)) from None

    async def _look_up(self, **values: str) -> Answer | None:
        """Ask after a message; ``None``: no answer, or nobody to ask."""
        call = self._profile.status
        try:
            password = self._secret()
        except RouteError:
            return None  # whoever sends says so
        if call is None:
            return None
        answer = await self._client.send(fill(call, self._values(password=password, **values)), password)
        return answer if isinstance(answer, Answer) else None

    def _values(self, **values: str | int) -> Mapping[str, str | int]:
        """Return what fills the places of a request; the recipient is given in E.164."""
        recipient = recipient_of(self._profile, str(values.pop("recipient")))
        return {"login": self.settings.login, "recipient": recipient, **values}

    # --- how the operator is ------------------------------------------------------------------------------------------

    def _heed(self, judged: Judged, began: float) -> None:
        """Do what an answer means for the route."""
        timings = self.settings.timings
        reason = getattr(judged.outcome, "code", "") or getattr(judged.outcome, "reason", "")
        match judged.action:
            case Action.THROTTLE:
                self._pace.throttled()
                log.warning("throttled", route=self.name, status=reason, rate=round(self._pace.rate, 1))
            case Action.ROUTE:
                self._be_ill(RESTING, reason, timings.pause)
            case Action.MONEY | Action.ACCOUNT:
                self._be_ill(REFUSED, f"{reason}: {judged.action.value}", timings.refused)
            case _:
                if isinstance(judged.outcome, InDoubt):
                    self._lose(began, judged.outcome.reason)
                else:
                    self._losses = 0

    def _lose(self, began: float, reason: str, *, silent: bool = False) -> None:
        """Hear that an answer was lost: once may be the line, twice in a row is the operator, at a doubt each.

        A silence for as long as an answer may take is no fault of the line: what is sent once more is to go elsewhere.
        """
        if began < self._lost_at:
            return  # of the same trouble as the one before
        self._lost_at = self._clock()
        self._losses += 1
        timings = self.settings.timings
        longest = min(timings.silence_most, timings.silence * 2 ** min(max(self._losses - 2, 0), 30))
        self._be_ill(AWAY, reason, longest if silent or self._losses > 1 else 0.0)

    def _be_ill(self, state: str, reason: str, rest: float) -> None:
        """Send nothing for ``rest`` seconds, and then only when somebody answers there."""
        if self._state[0] != READY:
            return
        if state == REFUSED:
            log.error("account_refused", route=self.name, reason=reason, seconds=rest)
        elif rest:
            log.warning("route_rests", route=self.name, state=state, reason=reason, seconds=rest)
        self._rest = rest
        self._become(state, reason)
        self._ill.set()

    async def _recover(self, hears: "asyncio.Task[None] | None") -> None:
        """Wait until the operator is to be trusted again, whenever it was not. Raises what ended ``hears``."""
        while True:
            while not await stretch(self._ill):
                if hears is not None and hears.done():
                    hears.result()
            self._ill.clear()
            await rest(self._rest)
            self._failures = 0
            while (reason := await self._client.absent()) is not None:
                self._failures += 1
                if self._failures == 1 and self._state[0] == AWAY:
                    # Away it was, and why is news.
                    log.info("route_state", route=self.name, state=AWAY, detail=reason)
                self._become(AWAY, reason)
                await asyncio.sleep(self._backoff())
            self._become(READY, "")

    # --- towards us ---------------------------------------------------------------------------------------------------

    async def _ask(self, reference: str, recipient: str) -> Received | None:
        """Ask what became of a message; ``None``: nothing yet."""
        answer = await self._look_up(key=reference, reference=reference, recipient=recipient)
        if answer is None:
            return None
        report = report_in(self._profile, answer, reference, recipient)
        return learned(self.name, b"%s\n%s" % (reference.encode(), answer.body), report)

    async def _told(self, octets: bytes, document: Any) -> None:
        """Take a receipt that the operator sent. Raises ``StoreError``."""
        told = self._profile.receipt
        report = None if told is None else report_of(self._profile, document, told)
        fault = None if report is not None else "a receipt that the profile cannot read"
        await self._tell(Received(self.name, octets, report, fault))

    async def _tell(self, received: Received) -> None:
        if self._inbound is None:
            raise StoreError("nobody takes receipts yet")
        await self._inbound.received(received)

    # --- life ---------------------------------------------------------------------------------------------------------

    async def run(self, inbound: Inbound) -> None:
        """Keep the route alive until cancelled."""
        self._inbound = inbound
        try:
            while True:
                try:
                    await self._live()
                except SmsdError as error:
                    self._become("failed", str(error))
                await asyncio.sleep(self.settings.timings.retry_most)
        finally:
            self._become("stopped", "")

    async def _live(self) -> None:
        """Work until cancelled, or until something is missing to begin with (``RouteError``, ``StoreError``)."""
        self._client.open()
        try:
            self._instance = await self._who_we_are()
            self._become(AWAY, "not asked yet")
            self._rest = 0.0
            self._ill.set()
            async with self._beside() as hears:
                await self._recover(hears)
        finally:
            await self._client.close()

    @contextlib.asynccontextmanager
    async def _beside(self) -> AsyncIterator[asyncio.Task[None] | None]:
        """Have receipts listened for, or asked for, while the body runs."""
        hears: asyncio.Task[None] | None = None
        if self.settings.webhook_port and self._profile.receipt is not None:
            hears = asyncio.create_task(self._listen())
        elif self._profile.status is not None:
            ready = lambda: self._state[0] == READY  # noqa: E731
            hears = asyncio.create_task(self._poll.run(self.settings.timings.poll, ready))
        try:
            yield hears
        finally:
            if hears is not None:
                hears.cancel()
                await asyncio.wait([hears])

    async def _listen(self) -> None:
        """Listen for receipts; what keeps us from it keeps nobody from sending."""
        while True:
            try:
                await Webhook(self.settings.webhook_port, self._token(), self._told).run()
            except (OSError, SmsdError) as error:
                log.error("receipts_unheard", route=self.name, error=str(error))
            await asyncio.sleep(self.settings.timings.retry_most)

    async def _who_we_are(self) -> str:
        """Recall the beginning of our ids, or draw it: another installation's attempts have the same numbers."""
        known = await self._memory.recall(INSTANCE)
        if known is None:
            known = f"{int(self._chance() * 36**6):06x}"
            await self._memory.remember(INSTANCE, known)
        return known
