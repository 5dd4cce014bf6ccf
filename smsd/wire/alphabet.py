"""Characters, septets and the data coding scheme: 3GPP TS 23.038.

Knows the GSM 7 bit default alphabet with its extension table, the national language shift tables, UCS2, how septets are
packed into octets, and what an octet of TP-DCS says. Refuses to know what a message or a header is, and which parts a
text is cut into: that is ``userdata``.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from smsd.errors import PduError
from smsd.wire.national import LOCKING, SINGLE

__all__ = [
    "Alphabet",
    "DataCoding",
    "Indication",
    "IndicationKind",
    "outside_gsm7",
    "pack",
    "septet_length",
    "septets",
    "text_of",
    "ucs2_octets",
    "ucs2_text",
    "unpack",
]


class Alphabet(StrEnum):
    """How the octets of a text are to be read (23.038 §4)."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    OCTETS = "octets"
    """8-bit data: a text only to those who agreed upon one."""


# --- the GSM 7 bit alphabet (§6.2.1) ----------------------------------------------------------------------------------

ESCAPE: Final = 0x1B

DEFAULT: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The main table: the index of a character is its septet."""

EXTENSION: Final = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
"""What an escape followed by this septet means (§6.2.1.1)."""

_SEPTETS_OF: Final = {character: bytes((septet,)) for septet, character in enumerate(DEFAULT) if septet != ESCAPE} | {
    character: bytes((ESCAPE, septet)) for septet, character in EXTENSION.items()
}


def outside_gsm7(text: str) -> str | None:
    """Give the first character that the default alphabet and its extension cannot say: it forces UCS2."""
    return next((character for character in text if character not in _SEPTETS_OF), None)


def septet_length(text: str) -> int:
    """Count the septets of ``text``: one for a character of the main table, two for one of the extension.

    Raises ``PduError`` when the text holds a character outside the alphabet.
    """
    return len(septets(text))


def septets(text: str) -> bytes:
    """Write ``text`` in septets, one per octet, escapes included (§6.2.1).

    Raises ``PduError`` when the text holds a character outside the alphabet; the escape itself is such a character.
    """
    try:
        return b"".join([_SEPTETS_OF[character] for character in text])
    except KeyError as error:
        raise PduError("TP-UD", f"U+{ord(error.args[0]):04X} is not in the GSM 7 bit alphabet") from None


def text_of(codes: bytes, *, locking: int = 0, single: int = 0) -> str:
    """Read septets, one per octet, as text; ``locking`` and ``single`` are national language identifiers (§6.2.1.2).

    An escape before a septet that the extension does not know gives the character of the main table, one before
    another escape (or before nothing) a space, an unknown language the default table: the receiver's rules of §6.2.1.1.

    Raises ``PduError`` when an octet is not a septet.
    """
    main = LOCKING.get(locking, DEFAULT)
    extension = SINGLE.get(single, EXTENSION)
    try:
        if ESCAPE not in codes:
            return "".join([main[code] for code in codes])
        return "".join(_characters(codes, main, extension))
    except IndexError:
        raise PduError("TP-UD", "a septet above 7F") from None


def _characters(codes: bytes, main: str, extension: dict[int, str]) -> list[str]:
    characters: list[str] = []
    escaped = False
    for code in codes:
        if escaped:
            characters.append(" " if code == ESCAPE else extension.get(code) or main[code])
            escaped = False
        elif code == ESCAPE:
            escaped = True
        else:
            characters.append(main[code])
    return [*characters, " "] if escaped else characters


# --- packing (§6.1.2.1) -----------------------------------------------------------------------------------------------


def pack(codes: bytes, fill_bits: int = 0) -> bytes:
    """Pack septets, one per octet, into octets behind ``fill_bits`` (0..6) zero bits; spare bits at the end are zero.

    Raises ``PduError`` when an octet is not a septet.
    """
    if codes and max(codes) > 0x7F:
        raise PduError("TP-UD", "a septet above 7F")
    whole = 0
    for code in reversed(codes):
        whole = whole << 7 | code
    return (whole << fill_bits).to_bytes((len(codes) * 7 + fill_bits + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """Take ``count`` septets, one per octet, out of ``octets`` behind ``fill_bits`` (0..6) bits; the rest is ignored.

    Raises ``PduError`` when there are not so many.
    """
    if count * 7 + fill_bits > len(octets) * 8:
        raise PduError("TP-UD", f"{count} septets announced, {len(octets)} octets present")
    whole = int.from_bytes(octets, "little") >> fill_bits
    return bytes([whole >> shift & 0x7F for shift in range(0, count * 7, 7)])


# --- UCS2 (§6.2.3), in truth UTF-16 -----------------------------------------------------------------------------------


def ucs2_octets(text: str) -> bytes:
    """Write ``text`` as UTF-16BE.

    Raises ``PduError`` when the text holds half a surrogate pair.
    """
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError as error:
        raise PduError("TP-UD", f"half a surrogate pair at character {error.start}") from None


def ucs2_text(octets: bytes) -> str:
    """Read UTF-16BE; what is not (half a pair, an odd octet) becomes U+FFFD, so that any store can take the text."""
    return octets.decode("utf-16-be", "replace")


# --- TP-DCS (§4) ------------------------------------------------------------------------------------------------------


class IndicationKind(StrEnum):
    """What is waiting (§4, coding groups 1100 to 1110)."""

    VOICEMAIL = "voicemail"
    FAX = "fax"
    EMAIL = "email"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Indication:
    """A message waiting indication: ``active`` sets it, else clears it; ``store`` says the text is worth keeping."""

    kind: IndicationKind
    active: bool
    store: bool


@dataclass(frozen=True, slots=True)
class DataCoding:
    """An octet of TP-DCS and what it says. Reserved codings are read as the default alphabet, as §4 demands.

    F8..FF (group 1111 with its reserved bit set) are the exception: in the field they come with any alphabet, so the
    octets stay octets.
    """

    raw: int

    @classmethod
    def of(cls, alphabet: Alphabet, message_class: int | None = None) -> Self:
        """Give the plain coding of ``alphabet`` (group 0000), or group 0001 with a ``message_class`` 0..3.

        Raises ``PduError`` when there is no such class.
        """
        raw = {Alphabet.GSM7: 0x00, Alphabet.OCTETS: 0x04, Alphabet.UCS2: 0x08}[alphabet]
        if message_class is None:
            return cls(raw)
        if message_class not in range(4):
            raise PduError("TP-DCS", f"class {message_class} is not one of 0..3")
        return cls(raw | 0x10 | message_class)

    @property
    def group(self) -> int:
        """The coding group, bits 7..4."""
        return self.raw >> 4

    @property
    def alphabet(self) -> Alphabet:
        """How the user data is to be read."""
        if self.group < 0x8:
            return (Alphabet.GSM7, Alphabet.OCTETS, Alphabet.UCS2, Alphabet.GSM7)[self.raw >> 2 & 3]
        if self.group == 0xE:
            return Alphabet.UCS2
        if self.group == 0xF and self.raw & 0x0C:
            return Alphabet.OCTETS
        return Alphabet.GSM7

    @property
    def compressed(self) -> bool:
        """Whether the text is compressed (23.042): nobody sends it, and we do not read it."""
        return self.group < 0x8 and bool(self.raw & 0x20)

    @property
    def message_class(self) -> int | None:
        """0 (shown at once, "flash"), 1 (equipment), 2 (SIM), 3 (terminal); ``None`` when there is none."""
        if (self.group < 0x8 and self.raw & 0x10) or (self.group == 0xF and not self.raw & 0x08):
            return self.raw & 3
        return None

    @property
    def automatic_deletion(self) -> bool:
        """Whether the sender marked the message for deletion once read (groups 01xx)."""
        return 0x4 <= self.group < 0x8

    @property
    def indication(self) -> Indication | None:
        """The message waiting indication, if the octet carries one (groups 1100, 1101, 1110)."""
        if self.group not in (0xC, 0xD, 0xE):
            return None
        kind = tuple(IndicationKind)[self.raw & 3]
        return Indication(kind, active=bool(self.raw & 0x08), store=self.group != 0xC)
