"""What the SIM's last used TP-MR is worth as evidence on this modem, with this SIM.

Knows EF_SMSS (31.102 §4.2.28) and what has been seen of it beside +CMGS: twice equal and one apart, and it counts as in
step; once otherwise, and it never counts again. Refuses to judge doubts, which is ``rules.doubts``. A message in doubt
may still be in the air: for as long the last TP-MR known is not told to anybody, because the next attempt could not
tell its own step from that message's.
"""

from collections.abc import Callable

import structlog

from smsd.errors import CommandTimeoutError, StoreError
from smsd.routes import Memory
from smsd.routes.modem.driver import Channel
from smsd.routes.modem.timings import Timings
from smsd.rules.doubts import Present
from smsd.sms import Witness
from smsd.wire.at import Command
from smsd.wire.information import fields

__all__ = ["READ_SMSS", "Evidence"]

READ_SMSS = Command("AT+CRSM=176,28483,0,0,2", ("+CRSM:",))
IN_STEP = "in step"
LOST = "out of step"
ESTABLISHED = 2
CYCLE = 256

log = structlog.get_logger()


class Evidence:
    """The count of one SIM in one modem. ``memory`` keeps the verdict under both their numbers."""

    def __init__(self, imei: str, iccid: str, *, memory: Memory, timings: Timings, clock: Callable[[], float]) -> None:
        self.imei = imei
        self.iccid = iccid
        self._memory = memory
        self._timings = timings
        self._clock = clock
        self._count: int | None = None
        self._standing = ""
        self._seen = 0
        self._verified = False
        self._uncertain_until: float | None = None
        self._unsaved = False
        self._disordered = False
        self._before: int | None = None
        # What an earlier life of this program left in the air may land yet: its step is no disorder.
        self._inherits_until: float = clock() + timings.settle_after

    @property
    def in_step(self) -> bool:
        """Whether EF_SMSS follows +CMGS here and was never seen otherwise."""
        return self._standing == IN_STEP and not self._disordered

    @property
    def wanted(self) -> bool:
        """Whether a look at EF_SMSS would tell something new."""
        return self._standing != LOST and not self._verified and self._certain and bool(self.imei and self.iccid)

    @property
    def witness(self) -> Witness:
        """What is known just before an attempt."""
        return {
            "imei": self.imei or None,
            "iccid": self.iccid or None,
            "smss": self._count if self._certain else None,
            "in_step": self.in_step,
        }

    @property
    def _certain(self) -> bool:
        return self._uncertain_until is None or self._clock() >= self._uncertain_until

    @property
    def _inherits(self) -> bool:
        return self._clock() < self._inherits_until

    @property
    def _key(self) -> str:
        return f"modem.smss.{self.imei}.{self.iccid}"

    async def recall(self) -> None:
        """Learn what an earlier life has found out."""
        if self.imei and self.iccid:
            self._standing = await self._memory.recall(self._key) or ""

    # --- what was seen ------------------------------------------------------------------------------------------------

    async def read(self, channel: Channel, *, after_refusal: bool = False) -> int | None:
        """Read EF_SMSS, for a caller that holds the channel's lock, and compare it with what should stand there."""
        if not (self.imei and self.iccid):
            return None
        if self._disordered:
            await self._lose("a +CMGS came out of turn")
        if self._unsaved:
            await self._settle(self._standing)
        try:
            answer = await channel.exchange(READ_SMSS, self._timings.setting)
        except CommandTimeoutError:
            return None
        count = _count_in(answer.lines[-1].text) if answer.lines and answer.result.ok else None
        if count is None:
            self._verified = True  # this modem does not show it: do not ask again for nothing
            return None
        if self._certain:
            self._uncertain_until = None
            if self._count not in {None, count} and (after_refusal or not self._inherits):
                await self._lose("the count moved without a +CMGS")
            self._count = count
            self._verified = True
        return count

    async def prepare(self, channel: Channel) -> None:
        """Learn the count just before a message leaves, where it is not known: a refusal is judged by it."""
        self._before = self._count
        if self.in_step and (self._count is None or not self._certain):
            self._before = await self.read(channel)

    async def sent(self, reference: int, channel: Channel) -> None:
        """Take the reference of a message that left, and look at the SIM while its standing is not settled yet."""
        follows = self._count is not None and (reference - self._count) % CYCLE == 1
        if self._count is not None and not follows and not self._inherits:
            await self._lose("+CMGS did not count by one")
        self._inherits_until = self._clock()
        # A modem sends one message after the other: with this answer, whatever came before it is over.
        self._uncertain_until = None
        self._count = reference
        self._verified = False
        if self._standing or not self.wanted:
            return
        if await self.read(channel) != reference:
            return
        self._seen = self._seen + 1 if follows else 1
        if self._seen >= ESTABLISHED:
            await self._settle(IN_STEP)

    async def refused(self, channel: Channel) -> None:
        """Look whether the count moved although the network refused: then a step proves nothing here.

        Where it cannot be looked at just now, that is not known for any doubt still open, which is as bad.
        """
        if self._standing == LOST:
            return
        self._verified = False
        count = None
        try:
            count = await self.read(channel, after_refusal=True)
        finally:
            if self.in_step and count is None:
                await self._lose("it could not be read after a refusal")
        if self.in_step and count != self._before:
            await self._lose("the count moved although the network refused")

    def doubted(self, age_seconds: float = 0.0) -> None:
        """Take notice of a message that may be in the air, begun ``age_seconds`` ago."""
        until = self._clock() + self._timings.settle_after - age_seconds
        self._uncertain_until = max(until, self._uncertain_until or until)
        self._count = None
        self._verified = False

    def inherited(self, age_seconds: float) -> None:
        """Take notice of a doubt that this life did not see begin; nothing once a message has left in this life."""
        if self._inherits and age_seconds < self._timings.settle_after:
            self.doubted(age_seconds)

    def over(self, reference: int) -> None:
        """Take the late reference of the message in doubt: it is in the air no more."""
        self._uncertain_until = None
        self._inherits_until = self._clock()
        self._count = reference
        self._verified = False

    def stray(self) -> None:
        """Take notice of a +CMGS that belongs to no message of this life."""
        if not self._inherits:
            self._disordered = True

    async def present(self, channel: Channel) -> Present:
        """Say what the SIM shows now, for a caller that holds the lock."""
        count = await self.read(channel)
        return Present(self.imei or None, self.iccid or None, count, self.in_step, channel.idle)

    async def _lose(self, how: str) -> None:
        if self._standing != LOST:
            log.warning("evidence_lost", reason=how, imei=self.imei)
            await self._settle(LOST)

    async def _settle(self, standing: str) -> None:
        self._standing = standing
        try:
            await self._memory.remember(self._key, standing)
            self._unsaved = False
        except StoreError as error:
            self._unsaved = True
            log.warning("evidence_unsaved", error=str(error))


def _count_in(line: str) -> int | None:
    """Return the TP-MR in ``+CRSM: 144,0,"0DFF"`` (27.007 §8.18: <sw1>, <sw2>, <response>)."""
    values = fields(line)
    try:
        return bytes.fromhex(values[2])[0] if values[0] in {"144", "145", "159"} else None
    except (IndexError, ValueError):
        return None
