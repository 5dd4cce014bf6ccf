"""Which route a message may leave by: a table, and its edges."""

import math
from collections.abc import Mapping, Sequence

import pytest

from smsd.rules.outbox import MessageClass
from smsd.rules.routing import (
    ANSWER_PATIENCE,
    OWN_SECONDS,
    STUCK_SECONDS,
    Block,
    Kind,
    Left,
    View,
    diverts,
    leaves,
    permits,
    put_off_too_long,
    refused_at_once,
    sim_for,
    stand_in,
    substitute,
)

NOW = 1_000_000.0
ALL, NONE, PATIENCE = math.inf, -math.inf, NOW - ANSWER_PATIENCE
ACK, RESULT, ADMIN, MANUAL, NOTIFICATION, ALERT = MessageClass


def bind(name: str = "operator", down_for: float = 0.0, stuck_for: float = 0.0) -> View:
    return View(name, Kind.BIND, down_for, stuck_for)


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
        # A spare bind behind the SIM: nothing is its while the first is up, and a notification is, once that is not.
        ("b", [bind("a"), sim(), bind("b")], [PATIENCE, PATIENCE, NONE, NONE, NONE, NONE]),
        ("b", [bind("a"), sim(down_for=40), bind("b")], [PATIENCE, PATIENCE, NONE, NONE, NONE, NONE]),
        ("b", [bind("a", 40), sim(down_for=40), bind("b")], [ALL] * 6),
        ("b", [bind("a", 40), sim(), bind("b")], [PATIENCE, PATIENCE, NONE, NONE, ALL, ALL]),
        # Beyond its rate: for moments it is waited for, for as long as one that is down it is passed over.
        ("modem0", [bind(stuck_for=29), sim()], [PATIENCE, PATIENCE, NONE, NONE, NONE, NONE]),
        ("modem0", [bind(stuck_for=30), sim()], [ALL, ALL, ALL, ALL, NONE, NONE]),
        ("operator", [bind(stuck_for=3000), sim()], [ALL] * 6),
        ("modem0", [bind("a", 31), bind("b", stuck_for=31), sim()], [ALL, ALL, ALL, ALL, NONE, NONE]),
        ("b", [bind("a", stuck_for=30), bind("b")], [NONE] * 6),
        ("b", [bind("a", stuck_for=31), bind("b")], [ALL] * 6),
    ],
)
def test_the_table(route: str, order: list[View], expected: list[float]) -> None:
    """Each row: who asks, how the routes are, and what he may take of each class."""
    assert list(asked(route, *order).values()) == expected


@pytest.mark.parametrize(("stuck_for", "expected"), [(0.02, NONE), (STUCK_SECONDS, ALL)])
def test_who_does_not_wait_for_a_dead_route_waits_for_a_busy_one(stuck_for: float, expected: float) -> None:
    """With ``fallback_after_seconds = 0`` a bind that is full for a moment is no reason to change the sender."""
    order = [bind(stuck_for=stuck_for), sim()]
    assert permits("modem0", order, now=NOW, fallback_after=0.0, by_class={})[MANUAL] == expected


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
@pytest.mark.parametrize("allowed", [False, True])
def test_a_refused_submit_falls_back_for_the_senders_name_and_a_failed_route(
    message_class: MessageClass, block: Block | None, allowed: bool
) -> None:
    """Never for a refused recipient or text; an alert only if allowed; a notification waits for a route that failed."""
    classes = {Block.SENDER: {ACK, RESULT, ADMIN, MANUAL, NOTIFICATION}, Block.ROUTE: {ACK, RESULT, ADMIN, MANUAL}}
    falls_back = set(classes.get(block, ())) if block is not None else set()
    if allowed and falls_back:
        falls_back.add(ALERT)
    assert refused_at_once(message_class, block, allowed=allowed) == (message_class in falls_back)


