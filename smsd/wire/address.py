"""Addresses: 3GPP TS 23.040 §9.1.2.5, and the RP address of a service centre (24.011 §8.2.5) that a modem puts before.

Knows semi-octets, type-of-number, numbering plan and alphanumeric names. Refuses to know which numbers are real, how
people write them, or who may be called: cleaning a number is the business of whoever took it from a person.
"""

from dataclasses import dataclass
from typing import Final, Self

from smsd.errors import PduError
from smsd.wire.alphabet import outside_gsm7, pack, septets, text_of, unpack

__all__ = ["ALPHANUMERIC", "INTERNATIONAL", "Address", "decode_smsc", "encode_smsc"]

UNKNOWN: Final = 0
INTERNATIONAL: Final = 1
ALPHANUMERIC: Final = 5
"""Types of number (§9.1.2.5)."""

ISDN: Final = 1
"""The telephone numbering plan, E.164."""

MAX_DIGITS: Final = 20
MAX_LETTERS: Final = 11

_DIGITS: Final = "0123456789*#abc"
_INTERNATIONAL: Final = frozenset(_DIGITS[:10])
_NATIONAL: Final = frozenset(_DIGITS[:12])
_FILLER: Final = 0xF
_SEMI_OCTET: Final = {digit: value for value, digit in enumerate(_DIGITS)}


@dataclass(frozen=True, slots=True)
class Address:
    """A number, a short code or a name: ``digits`` as they stand on the wire (letters when alphanumeric)."""

    digits: str
    ton: int
    npi: int

    @classmethod
    def of_number(cls, number: str) -> Self:
        """Take ``+7…`` as international, anything else of digits, ``*`` and ``#`` as the network knows it (TOA 81).

        Raises ``PduError`` for anything that is not a number of 1 to 20 such characters.
        """
        international = number.startswith("+")
        digits = number[1:] if international else number
        allowed = _INTERNATIONAL if international else _NATIONAL
        if not 1 <= len(digits) <= MAX_DIGITS or not allowed.issuperset(digits):
            raise PduError("address", "not a number: + and digits, or digits with * and #, 20 at most")
        return cls(digits, INTERNATIONAL if international else UNKNOWN, ISDN)

    @classmethod
    def of_name(cls, name: str) -> Self:
        """Take a name of letters, as an operator may let a sender have.

        Raises ``PduError`` when it is empty, longer than 11 septets or outside the GSM 7 bit alphabet.
        """
        if not name or outside_gsm7(name) is not None or len(septets(name)) > MAX_LETTERS:
            raise PduError("address", "not a name: 1 to 11 septets of the GSM 7 bit alphabet")
        return cls(name, ALPHANUMERIC, UNKNOWN)

    @property
    def text(self) -> str:
        """The address as people write it: ``+79…`` when international, otherwise as it stands."""
        return f"+{self.digits}" if self.ton == INTERNATIONAL and self.digits else self.digits

    @property
    def is_number(self) -> bool:
        """Whether this can be called back: not a name, not empty."""
        return self.ton != ALPHANUMERIC and bool(self.digits)

    @property
    def type_of_address(self) -> int:
        """The octet before the digits."""
        return 0x80 | self.ton << 4 | self.npi

    @classmethod
    def decode(cls, type_of_address: int, semi_octets: int, octets: bytes) -> tuple[Self, tuple[str, ...]]:
        """Read ``semi_octets`` useful half octets of ``octets``; the second value tells what was passed over.

        A filler inside a number is passed over: some firmware writes it. More than 20 digits are left to the caller.
        """
        ton, npi = type_of_address >> 4 & 7, type_of_address & 0xF
        if ton == ALPHANUMERIC:
            return cls(text_of(unpack(octets, semi_octets * 4 // 7)), ton, npi), ()
        values = [half for octet in octets for half in (octet & 0xF, octet >> 4)][:semi_octets]
        digits = "".join([_DIGITS[value] for value in values if value != _FILLER])
        return cls(digits, ton, npi), ("address: a filler inside the number",) if len(digits) < semi_octets else ()

    def encode(self) -> tuple[int, bytes]:
        """Give the number of useful semi-octets and the octets that hold them.

        Raises ``PduError`` for more than 20 digits or 11 letters, and for what is neither.
        """
        if self.ton not in range(8) or self.npi not in range(16):
            raise PduError("address", f"type of number {self.ton}, plan {self.npi}")
        if self.ton == ALPHANUMERIC:
            codes = septets(self.digits)
            if len(codes) > MAX_LETTERS:
                raise PduError("address", f"a name of {len(codes)} septets: 11 at most")
            return (len(codes) * 7 + 3) // 4, pack(codes)
        values = [_SEMI_OCTET.get(digit, _FILLER) for digit in self.digits]
        if _FILLER in values:
            raise PduError("address", "a character that is not a digit")
        if len(values) > MAX_DIGITS:
            raise PduError("address", f"{len(values)} digits: 20 at most")
        pairs = zip(values[::2], [*values[1::2], _FILLER], strict=False)
        return len(values), bytes([low | high << 4 for low, high in pairs])


def decode_smsc(octets: bytes) -> tuple[Address | None, tuple[str, ...]]:
    """Read the service centre's address from the octets behind its length: ``None`` when there is no number in it.

    The second value tells what was passed over.
    """
    if len(octets) < 2:
        return None, ()
    digits = octets[1:]
    last_is_filler = digits[-1] >> 4 == _FILLER and octets[0] >> 4 & 7 != ALPHANUMERIC
    return Address.decode(octets[0], len(digits) * 2 - last_is_filler, digits)


def encode_smsc(smsc: Address | None) -> bytes:
    """Write the service centre's address with its length before it; ``None`` leaves the choice to the modem (``00``).

    Raises ``PduError`` when the address cannot be written.
    """
    if smsc is None:
        return b"\x00"
    octets = smsc.encode()[1]
    return bytes((len(octets) + 1, smsc.type_of_address)) + octets
