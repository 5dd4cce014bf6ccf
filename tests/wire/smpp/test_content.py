"""What a message holds: codings, headers, SAR TLVs and payloads, both ways."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.errors import PduError
from smsd.wire.address import Address
from smsd.wire.alphabet import Alphabet
from smsd.wire.smpp.content import DefaultAlphabet, LongForm, read_content, relative_time, write_content
from smsd.wire.smpp.pdu import ShortMessage
from smsd.wire.smpp.tables import Tag, Tlvs
from smsd.wire.userdata import Concatenation, UserData, join, split

US, THEM = Address("SCSERV", 5, 0), Address("79161234567", 1, 1)


def incoming(octets: bytes, coding: int = 0, *, esm_class: int = 0, tlvs: Tlvs = ()) -> ShortMessage:
    return ShortMessage(THEM, US, octets, esm_class=esm_class, data_coding=coding, tlvs=tlvs)


def carried(part: UserData, form: LongForm) -> ShortMessage:
    esm_class, coding, octets, tlvs = write_content(part, form)
    return incoming(octets, coding, esm_class=esm_class, tlvs=tlvs)


def test_a_russian_text_is_ucs2_in_one_part() -> None:
    esm_class, coding, octets, tlvs = write_content(UserData.of_text("Привет"))
    assert (esm_class, coding, octets, tlvs) == (0, 8, "Привет".encode("utf-16-be"), ())


def test_a_latin_text_is_septets_one_an_octet() -> None:
    assert write_content(UserData.of_text("@£[a"))[1:3] == (0, b"\x00\x01\x1b\x3ca")


def test_where_the_default_alphabet_is_latin1_the_text_is_too() -> None:
    assert write_content(UserData.of_text("@£[a"), default=DefaultAlphabet.LATIN1)[1:3] == (0, b"@\xa3[a")
    with pytest.raises(PduError, match="Latin-1"):
        write_content(UserData.of_text("€"), default=DefaultAlphabet.LATIN1)


def test_a_part_of_several_has_its_header_first_and_says_so() -> None:
    first, second = split("Я" * 80, reference=0x5A)
    esm_class, coding, octets, _ = write_content(first)
    assert (esm_class, coding, octets[:6].hex(), len(octets)) == (0x40, 8, "0500035a0201", 140)
    assert write_content(second)[2][:6].hex() == "0500035a0202"


def test_with_sar_the_header_becomes_tlvs() -> None:
    first, _ = split("Я" * 80, reference=0x5A)
    esm_class, coding, octets, tlvs = write_content(first, LongForm.SAR)
    assert (esm_class, coding, len(octets)) == (0, 8, 134)
    assert tlvs == ((0x020C, b"\x00\x5a"), (0x020E, b"\x02"), (0x020F, b"\x01"))


def test_a_payload_is_for_whole_messages_only() -> None:
    assert write_content(UserData.of_text("Я"), LongForm.PAYLOAD) == (0, 8, b"", ((0x0424, b"\x04\x2f"),))
    first, _ = split("Я" * 80, reference=1)
    assert write_content(first, LongForm.PAYLOAD) == write_content(first, LongForm.UDH)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(texts, st.sampled_from(LongForm), st.integers(0, 255))
def test_what_is_written_is_read_back(text: str, form: LongForm, reference: int) -> None:
    """Every text, emoji at the seams included, in all three forms."""
    parts = split(text, reference=reference)
    contents = [read_content(carried(part, form)) for part in parts]
    assert join([content.user_data for content in contents]) == text
    assert all(content.warnings == () for content in contents)
    places = [content.place for content in contents]
    if len(parts) == 1:
        assert places == [None]
    else:
        assert [(place.reference, place.total, place.sequence) for place in places if place] == [
            (reference, len(parts), number) for number in range(1, len(parts) + 1)
        ]


@pytest.mark.parametrize(
    ("coding", "octets", "text"),
    [
        (0x00, b"\x00\x01", "@£"),
        (0x01, b"@a", "@a"),
        (0x03, b"\xe9", "é"),
        (0x06, b"\xbf\xe0\xd8", "При"),
        (0x08, b"\x04\x1f", "П"),
        (0x18, b"\x04\x1f", "П"),
        (0xF1, b"\x00a", "@a"),
        (0x00, b"\xe9", "é"),
    ],
)
def test_codings_are_read(coding: int, octets: bytes, text: str) -> None:
    assert read_content(incoming(octets, coding)).user_data.text == text


@pytest.mark.parametrize("coding", [0x02, 0x04, 0x05, 0x09, 0x0A, 0x0D, 0x0E, 0xF5])
def test_octets_of_no_text_stay_octets(coding: int) -> None:
    user_data = read_content(incoming(b"\xff\x00", coding)).user_data
    assert (user_data.alphabet, user_data.data, user_data.text) == (Alphabet.OCTETS, b"\xff\x00", None)


def test_the_default_alphabet_is_what_the_service_centre_says_it_is() -> None:
    assert read_content(incoming(b"@_\xe9"), DefaultAlphabet.LATIN1).user_data.text == "@_é"


def test_what_is_forgiven_is_told() -> None:
    assert read_content(incoming(b"\xe9")).warnings != ()
    half = read_content(incoming(b"\x04\x1f\x04", 8))
    assert (half.user_data.text, len(half.warnings)) == ("П", 1)
    broken = read_content(incoming(b"\x09\x00", esm_class=0x40))
    assert (broken.user_data.text, len(broken.warnings)) == ("", 2)


def test_sar_tlvs_say_which_part_it_is() -> None:
    tlvs: Tlvs = (
        (Tag.SAR_MSG_REF_NUM, b"\x12\x34"),
        (Tag.SAR_TOTAL_SEGMENTS, b"\x03"),
        (Tag.SAR_SEGMENT_SEQNUM, b"\x02"),
    )
    assert read_content(incoming(b"a", tlvs=tlvs)).place == Concatenation(0x1234, 3, 2, 16)
    assert read_content(incoming(b"a", tlvs=(*tlvs[:2], (Tag.SAR_SEGMENT_SEQNUM, b"\x04")))).place is None


def test_ports_are_found_in_header_and_tlvs() -> None:
    assert read_content(incoming(b"\x06\x05\x04\x0b\x84\x23\xf0x", 4, esm_class=0x40)).ports == (2948, 9200)
    tlvs: Tlvs = ((Tag.DESTINATION_PORT, b"\x0b\x84"), (Tag.SOURCE_PORT, b"\x23\xf0"))
    assert read_content(incoming(b"x", 4, tlvs=tlvs)).ports == (2948, 9200)


def test_a_long_text_in_a_payload_is_read_whole() -> None:
    text = "Я" * 500
    message = incoming(b"", 8, tlvs=((Tag.MESSAGE_PAYLOAD, text.encode("utf-16-be")),))
    assert read_content(message).user_data.text == text


@given(st.binary(max_size=200), st.integers(0, 255), st.integers(0, 255), st.sampled_from(DefaultAlphabet))
def test_any_octets_are_read(octets: bytes, coding: int, esm_class: int, default: DefaultAlphabet) -> None:
    """Nothing that comes in raises."""
    read_content(incoming(octets, coding, esm_class=esm_class), default)


@pytest.mark.parametrize(
    ("span", "written"),
    [
        (timedelta(minutes=90), "000000013000000R"),
        (timedelta(days=2, seconds=5), "000002000005000R"),
        (timedelta(0), "000000000001000R"),
        (timedelta(days=400), "000030000000000R"),
    ],
)
def test_a_span_is_written_as_a_relative_time(span: timedelta, written: str) -> None:
    assert (relative_time(span), len(written)) == (written, 16)
