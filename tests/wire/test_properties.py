"""What holds for every TPDU, and for any octets at all."""

from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from smsd.errors import PduError
from smsd.wire.address import Address
from smsd.wire.alphabet import DEFAULT, EXTENSION, Alphabet, DataCoding, pack, septets, text_of, unpack
from smsd.wire.stamp import EnhancedValidity, octets_of_validity, period_of
from smsd.wire.tpdu import Deliver, Frame, StatusReport, Submit, Tpdu, decode, encode
from smsd.wire.userdata import InformationElement, UserData, join, split

OCTET = st.integers(0, 255)
GSM7 = DEFAULT.replace("\x1b", "") + "".join(EXTENSION.values())
GSM7_TEXT = st.text(st.sampled_from(GSM7))
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from("Ваш пароль😀👩‍🚀"))

QUARTERS = st.integers(-79, 79).map(lambda count: timezone(count * timedelta(minutes=15)))
MOMENTS = st.builds(
    lambda moment, zone: moment.replace(microsecond=0, tzinfo=zone),
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)),  # noqa: DTZ001  the zone follows
    QUARTERS,
)

NUMBERS = st.builds(
    Address,
    st.text(st.sampled_from("0123456789*#abc"), max_size=20),
    st.sampled_from([0, 1, 2, 3, 4, 6, 7]),
    st.integers(0, 15),
)
NAMES = (
    st.text(st.sampled_from(GSM7), max_size=11)
    .filter(lambda name: len(septets(name)) <= 11)
    .map(lambda name: Address(name, 5, 0))
)
ADDRESSES = NUMBERS | NAMES

ELEMENTS = st.builds(InformationElement, st.integers(0, 0x23) | st.integers(0x26, 255), st.binary(max_size=8))
HEADERS = st.lists(ELEMENTS, max_size=3).map(tuple)


@st.composite
def user_data(draw: st.DrawFn) -> UserData:
    """Any user data that fits: the header takes 31 octets at most."""
    header = draw(HEADERS)
    alphabet = draw(st.sampled_from(Alphabet))
    match alphabet:
        case Alphabet.GSM7:
            codes = draw(st.binary(max_size=120)).translate(bytes(range(128)) * 2)
            return UserData(alphabet, data=codes, header=header)
        case Alphabet.UCS2:
            return UserData(alphabet, data=draw(st.binary(max_size=54)) * 2, header=header)
    return UserData(alphabet, data=draw(st.binary(max_size=105)), header=header)


CLASSES = st.none() | st.integers(0, 3)
VALIDITIES = st.none() | MOMENTS | OCTET.map(period_of) | st.binary(min_size=7, max_size=7).map(EnhancedValidity)


@st.composite
def tpdus(draw: st.DrawFn) -> Tpdu:
    content = draw(user_data())
    common: dict[str, Any] = {
        "user_data": content,
        "tp_pid": draw(OCTET),
        "tp_dcs": DataCoding.of(content.alphabet, draw(CLASSES)),
    }
    flag = st.booleans()
    match draw(st.integers(0, 2)):
        case 0:
            return Deliver(
                tp_oa=draw(ADDRESSES), tp_scts=draw(MOMENTS), tp_mms=draw(flag), tp_lp=draw(flag), tp_sri=draw(flag),
                tp_rp=draw(flag), **common,
            )  # fmt: skip
        case 1:
            return Submit(
                tp_da=draw(ADDRESSES), tp_mr=draw(OCTET), tp_vp=draw(VALIDITIES), tp_rd=draw(flag), tp_srr=draw(flag),
                tp_rp=draw(flag), **common,
            )  # fmt: skip
    return StatusReport(
        tp_mr=draw(OCTET), tp_ra=draw(ADDRESSES), tp_scts=draw(MOMENTS), tp_dt=draw(MOMENTS), tp_st=draw(OCTET),
        tp_mms=draw(flag), tp_lp=draw(flag), tp_srq=draw(flag), **(common if draw(flag) else {}),
    )  # fmt: skip


SMSCS = st.none() | NUMBERS.filter(lambda address: bool(address.digits))


@given(tpdus(), SMSCS, st.booleans())
def test_what_is_written_is_read_back(tpdu: Tpdu, smsc: Address | None, lenient: bool) -> None:
    octets, length = encode(tpdu, smsc)
    frame = decode(octets, outgoing=isinstance(tpdu, Submit), lenient=lenient)
    assert frame == Frame(smsc, tpdu, length)
    assert encode(frame.tpdu, frame.smsc) == (octets, length)
    assert decode(octets.hex(), outgoing=isinstance(tpdu, Submit)) == frame
    assert decode(octets.hex().upper(), outgoing=isinstance(tpdu, Submit)) == frame


