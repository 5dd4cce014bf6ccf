"""23.038 annex A: the national language tables."""

import unicodedata

import pytest

from smsd.wire.alphabet import DEFAULT, text_of
from smsd.wire.national import LOCKING, SINGLE

LANGUAGES = {
    1: None, 2: None, 3: None, 4: "BENGALI", 5: "GUJARATI", 6: "DEVANAGARI", 7: "KANNADA", 8: "MALAYALAM", 9: "ORIYA",
    10: "GURMUKHI", 11: "TAMIL", 12: "TELUGU", 13: "ARABIC",
}  # fmt: skip


def test_every_language_has_its_tables_and_only_spanish_keeps_the_main_one() -> None:
    assert set(SINGLE) == set(LANGUAGES)
    assert set(LOCKING) == set(LANGUAGES) - {2}


@pytest.mark.parametrize("language", sorted(LOCKING))
def test_a_locking_table_keeps_digits_line_ends_and_the_escape(language: int) -> None:
    table = LOCKING[language]
    assert len(table) == 128
    assert table[0x30:0x3C] == "0123456789:;"
    assert (table[0x0A], table[0x0D], table[0x1B], table[0x20]) == ("\n", "\r", "\x1b", " ")
    assert table[0x61:0x7B] == "abcdefghijklmnopqrstuvwxyz"
    assert table[0x2C] == DEFAULT[0x2C]


@pytest.mark.parametrize("language", sorted(LOCKING))
def test_no_character_has_two_places(language: int) -> None:
    named = LOCKING[language].replace("\ufffd", "")
    assert len(named) == len(set(named))


@pytest.mark.parametrize("language", range(4, 14))
def test_letters_of_a_script_are_of_that_script(language: int) -> None:
    script = LANGUAGES[language]
    letters = [
        c for c in LOCKING[language] + "".join(SINGLE[language].values()) if ord(c) > 0x0590 and c not in "\ufffd€"
    ]
    shared = ("DEVANAGARI DANDA", "DEVANAGARI DOUBLE DANDA", "EXTENDED ARABIC-INDIC DIGIT")
    strange = [c for c in letters if not unicodedata.name(c).startswith((str(script), *shared))]
    assert len(letters) > 60
    assert strange == []


@pytest.mark.parametrize("language", range(4, 13))
def test_letters_stand_in_the_order_of_their_unicode_block(language: int) -> None:
    letters = [c for c in LOCKING[language][:0x60] if 0x0900 <= ord(c) < 0x0E00]
    assert letters == sorted(letters)


@pytest.mark.parametrize("language", sorted(SINGLE))
def test_a_single_shift_table_keeps_brackets_and_the_euro(language: int) -> None:
    text = text_of(bytes.fromhex("1b281b291b2f1b3c1b3d1b3e1b401b65"), single=language)
    assert text == "{}\\[~]|€"


@pytest.mark.parametrize(
    ("codes", "locking", "single", "text"),
    [
        ("075f60", 1, 0, "ı§ç"),
        ("1b471b671b691b49", 0, 1, "Ğğıİ"),
        ("1b411b611b09", 0, 2, "Ááç"),
        ("0960125c", 3, 0, "ç~ªÕ"),
        ("1b121b5b1b7f", 0, 3, "ΦÃâ"),
        ("0005", 6, 0, "\u0901\u0907"),
        ("1b19", 0, 6, "\u0964"),
        ("03", 13, 0, "\u067b"),
        ("1b2b", 0, 13, "\u060f"),
        ("04", 2, 0, "è"),
        ("041b65", 99, 99, "è€"),
    ],
)
def test_places_of_the_tables(codes: str, locking: int, single: int, text: str) -> None:
    assert text_of(bytes.fromhex(codes), locking=locking, single=single) == text


def test_both_tables_work_together_and_an_unknown_escape_falls_back_to_the_locking_table() -> None:
    assert text_of(b"\x07\x1b\x67\x1b\x07", locking=1, single=1) == "ığı"


def test_an_empty_place_reads_as_a_replacement() -> None:
    assert text_of(b"\x0c", locking=4) == "\ufffd"
