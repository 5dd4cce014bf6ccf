"""Templates: what a file says, what is wrong with it, and what a notification makes of it."""

import pytest

from smsd.errors import UsageError
from smsd.rules.templates import parse

ORDER = "# An order is ready.\n# {order}: 1733-А\n# {sum}: 5 characters\n\nЗаказ {order} готов.\nК оплате {sum} руб.\n"


def test_a_file_says_what_usually_stands_there() -> None:
    found = parse("order-ready", ORDER, 4)
    assert (found.about, found.variables, found.parts) == ("An order is ready.", ("order", "sum"), 1)
    assert found.sample == "Заказ 1733-А готов.\nК оплате жжжжж руб."
    assert found.ucs2_because == "З"
    assert parse("hello", "Hello, {name}!", 1).sample == "Hello, жжжжжжжжжж!"


def test_values_are_put_in_once() -> None:
    found = parse("a", "{x} and {y} and {x}", 4)
    assert found.fill({"x": "{y}", "y": "2"}) == "{y} and 2 and {y}"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "{order}, {sum} has no value"),
        ({"order": "1"}, "{sum} has no value"),
        ({"order": "1", "sum": "2", "name": "x"}, "there is no {name}; there is {order}, {sum}"),
        ({"order": " ", "sum": "2"}, "the value of {order} is empty"),
        ({"order": "1\n", "sum": "2"}, None),
        ({"order": "1\n2", "sum": "2"}, "a line break"),
        ({"order": "x" * 501, "sum": "2"}, "has 501 characters"),
    ],
)
def test_values_that_do_not_fit_are_named(values: dict[str, str], words: str | None) -> None:
    found = parse("order-ready", ORDER, 4)
    if words is None:
        assert found.fill(values).startswith("Заказ 1 готов")
        return
    with pytest.raises(UsageError, match="template order-ready: ") as wrong:
        found.fill(values)
    assert words in str(wrong.value)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "it has no text"),
        ("# only a comment\n", "it has no text"),
        ("Hello {name", "belongs to no placeholder"),
        ("Hello {}", "is no placeholder"),
        ("Hello {first name}", "{first name} is no placeholder"),
        ("Hello {1}", "is no placeholder"),
        ("# {nmae}: Ivan\nHello {name}", "the text has no {nmae}"),
        ("# {name}:\nHello {name}", "a typical value is empty"),
        ("# parts: many\nHello", "write a number from 1 to 10"),
        ("ж" * 300, "it makes 5 parts with typical values; 4 at most"),
        ("# {a}: 300 characters\n{a}", "it makes 5 parts"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(written: str, words: str) -> None:
    with pytest.raises(UsageError) as wrong:
        parse("name", written, 4)
    assert words in str(wrong.value)


def test_a_file_may_allow_more() -> None:
    assert parse("long", "# parts: 5\n" + "ж" * 300, 4).parts == 5


@pytest.mark.parametrize("name", ["", "A", "имя", "a b", "../a", "x" * 65])
def test_a_name_is_plain(name: str) -> None:
    with pytest.raises(UsageError, match="no name of a template"):
        parse(name, "text", 4)
