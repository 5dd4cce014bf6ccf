"""A SIM in a modem as a route: opened, kept at work, lost and taken back, for ever and under one name.

Knows when to open and when to try again: a device that vanished is looked for four times a second (one that is known
by its identity is sought at every free port of the host), one that is held or broken ever more seldom. Refuses to end:
whatever goes wrong becomes a state that people can read.
"""

import asyncio
import contextlib
import math
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import structlog

from smsd.errors import (
    ModemError,
    ModemResetError,
    PortBusyError,
    PortGoneError,
    SmsdError,
    StoreError,
    StrangerError,
)
from smsd.routes import Inbound, Memory
from smsd.routes.modem.finder import Finder, Seeker
from smsd.routes.modem.host import Host, Ports
from smsd.routes.modem.identity import wanted_now
from smsd.routes.modem.leftovers import Leftovers
from smsd.routes.modem.port import Port
from smsd.routes.modem.recovery import Recovery
from smsd.routes.modem.session import Session
from smsd.routes.modem.settings import ModemSettings
from smsd.routes.state import StatedRoute
from smsd.rules.cures import Cure, Trouble
from smsd.rules.routing import Kind
from smsd.sms import Doubt, NotSent, Outcome, RouteStatus, Submit, Verdict, Witness

__all__ = ["ModemRoute"]

READY = "ready"
USB_RESET_UNIT = "smsd-usb-reset.path"
"""What hears of the wish for a reset and has root see to it."""

log = structlog.get_logger()


