"""Delivery receipts: what a deliver_sm or data_sm says about a message of ours (SMPP 3.4 §5.2.12, appendix B).

Knows both places where it stands: the TLVs receipted_message_id, message_state, network_error_code and
user_message_reference, which are believed first, and the text of appendix B, which everybody writes a little
differently. Refuses to know which message is meant, and to guess: what the receipt does not say is ``None`` or empty.
"""

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from smsd.errors import PduError
from smsd.wire.alphabet import ucs2_text
from smsd.wire.smpp.pdu import ShortMessage
from smsd.wire.smpp.tables import MessageState, Tag, Tlvs, tlv
from smsd.wire.status import StatusClass

__all__ = ["Receipt", "is_receipt", "network_error", "read_receipt", "state_class", "state_name"]

MESSAGE_TYPE: Final = 0x3C
DELIVERY_RECEIPT: Final = 0x04
DELIVERY_ACKNOWLEDGEMENT: Final = 0x08
INTERMEDIATE: Final = 0x20
_RECEIPT_TYPES: Final = frozenset({DELIVERY_RECEIPT, DELIVERY_ACKNOWLEDGEMENT, INTERMEDIATE})
_UCS2: Final = 0x08
NETWORK_ERROR_OCTETS: Final = 3
"""Of network_error_code: the type of network and the code."""

_NAMES: Final[dict[int, str]] = {
    MessageState.SCHEDULED: "SCHEDULED",
    MessageState.ENROUTE: "ENROUTE",
    MessageState.DELIVERED: "DELIVRD",
    MessageState.EXPIRED: "EXPIRED",
    MessageState.DELETED: "DELETED",
    MessageState.UNDELIVERABLE: "UNDELIV",
    MessageState.ACCEPTED: "ACCEPTD",
    MessageState.UNKNOWN: "UNKNOWN",
    MessageState.REJECTED: "REJECTD",
    MessageState.SKIPPED: "SKIPPED",
}
_CLASSES: Final[dict[str, StatusClass]] = {
    "DELIV": "delivered",
    "UNDEL": "failed",
    "EXPIR": "failed",
    "DELET": "failed",
    "REJEC": "failed",
    "SKIPP": "failed",
}
"""By the first five letters: some write DELIVERED for DELIVRD. Whatever is not here settles nothing."""

_ID = re.compile(r"\bid:\s*(\S+)", re.IGNORECASE)
_STATE = re.compile(r"\bstat:\s*(\w+)", re.IGNORECASE)
_ERROR = re.compile(r"\berr:\s*([^\s,;]+)", re.IGNORECASE)
_SUBMITTED = re.compile(r"\bsubmit[ _]date:\s*(\d{10,14})", re.IGNORECASE)
_DONE = re.compile(r"\bdone[ _]date:\s*(\d{10,14})", re.IGNORECASE)
_TEXT = re.compile(r"\btext:", re.IGNORECASE)
_YEAR_DIGITS: Final = {10: 2, 12: 2, 14: 4}
"""How many digits of a date are its year, by how many it has."""
_CENTURY: Final = 2000


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says. ``message_id`` is as it stands: whether hexadecimal or decimal is the operator's habit.

    ``state`` is appendix B's word for it, ``error`` the operator's code as text, ``error_too`` the one in the words of
    the receipt where a TLV tells another. ``intermediate`` says that the message is still on its way whatever ``state``
    says. ``user_message_reference`` is the mark the submit bore, if it came back.
    """

    message_id: str
    state: str
    error: str = ""
    submitted_at: datetime | None = None
    done_at: datetime | None = None
    intermediate: bool = False
    user_message_reference: int | None = None
    error_too: str = ""

    @property
    def status_class(self) -> StatusClass:
        """What it means for the message: a state that is not final, or not known, is ``trying``."""
        return "trying" if self.intermediate else state_class(self.state)


def state_name(message_state: int) -> str:
    """Say a message_state in appendix B's word; a number the standard does not name stays a number."""
    return _NAMES.get(message_state) or f"STATE {message_state}"


def state_class(state: str) -> StatusClass:
    """Tell what a state's word means; what nobody knows settles nothing."""
    return _CLASSES.get(state.upper()[:5], "trying")


def is_receipt(message: ShortMessage) -> bool:
    """Whether a message from the service centre speaks of one of ours: by esm_class, or by a TLV only receipts have."""
    return message.esm_class & MESSAGE_TYPE in _RECEIPT_TYPES or tlv(message.tlvs, Tag.RECEIPTED_MESSAGE_ID) is not None


def read_receipt(message: ShortMessage, zone: tzinfo) -> Receipt:
    """Read a receipt; ``zone`` is that of the service centre's clock, which its dates do not tell.

    Raises ``PduError`` when neither TLVs nor text say which message is meant, or what became of it.
    """
    text = _words(message)
    reference = _number(tlv(message.tlvs, Tag.USER_MESSAGE_REFERENCE))
    message_id = _string(tlv(message.tlvs, Tag.RECEIPTED_MESSAGE_ID)) or _found(_ID, text)
    if not message_id and reference is None:
        raise PduError("receipt", "neither a TLV nor the text says which message is meant")
    state_number = _number(tlv(message.tlvs, Tag.MESSAGE_STATE))
    state = _found(_STATE, text).upper() if state_number is None else state_name(state_number)
    if not state:
        raise PduError("receipt", "neither a TLV nor the text says what became of the message")
    told, written = network_error(message.tlvs), _found(_ERROR, text)
    # A TLV that says 0 leaves the word to the text.
    error = told or written or ("" if told is None else "0")
    return Receipt(
        message_id,
        state,
        error,
        _date(_found(_SUBMITTED, text), zone),
        _date(_found(_DONE, text), zone),
        message.esm_class & MESSAGE_TYPE == INTERMEDIATE,
        reference,
        "" if _shortest(written) in {"", _shortest(error)} else written,
    )


def network_error(tlvs: Tlvs) -> str | None:
    """Give the code of network_error_code (§5.3.2.31), empty for 0; ``None`` where there are no such three octets."""
    told = tlv(tlvs, Tag.NETWORK_ERROR_CODE)
    if told is None or len(told) != NETWORK_ERROR_OCTETS:
        return None
    return _shortest(str(int.from_bytes(told[1:], "big")))


def _shortest(code: str) -> str:
    """Write a code without the zeros that the text fills it up with."""
    return code.lstrip("0")


def _words(message: ShortMessage) -> str:
    """Give the text up to the words of the message it quotes; those may look like anything."""
    octets = message.payload
    text = ucs2_text(octets) if message.data_coding == _UCS2 else octets.decode("latin-1")
    return _TEXT.split(text, maxsplit=1)[0]


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def _string(octets: bytes | None) -> str:
    return (octets or b"").split(b"\0", 1)[0].decode("latin-1").strip()


def _number(octets: bytes | None) -> int | None:
    return int.from_bytes(octets, "big") if octets else None


def _date(digits: str, zone: tzinfo) -> datetime | None:
    """Read YYMMDDhhmm, with or without seconds; a date that cannot be is none."""
    of_year = _YEAR_DIGITS.get(len(digits))
    if of_year is None:
        return None
    year, pairs = int(digits[:of_year]), [int(digits[at : at + 2]) for at in range(of_year, len(digits), 2)]
    month, day, hour, minute, second = [*pairs, 0][:5]
    try:
        # Not strptime, which asks for the locale each time: that is as much work as all the rest of a receipt.
        return datetime(year + (_CENTURY if of_year == 2 else 0), month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
