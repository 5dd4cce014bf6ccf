"""The terminal adapter's end of the line: what is typed becomes command lines and texts, results become octets.

Knows V.250 §5: echo, the prefix AT, result codes in words and in digits, line ends; and the prompt of 27.005 §3.5.1.
Refuses to know what any command means. Unsolicited lines wait while the adapter is busy with a command and come out
together after its final result.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from smsd.simulator.faults import Faults, Kind, Place

__all__ = ["Answer", "Refusal", "Terminal"]

CR, LF, BACKSPACE, CTRL_Z, ESC = b"\r", b"\n", b"\x08", b"\x1a", b"\x1b"

RESULT_DIGITS = {"OK": "0", "CONNECT": "1", "RING": "2", "NO CARRIER": "3", "ERROR": "4"}
"""V.250 table 1, for ATV0."""

CME_TEXTS = {
    3: "operation not allowed",
    4: "operation not supported",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    13: "SIM failure",
    14: "SIM busy",
    16: "incorrect password",
    21: "invalid index",
    30: "no network service",
    50: "Incorrect parameters",
}
"""27.007 §9.2, those that this modem says."""

CMS_TEXTS = {
    38: "Network out of order",
    42: "Congestion",
    300: "ME failure",
    302: "operation not allowed",
    303: "operation not supported",
    304: "invalid PDU mode parameter",
    305: "invalid text mode parameter",
    310: "SIM not inserted",
    311: "SIM PIN required",
    314: "SIM busy",
    316: "SIM PUK required",
    321: "invalid memory index",
    322: "memory full",
    331: "no network service",
    332: "Network timeout",
    340: "no +CNMA acknowledgement expected",
}
"""27.005 §3.2.5, those that this modem says."""


class Refusal(Exception):  # noqa: N818  a result, not a mistake of this program
    """A command ends in an error: +CMS ERROR ``cms``, +CME ERROR ``cme``, or bare ERROR."""

    def __init__(self, *, cms: int = 0, cme: int = 0) -> None:
        self.cms = cms
        self.cme = cme
        super().__init__(f"cms {cms} cme {cme}")


@dataclass(frozen=True, slots=True)
class Answer:
    """Information lines and how the command ended: ``refusal`` is ``None`` for OK.

    ``said`` is false where nothing is to be said at all.
    """

    lines: tuple[str, ...] = ()
    refusal: Refusal | None = None
    said: bool = True


class Terminal:
    """The line between program and modem. ``write`` takes octets for the program; ``faults`` may garble them."""

    def __init__(self, write: Callable[[bytes], None], faults: Faults) -> None:
        self.echo = True
        self.words = True
        self.quiet = False
        self.errors = 0
        self.busy = False
        self._write = write
        self._faults = faults
        self._typed = bytearray()
        self._something_typed = asyncio.Event()
        self._held: list[bytes] = []

    # --- from the program ---------------------------------------------------------------------------------------------

    def typed(self, octets: bytes) -> None:
        """Take what the program wrote; it waits until the adapter is free to look at it."""
        self._typed += octets
        self._something_typed.set()

    async def read_command(self) -> str:
        """Read the next command line without its prefix AT; anything else on the line is ignored (V.250 §5.2.1)."""
        line = bytearray()
        while True:
            octet = await self._next()
            self._echo(octet)
            if octet == CR:
                start = line.upper().find(b"AT")
                if start >= 0:
                    return line[start + 2 :].decode("ascii", "replace").strip()
                line.clear()
            elif octet == BACKSPACE:
                del line[-1:]
            elif octet >= b" ":
                line += octet

    async def read_text(self) -> bytes | None:
        """Read what is typed after the prompt, up to Ctrl-Z; ``None`` when ESC took it back."""
        text = bytearray()
        while True:
            octet = await self._next()
            if octet == ESC and self._faults.peek(Kind.DEAF_TO_ESC) is None:
                return None
            if octet == CTRL_Z:
                return bytes(text)
            self._echo(octet)
            text += octet

    async def _next(self) -> bytes:
        while not self._typed:
            self._something_typed.clear()
            await self._something_typed.wait()
        octet = bytes(self._typed[:1])
        del self._typed[:1]
        return octet

    def _echo(self, octet: bytes) -> None:
        if self.echo:
            self._write(octet)

    # --- to the program -----------------------------------------------------------------------------------------------

    def prompt(self, command: str) -> None:
        """Ask for a text (27.005 §3.5.1)."""
        bare = self._faults.take(Kind.UNSPACED_PROMPT, command)
        self._write(self._end + (b">" if bare else b"> "))

    async def answer(self, command: str, answer: Answer) -> None:
        """Say the lines and the final result of ``command``, with what the faults in force make of them."""
        pieces = self._pieces(command, answer)
        if self._faults.take(Kind.GLUED_RESULT, command) and pieces:
            pieces[0] = pieces[0].removeprefix(self._end)
        slow = self._faults.take(Kind.CHUNKS, command)
        if slow is None:
            self._write(b"".join(pieces))
            return
        for octet in b"".join(pieces):
            self._write(bytes([octet]))
            await asyncio.sleep(slow.seconds)

    def _pieces(self, command: str, answer: Answer) -> list[bytes]:
        pieces = []
        while fault := self._faults.take(Kind.INSERT, command, Place.ANSWER):
            pieces.append(fault.octets)
        if answer.lines:
            head, *rest = answer.lines
            pieces.append(self._line(head))
            inside = self._faults.take(Kind.INSERT, command, Place.INSIDE)
            if inside is not None:
                pieces.append(inside.octets)
            # The lines of one answer stand close: an empty line is only before the first and before the result.
            pieces += [octets(line) + self._end for line in rest]
        if not self.quiet:
            pieces.append(self._result("OK" if answer.refusal is None else self._error(command, answer.refusal)))
        return pieces

    def unsolicited(self, *lines: str) -> None:
        """Say ``lines`` of the modem's own accord: at once, or after the result of the command being carried out."""
        end = self._end
        first, *rest = lines
        said = self._line(first) + b"".join(octets(line) + end for line in rest)
        if self.busy:
            self._held.append(said)
        else:
            self._write(said)

    def free(self) -> None:
        """End being busy, and say in one write what was held."""
        self.busy = False
        held, self._held = self._held, []
        if held:
            self._write(b"".join(held))

    # --- forms --------------------------------------------------------------------------------------------------------

    @property
    def _end(self) -> bytes:
        strange = self._faults.peek(Kind.LINE_ENDING)
        return strange.octets if strange is not None else CR + LF

    def _line(self, text: str) -> bytes:
        return (self._end if self.words else b"") + octets(text) + self._end

    def _result(self, text: str) -> bytes:
        if self.words:
            return self._line(text)
        return octets(RESULT_DIGITS.get(text, text)) + CR

    def _error(self, command: str, refusal: Refusal) -> str:
        words = self.errors == 2 or self._faults.take(Kind.VERBOSE_ERRORS, command) is not None
        gap = "" if self._faults.take(Kind.UNSPACED_ERRORS, command) else " "
        if refusal.cms:
            text = CMS_TEXTS.get(refusal.cms, "unknown error") if words else str(refusal.cms)
            return f"+CMS ERROR:{gap}{text}"
        if refusal.cme and (self.errors or words):
            text = CME_TEXTS.get(refusal.cme, "unknown error") if words else str(refusal.cme)
            return f"+CME ERROR:{gap}{text}"
        return "ERROR"


def octets(text: str) -> bytes:
    """Octets of a line; what was no UTF-8 to begin with comes out as it was."""
    return text.encode("utf-8", "surrogateescape")
