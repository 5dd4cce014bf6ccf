"""A text is a command only when it is one; what nearly is one is told apart; no text is too strange to be told."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.rules.commands import Command, Kind, classify, is_robot, resembles

FORMS = {"CLIENT info": Command.INFO, "CLIENT sms stop": Command.STOP, "CLIENT sms start": Command.START}
WHITE = " \t\r\n\x0b\x0c\x85\xa0\u1680\u2007\u2028\u202f\u3000\ufeff"

forms = st.sampled_from(sorted(FORMS))


@pytest.mark.parametrize(("text", "command"), FORMS.items())
def test_the_forms_of_the_instruction_are_commands(text: str, command: Command) -> None:
    assert classify(text) is command


def test_the_values_of_a_command_are_what_the_request_shows() -> None:
    assert [command.value for command in Command] == ["info", "sms stop", "sms start"]


@given(forms, st.lists(st.booleans(), min_size=16, max_size=16), st.text(WHITE, max_size=4), st.text(WHITE, max_size=4))
def test_any_case_and_any_white_space_around_is_the_command(
    form: str, upper: list[bool], before: str, after: str
) -> None:
    mixed = "".join(letter.upper() if up else letter.lower() for letter, up in zip(form, upper, strict=False))
    assert classify(before + mixed + after) is FORMS[form]


LOOKALIKES = {
    "СLIENT info": Command.INFO,  # a Cyrillic С
    "СLІЕNТ іnfо": Command.INFO,  # every letter that has a twin
    "CLİENT info": Command.INFO,
    "CLIENT ınfo": Command.INFO,
    "ＣＬＩＥＮＴ ｉｎｆｏ": Command.INFO,
    "CLIENT  info": Command.INFO,
    "CLIENT\xa0info": Command.INFO,
    "CLIENT\ninfo": Command.INFO,
    "CLIENT\u200b info": Command.INFO,
    "CLIENT-info": Command.INFO,
    "CLIENTinfo": Command.INFO,
    "CLIENT info.": Command.INFO,
    "CLIENT info!!!": Command.INFO,
    "«CLIENT info»": Command.INFO,
    '"client info"': Command.INFO,
    "cleint info": Command.INFO,
    "clent info": Command.INFO,
    "client infoo": Command.INFO,
    "klient info": Command.INFO,
    "клиент инфо": Command.INFO,
    "Клиент info": Command.INFO,
    "КЛИЕНТ СМС СТОП": Command.STOP,
    "клиент смс старт.": Command.START,
    "client смс start": Command.START,
    "client sms stop.": Command.STOP,
    "client_sms_stop": Command.STOP,
    "client smsstop": Command.STOP,
    "client sms stpo": Command.STOP,
    "client sms star": Command.START,
}


@pytest.mark.parametrize(("text", "command"), LOOKALIKES.items())
def test_a_near_miss_is_told_with_the_command_it_resembles(text: str, command: Command) -> None:
    assert classify(text) is Kind.LOOKALIKE
    assert resembles(text) is command
    assert classify(text, lenient=True) is command


OTHERS = [
    "", " ", "\x00", "info", "stop", "стоп", "client", "client sms", "client sms info", "client info please", "CLIENT",
    "C L I E N T info", "sms stop", "client stop", "client inf 0 1", "привет", "👍", "\ud83d", "CLIENT info" * 2,
    "1234", "client sms stop start", "client sms",
]  # fmt: skip


@pytest.mark.parametrize("text", OTHERS)
def test_any_other_text_is_other_lenient_or_not(text: str) -> None:
    assert classify(text) is Kind.OTHER
    assert classify(text, lenient=True) is Kind.OTHER
    assert resembles(text) is None


@given(st.text())
def test_every_text_has_an_answer_and_a_command_is_ascii(text: str) -> None:
    answer = classify(text)
    if isinstance(answer, Command):
        assert text.strip(WHITE + "\x1c\x1d\x1e\x1f").isascii()
        assert resembles(text) is answer
    assert (answer is Kind.LOOKALIKE) == (isinstance(classify(text, lenient=True), Command) and answer in Kind)


@given(forms, st.data())
def test_one_slip_anywhere_still_resembles_the_command(form: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(form) - 1))
    letter = data.draw(st.sampled_from("abcxyz"))
    slips = [
        form[:at] + form[at + 1 :],
        form[:at] + letter + form[at + 1 :],
        form[:at] + letter + form[at:],
        form[:at] + form[at : at + 2][::-1] + form[at + 2 :],
    ]
    for slip in slips:
        assert resembles(slip) is FORMS[form], slip


@given(forms, st.sampled_from([chr(i) for i in range(0x80, 0x3000) if chr(i).isalpha()]), st.data())
def test_no_letter_outside_ascii_passes_for_one_inside(form: str, letter: str, data: st.DataObject) -> None:
    """The Kelvin sign lowers to k, the long s is upper S: neither makes a command."""
    at = data.draw(st.integers(0, len(form) - 1))
    assert not isinstance(classify(form[:at] + letter + form[at + 1 :]), Command), unicodedata.name(letter)


@pytest.mark.parametrize("unit", [" ", "\xa0", "CLIENT info ", "С", "\u0301", "ﷺ", "(", "\u200b"])
def test_a_huge_text_is_told_at_once(unit: str) -> None:
    """A megabyte takes no longer than a few passes over it: the bound is a hundred times what is measured."""
    began = time.process_time()
    classify(unit * 1_000_000)
    assert time.process_time() - began < 2


ROBOTS = [
    ("SCSERV", False, "+79168999100", "letters"),
    ("900", True, "+79168999100", "short code of 3"),
    ("123456", True, None, "short code of 6"),
    ("", True, None, "short code of 0"),
    ("+79086228779", True, "+4412345678", "another country's"),
    ("+79086228779", True, "+77051234567", "another country's"),
    ("+77051234567", True, "+79020000000", "another country's"),
    ("+79086228779", True, "375291234567", "another country's"),
]


@pytest.mark.parametrize(("sender", "is_number", "centre", "reason"), ROBOTS)
def test_a_sender_that_cannot_be_a_client_is_told_why(
    sender: str, is_number: bool, centre: str | None, reason: str
) -> None:
    assert reason in (is_robot(sender, is_number, centre) or "")


PEOPLE = [
    ("+79086228779", "+79168999100"),
    ("+79086228779", None),
    ("+79086228779", ""),
    ("+79086228779", "79168999100"),
    ("+79086228779", "89168999100"),
    ("+77011234567", "+77010000000"),
    ("+375291234567", "+375290000000"),
    ("89086228779", "+79168999100"),
]


@pytest.mark.parametrize(("sender", "centre"), PEOPLE)
def test_a_number_through_a_fitting_or_unknown_centre_may_be_a_client(sender: str, centre: str | None) -> None:
    assert is_robot(sender, True, centre) is None
