"""Which serial port of a USB modem speaks AT: a table, the same that ``udev/78-smsd.rules`` has in udev's words.

Knows makers, products, interface numbers and class triples (USB 2.0 §9.6.5), as the makers' documents and other
programs' tables give them. Refuses to guess for what no known maker made: behind a serial cable may be anything, and a
question in AT is an order to something else. A test compares this table with the rules.
"""

from enum import IntEnum

__all__ = ["MAKERS", "Role", "role"]


class Role(IntEnum):
    """Whether a port may be asked whether it speaks AT; the higher, the sooner."""

    NO = 0
    """Somebody else's device, or a port that is known to carry data, positions or a diagnostic protocol."""
    MAYBE = 1
    """A known maker's product that the table does not know: its vendor-specific and modem ports may be asked."""
    AT = 2
    """The port for commands."""


MAKERS = {
    "12d1": "Huawei",
    "19d2": "ZTE",
    "1e0e": "SIMCom",
    "2c7c": "Quectel",
    "1bc7": "Telit",
    "1199": "Sierra",
    "2949": "Neoway",
}
"""USB vendor ids of those who make modems; ModemManager is kept off what they make."""

_NUMBERS: dict[str, dict[str, int]] = {
    "12d1": {"1001": 2, "140c": 2, "14ac": 2, "1003": 1},
    "2c7c": {"030b": 5},
    "1e0e": {"9001": 2, "9205": 2, "9206": 2, "9011": 4, "9100": 3, "9200": 3},
    "19d2": {
        **dict.fromkeys(("0002", "0016", "0017", "0055", "0064", "0117"), 2),
        **dict.fromkeys(("0031", "0063", "0082", "0104", "0106", "2002", "2003"), 3),
        **dict.fromkeys(("0121", "0124"), 4),
    },
    "1bc7": {"1201": 4, "1031": 1, "1101": 1, "1003": 0},
    "1199": {"9071": 3, "9079": 3, "9091": 3},
    "2949": {"8700": 4},
}
"""The interface that speaks AT, by vendor and product."""
_USUAL = {"2c7c": 2}
"""The interface that speaks AT in nearly every product of a maker."""

_PC_UI = {"02", "12"}
_SPLIT = {"01", "02", "03"}
"""Huawei's subclasses: there the protocol tells what the interface is, and only PC UI takes commands."""
_MODEM = ("02", "02")
_VENDOR_SPECIFIC = "ff"


def role(vendor: str, product: str, interface: int, triple: tuple[str, str, str]) -> Role:
    """Say what a port is by its USB ids, the number of its interface and that interface's class triple."""
    if vendor not in MAKERS:
        return Role.NO
    usb_class, subclass, protocol = triple
    if vendor == "12d1" and usb_class == _VENDOR_SPECIFIC and subclass in _SPLIT:
        return Role.AT if protocol in _PC_UI else Role.NO
    number = _NUMBERS.get(vendor, {}).get(product, _USUAL.get(vendor))
    if number is not None:
        return Role.AT if interface == number else Role.NO
    return Role.MAYBE if usb_class == _VENDOR_SPECIFIC or (usb_class, subclass) == _MODEM else Role.NO