@pytest.mark.parametrize(
    ("refused_by", "order", "for_the_name", "for_a_failure"),
    [
        ("operator", [bind(), sim()], "modem0", "modem0"),
        ("operator", [bind(), sim(down_for=1)], "modem0", None),
        ("operator", [bind(), sim("modem0", 1), sim("modem1")], "modem1", "modem1"),
        ("a", [bind("a"), bind("b"), sim()], "b", "b"),
        ("b", [bind("a"), bind("b"), sim()], "modem0", "modem0"),
        ("a", [bind("a"), bind("b", 5), sim()], "modem0", "modem0"),
        ("operator", [sim(), bind()], "modem0", "modem0"),
        ("b", [bind("a"), bind("b")], None, None),
        ("nowhere", [bind(), sim()], "modem0", "modem0"),
    ],
)
def test_who_takes_over(
    refused_by: str, order: list[View], for_the_name: str | None, for_a_failure: str | None
) -> None:
    """The next in the order that is up; a SIM that is down is waited for only where no name will ever pass."""
    assert stand_in(MANUAL, Block.SENDER, refused_by, order, {}) == for_the_name
    assert stand_in(MANUAL, Block.ROUTE, refused_by, order, {}) == for_a_failure


def test_nobody_takes_over_who_does_not_carry_the_class() -> None:
    """``routing.by_class`` names the only routes that carry a class."""
    order = [bind("a"), bind("b"), sim()]
    assert stand_in(ACK, Block.SENDER, "a", order, {ACK: ["a", "modem0"]}) == "modem0"
    assert stand_in(ACK, Block.SENDER, "a", order, {ACK: ["a"]}) is None


def test_of_several_sims_the_one_that_the_client_wrote_to_takes_over() -> None:
    """Among those that are up; a bind that is next in the order goes before any of them."""
    for block in (Block.SENDER, Block.ROUTE):
        order = [bind(), sim("modem0"), sim("modem1")]
        assert stand_in(ACK, block, "operator", order, {}, "modem1") == "modem1"
        assert stand_in(ACK, block, "operator", order, {}, "operator") == "modem0"
        assert stand_in(ACK, block, "operator", [bind(), sim("modem0"), sim("modem1", 5)], {}, "modem1") == "modem0"
        assert stand_in(ACK, block, "a", [bind("a"), bind("b"), *order[1:]], {}, "modem1") == "b"
        assert stand_in(ACK, block, "a", [bind("a"), *order[1:], bind("b")], {}, "b") == "modem0"
    assert stand_in(ACK, Block.SENDER, "operator", [bind(), sim("m0", 1), sim("m1", 1)], {}, "m1") == "m1"


def test_a_message_goes_by_a_sim_that_carries_its_class_and_is_up() -> None:
    order = [bind(), sim("modem0"), sim("modem1"), sim("modem2", down_for=5)]
    names = {ACK: ["modem2", "modem1"]}
    for message_class, written_to, expected in (
        (RESULT, None, "modem0"), (RESULT, "modem1", "modem1"), (RESULT, "modem2", "modem0"), (ACK, "modem0", "modem1"),
    ):  # fmt: skip
        found = sim_for(message_class, order, names, written_to)
        assert found is not None
        assert found.name == expected
    assert sim_for(ACK, [bind()], {}, "modem0") is None


def left(route: str, *order: View, by_class: Mapping[MessageClass, Sequence[str]] | None = None) -> dict[str, Left]:
    found = leaves(route, order, now=NOW, fallback_after=30.0, by_class=by_class or {})
    assert set(found) <= {ACK, RESULT}
    return {message_class.value: each for message_class, each in found.items()}


