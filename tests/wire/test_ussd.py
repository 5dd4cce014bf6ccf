"""Codes are dialled and answers read in every way that makers write them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smsd.errors import PduError
from smsd.wire.alphabet import pack, septets
from smsd.wire.ussd import Answer, Meaning, answer, request

RUSSIAN = "Баланс: 123,45 р. Спасибо!"
LATIN = "Balance: 123.45 rub"


def test_a_code_is_dialled_as_it_is_or_packed() -> None:
    assert request("*100#") == 'AT+CUSD=1,"*100#",15'
    assert request("*100#", packed=True) == 'AT+CUSD=1,"AA180C3602",15'


@pytest.mark.parametrize("code", ["", "100", '*100#"', "*100#;+CMGD=1", "*1" + "0" * 40, "*100#\r"])
def test_what_is_no_code_is_not_dialled(code: str) -> None:
    with pytest.raises(PduError, match="is no code"):
        request(code)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f'+CUSD: 0,"{LATIN}",15', Answer(Meaning.DONE, LATIN)),
        (f'+CUSD: 0,"{RUSSIAN.encode("utf-16-be").hex().upper()}",72', Answer(Meaning.DONE, RUSSIAN)),
        (f'+CUSD: 0,"{RUSSIAN.encode("utf-16-be").hex().upper()}",15', Answer(Meaning.DONE, RUSSIAN)),
        (f'+CUSD: 0,"{RUSSIAN.encode("utf-16-be").hex()}",17', Answer(Meaning.DONE, RUSSIAN)),
        (f'+CUSD: 0,"{pack(septets(LATIN)).hex().upper()}",15', Answer(Meaning.DONE, LATIN)),
        (f'+CUSD: 0,"{pack(septets(LATIN)).hex().upper()}",0', Answer(Meaning.DONE, LATIN)),
        (f'+CUSD: 0,"{LATIN.encode("utf-16-be").hex()}",72', Answer(Meaning.DONE, LATIN)),
        (f'+CUSD: 1,"{RUSSIAN}",15', Answer(Meaning.MORE, RUSSIAN)),
        ('+CUSD: 0,"12,50"', Answer(Meaning.DONE, "12,50")),
        ('+CUSD: 0, "12345678", 15', Answer(Meaning.DONE, "12345678")),
        ('+CUSD: 0,"unclosed', Answer(Meaning.DONE, "unclosed")),
        ("+CUSD: 2", Answer(Meaning.ENDED)),
        ("+CUSD: 4", Answer(Meaning.UNSUPPORTED)),
        ("+CUSD: 0,,15", Answer(Meaning.DONE, "")),
        ("+CUSD:", None),
        ("+CUSD: x", None),
        ("+CUSD: 9", None),
        ("+CSQ: 20,99", None),
    ],
)
def test_an_answer_is_read(line: str, expected: Answer | None) -> None:
    assert answer(line) == expected


@given(st.text(max_size=80))
@example("\u00b2")
def test_whatever_comes_is_read_or_refused_in_peace(text: str) -> None:
    answer(f"+CUSD: {text}")
    answer(f'+CUSD: 0,"{text}",15')


@given(st.text("абвгдежзийклмнопрстуфхцчшщъыьэюя 0123456789.,:", min_size=4, max_size=60))
def test_russian_in_hexadecimal_is_always_found(text: str) -> None:
    if any("а" <= letter <= "я" for letter in text):
        found = answer(f'+CUSD: 0,"{text.encode("utf-16-be").hex().upper()}",72')
        assert found == Answer(Meaning.DONE, text)
