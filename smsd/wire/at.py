"""AT commands as the terminal's side (DTE) hears and speaks them: lines, answers, hints, prompts.

Knows ITU-T V.250 (command lines, result codes), 3GPP TS 27.005 (SMS: the ``>`` prompt, ``+CMT``/``+CDS`` with their PDU
on a line of its own) and TS 27.007 (``+CME ERROR``). One command is in flight; it declares which information lines are
its own, every other line is unsolicited. Refuses to know time, ports and what any command is for: octets come in by
``feed``, octets to write go out as return values, and that the time is up is *told* to it by ``give_up``.

After a command was given up the channel is *dirty*: its answer may still come and must not become the next command's.
The way out is a tagged probe, ``AT+CMEE?``: whatever comes before ``+CMEE:`` is stale; a ``+CMGS:`` among it is the
late answer of the message whose octets were all written, and is told as such.
"""

import re
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from smsd.wire.information import numbers

__all__ = [
    "CTRL_Z",
    "ESC",
    "LINE_LIMIT",
    "Answer",
    "Command",
    "Engine",
    "Event",
    "LateReference",
    "LateRefusal",
    "Line",
    "Prompt",
    "Recovered",
    "Result",
    "StrayPrompt",
    "Unsolicited",
    "fits",
]

CTRL_Z = b"\x1a"
ESC = b"\x1b"
LINE_LIMIT = 8192
"""Octets a line may have; a longer one is noise (the longest honest line is a PDU of 2 x 176 digits)."""
JUNK_KEPT = 50
PROBE = "AT+CMEE?"
PROBE_TAG = "+CMEE:"

# Echoed Ctrl-Z and ESC stand where a line ends; NUL is what a UART shows while the other side powers up.
_LINE_ENDS = frozenset(b"\r\n\x1a\x1b\x00")
_GREATER = ord(">")
_TWO_LINES = ("+CMT:", "+CDS:", "+CBM:")
_HINTS = ("+CMTI:", "+CDSI:")
_MARKED = re.compile(r"[+^*#$%!&][A-Z][A-Z0-9]*")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_ERROR = re.compile(r"\+(CM[ES]) ERROR\s*:?\s*(.*)", re.IGNORECASE)
_SPOKEN = (
    # Start-up chatter and calls. Nothing here dials, so NO CARRIER and its kin end somebody's incoming call, never a
    # command of ours.
    "RING",
    "RDY",
    "BUSY",
    "START",
    "NO CARRIER",
    "NO ANSWER",
    "NO DIALTONE",
    "PB DONE",
    "SMS DONE",
    "SMS READY",
    "CALL READY",
    "MODEM:STARTUP",
    "NORMAL POWER DOWN",
)
_REFUSALS = frozenset({"COMMAND NOT SUPPORT", "TOO MANY PARAMETERS", "ABORTED"})


@dataclass(frozen=True, slots=True)
class Command:
    """One command line and what belongs to its answer.

    ``prefixes`` begin the information lines that are its own (``+CSQ:``); with ``bare`` so are lines that begin with
    none (``AT+CGSN``). With ``with_pdu`` each own line is followed by a PDU line (``+CMGL``, ``+CMGR``). ``payload`` is
    what the ``>`` prompt waits for, without the Ctrl-Z.
    """

    text: str
    prefixes: tuple[str, ...] = ()
    bare: bool = False
    with_pdu: bool = False
    payload: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An information line, with the PDU line that followed it where one was announced and came."""

    text: str
    pdu: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A final result code: ``kind`` is ``OK``, ``ERROR``, ``CME`` or ``CMS``; ``code`` its number where one was given.

    ``text`` is what followed when it was not a number (``AT+CMEE=2``) or a refusal in words.
    """

    kind: str
    code: int | None = None
    text: str = ""

    @property
    def ok(self) -> bool:
        """Whether the command was carried out."""
        return self.kind == "OK"

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.kind, self.code, self.text) if part not in (None, ""))


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of the command in flight."""

    command: Command
    result: Result
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """A line nobody asked for; ``pdu`` is set for ``+CMT``, ``+CDS`` and ``+CBM`` unless it never came."""

    text: str
    pdu: str | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """The modem waits for the payload of the command in flight: ``Engine.payload`` gives it."""


@dataclass(frozen=True, slots=True)
class StrayPrompt:
    """A prompt for a command that was given up: the modem takes everything for text until an ESC (``probe``)."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The tagged probe was answered: the channel is clean again."""


