"""What a short message holds: data_coding (SMPP 3.4 §5.2.19), UDH or SAR TLVs (§5.2.12, §5.3.2.22), message_payload.

Knows how the user data of ``userdata`` stands in a submit_sm, and how to find it again in a deliver_sm. Refuses to cut
texts into parts (``userdata.split``) and to fail on what comes in: octets in a coding nobody knows stay octets, and
what was forgiven is told.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from smsd.errors import PduError
from smsd.wire import userdata
from smsd.wire.alphabet import Alphabet, DataCoding, ucs2_octets
from smsd.wire.smpp.pdu import ShortMessage
from smsd.wire.smpp.tables import Tag, Tlvs, tlv
from smsd.wire.userdata import Concatenation, InformationElement, UserData

__all__ = ["Content", "DefaultAlphabet", "LongForm", "read_content", "relative_time", "write_content"]

UDHI: Final = 0x40
"""esm_class: user data begins with a header."""

CODING_DEFAULT: Final = 0x00
CODING_OCTETS: Final = 0x04
CODING_UCS2: Final = 0x08
_CHARACTER_SETS: Final = {0x01: "ascii", 0x03: "latin-1", 0x06: "iso8859-5", 0x07: "iso8859-8"}
_OCTETS: Final = frozenset({0x02, CODING_OCTETS})

_CONCATENATIONS: Final = frozenset({0x00, 0x08})
"""Information elements that say which part this is (23.040 §9.2.3.24.1, §9.2.3.24.8)."""


class DefaultAlphabet(StrEnum):
    """What data_coding 0 means: the standard leaves it to the service centre ("SMSC default alphabet")."""

    GSM7 = "gsm7"
    """The GSM 7 bit alphabet, one septet an octet: what most mean."""
    LATIN1 = "latin1"
    """ISO 8859-1."""


class LongForm(StrEnum):
    """How a part says that it is one of several, and where a text stands."""

    UDH = "udh"
    """A user data header in short_message, as 23.040 has it."""
    SAR = "sar"
    """The TLVs sar_msg_ref_num, sar_total_segments, sar_segment_seqnum."""
    PAYLOAD = "payload"
    """The TLV message_payload instead of short_message, for a message of one part; one of several goes as ``UDH``."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a message from the service centre holds; ``place`` says which part it is, ``ports`` whom it is for."""

    user_data: UserData
    place: Concatenation | None = None
    ports: tuple[int, int] | None = None
    warnings: tuple[str, ...] = ()


# --- away from us -----------------------------------------------------------------------------------------------------


def write_content(
    user_data: UserData, form: LongForm = LongForm.UDH, default: DefaultAlphabet = DefaultAlphabet.GSM7
) -> tuple[int, int, bytes, Tlvs]:
    """Give esm_class, data_coding, short_message and TLVs for one part.

    Raises ``PduError`` when the text cannot be said in the alphabet that data_coding 0 stands for.
    """
    coding, body = _coded(user_data, default)
    place = user_data.concatenation
    if form is LongForm.SAR and place is not None:
        rest = tuple(element for element in user_data.header if element.iei not in _CONCATENATIONS)
        header = UserData(user_data.alphabet, None, b"", rest).header_octets
        return UDHI if rest else 0, coding, header + body, _sar(place)
    esm_class = UDHI if user_data.header else 0
    octets = user_data.header_octets + body
    if form is LongForm.PAYLOAD and place is None:
        return esm_class, coding, b"", ((Tag.MESSAGE_PAYLOAD, octets),)
    return esm_class, coding, octets, ()


def _coded(user_data: UserData, default: DefaultAlphabet) -> tuple[int, bytes]:
    if user_data.alphabet is Alphabet.UCS2:
        return CODING_UCS2, user_data.data
    if user_data.alphabet is Alphabet.OCTETS:
        return CODING_OCTETS, user_data.data
    if default is DefaultAlphabet.GSM7:
        return CODING_DEFAULT, user_data.data
    try:
        return CODING_DEFAULT, (user_data.text or "").encode("latin-1")
    except UnicodeEncodeError as error:
        raise PduError("short_message", f"character {error.start} is not in Latin-1, the centre's alphabet") from None