SHARED = Left(frozenset({"modem1"}), NOW - OWN_SECONDS)
"""A SIM leaves what is younger to the other one."""


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([sim(), sim("modem1")], SHARED),
        ([sim("modem1"), sim()], SHARED),
        ([sim(), sim("modem1", down_for=1)], None),
        ([sim(), View("modem1", Kind.SIM, 0.0, STUCK_SECONDS)], None),
        ([sim(), View("modem1", Kind.SIM, 0.0, STUCK_SECONDS - 1)], SHARED),
        ([sim()], None),
        ([bind("modem1"), sim()], None),
        # Behind a bind: the time of the other SIM begins once answers may fall back; what is too old waits for nobody.
        ([bind(down_for=30), sim(), sim("modem1")], Left(frozenset({"modem1"}), NOW - ANSWER_PATIENCE)),
        ([bind(down_for=44), sim(), sim("modem1")], Left(frozenset({"modem1"}), NOW - ANSWER_PATIENCE)),
        ([bind(down_for=45), sim(), sim("modem1")], SHARED),
        ([bind(), sim(), sim("modem1")], Left(frozenset({"modem1"}), NOW - ANSWER_PATIENCE)),
        ([sim(), sim("modem1"), bind()], SHARED),
    ],
)
def test_a_sim_leaves_an_answer_to_the_one_its_client_wrote_to(order: list[View], expected: Left | None) -> None:
    """For a moment: it may be busy, and an answer is promised within two minutes."""
    assert left("modem0", *order) == ({} if expected is None else {"ack": expected, "result": expected})


def test_a_bind_leaves_nothing_and_a_class_knows_its_own_sims() -> None:
    order = [bind(), sim(), sim("modem1")]
    assert left("operator", *order) == {}
    assert set(left("modem0", *order, by_class={ACK: ["modem0"], RESULT: ["modem1", "modem0"]})) == {"result"}
    assert left("modem0", *order, by_class={ACK: ["modem1"], RESULT: ["modem0"]}) == {}


@pytest.mark.parametrize("message_class", MessageClass)
@pytest.mark.parametrize("block", [*Block, None])
@pytest.mark.parametrize("diverted", [False, True])
def test_after_an_accepted_submit_only_an_answer_falls_back_and_only_once(
    message_class: MessageClass, block: Block | None, diverted: bool
) -> None:
    """A replaced SIM, a refused recipient, an unknown code: never."""
    expected = not diverted and block is Block.SENDER and message_class in (ACK, RESULT)
    assert diverts(message_class, block, diverted=diverted) == expected


@pytest.mark.parametrize("message_class", MessageClass)
def test_only_an_answer_is_taken_from_a_route_that_puts_it_off(message_class: MessageClass) -> None:
    told = [put_off_too_long(message_class, age) for age in (ANSWER_PATIENCE, ANSWER_PATIENCE + 1, math.inf)]
    assert told == ([False, True, True] if message_class in {ACK, RESULT} else [False] * 3)


@pytest.mark.parametrize(
    ("order", "alert", "expected"),
    [
        ([bind(), sim()], None, None),
        ([bind(down_for=29), sim()], None, None),
        ([bind(down_for=30), sim()], None, "modem0"),
        ([bind("a", 3000), bind("b", 29), sim()], None, None),
        # Stuck is not down: it will take them.
        ([bind(stuck_for=3000), sim()], None, None),
        ([bind(down_for=30), sim(down_for=1), sim("modem1")], None, "modem1"),
        ([bind(down_for=30), sim(down_for=1)], None, None),
        # Without a bind a SIM stands in for nobody.
        ([sim()], None, None),
        ([bind(down_for=30), sim(), sim("modem1")], ["modem1", "operator", "modem0"], "modem1"),
        ([bind(down_for=30), sim()], ["operator"], None),
        ([bind("a", 30), bind("b"), sim()], ["a", "modem0"], "modem0"),
    ],
)
def test_a_sim_carries_alerts_for_the_binds_of_their_order(
    order: list[View], alert: list[str] | None, expected: str | None
) -> None:
    by_class = {} if alert is None else {ALERT: alert}
    assert substitute(order, fallback_after=30.0, by_class=by_class) == expected
