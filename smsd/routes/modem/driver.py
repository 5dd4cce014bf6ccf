"""A channel to a modem: commands with their time limits, one at a time, over a port and the engine of ``wire.at``.

Knows waiting: a fair lock gives every command its turn, a time limit ends in a dirty channel, a dirty channel is probed
before the next command, a modem that answers no probe for half a minute is dead, and a device that goes wakes whoever
waits. Refuses to know what commands are for.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from smsd.errors import CommandRefusedError, CommandTimeoutError, ModemError, PortGoneError
from smsd.routes.modem.port import Port
from smsd.routes.modem.timings import Timings
from smsd.wire.at import (
    ESC,
    Answer,
    Command,
    Engine,
    LateReference,
    LateRefusal,
    Prompt,
    Recovered,
    StrayPrompt,
    Unsolicited,
)

__all__ = ["Channel", "Heard", "Transmission", "set_within"]

Heard = Unsolicited | LateReference | LateRefusal
"""What a channel hears beside answers."""


@dataclass(frozen=True, slots=True)
class Transmission:
    """How far a payload got: ``left`` is true once its last octet may have reached the modem.

    ``answer`` is the modem's, ``None`` when none came; ``failure`` then says why.
    """

    left: bool
    answer: Answer | None = None
    failure: str = ""
    stopped: bool = False


class Channel:
    """The one owner of an open port. ``hear`` is called, in the loop, with everything that is nobody's answer.

    ``dirtied`` is called when a command was given up, ``gone`` when the device is lost.
    """

    def __init__(
        self,
        port: Port,
        timings: Timings,
        *,
        hear: Callable[[Heard], None],
        dirtied: Callable[[], None],
        gone: Callable[[], None],
    ) -> None:
        self.lock = asyncio.Lock()
        """Held for a transaction of several commands; ``ask`` takes it for one, ``exchange`` expects it held."""
        self._port = port
        self._timings = timings
        self._engine = Engine()
        self._hear = hear
        self._dirtied = dirtied
        self._gone = gone
        self.stuck = False
        """Whether the last prompt did not come in time: what is said now may be taken for the text of a message."""
        self._retired: ModemError | None = None
        self._answers: asyncio.Queue[Prompt | Answer | Recovered | PortGoneError] = asyncio.Queue()
        port.listen(self._received, self._lost)

    @property
    def idle(self) -> bool:
        """Whether the modem has answered everything it was asked."""
        return not self._engine.busy and not self._engine.dirty

    @property
    def lost(self) -> PortGoneError | None:
        """Why there is no device any more."""
        return self._port.lost

    @property
    def junk(self) -> tuple[str, ...]:
        """The last lines that nobody could place."""
        return tuple(self._engine.junk)

    def retire(self, error: ModemError) -> None:
        """Begin nothing any more: whoever waits for his turn hears ``error``."""
        self._retired = error

    def wake(self) -> None:
        """Say ESC and CR: whatever an earlier owner left half said is over."""
        self._port.write(ESC + b"\r")

    def blurt(self, text: str) -> None:
        """Say ``text`` to a modem that does not answer, and expect nothing."""
        self._port.abandon()
        self._port.write(text.encode("ascii") + b"\r")

    # --- commands -----------------------------------------------------------------------------------------------------

    async def ask(self, command: Command, limit: float) -> Answer:
        """Say ``command`` in its turn and return the answer, refusals included.

        Raises ``CommandTimeoutError`` after ``limit`` seconds, ``PortGoneError``, and ``ModemError`` for a dead modem.
        """
        async with self.lock:
            return await self.exchange(command, limit)

    async def lines(self, text: str, *prefixes: str, bare: bool = False, limit: float | None = None) -> list[str]:
        """Say ``text`` and return its own information lines.

        Raises ``CommandRefusedError`` when the modem refuses, and what ``ask`` raises.
        """
        answer = await self.ask(Command(text, prefixes, bare), limit or self._timings.answer)
        if not answer.result.ok:
            raise CommandRefusedError(text, str(answer.result))
        return [line.text for line in answer.lines]

    async def accepts(self, text: str, limit: float | None = None) -> bool:
        """Say ``text`` and return whether the modem took it."""
        return (await self.ask(Command(text), limit or self._timings.answer)).result.ok

    async def exchange(self, command: Command, limit: float) -> Answer:
        """``ask`` for a caller that holds the lock."""
        await self._clean()
        self._begin(command)
        try:
            heard = await self._wait(limit)
        except (TimeoutError, asyncio.CancelledError) as error:
            self._give_up()
            if isinstance(error, TimeoutError):
                raise CommandTimeoutError(f"{_head(command)}: no answer within {limit:g} s") from None
            raise
        assert isinstance(heard, Answer)  # noqa: S101  nothing else can end a command without a payload
        return heard

    async def transmit(self, command: Command) -> Transmission:
        """Say ``command``, wait for the prompt, write the payload, wait for the result; for a caller with the lock.

        Never raises once it has begun, a cancellation included: what is known of the payload's fate is returned.
        Before it has begun it raises what ``ask`` raises.
        """
        await self._clean()
        self._begin(command)
        written = stopped = False
        try:
            heard = await self._wait(self._timings.prompt)
            if isinstance(heard, Prompt):
                self._port.write(self._engine.payload())
                written = True
                heard = await self._wait(self._timings.submission)
        except TimeoutError:
            failure = "no result in time" if written else "no prompt in time"
            self.stuck = not written
        except asyncio.CancelledError:
            failure, stopped = "stopped meanwhile", True
            if not self._engine.busy and not self._answers.empty():
                answer = self._answers.get_nowait()
                return Transmission(written, answer if isinstance(answer, Answer) else None, failure, stopped)
        except PortGoneError as error:
            failure = str(error)
        else:
            assert isinstance(heard, Answer)  # noqa: S101  the engine prompts once
            self.stuck = False
            return Transmission(written, heard)
        left = written and self._port.unwritten == 0
        if self._port.lost is None:
            self._give_up(payload_left=left)
        return Transmission(left, None, failure, stopped)

    def _begin(self, command: Command) -> None:
        while not self._answers.empty():
            self._answers.get_nowait()
        self._port.write(self._engine.begin(command))

    # --- waiting ------------------------------------------------------------------------------------------------------

    async def _wait(self, limit: float) -> Prompt | Answer | Recovered:
        """Wait for the engine's word. Raises ``TimeoutError`` or ``PortGoneError``."""
        if self._port.lost is not None:
            raise self._port.lost
        try:
            async with asyncio.timeout(limit):
                heard = await self._answers.get()
        except TimeoutError:
            if self._answers.empty():
                raise
            heard = self._answers.get_nowait()  # both in one turn of the loop: the answer counts
        if isinstance(heard, PortGoneError):
            raise heard
        return heard

    async def _clean(self) -> None:
        """Probe a dirty channel until it is clean. Raises ``ModemError`` when nothing answers: the modem is dead."""
        if self._port.lost is not None:
            raise self._port.lost
        if self._retired is not None:
            raise ModemError(str(self._retired))
        if not self._engine.dirty:
            return
        silent = 0.0
        while self._engine.dirty:
            if silent >= self._timings.dead:
                raise ModemError(f"{self._port.path}: the modem has not answered for {silent:g} s")
            if self._port.unwritten == 0:  # else it has not even taken the last probe
                self._port.write(self._engine.probe())
            try:
                await self._wait(self._timings.probe)
            except TimeoutError:
                silent += self._timings.probe
            else:
                self.stuck = False

    def _give_up(self, *, payload_left: bool = True) -> None:
        if not self._engine.busy:
            return
        if self._port.unwritten:
            self._port.abandon()
        self._port.write(self._engine.give_up(payload_left=payload_left))
        self._dirtied()

    def _received(self, octets: bytes) -> None:
        for event in self._engine.feed(octets):
            if isinstance(event, StrayPrompt):
                self._port.write(self._engine.probe())
            elif isinstance(event, Unsolicited | LateReference | LateRefusal):
                self._hear(event)
            else:
                self._answers.put_nowait(event)

    def _lost(self, error: PortGoneError) -> None:
        self._answers.put_nowait(error)
        self._gone()


def _head(command: Command) -> str:
    """Return the command without its parameters: they may hold a PIN."""
    return command.text.split("=", 1)[0]


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for ``event`` for so many seconds at most and return whether it came."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
