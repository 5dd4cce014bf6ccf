"""23.038: characters, septets, UCS2 and TP-DCS."""

import pytest

from smsd.errors import PduError
from smsd.wire.alphabet import (
    DEFAULT,
    EXTENSION,
    Alphabet,
    DataCoding,
    Indication,
    IndicationKind,
    outside_gsm7,
    pack,
    septet_length,
    septets,
    text_of,
    ucs2_octets,
    ucs2_text,
    unpack,
)


def test_the_main_table_has_128_different_characters() -> None:
    assert len(DEFAULT) == len(set(DEFAULT)) == 128


@pytest.mark.parametrize(
    ("septet", "character"),
    [(0x00, "@"), (0x02, "$"), (0x09, "Ç"), (0x0A, "\n"), (0x0D, "\r"), (0x10, "Δ"), (0x11, "_"), (0x1E, "ß"),
     (0x20, " "), (0x24, "¤"), (0x40, "¡"), (0x41, "A"), (0x5B, "Ä"), (0x5F, "§"), (0x60, "¿"), (0x7F, "à")],
)  # fmt: skip
def test_places_of_the_main_table(septet: int, character: str) -> None:
    assert text_of(bytes((septet,))) == character
    assert septets(character) == bytes((septet,))


def test_every_character_of_the_alphabet_survives_the_way_there_and_back() -> None:
    text = DEFAULT.replace("\x1b", "") + "".join(EXTENSION.values())
    assert text_of(septets(text)) == text
    assert septet_length(text) == 127 + 2 * 10


@pytest.mark.parametrize(
    ("codes", "text"),
    [
        (b"\x1b\x65", "€"),
        (b"a\x1b\x0ac", "a\fc"),
        (b"a\x1bAb", "aAb"),  # not in the extension: the character of the main table
        (b"a\x1b\x1bb", "a b"),  # an escape to a further table that nobody has defined: a space
        (b"a\x1b", "a "),  # an escape before nothing
        (b"\x1b\x00", "@"),
    ],
)
def test_what_an_escape_means(codes: bytes, text: str) -> None:
    assert text_of(codes) == text


@pytest.mark.parametrize(
    ("text", "culprit"), [("price 5€ [x]", None), ("ab`c", "`"), ("Привет", "П"), ("a\x1be", "\x1b")]
)
def test_the_first_character_that_forces_ucs2(text: str, culprit: str | None) -> None:
    assert outside_gsm7(text) == culprit


def test_a_character_outside_the_alphabet_is_named_by_its_code_point_only() -> None:
    with pytest.raises(PduError, match=r"U\+0416"):
        septets("aЖb")


def test_an_octet_above_7f_is_no_septet() -> None:
    with pytest.raises(PduError):
        text_of(b"\x80")
    with pytest.raises(PduError):
        pack(b"\x80")


@pytest.mark.parametrize(
    ("codes", "fill_bits", "octets"),
    [
        (b"", 0, ""),
        (b"hello", 0, "E8329BFD06"),
        (b"\x7f" * 8, 0, "FF" * 7),
        (b"\x01", 1, "02"),
        (b"\x7f", 6, "C01F"),
    ],
)
def test_packing(codes: bytes, fill_bits: int, octets: str) -> None:
    assert pack(codes, fill_bits).hex().upper() == octets
    assert unpack(bytes.fromhex(octets), len(codes), fill_bits) == codes


def test_eight_septets_in_seven_octets_are_not_seven() -> None:
    octets = pack(b"abcdefg\x00")
    assert len(octets) == 7
    assert unpack(octets, 8) == b"abcdefg\x00"
    assert unpack(octets, 7) == b"abcdefg"


def test_more_septets_than_there_is_room_for_are_refused() -> None:
    with pytest.raises(PduError):
        unpack(bytes(7), 9)
    with pytest.raises(PduError):
        unpack(bytes(7), 8, 1)


def test_ucs2_holds_what_is_beyond_the_first_plane() -> None:
    assert ucs2_octets("Я😀").hex() == "042fd83dde00"
    assert ucs2_text(bytes.fromhex("042fd83dde00")) == "Я😀"


@pytest.mark.parametrize("octets", ["d83d", "0041d83d", "de00", "d83d0041", "00"])
def test_half_a_pair_never_becomes_half_a_character(octets: str) -> None:
    text = ucs2_text(bytes.fromhex(octets))
    assert "\ufffd" in text
    text.encode("utf-8")


def test_half_a_pair_cannot_be_written() -> None:
    with pytest.raises(PduError):
        ucs2_octets("ok \ud83d")


CODINGS = [
    # raw, alphabet, class, compressed
    (0x00, Alphabet.GSM7, None, False),
    (0x04, Alphabet.OCTETS, None, False),
    (0x08, Alphabet.UCS2, None, False),
    (0x0C, Alphabet.GSM7, None, False),
    (0x10, Alphabet.GSM7, 0, False),
    (0x1A, Alphabet.UCS2, 2, False),
    (0x20, Alphabet.GSM7, None, True),
    (0x39, Alphabet.UCS2, 1, True),
    (0x48, Alphabet.UCS2, None, False),
    (0x55, Alphabet.OCTETS, 1, False),
    (0x80, Alphabet.GSM7, None, False),
    (0xB8, Alphabet.GSM7, None, False),
    (0xC8, Alphabet.GSM7, None, False),
    (0xD0, Alphabet.GSM7, None, False),
    (0xE0, Alphabet.UCS2, None, False),
    (0xF0, Alphabet.GSM7, 0, False),
    (0xF6, Alphabet.OCTETS, 2, False),
    (0xF9, Alphabet.OCTETS, None, False),
]


@pytest.mark.parametrize(("raw", "alphabet", "message_class", "compressed"), CODINGS)
def test_the_groups_of_data_coding(raw: int, alphabet: Alphabet, message_class: int | None, compressed: bool) -> None:
    coding = DataCoding(raw)
    assert (coding.alphabet, coding.message_class, coding.compressed) == (alphabet, message_class, compressed)


@pytest.mark.parametrize(
    ("raw", "indication"),
    [
        (0x08, None),
        (0xC8, Indication(IndicationKind.VOICEMAIL, active=True, store=False)),
        (0xC0, Indication(IndicationKind.VOICEMAIL, active=False, store=False)),
        (0xD9, Indication(IndicationKind.FAX, active=True, store=True)),
        (0xEA, Indication(IndicationKind.EMAIL, active=True, store=True)),
        (0xE3, Indication(IndicationKind.OTHER, active=False, store=True)),
        (0xF1, None),
    ],
)
def test_message_waiting(raw: int, indication: Indication | None) -> None:
    assert DataCoding(raw).indication == indication


def test_automatic_deletion_is_told() -> None:
    assert DataCoding(0x48).automatic_deletion
    assert not DataCoding(0x08).automatic_deletion


@pytest.mark.parametrize("alphabet", list(Alphabet))
@pytest.mark.parametrize("message_class", [None, 0, 1, 2, 3])
def test_a_coding_made_for_an_alphabet_says_that_alphabet(alphabet: Alphabet, message_class: int | None) -> None:
    coding = DataCoding.of(alphabet, message_class)
    assert (coding.alphabet, coding.message_class) == (alphabet, message_class)


def test_there_is_no_fifth_class() -> None:
    with pytest.raises(PduError):
        DataCoding.of(Alphabet.GSM7, 4)
