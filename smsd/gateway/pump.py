"""One route's pump: claim, submit, record, as many parts at a time as the route's window allows.

Knows that the attempt is on disk before the octets leave, and that what ended is recorded by the same commit that
claims what comes next: a window at full speed costs one commit, not one for each part. Where a receipt comes
meanwhile, its own commit records what ended before it (``recording``), lest it find nothing to speak of. Refuses to
know which message is next (the store's), by which route it may go (``rules.routing``) and how it is sent (the route's).

Where a ``kill -9`` leaves the client: before the claim commits, unsent and still queued; between claim and record, in
doubt, settled at the next start by the SIM's memory, a report, or the policy of its class; after it, as recorded.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from functools import partial

import structlog

from smsd.errors import PduError, SealError, StoreError
from smsd.gateway.route import Route
from smsd.rules.outbox import MessageClass
from smsd.rules.routing import Left
from smsd.sms import InDoubt, NotSent, Outcome, Sent, Submit, Verdict
from smsd.store import Claim, Claimant, Ended
from smsd.store.thread import StoreThread

__all__ = ["POLL_SECONDS", "STORE_RETRY_SECONDS", "Pump"]

POLL_SECONDS = 5.0
"""How often the outbox is looked at when nobody rang."""
GATHER_SECONDS = 0.01
"""How long what has landed waits for what is about to, to be recorded by the same commit."""
TELL_SECONDS = 0.001
"""How long after it was recorded an end is told: what is to leave goes first, and the centre works meanwhile."""
STORE_RETRY_SECONDS = 2.0
"""How long to wait when the store takes nothing (a full disk, a stuck writer)."""

log = structlog.get_logger("smsd.gateway")


class Pump:
    """Sends for one route.

    ``cut`` makes the ``Submit`` of a claim; ``permits`` says what the route may take now, ``leaves`` what of that it
    leaves to others; ``survey`` settles what it can of the route's doubts and says until when (Unix seconds) nothing
    new is to be sent; ``landed`` hears every end.
    """

    def __init__(
        self,
        route: Route,
        thread: StoreThread,
        clock: Callable[[], float],
        work: asyncio.Event,
        *,
        cut: Callable[[Claim, Route], Submit],
        permits: Callable[[str], Mapping[MessageClass, float]],
        survey: Callable[[Route], Awaitable[float]],
        landed: Callable[[Route, Claim, Outcome], None],
        leaves: Callable[[str], Mapping[MessageClass, Left]] = lambda _: {},
    ) -> None:
        self._route = route
        self._thread = thread
        self._clock = clock
        self._work = work
        self._cut = cut
        self._permits = permits
        self._leaves = leaves
        self._survey = survey
        self._landed = landed
        # Bound once: what is written for each part is a good deal of what a part costs.
        self._log = log.bind(route=route.name)
        self._flights: dict[asyncio.Future[Outcome], Claim] = {}
        self._out: dict[asyncio.Future[Outcome], float] = {}
        self._ended: list[tuple[Claim, Outcome]] = []
        self._untold: list[tuple[Claim, Outcome]] = []
        self._being_recorded = 0
        self._claiming = False
        self._has_room_again = False
        self._stopping = False
        self._holds = 0
        self._was_up = False
        self._waits_until = 0.0
        self._took_at = clock()
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def in_air(self) -> int:
        """How many parts have been claimed and not yet recorded."""
        return len(self._flights) + len(self._ended) + self._being_recorded

    def look(self, seconds: float) -> float:
        """Say for how long the oldest flight has been out; to be asked every so many ``seconds``."""
        self._out = {flight: self._out.get(flight, 0.0) + seconds for flight in self._flights if not flight.done()}
        return max(self._out.values(), default=0.0)

    @property
    def stuck_for(self) -> float:
        """For how many seconds the route has been up, taken nothing and had no room: past its rate, or unanswered."""
        if not self._route.status.up or min(self._route.window - len(self._flights), self._route.room) > 0:
            return 0.0
        now = self._clock()
        self._took_at = min(self._took_at, now)  # the clock may have gone back
        return now - self._took_at

    async def stop(self) -> None:
        """Take no more work; return when everything in the air has landed and is recorded."""
        self._stopping = True
        self._work.set()
        await self._empty.wait()

    @contextlib.asynccontextmanager
    async def quiet(self) -> AsyncIterator[None]:
        """Claim nothing while the body runs, which begins when nothing is in the air and everything is recorded.

        Evidence is looked at in such a moment only: what the store lists and what the SIM shows then speak of the same
        messages.
        """
        self._holds += 1
        self._work.set()
        try:
            await self._empty.wait()
            yield
        finally:
            self._holds -= 1
            self._work.set()

    @contextlib.contextmanager
    def recording(self) -> Iterator[list[Ended]]:
        """Give what has ended to the body, which records it and returns once that is on disk.

        Whatever the body raises, nothing of it counts as recorded: it is given out again. That it may have been
        recorded all the same does no harm, for an attempt that is settled is not settled again.
        """
        self._collect()
        ended, self._ended = self._ended, []
        self._being_recorded += len(ended)
        self._has_room_again |= bool(ended)
        try:
            yield [(claim.attempt_id, outcome) for claim, outcome in ended]
        except BaseException:
            self._ended = ended + self._ended
            raise
        else:
            self._untold += ended
            asyncio.get_running_loop().call_later(TELL_SECONDS, self._tell_all)
        finally:
            self._being_recorded -= len(ended)
            self._look_whether_empty()

    def _look_whether_empty(self) -> None:
        if not self.in_air and not self._claiming:
            self._empty.set()

    async def run(self) -> None:
        """Work until cancelled; then have every part in the air end, and record how."""
        try:
            while True:
                await self._turn()
        except asyncio.CancelledError:
            await self._land()
            raise

    # --- one turn -----------------------------------------------------------------------------------------------------

    async def _turn(self) -> None:
        """Take in what has landed, claim what there is room for, and rest when there is nothing to do."""
        self._work.clear()
        self._collect()
        up = self._route.status.up
        if up and (not self._was_up or self._spoils_evidence):
            # Evidence is asked for before anything new is sent: the next message moves what it rests on. Where it may
            # still come it is waited for, a minute at most: two parts in doubt can no longer be told apart.
            self._waits_until = await self._survey(self._route)
        self._was_up = up
        if self._ended:
            await self._gather()
        elif not (self._has_room_again and self._room):
            if not self._room:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._room_in):
                        await self._work.wait()
                return
            if not await self._due():
                return
            if self._holds:
                return  # somebody has begun to hold claims back meanwhile
        self._empty.clear()  # from here on a claim may come
        self._claiming = True
        self._has_room_again = False
        claims: list[Claim] = []
        try:
            claims = await self._exchange(self._room)
        except StoreError as error:
            log.error("store_trouble", route=self._route.name, error=str(error))
            await asyncio.sleep(STORE_RETRY_SECONDS)
        finally:
            self._claiming = bool(claims)
            self._look_whether_empty()
        for claim in claims:
            self._launch(claim)
        self._claiming = False

    @property
    def _room(self) -> int:
        """How many parts may be claimed now: what does not leave at once waits where an answer overtakes it."""
        if self._takes_nothing:
            return 0
        return max(0, min(self._route.window - len(self._flights), self._route.room))

    @property
    def _room_in(self) -> float:
        """For how many seconds to wait for room: nobody rings when a pace makes some. A little of it is none."""
        if self._takes_nothing or len(self._flights) >= self._route.window:
            return POLL_SECONDS
        return min(POLL_SECONDS, max(GATHER_SECONDS, self._route.room_in))

    @property
    def _takes_nothing(self) -> bool:
        """Whether nothing is claimed, whatever room there is: somebody rings when that is over."""
        return self._stopping or self._holds > 0 or self._spoils_evidence or not self._route.status.up

    @property
    def _spoils_evidence(self) -> bool:
        """Whether the next part would spoil what may yet settle a doubt."""
        return self._clock() < self._waits_until

    def _collect(self) -> None:
        """Move what has landed from the air to what is to be recorded."""
        for flight in [flight for flight in self._flights if flight.done()]:
            claim = self._flights.pop(flight)
            self._ended.append((claim, self._end_of(flight, claim)))

    async def _gather(self) -> None:
        """Let what is in the air land, as far as it does within a moment: a commit costs little more for all of it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GATHER_SECONDS):
                while self._flights:
                    self._work.clear()
                    await self._work.wait()
                    self._collect()

    async def _due(self) -> bool:
        """Tell whether something may be claimed now; if not, wait until it may, or something else has changed.

        What waits is looked at anyway now and then: which message a route may take changes with its age.
        """
        due_at = await self._thread.call(
            self._thread.store.outbox.next_due,
            self._route.name,
            self._permits(self._route.name),
            self._leaves(self._route.name),
        )
        seconds = POLL_SECONDS if due_at is None else min(POLL_SECONDS, due_at - self._clock())
        if seconds <= 0:
            return True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._work.wait()
                return False
        return due_at is not None

    async def _exchange(self, room: int) -> list[Claim]:
        """Record what has ended and claim as many parts as there is room for, in one transaction."""
        route = self._route
        permits = self._permits(route.name)
        leaves = self._leaves(route.name)
        claimant = Claimant(route.name, route.sender, route.sim, route.witness(), permits, route.whole, leaves)
        with self.recording() as ended:
            return await self._thread.join(partial(self._thread.store.outbox.exchange, ended, claimant, room))

    def _launch(self, claim: Claim) -> None:
        """Send a claimed part: from here on it may leave. Whatever happens, it has an end."""
        self._empty.clear()
        self._took_at = self._clock()
        try:
            submit = self._cut(claim, self._route)
        except (PduError, SealError) as error:
            self._ended.append((claim, NotSent(Verdict.NEVER, "text", str(error))))
            self._work.set()
            return
        self._log.debug(
            "submitting",
            recipient=claim.recipient,
            message_id=claim.message_id,
            attempt_id=claim.attempt_id,
            part=claim.place,
        )
        flight = asyncio.ensure_future(self._route.submit(submit))
        self._flights[flight] = claim
        flight.add_done_callback(self._look)

    def _look(self, _: asyncio.Future[Outcome]) -> None:
        self._work.set()

    def _end_of(self, flight: asyncio.Future[Outcome], claim: Claim) -> Outcome:
        """Return how a part ended; where its route failed, or was stopped, it may have left."""
        if flight.cancelled():
            return InDoubt("stopped while the part was in the air")
        if (error := flight.exception()) is None:
            return flight.result()
        log.error("task_failed", task=f"submit {self._route.name}", attempt_id=claim.attempt_id, exc_info=error)
        return InDoubt(f"the route failed: {type(error).__name__}")

    async def _land(self) -> None:
        """End every flight and record how; what the store does not take now is a doubt at the next start."""
        for flight in self._flights:
            flight.cancel()
        if self._flights:
            await asyncio.wait(self._flights)
        self._collect()
        if self._ended:
            outcomes = [(claim.attempt_id, outcome) for claim, outcome in self._ended]
            with contextlib.suppress(StoreError):
                await self._thread.call(self._thread.store.outbox.record, outcomes)
                self._untold += self._ended
            self._ended.clear()
        self._tell_all()  # nobody is left to be told a moment later
        self._empty.set()

    def _tell_all(self) -> None:
        """Say what has been recorded."""
        untold, self._untold = self._untold, []
        for claim, outcome in untold:
            self._tell(claim, outcome)
            self._landed(self._route, claim, outcome)

    def _tell(self, claim: Claim, outcome: Outcome) -> None:
        if isinstance(outcome, Sent):
            self._log.info(
                "sent",
                message_id=claim.message_id,
                attempt_id=claim.attempt_id,
                part=claim.place,
                reference=outcome.reference,
            )
            return
        told = self._log.bind(message_id=claim.message_id, attempt_id=claim.attempt_id, part=claim.place)
        if isinstance(outcome, NotSent):
            told.warning("not_sent", verdict=outcome.verdict.value, status=outcome.code, why=outcome.reason or None)
        else:
            told.warning("in_doubt", why=outcome.reason)
