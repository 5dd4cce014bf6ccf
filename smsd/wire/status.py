"""What TP-ST says about a message that was sent: 3GPP TS 23.040 §9.2.3.15.

Knows the values the standard names and which of the three ends each means. Refuses to know what to do about it.
"""

from typing import Final, Literal

__all__ = ["STATUS_WORDS", "StatusClass", "status_class", "status_words"]

StatusClass = Literal["delivered", "trying", "failed"]

STATUS_WORDS: Final = {
    0x00: "received by the recipient",
    0x01: "forwarded to the recipient, delivery not confirmed",
    0x02: "replaced by the service centre",
    0x20: "congestion, still trying",
    0x21: "recipient busy, still trying",
    0x22: "no response from the recipient, still trying",
    0x23: "service rejected, still trying",
    0x24: "quality of service not available, still trying",
    0x25: "error in the recipient's equipment, still trying",
    0x40: "remote procedure error",
    0x41: "incompatible destination",
    0x42: "connection rejected by the recipient",
    0x43: "not obtainable",
    0x44: "quality of service not available",
    0x45: "no interworking available",
    0x46: "validity period expired",
    0x47: "deleted by the sender",
    0x48: "deleted by the service centre",
    0x49: "unknown to the service centre",
    0x60: "congestion, no more tries",
    0x61: "recipient busy, no more tries",
    0x62: "no response from the recipient, no more tries",
    0x63: "service rejected, no more tries",
    0x64: "quality of service not available, no more tries",
    0x65: "error in the recipient's equipment, no more tries",
}
"""TP-ST in English, for every value the standard names."""


def status_class(tp_st: int | None) -> StatusClass:
    """Tell what a TP-ST means for the message; ``None`` (the report ended before it) settles nothing: ``trying``."""
    if tp_st is None or 0x20 <= tp_st <= 0x3F:
        return "trying"
    return "delivered" if tp_st <= 0x02 else "failed"


def status_words(tp_st: int | None) -> str:
    """Say a TP-ST in English; a value the standard does not name is said by its range."""
    if tp_st is None:
        return "no status"
    ranges = {"delivered": "delivered", "trying": "still trying", "failed": "failed"}
    return STATUS_WORDS.get(tp_st) or f"{ranges[status_class(tp_st)]}, for a reason of the service centre's own"
