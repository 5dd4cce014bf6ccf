"""One life of a modem: from the opened port to its loss.

Knows the order of a life: greeting, SIM, set-up, then one loop that brings in, looks at the network and at the SIM's
count. Messages go out in their callers' tasks (``outgoing``) and take turns with the loop, one command at a time.
Refuses to know how ports are opened and what happens after a loss.
"""

import contextlib
from collections.abc import Callable, Mapping

import structlog

from smsd.errors import CommandTimeoutError, ModemError, ModemResetError, PortGoneError, RouteError, StoreError
from smsd.routes import Inbound, Memory
from smsd.routes.modem.agenda import EVERY_STORE, Agenda
from smsd.routes.modem.cardwatch import CardWatch
from smsd.routes.modem.diagnosis import diagnose, kept_to, look_at_indications
from smsd.routes.modem.dial import Dial
from smsd.routes.modem.driver import Channel, Heard, set_within
from smsd.routes.modem.evidence import Evidence
from smsd.routes.modem.inbox import Inbox
from smsd.routes.modem.leftovers import Leftovers
from smsd.routes.modem.network import Network
from smsd.routes.modem.opening import Opening
from smsd.routes.modem.outgoing import Outgoing
from smsd.routes.modem.port import Port
from smsd.routes.modem.recovery import Recovery
from smsd.routes.modem.remedies import last_resort, radio_off_and_on, restart, turn_radio_on
from smsd.routes.modem.results import classify
from smsd.routes.modem.sender import Sender
from smsd.routes.modem.settings import ModemSettings
from smsd.routes.modem.setup import Identity, Setup, greet, set_up
from smsd.routes.modem.telling import facts_of
from smsd.rules.cures import Cure, Trouble
from smsd.sms import Doubt, NotSent, Outcome, Sent, Submit, Witness
from smsd.wire.at import Command, LateReference, LateRefusal, Unsolicited
from smsd.wire.information import fields

__all__ = ["Session"]

_FULL = ("^SMMEMFULL", "+SMS FULL", '+QIND: "SMSFULL"', "+CIEV: SMSFULL", "*SMSFULL")
_NETWORK = ("+CREG:", "+CGREG:", "+CEREG:", "^SRVST:", "^MODE:")

log = structlog.get_logger()


