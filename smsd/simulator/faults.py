"""What may go wrong with a modem, by name: the oddities met on real devices, made repeatable.

Knows the names, where in a conversation each may strike and how often. Refuses to know how it is done: the modem asks
``Faults`` at each place whether something is to go wrong there. A fault is plain data, so that it can be injected from
a test and over the control channel alike.
"""

from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

__all__ = ["Fault", "Faults", "Kind", "Place", "Remedy"]


class Remedy(IntEnum):
    """What ends a fault that lasts; each ends what those before it end, too."""

    RADIO = 1
    """The radio is turned on again (AT+CFUN=1 after 0 or 4)."""
    RESTART = 2
    """The modem is restarted (AT+CFUN=1,1)."""
    POWER = 3
    """Its power goes: it is pulled out, or its USB port is reset."""


class Place(StrEnum):
    """Where in the conversation about one command a fault strikes."""

    ANSWER = "answer"
    """After the echo, before the first line of the answer."""
    INSIDE = "inside"
    """Between the information lines and the final result; in a listing, between a header and its PDU."""
    PROMPT = "prompt"
    """After AT+CMGS=, before the prompt."""
    DATA = "data"
    """Right after the prompt, while the PDU is awaited."""
    RESULT = "result"
    """After the PDU, before +CMGS."""


class Kind(StrEnum):
    """What goes wrong. In brackets: the fields of ``Fault`` that matter beside ``at`` and ``times``."""

    INSERT = "insert"
    """Octets from nowhere: an unsolicited line, noise that is no UTF-8 (``place``, ``octets`` as they are)."""
    CANNED = "canned"
    """These information lines and OK instead of the true answer (``octets``, lines parted by a line feed)."""
    CHUNKS = "chunks"
    """The answer comes octet by octet (``seconds`` between two)."""
    SILENT = "silent"
    """The command is swallowed: not done, not answered."""
    NO_PROMPT = "no_prompt"
    """The prompt does not come, though the modem awaits the PDU; only ESC leads out."""
    NO_RESULT = "no_result"
    """The PDU is swallowed: not sent, not answered."""
    LOST_RESULT = "lost_result"
    """The network took the part, and the answer is swallowed."""
    LATE = "late"
    """``place`` ANSWER, PROMPT or RESULT comes ``seconds`` late; what is typed meanwhile waits."""
    REFUSE = "refuse"
    """The command is refused (``code``: +CMS ERROR, ``cme``: +CME ERROR instead; without a code, bare ERROR)."""
    NETWORK_REFUSES = "network_refuses"
    """The part was in the air and the network says no (``code``: RP cause as +CMS ERROR)."""
    ECHO_STAYS = "echo_stays"
    """ATE0 answers OK and the echo goes on."""
    VERBOSE_ERRORS = "verbose_errors"
    """Errors in words whatever +CMEE says."""
    UNSPACED_ERRORS = "unspaced_errors"
    """``+CMS ERROR:38``, no space after the colon."""
    LINE_ENDING = "line_ending"
    """Lines end in ``octets`` instead of CR LF."""
    GLUED_RESULT = "glued_result"
    """No CR LF before the answer: it comes glued to the echo."""
    UNSPACED_PROMPT = "unspaced_prompt"
    """``>`` without the space."""
    UNPLUG = "unplug"
    """The device vanishes at ``place`` (PROMPT: in place of the prompt; RESULT: as soon as the PDU is in the air, which
    then flies on when ``code`` is 0 and is lost when it is not); it returns after ``seconds``, or not at all when 0."""
    EMPTY_SLOT_OK = "empty_slot_ok"
    """+CMGR of an empty slot answers a bare OK."""
    SLOW_LIST = "slow_list"
    """+CMGL takes ``seconds`` for each entry."""
    SPLIT_REPORT = "split_report"
    """The PDU line of +CDS comes ``seconds`` after its header."""
    GLUED_REPORTS = "glued_reports"
    """Two +CDS in one write: a report is held until the next one."""
    DEAF_TO_ESC = "deaf_to_esc"
    """ESC is taken for part of the PDU that is awaited: nothing that is typed leads out."""
    HUNG = "hung"
    """The firmware has crashed: nothing is read from the port any more, for ``seconds`` or for ever (0)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong ``times`` times (0: for ever).

    ``at`` names the command it strikes by its beginning, in capitals without AT (``+CSQ``, ``+CMGS``, ``+CMGF=0``);
    empty: any command. ``seconds`` are of the loop's clock. ``until`` is the ``Remedy`` that ends it (0: none does).
    """

    kind: Kind
    at: str = ""
    times: int = 1
    place: Place = Place.ANSWER
    octets: bytes = b""
    code: int = 0
    cme: int = 0
    seconds: float = 0.0
    until: int = 0


class Faults:
    """The faults in force; each ``take`` uses one up."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def inject(self, fault: Fault) -> None:
        """Let ``fault`` strike when its place is reached."""
        self._pending.append(fault)

    def clear(self, kind: Kind | None = None) -> None:
        """Forget the faults of one kind, or all."""
        self._pending = [fault for fault in self._pending if kind is not None and fault.kind is not kind]

    def heal(self, remedy: Remedy) -> None:
        """End what ``remedy`` ends."""
        self._pending = [fault for fault in self._pending if not 0 < fault.until <= remedy]

    def take(self, kind: Kind, command: str = "", place: Place | None = None) -> Fault | None:
        """Find the first fault of ``kind`` for ``command`` at ``place`` (``None``: wherever); asking uses it up."""
        for number, fault in enumerate(self._pending):
            if fault.kind is kind and command.startswith(fault.at) and (place is None or fault.place is place):
                if fault.times == 1:
                    del self._pending[number]
                elif fault.times:
                    self._pending[number] = replace(fault, times=fault.times - 1)
                return fault
        return None

    def peek(self, kind: Kind) -> Fault | None:
        """Find the first fault of ``kind``, not using it up: for those that are a manner, not an event."""
        return next((fault for fault in self._pending if fault.kind is kind), None)

    def __bool__(self) -> bool:
        return bool(self._pending)
