"""What may go wrong with a service centre, by name: the faults met on real ones, made repeatable.

Knows the names and how often each is to strike. Refuses to know how it is done: ``smsc`` asks at each place whether
something is to go wrong there.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

__all__ = ["ON_ANSWER", "ON_RECEIPT", "Injected", "Trouble", "Troubles"]


class Trouble(StrEnum):
    """What goes wrong. In brackets: what else ``inject`` is told."""

    REFUSE_BIND = "refuse_bind"
    """The bind is refused by a header alone (``code``)."""
    STATUS = "status"
    """The submit is refused (``code``), after ``seconds``."""
    NACK = "nack"
    """The submit is answered with generic_nack (``code``)."""
    NO_ID = "no_id"
    """The submit is taken, the answer has no message_id."""
    NO_ANSWER = "no_answer"
    """The submit is taken and not answered."""
    LATE = "late"
    """The submit is taken; its answer comes after ``seconds``, after its receipt and the answers to later ones."""
    HANG_UP = "hang_up"
    """The submit is taken, and the connection dropped in place of the answer."""
    SPLIT = "split"
    """The answer comes in two pieces, ``seconds`` apart."""
    DRIP = "drip"
    """The answer comes octet by octet."""
    GLUE = "glue"
    """The answer waits and comes in one piece with the next one."""
    SHORT_LENGTH = "short_length"
    """The answer is a header that announces 8 octets."""
    LONG_LENGTH = "long_length"
    """The answer is a header that announces two gigabytes."""
    UNKNOWN_COMMAND = "unknown_command"
    """Before the answer comes a command that nobody knows."""
    RECEIPT_SECONDS = "receipt_seconds"
    """The receipt's dates have seconds."""
    RECEIPT_LETTERS = "receipt_letters"
    """The receipt's error has letters: ``err:00B``."""
    RECEIPT_TLVS = "receipt_tlvs"
    """The receipt is TLVs alone; its error is above 127 (``code``)."""
    RECEIPT_CODING = "receipt_coding"
    """The receipt quotes UTF-8 under a data_coding nobody knows (``code``)."""
    RECEIPT_VENDOR = "receipt_vendor"
    """The receipt has a TLV of the vendor's own."""
    RECEIPT_DATA_SM = "receipt_data_sm"
    """The receipt comes by data_sm."""
    RECEIPT_MALFORMED = "receipt_malformed"
    """The receipt says nothing that can be understood."""


ON_ANSWER = (
    Trouble.NO_ID,
    Trouble.NO_ANSWER,
    Trouble.LATE,
    Trouble.HANG_UP,
    Trouble.SPLIT,
    Trouble.DRIP,
    Trouble.GLUE,
    Trouble.SHORT_LENGTH,
    Trouble.LONG_LENGTH,
    Trouble.UNKNOWN_COMMAND,
)
"""What may go wrong with the answer to a submit that was taken."""

ON_RECEIPT = tuple(trouble for trouble in Trouble if trouble.startswith("receipt"))
"""What may go wrong with a receipt."""


@dataclass(frozen=True, slots=True)
class Injected:
    """One thing that goes wrong ``times`` times (0: from now on)."""

    trouble: Trouble
    times: int = 1
    code: int = 0
    seconds: float = 0.0


class Troubles:
    """The troubles in force; each ``take`` uses one up."""

    def __init__(self) -> None:
        self._injected: list[Injected] = []

    def inject(self, injected: Injected) -> None:
        """Let something go wrong when its place is reached."""
        self._injected.append(injected)

    def cure(self) -> None:
        """Let nothing go wrong any more."""
        self._injected.clear()

    def take(self, *among: Trouble) -> Injected | None:
        """Find the first trouble of those; asking uses it up."""
        for place, injected in enumerate(self._injected):
            if injected.trouble in among:
                if injected.times == 1:
                    del self._injected[place]
                elif injected.times:
                    self._injected[place] = replace(injected, times=injected.times - 1)
                return injected
        return None
