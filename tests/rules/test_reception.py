"""What is done with a message that came in."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.rules.commands import Command
from smsd.rules.reception import Decision, Facts, InboxState, Incoming, command_of, copy_of, judge

PHONE = "+79160000001"
CLIENT = Incoming(PHONE, True, PHONE, "", "+79168999100", datetime(2026, 3, 1, tzinfo=UTC))
TEXTS = {Command.INFO: "CLIENT info", Command.STOP: "CLIENT sms stop", Command.START: "CLIENT sms start"}
WISHES = {Command.INFO: None, Command.STOP: False, Command.START: True}
QUIET = Facts(0, None)


def decided(incoming: Incoming, facts: Facts = QUIET, *, lenient: bool = False) -> Decision:
    """Judge with the limit of ten commands an hour."""
    return judge(incoming, facts, commands_per_hour=10, lenient=lenient)


def saying(text: str) -> Incoming:
    """Let a client say something."""
    return replace(CLIENT, text=text)


@pytest.mark.parametrize("command", Command)
def test_a_command_is_answered_and_its_wish_obeyed(command: Command) -> None:
    decision = decided(saying(TEXTS[command]))
    assert decision == Decision(InboxState.COMMAND, command=command, answer=True, subscribe=WISHES[command])


@pytest.mark.parametrize("command", Command)
def test_the_last_within_the_limit_is_answered(command: Command) -> None:
    assert decided(saying(TEXTS[command]), Facts(9, 5)).answer


@pytest.mark.parametrize("command", [Command.INFO, Command.START])
def test_beyond_the_limit_a_repeat_joins_unanswered_but_its_wish_is_obeyed(command: Command) -> None:
    decision = decided(saying(TEXTS[command]), Facts(10, 5))
    assert (decision.state, decision.answer, decision.joins) == (InboxState.FLOOD, False, 5)
    assert decision.subscribe is WISHES[command]
    assert decided(saying(TEXTS[command]), Facts(10, None)).joins is None


def test_stop_is_always_carried_out_and_answered() -> None:
    decision = decided(saying(TEXTS[Command.STOP]), Facts(10**6, 5))
    assert (decision.state, decision.answer, decision.subscribe) == (InboxState.COMMAND, True, False)


@pytest.mark.parametrize("command", Command)
@pytest.mark.parametrize(
    "sender",
    [
        {"sender": "BANK", "sender_is_number": False, "phone": None},
        {"sender": "900", "phone": None},
        {"service_centre": "+380501234567"},
        {"phone": None},
    ],
)
def test_a_robot_is_neither_answered_nor_obeyed(command: Command, sender: dict[str, object]) -> None:
    decision = decided(replace(saying(TEXTS[command]), **sender))  # type: ignore[arg-type]
    assert (decision.state, decision.answer, decision.subscribe) == (InboxState.ROBOT, False, None)
    assert decision.reason


def test_a_lookalike_is_told_apart_and_counts_only_where_leniency_is_wanted() -> None:
    assert decided(saying("CLIENT infos")).state is InboxState.LOOKALIKE
    assert not decided(saying("CLIENT infos")).answer
    assert decided(saying("CLIENT infos"), lenient=True).command is Command.INFO


def test_any_other_text_is_ignored_whoever_sends_it() -> None:
    for incoming in (saying("Спасибо!"), replace(saying("Скидка 5%"), sender="SHOP", sender_is_number=False)):
        assert decided(incoming).state is InboxState.IGNORED


@given(st.text(), st.integers(0, 30), st.none() | st.integers(1, 9), st.booleans())
def test_any_text_has_a_decision_and_only_a_command_an_answer(
    text: str, count: int, open_request: int | None, lenient: bool
) -> None:
    incoming = saying(text)
    decision = decided(incoming, Facts(count, open_request), lenient=lenient)
    assert decision.answer == (decision.state is InboxState.COMMAND)
    assert decision.command == command_of(incoming, lenient=lenient)
    assert (decision.subscribe is not None) <= (decision.command in (Command.STOP, Command.START))


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], None),
        ([("modem0", False)], "modem0"),
        ([("operator", False)], None),
        ([("modem0", False), ("operator", True)], None),
        ([("modem0", False), ("operator", True), ("modem0", False)], "modem0"),
        ([("modem0", False), ("modem1", False), ("operator", True)], "modem1"),
        ([("modem0", True)], None),
    ],
)
def test_an_original_has_one_copy_by_another_route(others: list[tuple[str, bool]], expected: str | None) -> None:
    """Each row: what came before by which route and whether it was a copy, and whose copy the next one is."""
    assert copy_of("operator", others) == expected