def value_or_pdu_error(octets: bytes) -> None:
    """Read in every way there is: strict success means lenient success, and no text holds half a pair."""
    for outgoing in (False, True):
        try:
            strict = decode(octets, outgoing=outgoing)
        except PduError:
            strict = None
        try:
            frame = decode(octets, outgoing=outgoing, lenient=True)
        except PduError:
            assert strict is None
            continue
        assert strict in (None, frame)
        assert frame.tpdu_length < len(octets)
        content = frame.tpdu.user_data
        if content is not None and content.text is not None:
            content.text.encode("utf-8")
            _ = content.concatenation, content.ports, join([content])


@given(st.binary(max_size=200))
@example(b"")
@example(b"\x00\x04\x00\x80\x00\x00" + bytes(7) + b"\x00")
def test_any_octets_give_a_value_or_the_one_error(octets: bytes) -> None:
    value_or_pdu_error(octets)


@given(tpdus(), st.lists(st.tuples(st.integers(0, 199), OCTET), max_size=4), st.integers(0, 200))
def test_a_damaged_pdu_gives_a_value_or_the_one_error(tpdu: Tpdu, damage: list[tuple[int, int]], end: int) -> None:
    octets = bytearray(encode(tpdu)[0])
    for place, value in damage:
        octets[place % len(octets)] = value
    value_or_pdu_error(bytes(octets[:end]))


@given(st.text(max_size=300))
def test_any_string_gives_a_value_or_the_one_error(text: str) -> None:
    for lenient in (False, True):
        with suppress(PduError):
            decode(text, lenient=lenient)


@given(st.binary(max_size=160), st.integers(0, 6))
def test_packing_there_and_back(octets: bytes, fill_bits: int) -> None:
    codes = octets.translate(bytes(range(128)) * 2)
    assert unpack(pack(codes, fill_bits), len(codes), fill_bits) == codes


@given(GSM7_TEXT)
def test_text_to_septets_and_back(text: str) -> None:
    assert text_of(septets(text)) == text


@given(st.binary(max_size=160), st.integers(0, 15), st.integers(0, 15))
def test_any_septets_are_a_text_in_any_language(octets: bytes, locking: int, single: int) -> None:
    codes = octets.translate(bytes(range(128)) * 2)
    assert len(text_of(codes, locking=locking, single=single)) <= len(codes)


@given(GSM7_TEXT.map(lambda text: text * 5) | ANY_TEXT.map(lambda text: text * 5), OCTET, st.sampled_from([8, 16]))
def test_split_and_join(text: str, reference: int, width: int) -> None:
    parts = split(text, reference=reference, width=width)
    assert join(parts) == text
    assert "".join(part.text or "" for part in parts) == text
    limit = {1: (160, 70)}.get(len(parts), (153, 67) if width == 8 else (152, 66))
    for sequence, part in enumerate(parts, 1):
        units = len(part.data) if part.alphabet is Alphabet.GSM7 else len(part.data) // 2
        assert units <= limit[part.alphabet is Alphabet.UCS2]
        place = part.concatenation
        assert (place is None) == (len(parts) == 1)
        assert place is None or (place.reference, place.total, place.sequence) == (reference, len(parts), sequence)
    # One unit less room is lost at most to a pair that would not be cut: no part could have been spared.
    total = sum(len(part.data) for part in parts) // (1 if parts[0].alphabet is Alphabet.GSM7 else 2)
    room = limit[parts[0].alphabet is Alphabet.UCS2]
    assert len(parts) == 1 or total > (len(parts) - 1) * (room - 1)


@given(ANY_TEXT, st.integers(1, 50))
def test_octets_cut_anywhere_are_joined_to_the_same_text(text: str, size: int) -> None:
    octets = text.encode("utf-16-be")
    cuts = [octets[at : at + 2 * size] for at in range(0, len(octets), 2 * size)]
    assert join([UserData(Alphabet.UCS2, data=cut) for cut in cuts]) == text


@given(st.timedeltas(timedelta(seconds=1), timedelta(weeks=63)))
def test_a_validity_period_is_never_shortened(period: timedelta) -> None:
    octet = octets_of_validity(period)[1][0]
    assert period_of(octet) >= period
    assert octet == 0 or period_of(octet - 1) < period
