"""23.040 §9.1.2.5: numbers, short codes, names and the service centre."""

import pytest

from smsd.errors import PduError
from smsd.wire.address import Address, decode_smsc, encode_smsc


@pytest.mark.parametrize(
    ("number", "type_of_address", "semi_octets", "octets"),
    [
        ("+79086228779", 0x91, 11, "9780268277f9"),
        ("900", 0x81, 3, "09f0"),
        ("0611", 0x81, 4, "6011"),
        ("89161234567", 0x81, 11, "9861214365f7"),
        ("*100#", 0x81, 5, "1a00fb"),
    ],
)
def test_numbers(number: str, type_of_address: int, semi_octets: int, octets: str) -> None:
    address = Address.of_number(number)
    assert address.text == number
    assert address.is_number
    assert address.type_of_address == type_of_address
    assert address.encode() == (semi_octets, bytes.fromhex(octets))
    assert Address.decode(type_of_address, semi_octets, bytes.fromhex(octets)) == (address, ())


@pytest.mark.parametrize(
    "number", ["", "+", "+7 908 622-87-79", "SCSERV", "+7*1", "++7", "1" * 21, "12a", "٣٤٥", "7908\n"]
)
def test_what_is_not_a_number_is_refused_and_not_quoted(number: str) -> None:
    with pytest.raises(PduError) as caught:
        Address.of_number(number)
    assert not number or len(number) < 3 or number not in str(caught.value)


def test_twenty_digits_fit() -> None:
    assert Address.of_number("1" * 20).encode() == (20, b"\x11" * 10)
    with pytest.raises(PduError):
        Address("1" * 21, 0, 1).encode()


@pytest.mark.parametrize(
    ("name", "semi_octets"),
    [("SCSERV", 11), ("Megafon", 13), ("sipgate", 13), ("A", 2), ("ABCDEFGHIJK", 20), ("S€@", 7)],
)
def test_names(name: str, semi_octets: int) -> None:
    address = Address.of_name(name)
    assert address.text == name
    assert not address.is_number
    assert address.type_of_address == 0xD0
    length, octets = address.encode()
    assert length == semi_octets
    assert len(octets) == (semi_octets + 1) // 2
    assert Address.decode(0xD0, length, octets)[0] == address


@pytest.mark.parametrize("name", ["", "СЦСЕРВ", "ABCDEFGHIJKL", "ABCDEFGHIJ€"])
def test_what_is_not_a_name_is_refused(name: str) -> None:
    with pytest.raises(PduError):
        Address.of_name(name)


def test_a_name_too_long_or_a_letter_among_digits_cannot_be_written() -> None:
    for address in (Address("ABCDEFGHIJKL", 5, 0), Address("12x", 0, 1), Address("1", 8, 0), Address("1", 0, 16)):
        with pytest.raises(PduError):
            address.encode()


def test_a_filler_inside_a_number_is_passed_over_and_told() -> None:
    address, warnings = Address.decode(0x91, 12, bytes.fromhex("9761f14365f7"))
    assert address.text == "+7916134567"
    assert warnings


def test_the_filler_at_an_odd_end_may_be_anything() -> None:
    assert Address.decode(0x81, 3, bytes.fromhex("0900")) == (Address("900", 0, 1), ())


def test_the_semi_octets_beyond_nine() -> None:
    assert Address.decode(0x81, 6, bytes.fromhex("1abced")) == (Address("*1a#bc", 0, 1), ())
    assert Address("*1a#bc", 0, 1).encode() == (6, bytes.fromhex("1abced"))


@pytest.mark.parametrize(
    ("octets", "smsc"),
    [
        ("", None),
        ("81", None),
        ("919701119905f2", "+79101199502"),
        ("8121f3", "123"),
        ("97f1", "+1"),
    ],
)
def test_service_centres(octets: str, smsc: str | None) -> None:
    address, _ = decode_smsc(bytes.fromhex(octets))
    assert (address.text if address else None) == smsc


def test_a_service_centre_with_a_name() -> None:
    name = Address.of_name("Mobil")
    octets = encode_smsc(name)
    assert decode_smsc(octets[1:]) == (name, ())


def test_a_service_centre_is_written_with_its_length_in_octets() -> None:
    assert encode_smsc(None) == b"\x00"
    assert encode_smsc(Address.of_number("+79101199502")) == bytes.fromhex("07919701119905f2")
    assert encode_smsc(Address.of_number("123")) == bytes.fromhex("038121f3")
