"""The equipment around a terminal adaptor: power, a port, a SIM in it, a network around it.

Knows radio time, registration, and what happens to a part that is in the air when the program or the cable goes.
Refuses to know where an incoming part goes, which is ``arrivals``, and the words of commands, which act upon it:
``commands``, ``general``, ``messages``. Wall time comes from the network's clock, radio time from the event loop's.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from smsd.simulator.arrivals import Arrivals
from smsd.simulator.family import FAMILIES, Family
from smsd.simulator.faults import Fault, Faults, Kind, Place, Remedy
from smsd.simulator.network import Network
from smsd.simulator.port import Port
from smsd.simulator.settings import Settings
from smsd.simulator.sim import Memory, Sim, Smss
from smsd.simulator.terminal import Refusal, Terminal
from smsd.wire import tpdu

__all__ = ["IMEI", "Equipment", "Flight", "Typed"]

CMS_NO_NETWORK = 331

IMEI = "860000000000017"
"""Of a modem that was told no other."""

MR_MODULUS = 256

REGISTERED = frozenset({1, 5, 6, 7, 9, 10})
"""<stat> of +CREG that let short messages through (27.007 §7.2)."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A command line as the modem understood it, without AT, at the network's wall time."""

    at: datetime
    line: str


@dataclass(frozen=True, slots=True)
class Flight:
    """A part that has been in the air, when it landed, and the RP cause if the network refused it."""

    at: datetime
    submit: tpdu.Submit
    reference: int
    cause: int | None


