"""From how the service is to what is wrong with it: every state of a route, every number at its mark."""

import re
from pathlib import Path

import pytest

import smsd.routes
from smsd.rules.alarms import Condition, Finding
from smsd.rules.conditions import OF_BIND, OF_MODEM, Marks, RouteLook, Situation, observe
from smsd.rules.cures import Trouble
from smsd.rules.routing import Kind

READY = RouteLook("modem0", Kind.SIM, up=True, state="ready")
MARKS = Marks()


def found(situation: Situation) -> set[tuple[Condition, str]]:
    return {finding.key for finding in observe(situation, MARKS)}


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    quiet = Situation([READY], acknowledgement=5.0, queue={"result": 10.0}, free_octets=10**12, clock_off=-3.0)
    assert observe(quiet, MARKS) == []
    assert observe(Situation(), MARKS) == []


@pytest.mark.parametrize(("state", "condition"), [*OF_MODEM.items(), ("dead", Condition.MODEM_DEAD)])
def test_a_modem_that_is_not_up_says_why(state: str, condition: Condition) -> None:
    down = RouteLook("modem1", Kind.SIM, up=False, state=state, detail="why")
    about = "" if condition is Condition.STORE_TROUBLE else "modem1"
    assert found(Situation([READY, down])) == {(condition, about)}


@pytest.mark.parametrize(("state", "condition"), [*OF_BIND.items(), ("connecting", Condition.ROUTE_DOWN)])
def test_a_bind_that_is_not_up_says_why(state: str, condition: Condition) -> None:
    down = RouteLook("operator", Kind.BIND, up=False, state=state)
    about = "" if condition is Condition.STORE_TROUBLE else "operator"
    assert found(Situation([READY, down])) == {(condition, about)}


def test_no_route_at_all_is_an_alarm_of_its_own() -> None:
    down = [RouteLook("a", Kind.SIM, up=False, state="away"), RouteLook("b", Kind.BIND, up=False, state="away")]
    assert found(Situation(down)) == {
        (Condition.NOTHING_LEAVES, ""), (Condition.MODEM_AWAY, "a"), (Condition.ROUTE_DOWN, "b"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("situation", "key", "figure"),
    [
        (Situation(acknowledgement=91.0), (Condition.ACKNOWLEDGEMENT_LATE, ""), "91"),
        (Situation(queue={"result": 3660.0}), (Condition.QUEUE_OLD, "result"), "61"),
        (Situation(swapped=["+7916•••67"]), (Condition.SIM_SWAPPED, "+7916•••67"), ""),
        (Situation(held=3), (Condition.DOUBTS_HELD, ""), "3"),
        (Situation(stuck=(601.0, "ssk: answers 500")), (Condition.REQUESTS_WAIT, ""), "10"),
        (Situation(free_octets=150_000_000), (Condition.DISK_LOW, ""), "150"),
        (Situation(store_error="no room"), (Condition.STORE_TROUBLE, ""), ""),
        (Situation(clock_off=-121.4), (Condition.CLOCK_OFF, ""), "121"),
    ],
)
def test_a_number_beyond_its_mark_is_found(situation: Situation, key: tuple[Condition, str], figure: str) -> None:
    [finding] = observe(situation, MARKS)
    assert (finding.key, finding.figure) == (key, figure)


@pytest.mark.parametrize(
    "situation",
    [
        Situation(acknowledgement=90.0),
        Situation(queue={"result": 3600.0}),
        Situation(stuck=(600.0, "ssk: answers 500")),
        Situation(free_octets=200_000_000),
        Situation(clock_off=120.0),
        Situation([RouteLook("m", Kind.SIM, up=True, state="ready", facts={"slots_used": 7, "slots_total": 10})]),
        Situation([RouteLook("m", Kind.SIM, up=True, state="ready", facts={"slots_used": 0, "slots_total": 0})]),
    ],
)
def test_a_number_at_its_mark_is_not(situation: Situation) -> None:
    assert observe(situation, MARKS) == []


def test_a_sim_nearly_full_is_found_while_it_works() -> None:
    look = RouteLook("m", Kind.SIM, up=True, state="ready", facts={"slots_used": 8, "slots_total": 10})
    [finding] = observe(Situation([look]), MARKS)
    assert (finding.key, finding.figure) == ((Condition.SIM_FULL, "m"), "80")


@pytest.mark.parametrize("trouble", Trouble)
def test_what_no_cure_has_helped_is_found_while_the_modem_works_where_nothing_else_tells_it(trouble: Trouble) -> None:
    look = RouteLook("m", Kind.SIM, up=True, state="ready", facts={"alarm": f"{trouble.value}: why"})
    found = [finding.key for finding in observe(Situation([look]), MARKS)]
    told = trouble in {Trouble.SIM_FULL, Trouble.NOT_DELIVERING}
    assert found == ([] if told else [(Condition.MODEM_UNCURED, "m")])


def test_what_is_found_elsewhere_is_told_as_well_and_once() -> None:
    other = Finding(Condition.BALANCE_LOW, "modem0", figure="12.50")
    assert observe(Situation(others=[other, other]), MARKS) == [other]


def test_every_state_that_a_modem_s_route_names_means_something() -> None:
    """A new state of the route falls under *does not work* unless somebody has thought of it; here he does."""
    routes = Path(smsd.routes.__file__).parent / "modem"
    said = {
        state
        for file in routes.glob("*.py")
        for state in re.findall(r'_become\(\s*"([a-z-]+)"', file.read_text("utf-8"))
    }
    thought_of = {"opening", "initialising", "recovering", "resetting", "dead", "failed", "ready"}
    assert said <= thought_of | set(OF_MODEM), "give the new state an alarm in rules/conditions.py"
