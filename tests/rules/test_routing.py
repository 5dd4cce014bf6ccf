"""Which route a message may leave by: a table, and its edges."""

import math
from collections.abc import Mapping, Sequence

import pytest

from smsd.rules.outbox import MessageClass
from smsd.rules.routing import ANSWER_PATIENCE, Block, Kind, View, diverts, permits, refused_at_once

NOW = 1_000_000.0
ALL, NONE, PATIENCE = math.inf, -math.inf, NOW - ANSWER_PATIENCE
ACK, RESULT, ADMIN, MANUAL, NOTIFICATION, ALERT = MessageClass


def bind(name: str = "operator", down_for: float = 0.0) -> View:
    return View(name, Kind.BIND, down_for)


def sim(name: str = "modem0", down_for: float = 0.0) -> View:
    return View(name, Kind.SIM, down_for)


def asked(
    route: str, *order: View, by_class: Mapping[MessageClass, Sequence[str]] | None = None
) -> dict[MessageClass, float]:
    return permits(route, order, now=NOW, fallback_after=30.0, by_class=by_class or {})


@pytest.mark.parametrize(
    ("route", "order", "expected"),
    [
        ("operator", [bind(), sim()], [ALL] * 6),
        ("modem0", [bind(), sim()], [PATIENCE, PATIENCE, NONE, NONE, NONE, NONE]),
        ("modem0", [bind(down_for=10), sim()], [PATIENCE, PATIENCE, NONE, NONE, NONE, NONE]),
        ("modem0", [bind(down_for=30), sim()], [ALL, ALL, ALL, ALL, NONE, NONE]),
        ("modem0", [bind(down_for=3000), sim()], [ALL, ALL, ALL, ALL, NONE, NONE]),
        ("modem0", [bind("a", 3000), bind("b"), sim()], [PATIENCE, PATIENCE, NONE, NONE, NONE, NONE]),
        ("modem0", [bind("a", 3000), bind("b", 31), sim()], [ALL, ALL, ALL, ALL, NONE, NONE]),
        ("modem0", [sim()], [ALL] * 6),
        ("modem1", [sim("modem0"), sim("modem1")], [ALL] * 6),
        ("b", [bind("a"), bind("b")], [NONE] * 6),
        ("b", [bind("a", 1), bind("b")], [ALL] * 6),
        ("operator", [sim(), bind()], [PATIENCE, PATIENCE, NONE, NONE, NONE, NONE]),
        ("operator", [sim(down_for=40), bind()], [ALL, ALL, ALL, ALL, NONE, NONE]),
        ("nowhere", [bind(), sim()], [NONE] * 6),
    ],
)
def test_the_table(route: str, order: list[View], expected: list[float]) -> None:
    """Each row: who asks, how the routes are, and what he may take of each class."""
    assert list(asked(route, *order).values()) == expected


def test_a_class_may_have_an_order_of_its_own() -> None:
    """``routing.by_class`` names the only routes that carry a class, and their order."""
    order = {ALERT: ["bulk"], ACK: ["modem0", "operator"]}
    routes = [bind("operator"), bind("bulk"), sim()]
    assert asked("bulk", *routes, by_class=order)[ALERT] == ALL
    assert asked("operator", *routes, by_class=order)[ALERT] == NONE
    assert asked("modem0", *routes, by_class=order)[ACK] == ALL
    assert asked("operator", *routes, by_class=order)[ACK] == PATIENCE


@pytest.mark.parametrize("message_class", MessageClass)
@pytest.mark.parametrize("block", [*Block, None])
def test_a_refused_submit_falls_back_only_for_the_senders_name(
    message_class: MessageClass, block: Block | None
) -> None:
    """Never for a refused recipient or text, and an alert waits instead."""
    assert refused_at_once(message_class, block) == (block is Block.SENDER and message_class is not ALERT)


@pytest.mark.parametrize("message_class", MessageClass)
@pytest.mark.parametrize("block", [*Block, None])
@pytest.mark.parametrize("diverted", [False, True])
def test_after_an_accepted_submit_only_an_answer_falls_back_and_only_once(
    message_class: MessageClass, block: Block | None, diverted: bool
) -> None:
    """A replaced SIM, a refused recipient, an unknown code: never."""
    expected = not diverted and block is Block.SENDER and message_class in (ACK, RESULT)
    assert diverts(message_class, block, diverted=diverted) == expected