class ModemRoute(StatedRoute):
    """The route ``name`` over the modem that ``settings`` describe.

    ``memory`` keeps a few words over restarts; ``pin`` gives the text of the PIN file, read anew at each need;
    ``clock`` counts seconds and never goes back. ``seeker`` knows the host's ports: one for all routes of a process.
    ``reset_usb`` resets a USB device by the kernel's name for it, or raises ``OSError``.
    """

    whole = False

    def __init__(
        self,
        name: str,
        settings: ModemSettings,
        *,
        memory: Memory,
        clock: Callable[[], float],
        pin: Callable[[], str | None] = lambda: None,
        seeker: Seeker | None = None,
        reset_usb: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(name, ("away", "not started"))
        self.settings = settings
        self.device = settings.device
        """Where the modem is, or was last."""
        self.sender = settings.sender
        self._memory = memory
        self._pin = pin
        self._wanted = settings.wanted
        self._timings = settings.timings
        self._clock = clock
        self._seeker = seeker or Seeker(Ports(Host()), self._timings, clock)
        self._finder = None if settings.device else Finder(self._seeker)
        self._reset_usb = reset_usb
        self._usb = ""
        self._proved = ""
        self._plug = ""
        self._opened = False
        self._recovery = Recovery(name, self._timings, clock, pin, self._changed)
        self._strange: Mapping[str, str] = {}
        self._session: Session | None = None
        self._leftovers = Leftovers()
        self._retry = self._timings.retry

    # --- for the gateway ----------------------------------------------------------------------------------------------

    @property
    def status(self) -> RouteStatus:
        """How the route is: ``up`` means that a message given now is tried at once."""
        state, detail = self._state
        facts = dict(self._session.facts) if self._session is not None else {}
        told = "; ".join(filter(None, (detail, self._recovery.told)))
        facts |= {"device": self.device, **self._recovery.facts, **self._strange}
        return RouteStatus(state == READY, state, told, facts)

    @property
    def kind(self) -> Kind:
        """What a client sees of it: a number."""
        return Kind.SIM

    @property
    def window(self) -> int:
        """How many parts it sends at a time: the air takes one, and none before an announced message is brought in."""
        return 0 if self._session is not None and self._session.receives_first else 1

    @property
    def room(self) -> int:
        """How many parts it would send at once."""
        return self.window

    @property
    def room_in(self) -> float:
        """Infinite: time alone makes no room, it is told when there is."""
        return math.inf

    @property
    def sim(self) -> str | None:
        """The ICCID of the card in use: what an attempt and a status report must share to belong together."""
        return self._session.iccid if self._session is not None else None

    @property
    def settle_seconds(self) -> float:
        """The age from which evidence on a doubt will not come any more: the class's policy decides then."""
        return self._timings.settle_after + self._timings.settle_margin

    @property
    def evidence_seconds(self) -> float:
        """How long after a part in doubt the SIM's count speaks of nothing else, where it speaks at all."""
        return self._timings.settle_after if self.witness()["in_step"] else 0.0

    def witness(self) -> Witness:
        """Return what is known just before an attempt: recorded with it, it may settle a doubt later."""
        if self._session is None:
            return {"imei": None, "iccid": None, "smss": None, "in_step": False}
        return self._session.witness

    async def submit(self, submit: Submit) -> Outcome:
        """Send one part and return its end: sent, not sent, or in doubt.

        Raises nothing, not even when the caller is cancelled: the end is returned at once, *in doubt* if the message
        may have left. Whoever cancels must therefore let the caller write it down.
        """
        state, detail = self._state
        if self._session is None or state != READY:
            return NotSent(Verdict.ROUTE, state, detail or "the modem is not ready")
        outcome = await self._session.submit(submit)
        self._changed()
        return outcome

    async def settle(self, doubt: Doubt, age_seconds: float) -> Outcome | None:
        """Decide an attempt that ended in doubt ``age_seconds`` after its start, or return ``None``: not yet, or never.

        To be asked before the first message after a restart, too: what may still be in the air then makes the SIM's
        count worthless as a witness for a while, and this is how the route hears of it.
        """
        return await self._session.settle(doubt, age_seconds) if self._session is not None else None

    # --- trouble that the modem does not show -------------------------------------------------------------------------

    def suspect(self, why: str) -> None:
        """Hear that messages are lost although the modem says nothing of it: a self-test did not come through.

        Each call is a sign, and each rung of the ladder waits for a new one.
        """
        self._recovery.suspect(Trouble.NOT_DELIVERING, why)
        if self._session is not None:
            self._session.look()

    def delivers(self) -> None:
        """Hear that messages come through."""
        self._recovery.well(Trouble.NOT_DELIVERING)

    async def dial(self, code: str) -> str:
        """Dial a code (USSD) and return what the network answers. Raises ``RouteError``."""
        if self._session is None or self._state[0] != READY:
            raise ModemError(f"the modem is not ready: {self._state[0]}")
        return await self._session.dial.ask(code)

    # --- life ---------------------------------------------------------------------------------------------------------

    async def run(self, inbound: Inbound) -> None:
        """Keep the route alive until cancelled; never raises anything else."""
        self._inbound = inbound
        self._recovery.appeared()
        while True:
            try:
                await self._live(inbound)
            except PortGoneError as error:
                self._become("away", str(error))
                await self._await_device()
                self._recovery.appeared()
            except ModemResetError as error:
                await self._await_reset(error)
            except StrangerError as error:
                await self._leave_alone(error)
            except PortBusyError as error:
                self._become("busy-port", str(error))
                await asyncio.sleep(self._timings.busy)
            except StoreError as error:
                await self._fail("waiting-for-store", error)
            except ModemError as error:
                await self._fail("dead", error)
            except SmsdError as error:
                await self._fail("failed", error)
            except Exception as error:  # one broken route must not take the others with it
                log.exception("route_broken", route=self.name)
                await self._fail("failed", error)

    async def _live(self, inbound: Inbound) -> None:
        """Live one life of the modem, from opening to loss."""
        self._opened = False
        self._wanted = await wanted_now(self.settings.wanted, self._memory)
        if self._finder is not None:
            if not self._still_ours:
                self.device = await self._finder.find(self._wanted)
        elif not _exists(self.device):
            raise PortGoneError(f"{self.device}: no such device (is the modem plugged in, and switched to modem mode?)")
        self._become("opening", "")
        place = self._seeker.ports.host.port_of(self.device)
        self._usb = place.usb if place is not None else ""
        self._recovery.usb = bool(self._usb) and self._reset_usb is not None
        plug = self._seeker.ports.plug_of(self.device)
        if plug != self._plug:  # replaced while a stranger was left alone, a busy port waited for, or a failure rested
            self._plug = plug
            self._recovery.appeared()
        self._recovery.trusted = self.settings.wanted.anything or plug == self._proved
        try:
            with self._seeker.ports.used(self.device, self.name):
                port = await Port.open(self.device, self.settings.baud, rtscts=self.settings.rtscts)
                self._opened = True
                await self._live_at(port, inbound)
        finally:
            self._proved = plug if self._recovery.trusted else ""

    @property
    def _still_ours(self) -> bool:
        """Whether a modem that answers nothing any more is known to be ours: it was, and has stayed plugged in."""
        mute = self._recovery.has(Trouble.SILENT) or self._recovery.has(Trouble.STUCK)
        return mute and bool(self._proved) and self._seeker.ports.plug_of(self.device) == self._proved

    async def _live_at(self, port: Port, inbound: Inbound) -> None:

        def become(state: str, detail: str) -> None:
            if self._session is session:  # a life that is over has no say: a sender may still be on its way out
                self._become(state, detail)

        try:
            session = Session(
                self.name,
                port,
                replace(self.settings, wanted=self._wanted),
                inbound=inbound,
                memory=self._memory,
                clock=self._clock,
                pin=self._pin,
                recovery=self._recovery,
                become=become,
                leftovers=self._leftovers,
            )
            self._session = session
            try:
                await session.initialise()
                await session.serve()
            except (StrangerError, ModemResetError):
                raise
            except ModemError as error:
                await session.last_resort(error)
                raise
        finally:
            self._session = None
            await port.close()

    async def _await_device(self) -> None:
        if self._finder is not None:  # looking at the ports is what seeking begins with
            await asyncio.sleep(self._timings.search)
            return
        await asyncio.sleep(self._timings.away)
        while not _exists(self.device):  # noqa: ASYNC110  no event tells of a device node everywhere a tty can be
            await asyncio.sleep(self._timings.away)

    async def _await_reset(self, error: ModemResetError) -> None:
        """Let a reset take place; the port is closed."""
        self._become("resetting", f"{error.cure}: {error}")
        if error.cure == Cure.USB and self._reset_usb is not None:
            plug = self._seeker.ports.plug_of(self.device)
            try:
                await self._reset_usb(self._usb)
                await self._await_departure(plug)
            except OSError as refused:
                log.error("usb_not_reset", route=self.name, device=self._usb, error=str(refused))
        await asyncio.sleep(self._timings.reset_rest)

    async def _await_departure(self, plug: str) -> None:
        """Wait until the device has left its bus. Raises ``TimeoutError``, which is an ``OSError``."""
        until = self._clock() + self._timings.vanishing
        while _exists(self.device) and self._seeker.ports.plug_of(self.device) == plug:
            if self._clock() >= until:
                raise TimeoutError(f"it was asked for, and not done: is {USB_RESET_UNIT} active?")
            await asyncio.sleep(self._timings.away)

    async def _leave_alone(self, error: StrangerError) -> None:
        """Leave a stranger alone until it goes, a person adopts it, or it is time to ask again who it is."""
        self._strange = error.facts
        self._become(error.state, str(error))
        if not self._opened:  # it was only seen; the wanted one may come to another port meanwhile: seeking goes on
            await asyncio.sleep(self._timings.search)
            return
        # One that does not tell who it is may be starting.
        patience = self._timings.stranger if error.facts["seen_imei"] else self._timings.busy
        until, plug = self._clock() + patience, self._seeker.ports.plug_of(self.device)
        while self._clock() < until and not await self._wants_another():
            await asyncio.sleep(self._timings.adoption)
            if not plug or self._seeker.ports.plug_of(self.device) != plug:
                return

    async def _wants_another(self) -> bool:
        """Tell whether a person has adopted something since this life began."""
        with contextlib.suppress(StoreError):
            return await wanted_now(self.settings.wanted, self._memory) != self._wanted
        return False

    async def _fail(self, state: str, error: Exception) -> None:
        self._become(state, str(error))
        await asyncio.sleep(self._retry)
        self._retry = min(2 * self._retry, self._timings.retry_most)

    def _become(self, state: str, detail: str) -> None:
        if state == READY:
            self._retry = self._timings.retry
        if not state.startswith("foreign-"):
            self._strange = {}
        super()._become(state, detail)


def _exists(path: str) -> bool:
    return os.path.exists(path)  # noqa: PTH110  a device node, asked for four times a second