class Equipment:
    """The equipment of a modem of ``family`` with the SIM of ``number``, on a pty under ``link``, in ``network``.

    ``radio_seconds`` is how long a part is in the air, ``reboot_seconds`` how long AT+CFUN=1,1 keeps it away. ``smss``
    says how it keeps EF_SMSS. ``registration`` is <stat> of +CREG. ``log`` is told of every octet: a mark (``>`` from
    the program, ``<`` to it) and the octets. Use it as an asynchronous context manager; SIM and network outlive it.
    """

    commands: ClassVar[tuple[str, ...]] = ()
    """The names of all commands there are, as AT+CLAC lists them."""

    def __init__(
        self,
        network: Network,
        number: str = "+79086228779",
        *,
        link: Path | str | None = None,
        sim: Sim | None = None,
        family: Family | str = "generic",
        imei: str = IMEI,
        operator: str | bytes = "MegaFon",
        operator_code: str = "25002",
        radio_seconds: float = 0.0,
        reboot_seconds: float = 0.2,
        acknowledge_seconds: float = 10.0,
        smss: Smss = Smss.RIGHT,
        registration: int = 1,
        log: Callable[[str, bytes], None] | None = None,
    ) -> None:
        self.network = network
        self.family = FAMILIES[family] if isinstance(family, str) else family
        self.sim = sim if sim is not None else Sim(number, first_index=self.family.first_index)
        self.imei = imei
        self.operator = operator.decode("utf-8", "surrogateescape") if isinstance(operator, bytes) else operator
        self.operator_code = operator_code
        self.radio_seconds = radio_seconds
        self.reboot_seconds = reboot_seconds
        self.smss = Smss(smss)
        self.signal = 21
        self.codes: dict[str, str | None] = {"*100#": '0,"Balance 100.00",15'}  # what +CUSD says, if anything
        self.dial_seconds = 0.0
        self.dials_packed = False
        self.faults = Faults()
        self.settings = Settings()
        self.typed: list[Typed] = []
        self.flights: list[Flight] = []
        self.in_air = self.most_in_air = 0
        self.memories = _memories(self.family, self.sim)
        self._log = log
        self._registration = registration
        self._reference = self.sim.last_reference
        self._air = asyncio.Lock()
        self._down = asyncio.Event()
        self._port = Port(Path(link) if link is not None else None, self._received)
        self.terminal = Terminal(self.emit, self.faults)
        self._background: set[asyncio.Task[object]] = set()
        self._news = asyncio.Event()
        self.arrivals = Arrivals(
            self.sim, network, self.family, self.memories, self.faults, settings=lambda: self.settings,
            say=self.unsolicited, emit=self.emit, plugged=lambda: self.plugged, acknowledge_seconds=acknowledge_seconds,
        )  # fmt: skip

    # --- power and port -----------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self.plug()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()
        tasks = [*self._background]
        for task in tasks:
            task.cancel()
        for end in await asyncio.gather(*tasks, return_exceptions=True):
            # A mistake in the simulator is the test's to know; all else here is cancelled on purpose.
            if isinstance(end, Exception) and value is None:
                raise end

    @property
    def path(self) -> str:
        """What a program opens."""
        return str(self._port.path)

    @property
    def plugged(self) -> bool:
        """Whether there is a device to open."""
        return self._port.plugged

    def plug(self, link: Path | str | None = None) -> None:
        """Plug the modem in: a new pty under the same link, or another one; power on, settings forgotten."""
        if self._port.plugged:
            return
        if link is not None:
            self._port.link = Path(link)
        self._port.plug()
        self.reset()
        self.terminal = Terminal(self.emit, self.faults)
        self.sim.power_on()
        for line in self.family.boot_urcs:
            self.terminal.unsolicited(line)
        self.attach()
        self._news.set()

    def unplug(
        self,
        *,
        returns_after: float | None = None,
        link: Path | str | None = None,
        remedy: Remedy = Remedy.POWER,
    ) -> None:
        """Pull the modem out; a part in the air flies on. It is back after ``returns_after`` seconds, if given."""
        self.faults.heal(remedy)
        self.network.detach(self.sim.number)
        self._port.unplug()
        self._news.set()
        if returns_after is not None:
            self.background(self._return(returns_after, link))

    async def _return(self, seconds: float, link: Path | str | None) -> None:
        await asyncio.sleep(seconds)
        self.plug(link)

    def reset(self) -> None:
        """Forget all settings."""
        self.settings = Settings()

    def attach(self) -> None:
        """Attach to the network if SIM, radio and registration allow, otherwise detach."""
        able = self.sim.ready and self.settings.functionality == 1 and self._registration in REGISTERED
        if able and self._port.plugged:
            self.network.attach(self.sim.number, self.arrivals.receive)
        else:
            self.network.detach(self.sim.number)

    @property
    def registration(self) -> int:
        """<stat> of +CREG; setting it says so where a program asked for it."""
        return self._registration if self.sim.ready and self.settings.functionality == 1 else 0

    @registration.setter
    def registration(self, stat: int) -> None:
        """Set <stat>, say so to a program that asked for it, attach or detach accordingly."""
        self._registration = stat
        for name, wanted in self.settings.registration_urcs.items():
            if wanted:
                self.unsolicited(f"{name}: {stat}")
        self.attach()

    # --- faults and what a test may do by hand ------------------------------------------------------------------------

    def inject(self, fault: Fault) -> None:
        """Let ``fault`` happen when its place is reached; ``HUNG`` and ``UNPLUG`` of any command happen at once."""
        if fault.kind is Kind.HUNG:
            self._port.hang()
            if fault.seconds:
                self.background(self._recover(fault.seconds))
        elif fault.kind is Kind.UNPLUG and not fault.at and fault.place is Place.ANSWER:
            self.unplug(returns_after=fault.seconds or None)
        else:
            self.faults.inject(fault)

    async def _recover(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._port.hang(hung=False)

    def emit(self, octets: bytes) -> None:
        """Send octets to the program just as they are, whatever is going on."""
        if self._log is not None:
            self._log("<", octets)
        self._port.write(octets)

    def unsolicited(self, *lines: str) -> None:
        """Say a line (with those that follow it) that nobody asked for."""
        self.terminal.unsolicited(*lines)

    def hint(self, index: int, memory: str | None = None) -> None:
        """Announce a message in a slot, whether there is one or not."""
        self.arrivals.hint(index, memory)

    def background(self, work: Coroutine[Any, Any, object]) -> "asyncio.Task[object]":
        """Let ``work`` go on whatever becomes of the conversation; it ends with the modem."""
        task: asyncio.Task[object] = asyncio.get_running_loop().create_task(work)
        self._keep(task)
        return task

    def _keep(self, task: "asyncio.Task[object]") -> None:
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # --- the conversation ---------------------------------------------------------------------------------------------

    def _received(self, octets: bytes) -> None:
        if self._log is not None:
            self._log(">", octets)
        self.terminal.typed(octets)

    async def ask_for_text(self, command: str) -> bytes | None:
        """Prompt for a PDU or a text and wait for it; ``None`` when it was taken back by ESC."""
        terminal, faults = self.terminal, self.faults
        self._insert(command, Place.PROMPT)
        late = faults.take(Kind.LATE, command, Place.PROMPT)
        if late is not None:
            await asyncio.sleep(late.seconds)
        await self._vanish(command, Place.PROMPT)
        if not faults.take(Kind.NO_PROMPT, command):
            terminal.prompt(command)
        self._insert(command, Place.DATA)
        return await terminal.read_text()

    def _insert(self, command: str, place: Place) -> None:
        while fault := self.faults.take(Kind.INSERT, command, place):
            self.emit(fault.octets)

    async def _vanish(self, command: str, place: Place, flight: "asyncio.Task[object] | None" = None) -> None:
        fault = self.faults.take(Kind.UNPLUG, command, place)
        if fault is None:
            return
        if flight is not None and fault.code:
            flight.cancel()
        self.unplug(returns_after=fault.seconds or None)
        await asyncio.sleep(0)

    # --- away from the program ----------------------------------------------------------------------------------------

    async def transmit(self, command: str, submit: tpdu.Submit) -> int | None:
        """Send a part; its TP-MR, or ``None`` where the answer is to be swallowed. Raises ``Refusal``.

        Whoever waits here may be cancelled by the cable; the part flies on all the same.
        """
        if self.registration not in REGISTERED:
            raise Refusal(cms=CMS_NO_NETWORK)
        terminal = self.terminal
        flight = self.background(self._fly(command, submit, terminal))
        await self._vanish(command, Place.RESULT, flight)
        self._insert(command, Place.RESULT)
        # What comes in meanwhile is said meanwhile: most unsolicited lines of real modems fall into this time.
        terminal.free()
        reference = await asyncio.shield(flight)
        late = self.faults.take(Kind.LATE, command, Place.RESULT)
        if late is not None:
            terminal.free()
            await asyncio.sleep(late.seconds)
        if self.faults.take(Kind.LOST_RESULT, command):
            return None
        if not isinstance(reference, int):
            raise reference if isinstance(reference, Refusal) else TypeError(reference)
        return reference

    async def _fly(self, command: str, submit: tpdu.Submit, terminal: Terminal) -> int | Refusal:
        async with self._air:
            self.in_air += 1
            self.most_in_air = max(self.most_in_air, self.in_air)
            self._news.set()
            try:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.radio_seconds):
                        await self._down.wait()
                return self._land(command, submit)
            finally:
                self.in_air -= 1
                self._news.set()
                terminal.busy = True  # a report that is already on its way comes after the result

    def _land(self, command: str, submit: tpdu.Submit) -> int | Refusal:
        """Let the network take the part or refuse it; either may leave its trace in EF_SMSS."""
        reference = (self._reference + 1) % MR_MODULUS
        fault = self.faults.take(Kind.NETWORK_REFUSES, command)
        cause = (
            fault.code
            if fault is not None
            else self.network.submit(
                self.sim.number,
                submit.tp_da.text,
                submit.user_data,
                str(reference),
                self.arrivals.report if submit.tp_srr else None,
            )
        )
        if cause is None or self.smss is Smss.ALTHOUGH_REFUSED:
            self._reference = reference
            if self.smss is not Smss.NEVER:
                self.sim.last_reference = reference
        self.flights.append(Flight(self.network.clock(), submit, reference, cause))
        return reference if cause is None else Refusal(cms=cause)


def _memories(family: Family, sim: Sim) -> dict[str, Memory]:
    """Make the memories that +CPMS names: one of them is the SIM's."""
    return {
        name: sim.messages if name == "SM" else Memory(name, slots, family.first_index)
        for name, slots in family.memories
    }
