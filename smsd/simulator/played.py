"""A modem played from a transcript: it says to each command what the real one said, in the same octets.

Knows the order of a conversation: a command that was said several times is answered in the order of its answers, the
last one for ever; one that was never said is refused with ERROR. Refuses to understand anything: it has no SIM, no
network and no memory.
"""

import asyncio
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from smsd.simulator.port import Port
from smsd.wire.transcript import FROM_MODEM, Transcript

__all__ = ["PlayedModem", "play"]

CR = 0x0D
UNKNOWN = b"\r\nERROR\r\n"


class PlayedModem:
    """A modem on a pty under ``link``; use it as an asynchronous context manager."""

    def __init__(self, transcript: Transcript, link: Path | str) -> None:
        self.typed: list[str] = []
        """Every command that was said, without AT."""
        self.unknown: list[str] = []
        """Those that the transcript has no answer to."""
        self._answers: dict[str, deque[bytes]] = {}
        self._first = b""
        self._line = bytearray()
        self._port = Port(Path(link), self._received)
        self._learn(transcript)

    @property
    def path(self) -> str:
        """What a program opens."""
        return str(self._port.path)

    async def __aenter__(self) -> Self:
        self._port.plug()
        self._port.write(self._first)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._port.unplug()

    def _learn(self, transcript: Transcript) -> None:
        answer: deque[bytes] | None = None
        for line in transcript.lines:
            if line.mark != FROM_MODEM:
                answer = self._answers.setdefault(_command(line.octets), deque())
                answer.append(b"")
            elif answer is None:
                self._first += line.octets
            else:
                answer[-1] += line.octets

    def _received(self, octets: bytes) -> None:
        for octet in octets:
            self._line.append(octet)
            if octet == CR:
                command = _command(bytes(self._line))
                self._line.clear()
                self._port.write(self._answer(command))

    def _answer(self, command: str) -> bytes:
        self.typed.append(command)
        answers = self._answers.get(command)
        if answers is None:
            if command:
                self.unknown.append(command)
            return UNKNOWN if command else b""
        return answers.popleft() if len(answers) > 1 else answers[0]


def _command(line: bytes) -> str:
    text = line.decode("latin-1").strip("\x1b\r\n ").upper()
    return text[text.find("AT") + 2 :].strip() if "AT" in text else ""


async def play(path: Path, link: Path, ready: Callable[[PlayedModem], None]) -> None:
    """Play the transcript in a file until SIGTERM or cancellation. Raises ``PduError``, ``OSError``, ``UsageError``."""
    transcript = Transcript.read(await asyncio.to_thread(path.read_text, "ascii", "replace"))
    stopped = asyncio.Event()
    with suppress(ValueError, RuntimeError):  # another thread than the main one has no signals
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with PlayedModem(transcript, link) as modem:
        ready(modem)
        await stopped.wait()