@dataclass(frozen=True, slots=True)
class LateReference:
    """``+CMGS: n`` of a message that was given up after its last octet was written: it left, with this TP-MR."""

    reference: int


@dataclass(frozen=True, slots=True)
class LateRefusal:
    """A ``+CMS ERROR`` of a message that was given up, with nothing in between that could have caused it."""

    result: Result


Event = Answer | Unsolicited | Prompt | StrayPrompt | Recovered | LateReference | LateRefusal


class _Stage(Enum):
    """Where the command in flight is with its payload."""

    PLAIN = auto()
    PROMPT_DUE = auto()
    PROMPTED = auto()
    WRITTEN = auto()


class Engine:
    """The terminal's end of one AT channel. A new one for every opened port."""

    def __init__(self) -> None:
        self.junk: deque[str] = deque(maxlen=JUNK_KEPT)
        """The last lines that were nobody's, for the log of a person who looks for a fault."""
        self._line = bytearray()
        self._overlong = False
        self._command: Command | None = None
        self._stage = _Stage.PLAIN
        self._lines: list[Line] = []
        self._header: str | None = None  # own line that waits for its PDU
        self._announced: str | None = None  # +CMT, +CDS, +CBM that waits for its PDU
        self._dirty = False
        self._escape_due = False
        self._escaped = False
        self._tag_seen = False
        self._doubtful = False  # a written payload was given up and nothing has been heard of it
        self._stale_oks = 0

    # --- what the driver says -----------------------------------------------------------------------------------------

    @property
    def dirty(self) -> bool:
        """Whether an answer of a command that was given up may still come; only ``probe`` may be written then."""
        return self._dirty

    @property
    def busy(self) -> bool:
        """Whether a command is in flight."""
        return self._command is not None

    @property
    def written(self) -> bool:
        """Whether the payload of the command in flight has been handed out."""
        return self._stage is _Stage.WRITTEN

    def begin(self, command: Command) -> bytes:
        """Start ``command`` and return the octets that say it. ``RuntimeError`` while one is in flight or dirty."""
        if self._command is not None or self._dirty:
            raise RuntimeError(f"{command.text}: the channel is {'dirty' if self._dirty else 'busy'}")
        self._command = command
        self._stage = _Stage.PLAIN if command.payload is None else _Stage.PROMPT_DUE
        self._lines = []
        self._header = None
        return command.text.encode("ascii") + b"\r"

    def payload(self) -> bytes:
        """Return the payload with its Ctrl-Z. From here on the message may be leaving."""
        if self._command is None or self._command.payload is None or self._stage is not _Stage.PROMPTED:
            raise RuntimeError("no prompt asks for a payload")
        self._stage = _Stage.WRITTEN
        self._doubtful = False
        return self._command.payload.encode("ascii") + CTRL_Z

    def give_up(self, *, payload_left: bool = True) -> bytes:
        """Stop waiting for the command in flight; return what must be written at once (an ESC, or nothing).

        ``payload_left=False`` says that the payload's last octet never left this host: then an ESC takes it back.
        """
        if self._command is None:
            return b""
        complete = self._stage is _Stage.WRITTEN and payload_left
        self._escape_due = self._stage is not _Stage.PLAIN and not complete
        self._escaped = self._escape_due
        self._doubtful = complete or self._doubtful
        self._command = None
        self._stage = _Stage.PLAIN
        self._header = None
        self._dirty = True
        self._tag_seen = False
        return ESC if self._escape_due else b""

    def probe(self) -> bytes:
        """Return the tagged probe for a dirty channel; a repeated one begins with an ESC.

        A modem that still takes text (a late prompt, a Ctrl-Z lost on the way) eats the first probe and answers the
        second.
        """
        if not self._dirty:
            raise RuntimeError("the channel is clean: there is nothing to probe for")
        octets = (ESC if self._escape_due else b"") + PROBE.encode("ascii") + b"\r"
        self._escaped = self._escaped or self._escape_due
        self._escape_due = True
        self._tag_seen = False
        return octets

    def feed(self, data: bytes) -> list[Event]:
        """Take octets as they came, however cut or glued, and return what they mean, in order."""
        events: list[Event] = []
        for octet in data:
            if octet in _LINE_ENDS:
                self._end_line(events)
            elif octet == _GREATER and not self._line.strip() and not self._overlong and self._take_prompt(events):
                self._line.clear()
            elif len(self._line) < LINE_LIMIT:
                self._line.append(octet)
            else:
                self._overlong = True
        return events

    # --- lines --------------------------------------------------------------------------------------------------------

    def _end_line(self, events: list[Event]) -> None:
        text = self._line.decode("latin-1").strip()
        overlong, self._overlong = self._overlong, False
        self._line.clear()
        if overlong:
            self._discard(text)
        elif text:
            self._accept(text, events)

    def _accept(self, text: str, events: list[Event]) -> None:
        """Judge one whole line, the surest signs first."""
        if self._take_pdu(text, events):
            return
        text = self._without_echo(text)
        if not text:
            return
        result = self._final(text)
        if result is not None:
            self._finish(result, events)
        elif self._take_late(text, events) or self._take_own(text):
            return
        elif text.startswith(_TWO_LINES):
            self._drop_announced(events)
            self._announced = text
        elif _unasked(text):
            events.append(Unsolicited(text))
        elif self._command is not None and self._command.bare and not text.upper().startswith("AT+"):
            self._lines.append(Line(text))
        else:
            self._take_junk(text, events)

    def _take_prompt(self, events: list[Event]) -> bool:
        if self._stage is _Stage.PROMPT_DUE:
            self._stage = _Stage.PROMPTED
            events.append(Prompt())
            return True
        if self._dirty and self._escape_due:
            events.append(StrayPrompt())
            return True
        return False

    def _take_pdu(self, text: str, events: list[Event]) -> bool:
        """Take the line that an earlier one announced. Something else may come first; the announcement then waits."""
        if _HEX.fullmatch(text):
            if self._announced is not None and self._belongs_to_announced(text):
                events.append(Unsolicited(self._announced, text))
                self._announced = None
                return True
            if self._header is not None:
                self._close_header(text)
                return True
            return False
        if self._header is None or _unasked(text) or text.startswith(self._prefixes) or self._final(text) is not None:
            return False
        # Not hexadecimal and nobody else's: the stored message itself is damaged, and must be told as such.
        self._close_header(text)
        return True

    def _belongs_to_announced(self, text: str) -> bool:
        assert self._announced is not None  # noqa: S101  the caller has looked
        if fits(self._announced, text):
            return True
        if self._header is not None:
            return not fits(self._header, text)
        return self._command is None or not self._command.bare

    def _close_header(self, pdu: str | None) -> None:
        if self._header is not None:
            self._lines.append(Line(self._header, pdu))
            self._header = None

    def _drop_announced(self, events: list[Event]) -> None:
        if self._announced is not None:
            events.append(Unsolicited(self._announced))
            self._announced = None

    def _without_echo(self, text: str) -> str:
        """Cut what this side said itself off the front: some modems echo whatever ATE0 told them."""
        spoken = [PROBE] if self._dirty else []
        if self._command is not None:
            spoken.append(self._command.text)
            if self._command.payload is not None and self._stage is not _Stage.PROMPT_DUE:
                spoken.append(self._command.payload)
                text = text.lstrip("> ")
        for said in spoken:
            if text.startswith(said):
                return text[len(said) :].strip()
        return text

    def _take_own(self, text: str) -> bool:
        command = self._command
        if command is None or not command.prefixes or not text.startswith(command.prefixes):
            return False
        self._close_header(None)
        if command.with_pdu:
            self._header = text
        else:
            self._lines.append(Line(text))
        return True

    def _take_late(self, text: str, events: list[Event]) -> bool:
        """Take what belongs to a command that was given up."""
        if text.startswith(PROBE_TAG) and PROBE_TAG not in self._prefixes:
            if self._dirty:
                self._tag_seen = True
            else:
                self._stale_oks += 1  # an earlier probe, answered after a later one
            return True
        if not text.startswith("+CMGS:") or self._stage is _Stage.WRITTEN:
            return False
        self._stale_oks += 0 if self._dirty else 1
        reference = numbers(text)
        if self._doubtful and reference and reference[0] is not None:
            self._doubtful = False
            events.append(LateReference(reference[0] & 0xFF))
        else:
            events.append(Unsolicited(text))
        return True

    def _take_junk(self, text: str, events: list[Event]) -> None:
        self._discard(text)
        # Noise glued to the front of a hint: the hint costs one look into the store, losing it costs much more.
        events.extend(Unsolicited(text[text.index(hint) :]) for hint in _HINTS if hint in text)

    def _discard(self, text: str) -> None:
        self.junk.append(text[:80])

    # --- results ------------------------------------------------------------------------------------------------------

    @property
    def _prefixes(self) -> tuple[str, ...]:
        return self._command.prefixes if self._command is not None else ()

    def _final(self, text: str) -> Result | None:
        if text in {"0", "4"} and self._command is not None and not self._command.bare and not self._command.prefixes:
            return Result("OK" if text == "0" else "ERROR")  # ATV0 is in force until ATV1 is obeyed
        return _result(text)

    def _finish(self, result: Result, events: list[Event]) -> None:
        if self._dirty:
            self._finish_probe(result, events)
        elif result.ok and self._stale_oks:
            self._stale_oks -= 1
            self._discard(str(result))
        elif self._command is None or (result.ok and self._stage in {_Stage.PROMPT_DUE, _Stage.PROMPTED}):
            self._discard(str(result))  # a command that asks for a payload cannot succeed before it has got it
        else:
            # OK without its +CMGS may be some other command's, late: then the reference may still come.
            self._doubtful = self._stage is _Stage.WRITTEN and result.ok and not self._lines
            self._close_header(None)
            events.append(Answer(self._command, result, tuple(self._lines)))
            self._command = None
            self._stage = _Stage.PLAIN
            self._lines = []

    def _finish_probe(self, result: Result, events: list[Event]) -> None:
        if self._tag_seen:
            self._dirty = self._escape_due = self._escaped = self._tag_seen = False
            self._stale_oks = 0
            events.append(Recovered())
        elif result.kind == "CMS" and self._doubtful and not self._escaped:
            self._doubtful = False
            events.append(LateRefusal(result))
        else:
            self._discard(str(result))


# --- single lines -----------------------------------------------------------------------------------------------------


def _result(text: str) -> Result | None:
    """Read a final result code; ``None`` for any other line. ``OK`` is exact: a revision may begin with it."""
    if text in {"OK", "ERROR"}:
        return Result(text)
    if text.upper() in _REFUSALS:
        return Result("ERROR", None, text)
    error = _ERROR.fullmatch(text)
    if error is None:
        return None
    said = error[2].strip()
    if said.isascii() and said.isdigit():
        return Result(error[1].upper(), int(said))
    return Result(error[1].upper(), None, said)


def _unasked(text: str) -> bool:
    """Whether a line that is nobody's answer has the looks of an unsolicited result code."""
    return bool(_MARKED.match(text)) or text.upper().startswith(_SPOKEN)


def fits(header: str, pdu: str) -> bool:
    """Whether ``pdu`` has the length that ``header`` tells: its last value counts the octets after the SMSC's."""
    told = numbers(header)
    if not told or told[-1] is None or len(pdu) < 2:
        return False
    return len(pdu) == 2 * (int(pdu[:2], 16) + 1 + told[-1])
