"""Any usual writing of a number becomes one E.164; what is no number is refused in a line; masking keeps little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import (
    PhoneNumberFormat,
    PhoneNumberType,
    format_number,
    number_type,
    parse,
    region_code_for_number,
)

from smsd.errors import UsageError
from smsd.rules.phones import _russian_mobile, country, e164, is_mobile, mask, sender_phone, writings


@pytest.mark.parametrize(
    "written",
    [
        "+79086228779", "79086228779", "89086228779", "9086228779", "8 (908) 622-87-79", "+7 908 622 87 79",
        " 8-908-622-87-79 ", "8\u00a0908\u00a0622\u201187\u201179", "8.908.622.87.79", "(908)6228779",
    ],
)  # fmt: skip
def test_every_usual_writing_is_the_same_number(written: str) -> None:
    assert e164(written) == "+79086228779"


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("+375 29 123-45-67", "RU", "+375291234567"),
        ("8 029 1234567", "BY", "+375291234567"),
        ("8 701 123 45 67", "RU", "+77011234567"),
        ("8 701 123 45 67", "KZ", "+77011234567"),
        ("+79086228779", "DE", "+79086228779"),
    ],
)
def test_a_number_of_another_country_is_understood(written: str, region: str, number: str) -> None:
    assert e164(written, region) == number


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("Иванов", "'Иванов' is not a phone number"),
        ("8-800-FLOWERS", "is not a phone number"),
        ("+7908622877", "10 digits"),
        ("8908622877", "10 digits"),  # a digit lost: not ten digits after +7
        ("890862287799", "12 digits"),
        ("622-87-79", "7 digits"),
        ("900", "3 digits"),
        ("+89086228779", "not +8"),
        ("+7908622877９", "is not a phone number"),
        ("8" * 1000, "is not a phone number"),
        ("+", "'+'"),
        ("+79086228779;ext=5", "is not a phone number"),
    ],
)
def test_what_is_no_number_is_refused_saying_why(written: str, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        e164(written)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        number = e164(text)
    except UsageError:
        return
    assert number == e164(number)


@given(st.integers(9_000_000_000, 9_999_999_999))
def test_every_russian_mobile_is_accepted(national: int) -> None:
    assert e164(f"8{national}") == e164(f"+7{national}") == f"+7{national}"


def test_a_refusal_does_not_show_the_number() -> None:
    with pytest.raises(UsageError) as caught:
        e164("+7908622877901")
    assert "908622877901" not in str(caught.value)


def test_kazakhstan_shares_the_seven_but_is_not_russia() -> None:
    assert country("+77011234567") == "KZ"
    assert country("+79086228779") == "RU"
    assert country("+70000000000") is None


def test_mobiles_are_told_from_other_lines() -> None:
    assert is_mobile("+79086228779")
    assert is_mobile("+12015550123")  # there the plan cannot tell
    assert not is_mobile("+74959811210")
    assert not is_mobile("+78001003164")


@pytest.mark.parametrize(
    ("address", "is_number", "phone"),
    [
        ("+79086228779", True, "+79086228779"),
        ("89086228779", True, "+79086228779"),
        ("79086228779", True, "+79086228779"),
        ("SCSERV", False, None),
        ("79086228779", False, None),
        ("900", True, None),
        ("123456", True, None),
        ("", True, None),
        ("+79", True, None),
        ("*100#", True, None),
    ],
)
def test_a_sender_is_a_phone_only_when_it_can_be_written_to(address: str, is_number: bool, phone: str | None) -> None:
    assert sender_phone(address, is_number) == phone


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+79086228779", "+7908•••79"),
        ("8 (908) 622-87-79", "8908•••79"),
        ("12345678", "•••78"),
        ("", "•••"),
    ],
)
def test_a_mask_shows_the_first_four_and_the_last_two_digits(phone: str, masked: str) -> None:
    assert mask(phone) == masked


@given(st.from_regex(r"\+?[0-9]{1,20}", fullmatch=True))
def test_a_mask_never_shows_more_than_six_digits_and_hides_three(phone: str) -> None:
    shown = sum(character.isdigit() for character in mask(phone))
    assert shown <= 6
    assert shown <= max(len(phone.lstrip("+")) - 3, 2)


@given(st.from_regex(r"(\+7|7|8|)[ (]?9[0-9]{2}[) -]?[0-9]{3}-?[0-9]{2}-?[0-9]{2}[0-9]?", fullmatch=True))
def test_the_short_way_to_a_russian_mobile_leads_where_the_long_one_does(written: str) -> None:
    """A list of 100,000 is read by its shape; Google's plan agrees with every answer."""
    if (digits := _russian_mobile(written)) is None:
        return
    number = parse(written, "RU")
    assert format_number(number, PhoneNumberFormat.E164) == f"+7{digits}" == e164(written)
    assert number_type(number) == PhoneNumberType.MOBILE
    assert region_code_for_number(number) == "RU"


def test_every_writing_of_a_sender_is_his_number_again() -> None:
    assert writings("+79161234567") == ["+79161234567", "79161234567", "89161234567", "9161234567"]
    assert {sender_phone(each, is_number=True) for each in writings("+79161234567")} == {"+79161234567"}
    assert writings("+4915112345678") == ["+4915112345678", "4915112345678"]
