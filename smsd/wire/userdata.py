"""TP-UD: the user data, its header, and how a text becomes parts and parts a text: 3GPP TS 23.040 §9.2.3.24.

Knows the information elements of concatenation, ports and national languages, the fill bits before a packed text, and
how much fits. Refuses to know who sends what to whom (``tpdu``) and which reference a message gets: that is handed in.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Self

from smsd.errors import PduError
from smsd.wire.alphabet import (
    Alphabet,
    outside_gsm7,
    pack,
    septets,
    text_of,
    ucs2_octets,
    ucs2_text,
    unpack,
)

__all__ = ["Concatenation", "InformationElement", "UserData", "decode", "encode", "join", "split"]

MAX_OCTETS: Final = 140
MAX_SEPTETS: Final = 160
MAX_PARTS: Final = 255

IEI_CONCATENATION_8: Final = 0x00
IEI_PORTS_8: Final = 0x04
IEI_PORTS_16: Final = 0x05
IEI_CONCATENATION_16: Final = 0x08
IEI_SINGLE_SHIFT: Final = 0x24
IEI_LOCKING_SHIFT: Final = 0x25


@dataclass(frozen=True, slots=True)
class InformationElement:
    """One element of the header: its identifier and its data, at most 137 octets together with the rest."""

    iei: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Concatenation:
    """This is part ``sequence`` (from 1) of ``total``, of the message ``reference``, ``width`` bits wide (8 or 16)."""

    reference: int
    total: int
    sequence: int
    width: int = 8

    @property
    def element(self) -> InformationElement:
        """The element that says so (§9.2.3.24.1, §9.2.3.24.8).

        Raises ``PduError`` when a number does not fit.
        """
        _check_reference(self.reference, self.width)
        if not 1 <= self.sequence <= self.total <= MAX_PARTS:
            raise PduError("TP-UDH", f"part {self.sequence} of {self.total} cannot be: 255 parts at most")
        place = bytes((self.total, self.sequence))
        if self.width == 8:
            return InformationElement(IEI_CONCATENATION_8, bytes((self.reference,)) + place)
        return InformationElement(IEI_CONCATENATION_16, self.reference.to_bytes(2, "big") + place)


def _check_reference(reference: int, width: int) -> None:
    if width not in (8, 16):
        raise PduError("TP-UDH", f"a reference is 8 or 16 bits wide, not {width}")
    if not 0 <= reference < 1 << width:
        raise PduError("TP-UDH", f"reference {reference} does not fit {width} bits")


@dataclass(frozen=True, slots=True)
class UserData:
    """The user data of one short message.

    ``data`` is the body in the plainest form of its alphabet: septets one per octet (GSM7), UTF-16BE (UCS2), octets
    (OCTETS). ``text`` is the same read as text, ``None`` for OCTETS; half a surrogate pair shows in it as U+FFFD while
    ``data`` keeps the octets, so that ``join`` can mend what the sender cut. Give either of the two: the other follows.

    Raises ``PduError`` when ``text`` cannot be written in ``alphabet``.
    """

    alphabet: Alphabet
    text: str | None = None
    data: bytes = b""
    header: tuple[InformationElement, ...] = ()

    def __post_init__(self) -> None:
        if self.alphabet is Alphabet.OCTETS:
            if self.text is not None:
                raise PduError("TP-UD", "8-bit data has no text")
        elif self.text is None:
            object.__setattr__(self, "text", _read(self.alphabet, self.data, self.header))
        elif not self.data:
            write = septets if self.alphabet is Alphabet.GSM7 else ucs2_octets
            object.__setattr__(self, "data", write(self.text))

    @classmethod
    def of_text(cls, text: str, header: tuple[InformationElement, ...] = ()) -> Self:
        """Put ``text`` into the default alphabet if it fits there, otherwise into UCS2."""
        return cls(Alphabet.GSM7 if outside_gsm7(text) is None else Alphabet.UCS2, text, header=header)

    @property
    def header_octets(self) -> bytes:
        """The header with its length (UDHL), or nothing when there is no header.

        Raises ``PduError`` when it cannot fit into a short message.
        """
        if not self.header:
            return b""
        if any(element.iei not in range(256) or len(element.data) >= MAX_OCTETS for element in self.header):
            raise PduError("TP-UDH", "an element that does not fit into 140 octets")
        elements = b"".join(bytes((element.iei, len(element.data))) + element.data for element in self.header)
        if len(elements) >= MAX_OCTETS:
            raise PduError("TP-UDHL", f"{len(elements)} octets of header do not fit into 140")
        return bytes((len(elements),)) + elements

    @property
    def octets(self) -> bytes:
        """The header and the unpacked body, as protocols other than 23.040 carry them (SMPP's ``short_message``)."""
        return self.header_octets + self.data

    @property
    def concatenation(self) -> Concatenation | None:
        """Where this part belongs; ``None`` for a whole message, and for an element that contradicts itself.

        Of several elements the last one counts (§9.2.3.24); a total of 0, or a sequence outside it, is to be ignored.
        """
        for element in reversed(self.header):
            if (element.iei, len(element.data)) in ((IEI_CONCATENATION_8, 3), (IEI_CONCATENATION_16, 4)):
                *reference, total, sequence = element.data
                if 1 <= sequence <= total:
                    return Concatenation(int.from_bytes(reference, "big"), total, sequence, 8 * len(reference))
        return None

    @property
    def ports(self) -> tuple[int, int] | None:
        """Destination and originator port (§9.2.3.24.3, §9.2.3.24.4), if the message is addressed to one."""
        for element in reversed(self.header):
            if (element.iei, len(element.data)) in ((IEI_PORTS_8, 2), (IEI_PORTS_16, 4)):
                half = len(element.data) // 2
                return int.from_bytes(element.data[:half], "big"), int.from_bytes(element.data[half:], "big")
        return None


def _read(alphabet: Alphabet, data: bytes, header: Iterable[InformationElement]) -> str | None:
    if alphabet is Alphabet.GSM7:
        locking, single = _languages(header)
        return text_of(data, locking=locking, single=single)
    return ucs2_text(data) if alphabet is Alphabet.UCS2 else None


def _languages(header: Iterable[InformationElement]) -> tuple[int, int]:
    """Give the locking and the single shift language of a header (§9.2.3.24.15, §9.2.3.24.16), 0 where unnamed."""
    named = {element.iei: element.data[0] for element in header if len(element.data) == 1}
    return named.get(IEI_LOCKING_SHIFT, 0), named.get(IEI_SINGLE_SHIFT, 0)


# --- octets -----------------------------------------------------------------------------------------------------------


def encode(user_data: UserData) -> tuple[int, bytes]:
    """Give TP-UDL and the octets of TP-UD, header included.

    Raises ``PduError`` when the whole is longer than 140 octets.
    """
    header = user_data.header_octets
    if user_data.alphabet is Alphabet.GSM7:
        skipped, fill_bits = _septets_of_header(len(header))
        length = skipped + len(user_data.data)
        octets = header + pack(user_data.data, fill_bits)
    else:
        octets = header + user_data.data
        length = len(octets)
    if len(octets) > MAX_OCTETS or length > MAX_SEPTETS:
        raise PduError("TP-UDL", f"{len(octets)} octets of user data: 140 at most")
    return length, octets


def decode(
    octets: bytes, length: int, alphabet: Alphabet, *, header: bool = False, lenient: bool = False
) -> tuple[UserData, int, tuple[str, ...]]:
    """Read TP-UD from ``octets``, given TP-UDL as ``length`` and TP-UDHI as ``header``; octets behind it are let be.

    Lenient, it takes what is there when less came than was announced, and says so in the third value. The second
    is the number of octets read.

    Raises ``PduError`` when the lengths contradict each other.
    """
    warnings: list[str] = []

    def forgive(field: str, problem: str) -> None:
        if not lenient:
            raise PduError(field, problem, octet=0)
        warnings.append(f"{field}: {problem}")

    gsm7 = alphabet is Alphabet.GSM7
    limit = MAX_SEPTETS if gsm7 else MAX_OCTETS
    if length > limit:
        forgive("TP-UDL", f"{length} is more than a short message can hold")
        length = limit
    needed = (length * 7 + 7) // 8 if gsm7 else length
    if needed > len(octets):
        forgive("TP-UD", f"{needed} octets announced, {len(octets)} present")
        length = len(octets) * 8 // 7 if gsm7 else len(octets)
    octets = octets[:needed]
    elements: tuple[InformationElement, ...] = ()
    used = 0
    if header:
        elements, used, problem = _elements(octets)
        if problem:
            forgive("TP-UDH", problem)
    if gsm7:
        skipped, fill_bits = _septets_of_header(used)
        data = unpack(octets[used:], length - skipped, fill_bits) if length > skipped else b""
    else:
        data = octets[used:]
    if alphabet is Alphabet.UCS2 and len(data) % 2:
        forgive("TP-UD", "half a UCS2 character at the end")
        data = data[:-1]
    return UserData(alphabet, None, data, elements), len(octets), tuple(warnings)


def _septets_of_header(octets: int) -> tuple[int, int]:
    """Give the septets a header of so many octets takes, fill bits included, and the number of these bits."""
    taken = (octets * 8 + 6) // 7
    return taken, taken * 7 - octets * 8


def _elements(octets: bytes) -> tuple[tuple[InformationElement, ...], int, str | None]:
    """Read the header at the start of ``octets``: its elements, the octets it takes, and what is wrong with it."""
    if not octets:
        return (), 0, "a header is announced and there is none"
    end = 1 + octets[0]
    problem = None
    if end > len(octets):
        problem = f"a header of {octets[0]} octets in user data of {len(octets)}"
        end = len(octets)
    elements: list[InformationElement] = []
    at = 1
    while at < end:
        start = at + 2
        stop = start + octets[at + 1] if start <= end else end + 1
        if stop > end:
            return tuple(elements), end, problem or "an element runs over the end of the header"
        elements.append(InformationElement(octets[at], octets[start:stop]))
        at = stop
    return tuple(elements), end, problem


# --- parts ------------------------------------------------------------------------------------------------------------


def split(text: str, *, reference: int = 0, width: int = 8, alphabet: Alphabet | None = None) -> tuple[UserData, ...]:
    """Cut ``text`` into the user data of as few parts as can carry it: 160 septets or 70 UCS2 units in one part,
    153 or 67 in each of several (152 or 66 with a reference 16 bits wide).

    Neither an escape pair nor a surrogate pair is ever cut. Without ``alphabet`` it is GSM7 where that will do.
    The header with the ``reference`` is there only when there is more than one part.

    Raises ``PduError`` for more than 255 parts, a reference that does not fit ``width``, and a text that ``alphabet``
    cannot say.
    """  # noqa: D205  the summary is one thought of two lines
    _check_reference(reference, width)
    if alphabet is None:
        alphabet = Alphabet.GSM7 if outside_gsm7(text) is None else Alphabet.UCS2
    if alphabet is Alphabet.OCTETS:
        raise PduError("TP-UD", "8-bit data is not a text")
    whole = UserData(alphabet, text)
    unit, limit = (1, MAX_SEPTETS) if alphabet is Alphabet.GSM7 else (2, MAX_OCTETS)
    if len(whole.data) <= limit:
        return (whole,)
    header_length = 6 if width == 8 else 7
    taken = _septets_of_header(header_length)[0] if alphabet is Alphabet.GSM7 else header_length
    pieces = list(_pieces(text, alphabet, (limit - taken) // unit))
    if len(pieces) > MAX_PARTS:
        raise PduError("TP-UD", f"the text needs {len(pieces)} parts: 255 at most")
    return tuple(
        UserData(alphabet, piece, header=(Concatenation(reference, len(pieces), sequence, width).element,))
        for sequence, piece in enumerate(pieces, 1)
    )


def _pieces(text: str, alphabet: Alphabet, limit: int) -> Iterator[str]:
    """Cut ``text`` into the longest pieces of at most ``limit`` septets or UTF-16 units, characters whole."""
    start = taken = 0
    for at, character in enumerate(text):
        cost = len(septets(character)) if alphabet is Alphabet.GSM7 else 1 + (character > "\uffff")
        if taken + cost > limit:
            yield text[start:at]
            start, taken = at, 0
        taken += cost
    yield text[start:]


def join(parts: Sequence[UserData]) -> str:
    """Put the text of ``parts``, given in their order, together again.

    Neighbours of one alphabet are joined before they are read, so that a pair cut by the sender becomes whole.

    Raises ``PduError`` when a part is 8-bit data.
    """
    if any(part.alphabet is Alphabet.OCTETS for part in parts):
        raise PduError("TP-UD", "8-bit data is not a text")
    runs = groupby(parts, lambda part: (part.alphabet, _languages(part.header)))
    return "".join(_joined(list(run)) for _, run in runs)


def _joined(run: list[UserData]) -> str:
    return _read(run[0].alphabet, b"".join(part.data for part in run), run[0].header) or ""