class Session:
    """A life at ``port``, as ``settings`` say; ``become`` is told the route's state: a name and a detail."""

    def __init__(
        self,
        name: str,
        port: Port,
        settings: ModemSettings,
        *,
        inbound: Inbound,
        memory: Memory,
        clock: Callable[[], float],
        pin: Callable[[], str | None],
        recovery: Recovery,
        become: Callable[[str, str], None],
        leftovers: Leftovers,
    ) -> None:
        self._name = name
        self._inbound = inbound
        self._memory = memory
        self._settings = settings
        self._timings = timings = settings.timings
        self._clock = clock
        self._become = become
        self._recovery = recovery
        self._agenda = Agenda()
        self._channel = Channel(port, timings, hear=self._hear, dirtied=self._agenda.news.set, gone=self._gone)
        self._opening = Opening(
            name, port.path, self._channel, memory=memory, timings=timings, clock=clock, pin=pin,
            wanted=settings.wanted, become=become, pause=self._pause, recovery=recovery, cure=self._take_what_is_due,
        )  # fmt: skip
        self._identity = Identity()
        self._network = Network(self._channel, timings, clock)
        self._card = CardWatch(self._channel, timings)
        self._outgoing = Outgoing(
            name, self._channel, timings, clock, evidence=Evidence("", "", memory=memory, timings=timings, clock=clock),
            network=self._network, recovery=recovery, agenda=self._agenda, leftovers=leftovers, tell=self._tell,
            changed=self._look_at_route,
        )  # fmt: skip
        self._setup: Setup | None = None
        self._inbox: Inbox | None = None
        self._leftovers = leftovers
        self.dial = Dial(self._channel, timings, lambda: self._outgoing.in_air)

    # --- beginning ----------------------------------------------------------------------------------------------------

    async def initialise(self) -> None:
        """Make the modem ready. Raises ``RouteError`` or ``StoreError``; waits for a SIM as long as it takes."""
        self._become("initialising", "")
        before, self._identity = self._identity, await self._opening.run()
        if before.iccid != self._identity.iccid:  # what is brought in, and a late answer, belong to a card
            self._inbox = None
            self._outgoing.forget_doubt()
        self._outgoing.evidence = evidence = Evidence(
            self._identity.imei, self._identity.iccid, memory=self._memory, timings=self._timings, clock=self._clock
        )
        await evidence.recall()
        await self._set_up()
        async with self._channel.lock:
            await evidence.read(self._channel)
        self._recovery.answers()

    async def _set_up(self) -> None:
        quirks = self._identity.quirks
        setup = await set_up(self._channel, quirks, self._timings, want_reports=self._settings.delivery_reports)
        self._setup = setup = kept_to(self._setup, setup)
        self._inbox = self._inbox or Inbox(
            self._name,
            self._channel,
            setup,
            self._timings,
            self._inbound,
            sim=self._identity.iccid or None,
            sure=self._card.sure,
            between=self._urgent,
            direct=self._leftovers.direct,
        )
        self._outgoing.sender = Sender(
            self._channel,
            quirks,
            self._outgoing.evidence,
            self._timings,
            want_reports=self._settings.delivery_reports and setup.reports > 0,
            service_centre=self._settings.service_centre,
            sure=self._card.sure,
            judged=self._outgoing.judged,
        )
        self._agenda.hints.add(EVERY_STORE)
        if not (setup.service_centre or self._settings.service_centre):
            log.warning("service_centre_unknown", route=self._name, reason="the SIM names none; sending may fail")

    async def _pause(self, seconds: float) -> None:
        """Wait ``seconds``, or until the device goes: raises ``PortGoneError`` then."""
        until = self._clock() + seconds
        while self._channel.lost is None and (left := until - self._clock()) > 0:
            self._agenda.news.clear()
            await set_within(self._agenda.news, left)
        if self._channel.lost is not None:
            raise self._channel.lost

    # --- the loop -----------------------------------------------------------------------------------------------------

    async def serve(self) -> None:
        """Keep the modem at work until its port is lost or it is dead: then ``RouteError`` is raised."""
        sweep_due = self._clock()
        while True:
            self._agenda.news.clear()
            try:
                await self._recover()
                await self._urgent()
                if self._clock() >= sweep_due:
                    self._agenda.hints.add(EVERY_STORE)
                    sweep_due = self._clock() + self._settings.poll_seconds
                    await look_at_indications(self._channel, self._recovery, self._setup)
                await self._network.look_if_due()
                if await self._card_is_gone():
                    continue
                self._tell()
                if not await self._sweep_hinted():
                    sweep_due = min(sweep_due, self._clock() + self._timings.store_retry)
                await self._look_at_count()
                diagnose(self._recovery, self._network, self._setup, self._inbox)
                await self._take_what_is_due()
                self._tell()
            except CommandTimeoutError as error:
                log.warning("modem_slow", route=self._name, reason=str(error), junk=len(self._channel.junk))
                self._tell()
            if not self._agenda.news.is_set():
                await set_within(self._agenda.news, max(0.0, self._next_due(sweep_due) - self._clock()))

    def _next_due(self, sweep_due: float) -> float:
        """Return the time, by the clock, at which the loop has something to do of its own accord."""
        times = [sweep_due, self._network.due]
        now = self._clock()
        if self._outgoing.rest_until > now:
            times.append(self._outgoing.rest_until)
        if self._leftovers.late or (self._inbox is not None and self._inbox.holds):
            times.append(now + self._timings.store_retry)
        if self._outgoing.evidence.wanted:
            times.append(max(now, self._outgoing.last_at) + self._timings.idle)
        if (cure_due := self._recovery.next_at(in_air=self._outgoing.in_air)) is not None:
            times.append(cure_due)
        return min(times)

    async def _recover(self) -> None:
        """Bring a dirty channel back, and a modem that forgot its settings."""
        if self._channel.lost is not None:
            raise self._channel.lost
        if not self._channel.idle and not self._channel.lock.locked():
            self._tell()
            await self._channel.ask(Command("AT"), self._timings.answer)
        if self._agenda.open_again:  # a card whose radio was off may ask for its PIN anew
            self._agenda.open_again = self._agenda.set_up_again = False
            try:
                await self.initialise()
            except CommandTimeoutError as error:  # nothing of this life can be relied on: the next one begins anew
                raise ModemError(str(error)) from error
        if self._agenda.set_up_again:
            self._agenda.set_up_again = False
            await greet(self._channel, self._timings)
            await turn_radio_on(self._channel, self._identity.quirks, self._timings)
            await self._set_up()

    async def _card_is_gone(self) -> bool:
        """Begin anew where the card is not the one that this life began with; tell whether that is so."""
        self._card.network(registered=self._network.registered)
        why = await self._card.gone(self._identity)
        if not why:
            return False
        log.warning("card_gone", route=self._name, why=why)
        self._recovery.well(Trouble.NOT_REGISTERED)  # no wonder, and nothing that its cures would cure
        self._agenda.open_again = True
        return True

    async def _urgent(self) -> None:
        """Hand over what exists nowhere else: directly received messages, late ends of attempts."""
        if self._inbox is not None and self._inbox.holds:
            await self._inbox.hand_over_direct()
        late = self._leftovers.late
        while late:
            try:
                await self._inbound.settled(*late[0])
            except StoreError as error:
                log.warning("late_answer_not_kept", route=self._name, error=str(error))
                return
            late.popleft()

    async def _sweep_hinted(self) -> bool:
        if not self._agenda.hints or self._inbox is None or self._setup is None:
            return True
        stores = self._setup.stores
        hinted, self._agenda.hints = self._agenda.hints, set()
        announced = self._outgoing.announced
        wanted = stores if hinted - set(stores) else tuple(store for store in stores if store in hinted)
        try:
            swept = await self._inbox.sweep(wanted)
        except RouteError:
            self._agenda.hints |= hinted
            raise
        if not swept:
            self._agenda.hints |= hinted
        elif announced is not None and announced == self._outgoing.announced:
            self._outgoing.announced = None
            self._look_at_route()
        return swept

    async def _look_at_count(self) -> None:
        """Read EF_SMSS when nothing has been sent for a while: air time is for messages."""
        evidence, quiet = self._outgoing.evidence, self._clock() - self._outgoing.last_at >= self._timings.idle
        if evidence.wanted and quiet and not self._outgoing.in_air:
            async with self._channel.lock:
                await evidence.read(self._channel)

    # --- trouble and cure ---------------------------------------------------------------------------------------------

    async def _take_what_is_due(self) -> None:
        """Take the cure that is due, if any. Raises ``ModemResetError`` for one that ends this life."""
        step = self._recovery.due(in_air=self._outgoing.in_air)
        if step is None:
            return
        self._recovery.took(step)
        reason = f"{step.case.trouble.value}: {step.case.why}"
        match step.cure:
            case Cure.INITIALISE:
                self._agenda.set_up_again = True
                self._agenda.news.set()
            case Cure.RADIO:
                self._become("recovering", reason)
                # Before it is off: a life that begins anew begins with turning it on, if that fails here.
                self._agenda.open_again = self._setup is not None
                await radio_off_and_on(self._channel, self._recovery.quirks, self._timings)
                self._agenda.news.set()
            case Cure.RESTART | Cure.REOPEN | Cure.USB:
                self._become("resetting", f"{step.cure.value}: {reason}")
                if step.cure is Cure.RESTART:
                    await restart(self._channel, self._recovery.quirks, self._timings)
                    await self._until_gone()
                raise ModemResetError(step.cure.value, reason)
            case Cure.ALARM:
                pass

    async def last_resort(self, error: ModemError) -> None:
        """See ``remedies.last_resort``."""
        await last_resort(self._channel, self._recovery, error, self._until_gone)

    async def _until_gone(self) -> None:
        """Wait until a modem that was told to restart does so: it may have said OK, and be about to go."""
        with contextlib.suppress(PortGoneError):
            await self._pause(self._timings.vanishing)

    # --- state --------------------------------------------------------------------------------------------------------

    def _gone(self) -> None:
        """Say at once that nothing can be sent any more; ``serve`` ends when it hears of it."""
        self._become("away", str(self._channel.lost))
        self._agenda.news.set()

    def _tell(self) -> None:
        if self._channel.lost is not None:
            return
        if (rests := self._outgoing.rests) is not None:
            self._become(*rests)
        elif not self._channel.idle and not self._channel.lock.locked():
            self._become("recovering", "the modem has not answered in time")
        elif not self._network.registered:
            self._become("not-registered", self._network.detail)
        elif self._card.doubted:
            self._become("recovering", "the card may be another: it is asked")
        else:
            self._become("ready", "")

    @property
    def facts(self) -> Mapping[str, str | int | bool | None]:
        """What is known of modem, SIM and network, for people."""
        return facts_of(self._identity, self._setup, self._inbox, self._outgoing.evidence, self._network)

    def _look_at_route(self) -> None:
        """Have the house look at the route again: it may be free for work."""
        self._inbound.changed(self._name)

    def look(self) -> None:
        """Look at what is due: there is news."""
        self._agenda.news.set()

    # --- out ----------------------------------------------------------------------------------------------------------

    @property
    def iccid(self) -> str | None:
        """The number of the card, once it has been read."""
        return self._identity.iccid or None

    @property
    def witness(self) -> Witness:
        """What is known of the SIM's count just now."""
        return self._outgoing.evidence.witness

    async def submit(self, submit: Submit) -> Outcome:
        """Send one part; see ``Sender.submit``."""
        return await self._outgoing.submit(submit)

    @property
    def receives_first(self) -> bool:
        """Whether the next part had better wait: the modem has announced a message, which may be a command."""
        return self._outgoing.waits

    async def settle(self, doubt: Doubt, age_seconds: float) -> Outcome | None:
        """Decide a doubt by the SIM's count; ``None`` when it cannot be, or not yet."""
        return await self._outgoing.settle(doubt, age_seconds)

    # --- heard --------------------------------------------------------------------------------------------------------

    def _hear(self, heard: Heard) -> None:
        """Take what the modem says of its own accord; nothing is done here, only noted."""
        match heard:
            case LateReference(reference=reference):
                self._outgoing.evidence.over(reference)
                self._outgoing.settle_late(Sent(str(reference), "late answer"))
            case LateRefusal(result=result):
                code, refusal = classify(result, self._identity.quirks.codes)
                if not refusal.may_be_duplicate:
                    self._outgoing.settle_late(NotSent(refusal.verdict, code, refusal.meaning, "late answer"))
            case Unsolicited():
                self._hear_line(heard)
                if self._card.doubted:  # until it has been asked, nothing is sent by it
                    self._tell()
        self._agenda.news.set()

    def _hear_line(self, heard: Unsolicited) -> None:
        text = heard.text
        self._card.hear(text)
        if text.startswith(("+CMTI:", "+CDSI:")):
            self._agenda.hints.add(fields(text)[0] or EVERY_STORE)
            if text.startswith("+CMTI:"):
                self._outgoing.announce()
        elif text.startswith(("+CMT:", "+CDS:")):
            if self._inbox is not None:
                self._inbox.direct(heard.pdu)
        elif text.upper().startswith(_FULL):
            log.warning("store_full", route=self._name)
            self._agenda.hints.add(EVERY_STORE)
        elif text.startswith(_NETWORK):
            self._network.hear(text)
            self._card.network(registered=self._network.registered)
        elif text.startswith("+CMGS:"):
            self._outgoing.evidence.stray()
        elif text.startswith("+CUSD:"):
            self.dial.hear(text)
