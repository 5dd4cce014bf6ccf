"""23.040 §9.2.3.24: the header, the lengths, parts and their joining."""

import pytest

from smsd.errors import PduError
from smsd.wire.alphabet import Alphabet
from smsd.wire.userdata import Concatenation, InformationElement, UserData, decode, encode, join, split

GSM7, UCS2, OCTETS = Alphabet.GSM7, Alphabet.UCS2, Alphabet.OCTETS


def test_the_acknowledgement_that_every_client_gets_is_one_part_of_69_units() -> None:
    (part,) = split("Ваша заявка принята. Дождитесь СМС-уведомления об исполнении запроса.")
    assert (part.alphabet, len(part.data) // 2, part.header) == (UCS2, 69, ())
    length, octets = encode(part)
    assert (length, len(octets)) == (138, 138)


@pytest.mark.parametrize(
    ("character", "width", "count", "lengths"),
    [
        ("a", 8, 160, [160]),
        ("a", 8, 161, [153, 8]),
        ("a", 8, 306, [153, 153]),
        ("a", 8, 307, [153, 153, 1]),
        ("a", 16, 160, [160]),
        ("a", 16, 161, [152, 9]),
        ("ж", 8, 70, [70]),
        ("ж", 8, 71, [67, 4]),
        ("ж", 8, 134, [67, 67]),
        ("ж", 8, 135, [67, 67, 1]),
        ("ж", 8, 200, [67, 67, 66]),
        ("ж", 16, 200, [66, 66, 66, 2]),
    ],
)
def test_how_much_fits(character: str, width: int, count: int, lengths: list[int]) -> None:
    parts = split(character * count, reference=7, width=width)
    assert [len(part.text or "") for part in parts] == lengths
    for sequence, part in enumerate(parts, 1):
        assert len(encode(part)[1]) <= 140
        assert part.concatenation == (Concatenation(7, len(parts), sequence, width) if len(parts) > 1 else None)


@pytest.mark.parametrize(("before", "first"), [(150, 152), (151, 153), (152, 152), (153, 153)])
def test_an_escape_pair_is_never_cut(before: int, first: int) -> None:
    text = "x" * before + "€" * 10
    parts = split(text)
    assert len(parts) == 2
    assert join(parts) == text
    assert all(not part.data.endswith(b"\x1b") for part in parts)
    assert len(parts[0].data) == first


@pytest.mark.parametrize("before", [65, 66, 67])
def test_a_surrogate_pair_is_never_cut(before: int) -> None:
    text = "ж" * before + "😀" * 10
    parts = split(text)
    assert len(parts) == 2
    assert "".join(part.text or "" for part in parts) == join(parts) == text
    assert len(parts[0].data) == 2 * (66 if before == 66 else 67)


def test_units_are_counted_not_characters() -> None:
    assert len(split("😀" * 35)) == 1
    assert len(split("😀" * 36)) == 2
    assert len(split("€" * 80)) == 1
    assert len(split("€" * 81)) == 2


def test_an_empty_text_is_one_empty_part() -> None:
    (part,) = split("")
    assert encode(part) == (0, b"")


def test_255_parts_are_the_end() -> None:
    assert len(split("a" * 153 * 255)) == 255
    with pytest.raises(PduError, match="256 parts"):
        split("a" * (153 * 255 + 1))


@pytest.mark.parametrize(("reference", "width"), [(-1, 8), (256, 8), (65536, 16), (0, 7)])
def test_a_reference_that_does_not_fit_is_refused(reference: int, width: int) -> None:
    with pytest.raises(PduError):
        split("a" * 200, reference=reference, width=width)


def test_an_alphabet_can_be_demanded() -> None:
    assert split("abc", alphabet=UCS2)[0].data == b"\0a\0b\0c"
    with pytest.raises(PduError):
        split("абв", alphabet=GSM7)
    with pytest.raises(PduError):
        split("abc", alphabet=OCTETS)


def test_half_a_pair_in_the_text_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(PduError):
        split("привет \ud83d")


# --- the header -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "header", "fill"),
    [(8, "050003ff0201", 1), (16, "06080400ff0201", 0)],
)
def test_text_behind_a_header_begins_at_a_septet_boundary(width: int, header: str, fill: int) -> None:
    part = UserData(GSM7, "Hello", header=(Concatenation(255, 2, 1, width).element,))
    length, octets = encode(part)
    assert part.header_octets.hex() == header
    assert octets.hex().startswith(header)
    assert length == (len(header) // 2 * 8 + fill) // 7 + 5
    assert decode(octets, length, GSM7, header=True) == (part, len(octets), ())


@pytest.mark.parametrize("size", range(1, 60))
def test_a_header_of_any_length_loses_no_letter(size: int) -> None:
    part = UserData(GSM7, "Hello@", header=(InformationElement(0x70, bytes(size)),))
    length, octets = encode(part)
    assert decode(octets, length, GSM7, header=True)[0].text == "Hello@"


@pytest.mark.parametrize(
    ("elements", "concatenation"),
    [
        ([(0x00, "2a0301")], Concatenation(0x2A, 3, 1)),
        ([(0x08, "12340302")], Concatenation(0x1234, 3, 2, 16)),
        ([(0x00, "2a0001")], None),
        ([(0x00, "2a0300")], None),
        ([(0x00, "2a0304")], None),
        ([(0x00, "0502")], None),
        ([(0x08, "0502")], None),
        ([(0x00, "010201"), (0x00, "020202")], Concatenation(2, 2, 2)),
        ([(0x05, "0b8423f0"), (0x00, "2a0101")], Concatenation(0x2A, 1, 1)),
    ],
)
def test_concatenation(elements: list[tuple[int, str]], concatenation: Concatenation | None) -> None:
    header = tuple(InformationElement(iei, bytes.fromhex(data)) for iei, data in elements)
    assert UserData(UCS2, "я", header=header).concatenation == concatenation


@pytest.mark.parametrize(
    ("iei", "data", "ports"),
    [(0x05, "0b8423f0", (2948, 9200)), (0x04, "f0f1", (240, 241)), (0x05, "0b84", None), (0x00, "2a0101", None)],
)
def test_ports(iei: int, data: str, ports: tuple[int, int] | None) -> None:
    assert UserData(OCTETS, header=(InformationElement(iei, bytes.fromhex(data)),)).ports == ports


@pytest.mark.parametrize(
    "concatenation",
    [Concatenation(0, 0, 0), Concatenation(0, 2, 3), Concatenation(256, 2, 1), Concatenation(0, 256, 1),
     Concatenation(0, 2, 1, 12)],
)  # fmt: skip
def test_an_impossible_part_cannot_be_written(concatenation: Concatenation) -> None:
    with pytest.raises(PduError):
        _ = concatenation.element


def test_header_and_body_can_be_had_apart_and_unpacked() -> None:
    part = split("ж" * 71, reference=5)[0]
    assert part.header_octets == bytes.fromhex("050003050201")
    assert part.octets == part.header_octets + "ж".encode("utf-16-be") * 67
    gsm7 = UserData(GSM7, "@a")
    assert gsm7.octets == b"\x00a"


# --- lengths that contradict ------------------------------------------------------------------------------------------

CONTRADICTIONS = [
    # octets, length, alphabet, header, what lenient reading still gives
    ("e8329bfd", 5, GSM7, False, "hell"),
    ("04140430", 6, UCS2, False, "Да"),
    ("041404", 3, UCS2, False, "Д"),
    ("041404", 6, UCS2, False, "Д"),
    ("", 0, GSM7, True, ""),
    ("05", 1, UCS2, True, ""),
    ("0500030102010414", 6, UCS2, True, ""),
    ("03000301" + "0414", 6, UCS2, True, "Д"),
    ("0100" + "0414", 4, UCS2, True, "Д"),
    ("00" * 161, 161, UCS2, False, "\0" * 70),
]


@pytest.mark.parametrize(("octets", "length", "alphabet", "header", "text"), CONTRADICTIONS)
def test_contradictions_are_refused_or_forgiven_with_a_word(
    octets: str, length: int, alphabet: Alphabet, header: bool, text: str
) -> None:
    data = bytes.fromhex(octets)
    if octets != "0500030102010414":  # six octets of header in six octets of user data: an empty body, no contradiction
        with pytest.raises(PduError):
            decode(data, length, alphabet, header=header)
    user_data, taken, warnings = decode(data, length, alphabet, header=header, lenient=True)
    assert user_data.text == text
    assert taken <= len(data)
    assert bool(warnings) == (octets != "0500030102010414")


def test_octets_behind_the_end_are_left_alone() -> None:
    assert decode(bytes.fromhex("e8329bfd06ffff"), 5, GSM7) == (UserData(GSM7, "hello"), 5, ())


def test_more_than_140_octets_cannot_be_written() -> None:
    for user_data in (UserData(GSM7, "a" * 161), UserData(UCS2, "ж" * 71), UserData(OCTETS, data=bytes(141))):
        with pytest.raises(PduError):
            encode(user_data)


@pytest.mark.parametrize("element", [InformationElement(256, b""), InformationElement(0, bytes(256))])
def test_an_element_that_does_not_fit_cannot_be_written(element: InformationElement) -> None:
    with pytest.raises(PduError):
        encode(UserData(OCTETS, header=(element,)))


def test_a_header_longer_than_a_message_cannot_be_written() -> None:
    with pytest.raises(PduError):
        encode(UserData(OCTETS, header=(InformationElement(1, bytes(70)),) * 3))


def test_octets_have_no_text_and_text_no_octets() -> None:
    assert UserData(OCTETS, data=b"abc").text is None
    with pytest.raises(PduError):
        UserData(OCTETS, "abc")


# --- joining ----------------------------------------------------------------------------------------------------------


def test_a_pair_that_the_sender_cut_is_mended_by_joining() -> None:
    octets = "Ок 😀!".encode("utf-16-be")
    parts = [UserData(UCS2, data=octets[:8]), UserData(UCS2, data=octets[8:])]
    assert [part.text for part in parts] == ["Ок \ufffd", "\ufffd!"]
    assert join(parts) == "Ок 😀!"


def test_an_escape_that_the_sender_cut_is_mended_by_joining() -> None:
    assert join([UserData(GSM7, data=b"5 \x1b"), UserData(GSM7, data=b"\x65!")]) == "5 €!"


def test_parts_of_different_alphabets_are_joined_in_their_order() -> None:
    assert join([UserData(GSM7, "abc "), UserData(UCS2, "где"), UserData(GSM7, "?")]) == "abc где?"


def test_parts_in_different_languages_keep_their_tables() -> None:
    turkish = UserData(GSM7, data=b"\x07", header=(InformationElement(0x25, b"\x01"),))
    assert join([turkish, UserData(GSM7, data=b"\x07")]) == "ıì"


def test_octets_cannot_be_joined_as_text() -> None:
    with pytest.raises(PduError):
        join([UserData(OCTETS, data=b"abc")])
