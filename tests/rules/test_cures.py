"""The ladder of cures: which rung comes when, and what keeps it from being climbed."""

from dataclasses import replace

import pytest

from smsd.rules.cures import (
    AGAIN,
    BY_SIGNS,
    HOUR,
    LADDERS,
    PER_HOUR,
    RESETS,
    SETTLING,
    Case,
    Circumstances,
    Cure,
    Step,
    Trouble,
    next_step,
)

LONG_AGO = -1e9
EVERYTHING = Circumstances(now=0.0, appeared=LONG_AGO)


def climbed(case: Case, circumstances: Circumstances = EVERYTHING) -> list[tuple[Cure, float]]:
    """Climb the whole ladder, each rung as soon as it may be, with signs of the trouble all along."""
    taken: list[tuple[Cure, float]] = []
    while not case.exhausted:
        step = next_step(case, taken, circumstances)
        taken.append((step.cure, step.at))
        case = replace(step.case, last=step.at, seen=step.at + 1)
    return taken


def case_of(trouble: Trouble, began: float = 0.0) -> Case:
    return Case(trouble, "why", began, began)


@pytest.mark.parametrize("trouble", Trouble)
def test_every_ladder_goes_from_mild_to_harsh_and_ends_with_a_person(trouble: Trouble) -> None:
    cures = [rung.cure for rung in LADDERS[trouble]]
    assert cures[-1] is Cure.ALARM
    assert cures.count(Cure.ALARM) == 1
    order = [cure for cure in Cure if cure is not Cure.REOPEN]
    places = [order.index(cure) for cure in cures if cure in order]
    assert places == sorted(places)


@pytest.mark.parametrize("trouble", Trouble)
def test_the_rungs_are_climbed_at_their_times(trouble: Trouble) -> None:
    taken = climbed(case_of(trouble))
    assert [cure for cure, _ in taken] == [rung.cure for rung in LADDERS[trouble]]
    waits = [after - before for (_, before), (_, after) in zip([(None, 0.0), *taken], taken, strict=False)]
    assert waits == [rung.after for rung in LADDERS[trouble]]


@pytest.mark.parametrize("trouble", Trouble)
def test_nothing_is_reset_that_has_just_appeared(trouble: Trouble) -> None:
    taken = climbed(case_of(trouble), Circumstances(now=0.0, appeared=1000.0))
    assert all(at >= 1000.0 + SETTLING for cure, at in taken if cure in RESETS)


@pytest.mark.parametrize("trouble", Trouble)
def test_nothing_is_reset_while_a_part_is_in_the_air(trouble: Trouble) -> None:
    in_air = replace(EVERYTHING, in_air=True)
    for place, rung in enumerate(LADDERS[trouble]):
        step = next_step(Case(trouble, "", 0.0, 9.0, climbed=place, last=1.0), [], in_air)
        assert bool(step.hindrance) is (rung.cure in RESETS)


@pytest.mark.parametrize("trouble", Trouble)
def test_nothing_is_reset_where_a_pin_is_at_stake(trouble: Trouble) -> None:
    taken = climbed(case_of(trouble), replace(EVERYTHING, pin_at_stake=True))
    assert not RESETS & {cure for cure, _ in taken}
    assert taken[-1][0] is Cure.ALARM


def test_what_this_modem_or_this_host_cannot_do_is_left_out() -> None:
    able = replace(EVERYTHING, possible=frozenset(Cure) - {Cure.USB, Cure.RADIO})
    assert [cure for cure, _ in climbed(case_of(Trouble.NOT_REGISTERED), able)] == [
        Cure.INITIALISE, Cure.RESTART, Cure.ALARM,
    ]  # fmt: skip


@pytest.mark.parametrize("cure", sorted(RESETS))
def test_a_reset_is_taken_so_often_in_an_hour_and_no_more(cure: Cure) -> None:
    place = next(at for at, rung in enumerate(LADDERS[Trouble.NOT_REGISTERED]) if rung.cure is cure)
    case = Case(Trouble.NOT_REGISTERED, "", 0.0, 0.0, climbed=place, last=0.0)
    rung, following = LADDERS[Trouble.NOT_REGISTERED][place : place + 2]
    free = rung.after + following.after
    lately = [(cure, free - HOUR + number) for number in range(PER_HOUR)]
    assert next_step(case, lately[1:], EVERYTHING).at == rung.after
    step = next_step(case, lately, EVERYTHING)
    assert (step.cure, step.at) == (cure, free)


@pytest.mark.parametrize("cure", sorted(RESETS))
def test_a_reset_that_is_spent_for_long_is_passed_over(cure: Cure) -> None:
    place = next(at for at, rung in enumerate(LADDERS[Trouble.NOT_REGISTERED]) if rung.cure is cure)
    case = Case(Trouble.NOT_REGISTERED, "", 0.0, 0.0, climbed=place, last=0.0)
    rung, following = LADDERS[Trouble.NOT_REGISTERED][place : place + 2]
    lately = [(cure, rung.after + following.after - HOUR + 1.0)] * PER_HOUR
    step = next_step(case, lately, EVERYTHING)
    assert (step.cure, step.at, step.case.climbed) == (following.cure, following.after, place + 2)


@pytest.mark.parametrize("trouble", [trouble for trouble, ladder in LADDERS.items() if ladder[-1].cure is Cure.ALARM])
def test_a_person_is_called_in_time_though_every_reset_is_spent(trouble: Trouble) -> None:
    case, circumstances = case_of(trouble), EVERYTHING
    taken = [(cure, -1.0) for cure in sorted(RESETS) for _ in range(PER_HOUR)]
    steps: list[Step] = []
    while not case.exhausted:
        step = next_step(case, taken, circumstances)
        steps.append(step)
        circumstances = replace(circumstances, now=step.at)
        case = replace(step.case, last=step.at, seen=step.at + 1)
    assert not RESETS & {step.cure for step in steps}
    assert steps[-1].cure is Cure.ALARM
    assert steps[-1].at <= sum(rung.after for rung in LADDERS[trouble])


def test_after_the_alarm_the_resets_are_tried_again_in_a_while() -> None:
    case = case_of(Trouble.NOT_REGISTERED)
    last = climbed(case)[-1][1]
    spent = replace(case, climbed=len(LADDERS[case.trouble]), last=last)
    step = next_step(spent, [], EVERYTHING)
    assert (step.cure, step.at) == (Cure.RADIO, last + AGAIN)
    assert not step.case.exhausted


@pytest.mark.parametrize("trouble", sorted(BY_SIGNS))
def test_what_shows_only_when_tried_waits_for_a_new_sign(trouble: Trouble) -> None:
    case = Case(trouble, "", 0.0, seen=10.0, climbed=1, last=20.0)
    assert next_step(case, [], EVERYTHING).hindrance
    assert not next_step(replace(case, seen=21.0), [], EVERYTHING).hindrance


def test_the_pace_stretches_every_span() -> None:
    case = case_of(Trouble.NOT_REGISTERED)
    slow: Step = next_step(case, [], EVERYTHING, pace=2.0)
    assert slow.at == 2 * next_step(case, [], EVERYTHING).at
    young = replace(EVERYTHING, appeared=0.0)
    assert next_step(replace(case, climbed=1, last=-1000.0), [], young, pace=0.5).at == SETTLING / 2
