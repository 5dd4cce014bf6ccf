"""Which serial port of a USB modem speaks AT: a table, the same that ``udev/78-smsd.rules`` has in udev's words.

Knows makers, products, interface numbers and class triples (USB 2.0 §9.6.5), as the makers' documents and other
programs' tables give them. Refuses to guess for what no known maker made: behind a serial cable may be anything, and a
question in AT is an order to something else. A test compares this table with the rules.
"""

from collections.abc import Iterable
from enum import IntEnum
from fnmatch import fnmatchcase

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

_NUMBERS: dict[str, dict[int, str]] = {
    "12d1": {2: "1001 140c 14ac", 1: "1003"},
    "2c7c": {5: "030b", 3: "60??", 2: "????"},
    "1e0e": {2: "9001 9205 9206 cefe", 4: "9011", 3: "9100 9200"},
    "19d2": {
        0: "0001 000[3-9] 000a 1515",
        1: "0015 0030 0054",
        2: "0002 0012 001[6-9] 0024 0025 0055 0064 0117 0156",
        3: "0021 0031 0037 0039 0042 0043 0052 0057 0058 0061 0063 0066 0078 0082 0104 0106 0108 0122 0123 "
        "1007 1008 1010 1254 1268 2002 2003",
        4: "0033 0048 0049 0091 0113 0118 0121 0124 0126 0128",
        5: "0125",
    },
    "1bc7": {0: "100[3-6]", 1: "1011 1031 1033 1101 110a", 3: "1010", 4: "10[456]0 1201 701[01]", 5: "10[456]1 1204"},
    "1199": {3: "9071 9079 9091"},
    "2949": {4: "8700"},
}
"""By vendor, the interface that speaks AT and the products of which it does; the first pattern that fits counts."""

_PC_UI = {"02", "12"}
_SPLIT = {"01", "02", "03", "04", "05", "06"}
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
    number = next((n for n, products in _NUMBERS[vendor].items() if _any(product, products.split())), None)
    if number is not None:
        return Role.AT if interface == number else Role.NO
    return Role.MAYBE if usb_class == _VENDOR_SPECIFIC or (usb_class, subclass) == _MODEM else Role.NO


def _any(product: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(product, pattern) for pattern in patterns)
