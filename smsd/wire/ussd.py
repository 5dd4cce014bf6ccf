"""Unstructured supplementary service data: what is dialled for a balance, and what the network answers.

Knows AT+CUSD and +CUSD (27.007 §7.15), the coding of their text (23.038 §5) and the ways in which makers write it: as
it is, as packed septets in hexadecimal, as UCS2 in hexadecimal, whatever the coding says. Refuses to know operators.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from smsd.errors import PduError
from smsd.wire.alphabet import pack, septets, text_of, ucs2_text, unpack
from smsd.wire.information import fields, information

__all__ = ["CANCEL", "Answer", "Meaning", "answer", "request"]

CANCEL = "AT+CUSD=2"
"""Ends what the network still waits for."""
GSM7 = 15
_CODE = re.compile(r"[*#][0-9*#]{1,30}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_LIKELY = re.compile(r"[\n\r\t -~А-Яа-яЁё«»№–—₽€£¥$°·…’]+")
"""What texts of operators here are made of: a decoding that gives anything else was the wrong one."""
_SHORTEST_HEX = 8


class Meaning(IntEnum):
    """The first value of +CUSD."""

    DONE = 0
    MORE = 1
    ENDED = 2
    ELSEWHERE = 3
    UNSUPPORTED = 4
    TIMED_OUT = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What the network said: ``MORE`` waits for another word; only ``DONE`` and ``MORE`` have a text to go by."""

    meaning: Meaning
    text: str = ""


def request(code: str, *, packed: bool = False) -> str:
    """Return the command that dials a code; ``packed`` for modems that want septets in hexadecimal.

    Raises ``PduError`` for what cannot be dialled.
    """
    if not _CODE.fullmatch(code):
        raise PduError("USSD", f"{code!r} is no code: it begins with * or # and has digits, * and #")
    written = pack(septets(code)).hex().upper() if packed else code
    return f'AT+CUSD=1,"{written}",{GSM7}'


def answer(line: str) -> Answer | None:
    """Read a +CUSD line; ``None`` when it is none."""
    if not line.startswith("+CUSD:"):
        return None
    values = fields(line)
    first = values[0] if values else ""
    if not first.isdecimal() or int(first) not in list(Meaning):
        return None
    if len(values) == 1:
        return Answer(Meaning(int(first)))
    # A text may hold commas, and makers forget the closing quotation mark.
    told = re.fullmatch(r'\d\s*,\s*"?(.*?)"?\s*(?:,\s*(\d+)\s*)?', information(line), re.DOTALL)
    if told is None:
        return Answer(Meaning(int(first)))
    return Answer(Meaning(int(first)), _text(told[1], int(told[2] or GSM7)))


def _text(written: str, coding: int) -> str:
    """Return the text of an answer, by what it looks like first and by its coding second."""
    if len(written) < _SHORTEST_HEX or not _HEX.fullmatch(written):
        return written
    octets = bytes.fromhex(written)
    readings = [_ucs2(octets), _packed(octets), _octets(octets)]
    if not _is_ucs2(coding):
        readings[0], readings[1] = readings[1], readings[0]
    return next((text for text in readings if text and _LIKELY.fullmatch(text)), written)


def _is_ucs2(coding: int) -> bool:
    """Tell whether a CBS data coding scheme means UCS2 (23.038 §5): 0x11, or the general groups with bits 3, 2 = 10."""
    return coding == 0x11 or (0x40 <= coding < 0x80 and coding & 0x0C == 0x08)


def _ucs2(octets: bytes) -> str:
    return ucs2_text(octets) if len(octets) % 2 == 0 else ""


def _packed(octets: bytes) -> str:
    codes = unpack(octets, len(octets) * 8 // 7)
    # Eight septets in seven octets: a last CR is padding (23.038 §6.1.2.3.1).
    return text_of(codes).rstrip("\r@")


def _octets(octets: bytes) -> str:
    return octets.decode("ascii", "ignore") if octets.isascii() else ""
