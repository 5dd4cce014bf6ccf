"""One part out through the modem, and exactly one of three ends for it.

Knows AT+CMGS and its prompt (27.005 §4.3), AT+CMMS, and how a transmission is judged: with a reference it was sent,
with a refusal it was not, unless the refusal is of those that come although the message left; without an answer it is
in doubt as soon as the last octet may have reached the modem. Refuses to know queues: what a refusal means for the
route is told, not acted upon.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from smsd.errors import PduError, RouteError
from smsd.routes.modem.driver import Channel, Transmission
from smsd.routes.modem.evidence import Evidence
from smsd.routes.modem.quirks import Quirks
from smsd.routes.modem.results import Refusal, classify
from smsd.routes.modem.timings import Timings
from smsd.routes.modem.translate import submission
from smsd.sms import InDoubt, NotSent, Outcome, Sent, Submit, Verdict
from smsd.wire.at import Answer, Command
from smsd.wire.information import numbers

__all__ = ["Judged", "Sender"]

LINK_LOST = frozenset({"CMS 512", "CMS 513", "CMS 500"})
LINK_CHANCES = 2

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Judged:
    """The end of an attempt ``seconds`` after its start, and what the route may learn from a refusal."""

    outcome: Outcome
    refusal: Refusal | None = None
    stopped: bool = False
    seconds: float = 0.0


class Sender:
    """Sends through one channel.

    ``sure`` tells whether the card is surely the one in the modem: by no other is anything sent. ``judged`` hears every
    end but those of a message that was not begun at all, and has the last word on it.
    """

    def __init__(
        self,
        channel: Channel,
        quirks: Quirks,
        evidence: Evidence,
        timings: Timings,
        *,
        want_reports: bool,
        service_centre: str,
        sure: Callable[[], bool],
        judged: Callable[[Submit, Judged], Outcome],
    ) -> None:
        self._channel = channel
        self._quirks = quirks
        self._evidence = evidence
        self._timings = timings
        self._want_reports = want_reports
        self._service_centre = service_centre
        self._sure = sure
        self._judged = judged
        self._may_keep_link = quirks.keep_link
        self._link_kept = False
        self._link_failures = 0

    async def submit(self, submit: Submit) -> Outcome:
        """Send one part. Always returns its end, also to a caller that is cancelled meanwhile."""
        try:
            pdu, length = submission(
                submit, want_report=submit.want_report and self._want_reports, service_centre=self._service_centre
            )
        except PduError as error:
            return NotSent(Verdict.NEVER, "PDU", str(error))
        command = Command(f"AT+CMGS={length}", ("+CMGS:",), payload=pdu)
        try:
            async with self._channel.lock:
                await self._keep_link(more_to_come=submit.more_to_come)
                await self._evidence.prepare(self._channel)
                if not self._sure():
                    return NotSent(Verdict.ROUTE, "card", "the card may be another: it is asked first")
                judged = await self._transmit(command)
                # Before the lock goes: the next attempt's witness must know of this one.
                outcome = self._judged(submit, judged)
                if not judged.stopped:
                    await self._note(submit, judged)
        except RouteError as error:
            return NotSent(Verdict.ROUTE, "modem", str(error))
        except asyncio.CancelledError:
            return NotSent(Verdict.ROUTE, "stopped", "stopped before the message was begun")
        return outcome

    async def _transmit(self, command: Command) -> Judged:
        time = asyncio.get_running_loop().time
        started = time()
        transmission = await self._channel.transmit(command)
        outcome, refusal = _unanswered(transmission), None
        if transmission.answer is not None:
            outcome, refusal = self._answered(transmission.answer, left=transmission.left)
        return Judged(outcome, refusal, transmission.stopped, time() - started)

    def _answered(self, answer: Answer, *, left: bool) -> tuple[Outcome, Refusal | None]:
        if answer.result.ok:
            values = numbers(answer.lines[-1].text) if answer.lines else []
            if values and values[0] is not None:
                return Sent(str(values[0] & 0xFF)), None
            return InDoubt("the modem said OK and gave no reference"), None
        code, refusal = classify(answer.result, self._quirks.codes)
        if left and refusal.may_be_duplicate:
            return InDoubt(f"{code}: {refusal.meaning}; it may have left all the same"), refusal
        return NotSent(refusal.verdict, code, refusal.meaning), refusal

    async def _note(self, submit: Submit, judged: Judged) -> None:
        """Let the evidence see this end; whatever goes wrong meanwhile does not change it."""
        try:
            match judged.outcome:
                case Sent(reference=reference):
                    await self._evidence.sent(int(reference), self._channel)
                case InDoubt() if judged.refusal is not None:
                    # Refused or not, the modem has done with it: what the SIM shows now tells how it counts refusals.
                    try:
                        await self._evidence.refused(self._channel)
                    finally:
                        self._evidence.doubted(judged.seconds)
                case NotSent() if judged.refusal is not None:
                    await self._evidence.refused(self._channel)
                case _:
                    pass
            self._learn_link(judged.outcome)
            if self._link_kept and not (submit.more_to_come and self._may_keep_link):
                self._link_kept = False
                await self._channel.exchange(Command("AT+CMMS=0"), self._timings.answer)
        except RouteError as error:
            log.debug("after_submit", error=str(error))
        except asyncio.CancelledError:
            log.debug("after_submit", error="stopped")

    # --- AT+CMMS ------------------------------------------------------------------------------------------------------

    async def _keep_link(self, *, more_to_come: bool) -> None:
        """Keep the radio link up between the parts of a burst: on 2G it saves seconds a part."""
        if not more_to_come or self._link_kept or not self._may_keep_link:
            return
        answer = await self._channel.exchange(Command("AT+CMMS=2"), self._timings.answer)
        self._link_kept = self._may_keep_link = answer.result.ok

    def _learn_link(self, outcome: Outcome) -> None:
        if not self._link_kept:
            return
        reason = outcome.code if isinstance(outcome, NotSent) else getattr(outcome, "reason", "")
        failed = any(reason == code or reason.startswith(f"{code}:") for code in LINK_LOST)
        self._link_failures = self._link_failures + 1 if failed else 0
        if self._link_failures >= LINK_CHANCES:
            self._may_keep_link = False
            log.info("link_not_kept", reason="two failures in a row while it was")


def _unanswered(transmission: Transmission) -> Outcome:
    if transmission.left:
        return InDoubt(transmission.failure)
    if transmission.failure == "no prompt in time":
        return NotSent(Verdict.SOON, "prompt", transmission.failure)
    return NotSent(Verdict.ROUTE, "modem", transmission.failure)
