"""What goes out in one life of a modem, and what its ends say of the modem, the SIM and the network.

Knows when the next part had better wait (a message was announced, which may be a command), when a doubt can be settled,
and whose fault a refusal is: what follows is put on the loop's agenda, or the route rests. Refuses to know how a part
is sent, which is ``sender``, and to cure anything, which is ``recovery``.
"""

import asyncio
from collections.abc import Callable

import structlog

from smsd.errors import RouteError
from smsd.routes.modem.agenda import EVERY_STORE, Agenda
from smsd.routes.modem.driver import Channel
from smsd.routes.modem.evidence import Evidence
from smsd.routes.modem.health import Health
from smsd.routes.modem.leftovers import Leftovers
from smsd.routes.modem.network import Network
from smsd.routes.modem.recovery import Recovery
from smsd.routes.modem.results import Action
from smsd.routes.modem.sender import Judged, Sender
from smsd.routes.modem.timings import Timings
from smsd.rules import doubts
from smsd.rules.cures import Trouble
from smsd.sms import Doubt, InDoubt, NotSent, Outcome, Sent, Submit, Verdict

__all__ = ["Outgoing"]

RUNGS = 3
"""So many faults of the modem in a row, and initialising again is not enough."""

log = structlog.get_logger()


class Outgoing:
    """``tell`` has the route's state told anew, ``changed`` has the house look at the route again.

    ``sender`` is there once the modem is set up; ``evidence`` is of the card that is in it.
    """

    def __init__(
        self,
        name: str,
        channel: Channel,
        timings: Timings,
        clock: Callable[[], float],
        *,
        evidence: Evidence,
        network: Network,
        recovery: Recovery,
        agenda: Agenda,
        leftovers: Leftovers,
        tell: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._name = name
        self._channel = channel
        self._timings = timings
        self._clock = clock
        self._network = network
        self._recovery = recovery
        self._agenda = agenda
        self._leftovers = leftovers
        self._tell = tell
        self._changed = changed
        self._health = Health()
        self._in_doubt: int | None = None
        self._submitting = 0
        self._rest_reason = ("", "")
        self.sender: Sender | None = None
        self.evidence = evidence
        self.announced: float | None = None
        """When the last message was announced that has not been brought in yet..."""
        self._first = clock()
        """...and when the first of them was: more that come meanwhile hold nothing back any longer."""
        self.last_at = clock()
        """When something was last on its way out."""
        self.rest_until = 0.0

    @property
    def in_air(self) -> bool:
        """Whether a part is on its way out."""
        return self._submitting > 0

    @property
    def rests(self) -> tuple[str, str] | None:
        """As which state, and why, the route is left alone just now."""
        return self._rest_reason if self._clock() < self.rest_until else None

    async def submit(self, submit: Submit) -> Outcome:
        """Send one part; see ``Sender.submit``."""
        if self.sender is None:
            return NotSent(Verdict.ROUTE, "modem", "the modem is not ready")
        self._submitting += 1
        try:
            return await self.sender.submit(submit)
        finally:
            self._submitting -= 1
            self.last_at = self._clock()
            self._tell()
            if self.announced is not None:
                self._look_after_announced()

    # --- one that comes in goes first ---------------------------------------------------------------------------------

    def announce(self) -> None:
        """Hear that the modem has announced a message."""
        now = self._clock()
        if self.announced is None:
            self._first = now
        self.announced = now
        self._look_after_announced()

    @property
    def waits(self) -> bool:
        """Whether the next part had better wait: the modem has announced a message, which may be a command."""
        if self.announced is None:
            return False
        return self._clock() < max(self._first, self.last_at) + self._timings.announced

    def _look_after_announced(self) -> None:
        """Have the route looked at again when the next part has waited long enough."""
        asyncio.get_running_loop().call_later(self._timings.announced, self._changed)

    # --- doubts -------------------------------------------------------------------------------------------------------

    async def settle(self, doubt: Doubt, age_seconds: float) -> Outcome | None:
        """Decide a doubt by the SIM's count; ``None`` when it cannot be, or not yet."""
        if self.sender is None or doubt.witness.get("iccid") != self.evidence.iccid:
            return None
        if not (self.evidence.in_step and doubt.witness.get("in_step")) or doubt.witness.get("smss") is None:
            self.evidence.inherited(age_seconds)
            return None  # nothing the SIM shows could settle it: it is not asked, air time is for messages
        try:
            async with self._channel.lock:
                present = await self.evidence.present(self._channel)
        except RouteError:
            return None
        outcome = doubts.settle(doubt, present, age_seconds, settle_after_seconds=self._timings.settle_after)
        if outcome is None:
            self.evidence.inherited(age_seconds)
        return outcome

    def settle_late(self, outcome: Outcome) -> None:
        """Give an answer that came too late to the attempt it must belong to."""
        if self._in_doubt is not None:
            self._leftovers.late.append((self._in_doubt, outcome))
            self._in_doubt = None

    def forget_doubt(self) -> None:
        """Hear that the card is another: a late answer would not be of it."""
        self._in_doubt = None

    # --- what an end says of the route --------------------------------------------------------------------------------

    def judged(self, submit: Submit, judged: Judged) -> Outcome:
        """Draw the route's own conclusions from the end of an attempt; the message's fate may change by them."""
        outcome = judged.outcome
        if isinstance(outcome, Sent):
            self._health.sent()
            self._recovery.well(Trouble.FAULTS)
            self._in_doubt = None
            return outcome
        if isinstance(outcome, InDoubt):
            self._recovery.doubted()
        if isinstance(outcome, InDoubt) and (judged.refusal is None or judged.stopped):
            self.evidence.doubted(judged.seconds)
        if isinstance(outcome, InDoubt) and judged.refusal is None:
            self._in_doubt = submit.attempt_id
        self._agenda.news.set()
        if judged.refusal is None:
            if isinstance(outcome, NotSent) and not judged.stopped:
                self._act(self._health.silent(), outcome.reason, outcome.verdict)
            return outcome
        code = outcome.code if isinstance(outcome, NotSent) else judged.refusal.meaning
        action = self._health.refused(code, judged.refusal, submit.recipient)
        if isinstance(outcome, NotSent):
            self._act(action, f"{code}: {judged.refusal.meaning}", outcome.verdict)
            if action in {Action.SIM, Action.CONFIGURATION}:
                return NotSent(Verdict.ROUTE, outcome.code, outcome.reason)
        else:
            self._act(action, judged.refusal.meaning, None)
        return outcome

    def _act(self, action: Action, reason: str, verdict: Verdict | None) -> None:
        timings = self._timings
        match action:
            case Action.SIM:
                self._rest(timings.sim_pause, "suspended", reason)
            case Action.CONFIGURATION:
                self._rest(timings.pause, "suspended", reason)
            case Action.MODEM:
                self._agenda.set_up_again = True
                self._rest(timings.pause, "recovering", reason)
                if self._health.modem_faults >= RUNGS:
                    self._recovery.suspect(Trouble.FAULTS, f"{self._health.modem_faults} in a row, {reason}")
            case Action.MEMORY:
                self._agenda.hints.add(EVERY_STORE)
            case Action.NETWORK:
                self._network.doubt()
            case Action.NONE if verdict is Verdict.ROUTE:
                self._rest(timings.pause, "recovering", reason)
            case _:
                pass

    def _rest(self, seconds: float, state: str, detail: str) -> None:
        self.rest_until = self._clock() + seconds
        self._rest_reason = (state, detail)
        log.warning("route_rests", route=self._name, state=state, reason=detail, seconds=seconds)
