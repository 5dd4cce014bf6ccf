"""Who an alert goes to, in what words, and what that makes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.errors import UsageError
from smsd.rules.alerts import (
    TRANSITIONS,
    AlertState,
    Audience,
    Candidate,
    Drop,
    NumberPolicy,
    Template,
    Treatment,
    count_parts,
    may,
    says_how_to_stop,
)
from smsd.sms import segments

MOBILE, OTHER, LANDLINE, KAZAKH = "+79161234567", "+79161234568", "+74951234567", "+77012345678"


def audience(text: str = "Плановые работы.", columns: tuple[str, ...] = (), **how: object) -> Audience:
    """Make an audience nobody of which has opted out."""
    policy = how.pop("policy", NumberPolicy())
    how.setdefault("opted_out", lambda _: False)
    return Audience(Template(text, columns), policy, **how)  # type: ignore[arg-type]


# --- words ------------------------------------------------------------------------------------------------------------


@given(st.text(alphabet="aЖ€[😀\n é", max_size=700))
def test_parts_are_counted_as_they_are_cut(text: str) -> None:
    """The arithmetic agrees with the knife: escapes and surrogate pairs are never cut."""
    assert count_parts(text) == len(segments(text, 0))


@pytest.mark.parametrize(
    ("text", "columns", "why"),
    [
        (" \n", (), "an empty text"),
        ("скидка 5} рублей", (), "'}' in the text belongs to no placeholder"),
        ("{имя}, привет", ("name", "sum"), "{имя} is no column; there are: {name}, {sum}"),
        ("{}", ("name",), "{} is no column"),
        ("{name}", (), "there are: none"),
        ("\ud83d", (), "not valid Unicode"),
    ],
)
def test_a_text_that_cannot_be_filled_is_refused_before_anybody_is_looked_at(
    text: str, columns: tuple[str, ...], why: str
) -> None:
    with pytest.raises(UsageError) as caught:
        Template(text, columns)
    assert why in str(caught.value)


def test_values_are_put_in_once_and_never_looked_at_again() -> None:
    assert Template("{a}-{b}", ("a", "b")).fill({"a": "{b}", "b": " 2 "}) == "{b}-2"


@pytest.mark.parametrize("value", ["", "  ", "a\nb", "a\u2028b", "\x00"])
def test_a_value_that_would_break_the_text_fills_none(value: str) -> None:
    assert Template("для {a}", ("a",)).fill({"a": value}) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Отказ: CLIENT sms stop", True),
        ("client SMS  STOP", True),
        ("чтобы отписаться, …", True),
        ("Работы.", False),
        ("Чтобы отказаться, наберите …", True),
        ("Отказоустойчивость.", False),
        ("В случае отказа связи", False),
    ],
)
def test_a_text_that_tells_how_to_stop_is_known_by_its_words(text: str, says: bool) -> None:
    assert says_how_to_stop(text) == says


# --- people -----------------------------------------------------------------------------------------------------------


def test_a_number_is_taken_once_in_whatever_writing() -> None:
    whole = audience()
    assert whole.admit(Candidate("8 (916) 123-45-67")).phone == MOBILE
    assert whole.admit(Candidate(MOBILE)).dropped is Drop.DUPLICATE
    assert (whole.summary.recipients, whole.summary.dropped_count) == (1, 1)


@pytest.mark.parametrize(
    ("phone", "policy", "dropped"),
    [
        (LANDLINE, NumberPolicy(), Drop.NOT_MOBILE),
        (LANDLINE, NumberPolicy(not_mobile=Treatment.WARN), None),
        (KAZAKH, NumberPolicy(foreign=Treatment.REFUSE), Drop.FOREIGN),
        (KAZAKH, NumberPolicy(), None),
        (KAZAKH, NumberPolicy(region="KZ", foreign=Treatment.REFUSE), None),
        ("81234", NumberPolicy(), Drop.INVALID),
        ("", NumberPolicy(), Drop.INVALID),
        ("INFO", NumberPolicy(), Drop.INVALID),
    ],
)
def test_odd_numbers_are_treated_as_configured(phone: str, policy: NumberPolicy, dropped: Drop | None) -> None:
    """+77 is Kazakhstan; a landline shows no text; what is no number is dropped and can be found again."""
    whole = audience(policy=policy)
    judged = whole.admit(Candidate(phone))
    assert judged.dropped is dropped
    assert judged.phone == phone


def test_a_mistake_in_a_list_is_found_by_its_first_numbers() -> None:
    whole = audience()
    for number in range(5):
        whole.admit(Candidate(f"8916l{number}"))
    whole.admit(Candidate(MOBILE))
    whole.admit(Candidate(MOBILE))
    assert whole.summary.examples == {Drop.INVALID: ["8916l0", "8916l1", "8916l2"]}


def test_what_is_only_warned_of_is_counted() -> None:
    whole = audience(policy=NumberPolicy(not_mobile=Treatment.WARN))
    for phone in (LANDLINE, KAZAKH, MOBILE):
        whole.admit(Candidate(phone))
    assert whole.summary.warned == {Drop.NOT_MOBILE: 1, Drop.FOREIGN: 1}
    assert whole.summary.recipients == 3


def test_who_opted_out_is_dropped() -> None:
    whole = audience(opted_out={MOBILE}.__contains__)
    assert [whole.admit(Candidate(phone)).dropped for phone in (MOBILE, OTHER)] == [Drop.OPTED_OUT, None]


def test_who_opted_out_is_counted_where_that_is_overridden() -> None:
    whole = audience(opted_out={MOBILE}.__contains__, overrides=True)
    assert [whole.admit(Candidate(phone)).dropped for phone in (MOBILE, OTHER, MOBILE)] == [None, None, Drop.DUPLICATE]
    assert (whole.summary.recipients, whole.summary.overridden) == (2, 1)


@pytest.mark.parametrize(("at", "source", "dropped"), [
    ("2026-01-05", "договор 17", None),
    ("2026-01-05", " ", Drop.NO_CONSENT),
    ("", "договор 17", Drop.NO_CONSENT),
    ("2026-01-05T12:00:00+03:00", "сайт", None),
    (" 5.01.2026 12:00 ", "сайт", None),
    ("да", "сайт", Drop.NO_CONSENT),
    ("31.02.2026", "сайт", Drop.NO_CONSENT),
    ("2026", "сайт", Drop.NO_CONSENT),
    ("46027", "сайт", Drop.NO_CONSENT),
])  # fmt: skip
def test_a_consent_is_proved_by_date_and_source(at: str, source: str, dropped: Drop | None) -> None:
    whole = audience(require_consent=True)
    assert whole.admit(Candidate(MOBILE, {}, at, source)).dropped is dropped
    assert whole.summary.consented == int(dropped is None)


def test_each_gets_his_own_words_and_his_own_number_of_parts() -> None:
    whole = audience("{a}", ("a",), max_parts=2)
    judged = [
        whole.admit(Candidate(f"+7916000000{number}", {"a": value}))
        for number, value in enumerate(["short", "ы" * 71, "ы" * 140, ""])
    ]
    assert [(each.text, each.parts, each.dropped) for each in judged] == [
        ("short", 1, None),
        ("ы" * 71, 2, None),
        (None, 0, Drop.TOO_LONG),
        (None, 0, Drop.NO_VALUE),
    ]
    summary = whole.summary
    assert (summary.recipients, summary.parts, summary.by_parts) == (2, 3, {1: 1, 2: 1})
    assert (summary.ucs2, summary.character, summary.sample) == (1, "ы", "short")


def test_a_text_of_its_own_is_not_repeated_for_everybody() -> None:
    assert audience().admit(Candidate(MOBILE)).text is None


@pytest.mark.parametrize("length", [71, 100_000])
def test_a_text_that_is_too_long_is_refused_before_anybody_is_looked_at(length: int) -> None:
    with pytest.raises(UsageError, match="at most 1 are sent"):
        audience("ы" * length, max_parts=1)


def test_what_is_over_stays_over() -> None:
    for state in (AlertState.DONE, AlertState.CANCELLED):
        assert not TRANSITIONS[state]
    assert may(AlertState.RUNNING, AlertState.PAUSED)
    assert not may(AlertState.PREPARING, AlertState.PAUSED)
