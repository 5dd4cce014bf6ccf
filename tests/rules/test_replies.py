"""The texts clients get are the customer's, fit their parts, and take any value as it is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.errors import UsageError
from smsd.rules import replies
from smsd.rules.replies import Replies

ONE_PART, TWO_PARTS = 70, 2 * 67  # UTF-16 units in UCS2 (23.040 §9.2.3.24.1)


def units(text: str) -> int:
    return len(text.encode("utf-16-be")) // 2


def test_the_acknowledgement_is_the_customers_and_one_part() -> None:
    assert Replies().accepted == "Ваша заявка принята. Дождитесь СМС-уведомления об исполнении запроса."
    assert units(Replies().accepted) == 69


def test_the_registration_data_is_worded_as_the_instruction_shows_it() -> None:
    assert Replies().info(code="1234", login="ivanov", password="1a2b3c4d") == (
        "ЦЕНТР РЕГИСТРАЦИИ.\n"
        "Персональный код: 1234.\n"
        "КЛИЕНТСКИЙ ПОРТАЛ: имя входа: ivanov, пароль: 1a2b3c4d.\n"
        "Никому не сообщайте свои регистрационные данные."
    )


@pytest.mark.parametrize(
    ("text", "room"),
    [
        (replies.ACCEPTED, ONE_PART),
        (replies.STOP, ONE_PART),
        (replies.START, ONE_PART),
        (replies.UNKNOWN, TWO_PARTS),
        (replies.FAILED, TWO_PARTS),
    ],
)
def test_a_text_stays_within_its_parts(text: str, room: int) -> None:
    assert units(text) <= room


@given(st.text(), st.text(), st.text())
def test_values_stand_as_they_are_whatever_they_hold(code: str, login: str, password: str) -> None:
    text = Replies().info(code=code, login=login, password=password)
    assert text == (
        f"ЦЕНТР РЕГИСТРАЦИИ.\nПерсональный код: {code}.\n"
        f"КЛИЕНТСКИЙ ПОРТАЛ: имя входа: {login}, пароль: {password}.\n"
        "Никому не сообщайте свои регистрационные данные."
    )


def test_a_placeholder_in_a_value_is_not_filled() -> None:
    text = Replies.of({"info": "{code}/{login}"}).info(code="{password}{0.__class__}", login="}{", password="secret")
    assert text == "{password}{0.__class__}/}{"


def test_texts_are_replaced_one_by_one() -> None:
    assert Replies.of({"stop": "Отключено."}) == Replies(stop="Отключено.")
    assert Replies.of({"info": "{login}"}) == Replies(info_template="{login}")


def test_the_names_of_the_texts_are_those_of_the_fields() -> None:
    given_texts = dict.fromkeys(replies.PLACEHOLDERS, "да")
    assert Replies.of(given_texts) == Replies("да", "да", "да", "да", "да", "да")


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("info", "{pasword}", "'{pasword}' is no placeholder"),
        ("info", "{code.__class__}", "'{code.__class__}' is no placeholder"),
        ("info", "{code", "'{code' is no placeholder"),
        ("info", "code}", "'}' is no placeholder"),
        ("info", "{{code}}", "'{ }' is no placeholder"),
        ("info", "{}", "{code}, {login}, {password}"),
        ("stop", "{code}", "may have nothing"),
        ("accepted", " \n", "empty"),
    ],
)
def test_a_text_that_cannot_be_filled_is_refused(name: str, text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Replies.of({name: text})
    assert complaint in str(caught.value)


def test_the_commands_in_the_texts_of_the_documentation_are_the_fixed_ones() -> None:
    """The page that lists the texts shows them as they are sent."""
    page = (Path(__file__).parents[2] / "docs" / "reference" / "configuration.md").read_text("utf-8")
    for text in (replies.ACCEPTED, replies.STOP, replies.START, replies.UNKNOWN, replies.FAILED):
        assert text in page


@pytest.mark.parametrize("text", ["а" * 671, "принято\x00", "принято\x1b"])
def test_a_text_that_no_phone_can_show_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        replies.check("accepted", text)


def test_a_text_of_ten_parts_is_the_longest() -> None:
    assert replies.check("accepted", "а" * 670)
