"""The card in the modem: who it is, whether it may be used, what it remembers.

Knows the identity, CHV1 and its unblocking (31.102, 27.007 +CPIN), the stored short messages and EF_SMSS (31.102
§4.2.28). Refuses to know AT syntax and PDUs: a stored message is octets with a status. Outlives the modem's power, the
port and every program.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

__all__ = ["EF_ICCID", "EF_SMSS", "ICCID", "Memory", "Sim", "Smss", "Status", "Stored"]

EF_SMSS = 0x6F43
"""28483: the last used TP-MR and whether the memory capacity was exceeded."""
EF_ICCID = 0x2FE2
"""12258: the serial number of the card, nibbles swapped."""

ICCID = "8970101234567890123"
"""Of a card that was told no other."""

PIN_TRIES = 3
PUK_TRIES = 10


class Status(IntEnum):
    """<stat> of a stored message (27.005 §3.1); ``ALL`` only asks."""

    UNREAD = 0
    READ = 1
    UNSENT = 2
    SENT = 3
    ALL = 4


class Smss(StrEnum):
    """How faithfully a modem keeps the last used TP-MR in EF_SMSS."""

    RIGHT = "right"
    """Advances with each part the network took, equal to the reference in +CMGS."""
    NEVER = "never"
    """Stays what it was when the card was made."""
    ALTHOUGH_REFUSED = "although_refused"
    """Advances when the network refuses, too."""
    MID_AIR = "mid_air"
    """As ``RIGHT``, and +CRSM is answered while a part is in the air, with the old value."""


@dataclass(slots=True)
class Stored:
    """A message in a slot: SMSC and TPDU as octets, with its status."""

    octets: bytes
    status: Status


@dataclass(slots=True)
class Memory:
    """Numbered slots. ``free`` is called when one becomes free."""

    name: str
    slots: int
    first: int = 0
    stored: dict[int, Stored] = field(default_factory=dict)
    freed: Callable[[], None] | None = None

    @property
    def full(self) -> bool:
        """Whether nothing more goes in."""
        return len(self.stored) >= self.slots

    def put(self, octets: bytes, status: Status = Status.UNREAD) -> int | None:
        """Store in the lowest free slot and say which; ``None`` when full."""
        for index in range(self.first, self.first + self.slots):
            if index not in self.stored:
                self.stored[index] = Stored(octets, status)
                return index
        return None

    def remove(self, indexes: list[int]) -> None:
        """Empty these slots; empty ones stay empty."""
        taken = [index for index in indexes if self.stored.pop(index, None) is not None]
        if taken and self.freed is not None:
            self.freed()


class Sim:
    """A SIM card with ``slots`` places for messages.

    ``pin`` is ``None`` where the card asks for none. ``last_reference`` is the TP-MR in EF_SMSS.
    """

    def __init__(
        self,
        number: str,
        *,
        slots: int = 20,
        first_index: int = 0,
        pin: str | None = None,
        puk: str = "12345678",
        iccid: str = ICCID,
        imsi: str = "250011234567890",
        service_centre: str = "+79168999100",
    ) -> None:
        self.number = number
        self.pin = pin
        self.puk = puk
        self.iccid = iccid
        self.imsi = imsi
        self.service_centre = service_centre
        self.messages = Memory("SM", slots, first_index)
        self.last_reference = 0
        self.capacity_exceeded = False
        self.pin_tries = PIN_TRIES
        self.puk_tries = PUK_TRIES
        self._unlocked = pin is None

    @property
    def state(self) -> str:
        """What +CPIN? says: ``READY``, ``SIM PIN``, ``SIM PUK``, or ``""`` for a card blocked for good."""
        if self.puk_tries == 0:
            return ""
        if self.pin_tries == 0:
            return "SIM PUK"
        return "READY" if self._unlocked else "SIM PIN"

    @property
    def ready(self) -> bool:
        """Whether the card may be used."""
        return self.state == "READY"

    def power_on(self) -> None:
        """Forget that the PIN was entered, as a card does when its power goes; the tries are kept."""
        self._unlocked = self.pin is None

    def enter_pin(self, pin: str) -> bool:
        """Try a PIN in state ``SIM PIN``; three wrong ones lead to ``SIM PUK``."""
        if pin == self.pin:
            self._unlocked, self.pin_tries = True, PIN_TRIES
            return True
        self.pin_tries -= 1
        return False

    def unblock(self, puk: str, pin: str) -> bool:
        """Try a PUK in state ``SIM PUK`` and set a new PIN; ten wrong ones kill the card."""
        if puk == self.puk:
            self.pin, self._unlocked, self.pin_tries, self.puk_tries = pin, True, PIN_TRIES, PUK_TRIES
            return True
        self.puk_tries -= 1
        return False

    def read_binary(self, file: int) -> bytes | None:
        """Read the octets of a transparent file; ``None`` when the card has no such file."""
        if file == EF_SMSS:
            return bytes([self.last_reference, 0xFE if self.capacity_exceeded else 0xFF])
        if file == EF_ICCID:
            digits = self.iccid.ljust(20, "F")
            return bytes.fromhex("".join(digits[at + 1] + digits[at] for at in range(0, 20, 2)))
        return None
