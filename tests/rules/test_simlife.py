"""Balances in the operators' words, texts that are the operator's, and when it is asked again."""

import pytest

from smsd.config.sim import Sim
from smsd.rules.commands import Kind, classify
from smsd.rules.simlife import ASKED_AGAIN, balance_of, due, from_operator, shortened

DAY = 86_400.0
PATTERN = Sim().balance_pattern


@pytest.mark.parametrize(
    ("text", "pattern", "value"),
    [
        ("Баланс: 123,45 р.", PATTERN, 123.45),
        ("Balance 100.00", PATTERN, 100.0),
        ("-12.5 руб", PATTERN, -12.5),
        ("Минус 3 р.", PATTERN, -3.0),
        ("Ваш баланс минус 15.20 руб.", PATTERN, -15.2),
        ("Balans: minus 5.10 rub", PATTERN, -5.1),
        ("Баланс: \u221212,34 р.", PATTERN, -12.34),
        ("Баланс:-12,34р", PATTERN, -12.34),
        ("Баланс - 12,34 р.", PATTERN, 12.34),
        ("Баланс: 1 234,50 руб.", PATTERN, 1234.5),
        ("Баланс 12\u00a0345 р.", PATTERN, 12345.0),
        ("Баланс 12 500 мин и 3 ГБ", PATTERN, 12.0),
        ("Баланс 1,234.50", PATTERN, None),
        ("Tariff 4G. Balans 10 r", PATTERN, 10.0),
        ("01.12.2026 баланс 55.10 руб", PATTERN, 55.1),
        ("Баланс на 01.12.2026: 55.10 руб", PATTERN, 55.1),
        ("На 1.12 у Вас 7 руб. Пакет 15 ГБ", PATTERN, 7.0),
        ("Баланс:100р,Лимит:0р", PATTERN, 100.0),
        ("Остаток пакета 15 ГБ. Баланс 42,00 р.", PATTERN, 42.0),
        ("Баланс: \u22127", r"Баланс: (\S+)", -7.0),
        ("Ваш тариф 4G. Баланс 7 р", r"Баланс (-?[\d ]+)", 7.0),
        ("Баланс 1 234,50 р", r"Баланс (-?[\d ]+[.,]\d+)", 1234.5),
        ("Услуга недоступна", PATTERN, None),
        ("", PATTERN, None),
        ("x", "(y)?x", None),
        ("Баланс: р", "Баланс: (.*)", None),
    ],
)
def test_the_number_is_found_where_the_pattern_looks(text: str, pattern: str, value: float | None) -> None:
    assert balance_of(text, pattern) == value


@pytest.mark.parametrize(
    ("asked_at", "failures", "expected"),
    [(None, 0, 0.0), (100.0, 0, 100.0 + DAY), (100.0, 1, 100.0 + ASKED_AGAIN), (100.0, 50, 100.0 + 6 * ASKED_AGAIN)],
)
def test_it_is_asked_for_again(asked_at: float | None, failures: int, expected: float) -> None:
    assert due(asked_at=asked_at, failures=failures, period=DAY) == expected
    assert due(asked_at=100.0, failures=9, period=60.0) == 160.0


@pytest.mark.parametrize(
    ("sender", "senders", "expected"),
    [
        ("MegaFon", ("megafon",), True),
        ("MegaFon", ("*",), True),
        ("0500", ("*",), True),
        ("000100", ("0500",), False),
        ("Bank", ("MegaFon",), False),
        ("+79161234567", ("*",), False),
        ("+79161234567", ("+79161234567",), True),
        ("+79990000001", ("*", "+79990000001"), False),
        ("+79086228779", ("+79086228779",), False),
    ],
)
def test_only_the_operator_is_forwarded_and_never_ourselves(
    sender: str, senders: tuple[str, ...], expected: bool
) -> None:
    assert from_operator(sender, senders, {"+79990000001", "+79086228779"}) is expected


def test_what_is_forwarded_names_its_sender_is_short_and_no_command() -> None:
    assert shortened("MegaFon", "Пополните\nсчёт") == "[MegaFon] Пополните счёт"
    long = shortened("0500", "😀" * 500)
    assert len(long.encode("utf-16-be")) // 2 <= 3 * 67
    assert long.endswith("😀…")
    assert classify(shortened("X", "CLIENT sms stop"), lenient=True) is Kind.OTHER