def _sar(place: Concatenation) -> Tlvs:
    return (
        (Tag.SAR_MSG_REF_NUM, place.reference.to_bytes(2, "big")),
        (Tag.SAR_TOTAL_SEGMENTS, bytes((place.total,))),
        (Tag.SAR_SEGMENT_SEQNUM, bytes((place.sequence,))),
    )


def relative_time(span: timedelta) -> str:
    """Write a span as validity_period (§7.1.1.2): at least a second, 30 days at most."""
    seconds = min(max(1, int(span.total_seconds())), 30 * 86400)
    days, seconds = divmod(seconds, 86400)
    return f"0000{days:02}{seconds // 3600:02}{seconds // 60 % 60:02}{seconds % 60:02}000R"


# --- towards us -------------------------------------------------------------------------------------------------------


def read_content(message: ShortMessage, default: DefaultAlphabet = DefaultAlphabet.GSM7) -> Content:
    """Read what a message holds; never raises: octets that are no text are 8-bit data."""
    warnings = list(message.warnings)
    octets = message.payload
    header: tuple[InformationElement, ...] = ()
    if message.esm_class & UDHI:
        header, octets, told = _header(octets)
        warnings += told
    alphabet, body, told = _read(message.data_coding, octets, default)
    user_data = UserData(alphabet, None, body, header)
    ports = user_data.ports or _tlv_ports(message.tlvs)
    return Content(user_data, user_data.concatenation or _tlv_place(message.tlvs), ports, (*warnings, *told))


def _header(octets: bytes) -> tuple[tuple[InformationElement, ...], bytes, tuple[str, ...]]:
    """Take the user data header off ``octets``."""
    length = 1 + octets[0] if octets else 0
    alone, _, warnings = userdata.decode(octets[:length], min(length, 140), Alphabet.OCTETS, header=True, lenient=True)
    return alone.header, octets[length:], warnings


def _read(coding: int, octets: bytes, default: DefaultAlphabet) -> tuple[Alphabet, bytes, tuple[str, ...]]:
    """Give the alphabet, the body in its plainest form, and what was forgiven."""
    if coding in _OCTETS:
        return Alphabet.OCTETS, octets, ()
    charset = "latin-1" if coding == 0 and default is DefaultAlphabet.LATIN1 else _CHARACTER_SETS.get(coding)
    if charset is not None:
        return Alphabet.UCS2, ucs2_octets(octets.decode(charset, "replace")), ()
    # The other groups are those of 23.038 §4 (SMPP §5.2.19); what is reserved there (5, 9 to 15...) is nobody's text.
    alphabet = DataCoding(coding).alphabet if coding in {0, CODING_UCS2} or coding >= 0x10 else Alphabet.OCTETS
    if alphabet is Alphabet.UCS2 and len(octets) % 2:
        return alphabet, octets[:-1], ("short_message: half a UCS2 character at the end",)
    if alphabet is Alphabet.GSM7 and max(octets, default=0) > 0x7F:
        read = ucs2_octets(octets.decode("latin-1"))
        return Alphabet.UCS2, read, ("short_message: octets above 7F under a 7 bit coding, read as Latin-1",)
    return alphabet, octets, ()


def _tlv_place(tlvs: Tlvs) -> Concatenation | None:
    reference, total, sequence = (
        tlv(tlvs, tag) for tag in (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)
    )
    if not reference or not total or not sequence or not 1 <= sequence[-1] <= total[-1]:
        return None
    return Concatenation(int.from_bytes(reference, "big") & 0xFFFF, total[-1], sequence[-1], 16)


def _tlv_ports(tlvs: Tlvs) -> tuple[int, int] | None:
    destination, source = tlv(tlvs, Tag.DESTINATION_PORT), tlv(tlvs, Tag.SOURCE_PORT)
    if destination is None:
        return None
    return int.from_bytes(destination, "big") & 0xFFFF, int.from_bytes(source or b"", "big") & 0xFFFF
