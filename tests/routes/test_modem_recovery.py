"""What a person is called for, and until when: by a clock that is moved by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from smsd.routes.modem.recovery import Recovery
from smsd.routes.modem.timings import Timings
from smsd.rules.cures import AGAIN, HOUR, UNSTEADY, Cure, Trouble


@dataclass
class Sick:
    """One modem's cures; each step is taken as soon as it is due."""

    now: float = 1000.0
    recovery: Recovery = field(init=False)

    def __post_init__(self) -> None:
        self.recovery = Recovery("modem0", Timings(), lambda: self.now, lambda: None, lambda: None)
        self.recovery.trusted = self.recovery.usb = True

    def climb(self, trouble: Trouble) -> Cure:
        """Wait for the next step of a trouble and take it."""
        while (step := self.recovery.due(in_air=False, of=trouble)) is None:
            self.now += 10.0
        self.recovery.took(step)
        return step.cure

    def climb_to_alarm(self, trouble: Trouble) -> None:
        """Take one step after another until a person is called."""
        while self.climb(trouble) is not Cure.ALARM:
            pass


@pytest.fixture
def sick() -> Sick:
    return Sick()


def all_clears(events: list[Any]) -> list[Mapping[str, Any]]:
    return [event for event in events if event["event"] == "modem_all_clear"]


def test_a_person_is_needed_until_it_is_well_though_the_ladder_begins_anew(sick: Sick) -> None:
    """Each look notes what else is well; none of that is an end of this."""
    with capture_logs() as events:
        sick.recovery.suspect(Trouble.STORAGE_LOST, "+CPMS was dropped")
        sick.climb_to_alarm(Trouble.STORAGE_LOST)
        sick.now += AGAIN
        assert sick.climb(Trouble.STORAGE_LOST) is not Cure.ALARM
        sick.recovery.well(Trouble.SIM_BUSY)
        assert sick.recovery.alarm == sick.recovery.facts["alarm"] == "storage-lost: +CPMS was dropped"
        assert all_clears(events) == []
        sick.climb_to_alarm(Trouble.STORAGE_LOST)
        sick.recovery.well(Trouble.STORAGE_LOST)
        assert sick.recovery.alarm == ""
        assert len(all_clears(events)) == 1


def test_of_two_troubles_the_one_that_is_over_is_told_no_longer(sick: Sick) -> None:
    with capture_logs() as events:
        for trouble in (Trouble.STORAGE_LOST, Trouble.HINTS_LOST):
            sick.recovery.suspect(trouble, "lost")
            sick.climb_to_alarm(trouble)
        sick.recovery.well(Trouble.HINTS_LOST)
        assert sick.recovery.alarm == "storage-lost: lost"
        assert all_clears(events) == []
        sick.recovery.well(Trouble.STORAGE_LOST)
        assert len(all_clears(events)) == 1


def test_a_full_sim_that_is_told_by_its_slots_hides_no_other_trouble(sick: Sick) -> None:
    for trouble in (Trouble.STORAGE_LOST, Trouble.SIM_FULL):
        sick.recovery.suspect(trouble, "so it is")
        sick.climb_to_alarm(trouble)
    assert sick.recovery.alarm == "storage-lost: so it is"


def test_a_modem_that_comes_and_goes_calls_a_person_and_no_cure(sick: Sick) -> None:
    """A loose plug, a weak supply: back within the minute, each time, it would never be told that it was away."""
    for _ in range(UNSTEADY):
        assert not sick.recovery.has(Trouble.UNSTEADY)
        sick.recovery.appeared()
        sick.now += 300.0
    assert not sick.recovery.has(Trouble.UNSTEADY), "the first time it came, and had gone nowhere"
    sick.recovery.appeared()
    assert sick.climb(Trouble.UNSTEADY) is Cure.ALARM
    assert sick.recovery.alarm == "unsteady: it has gone by itself 5 times within an hour"
    sick.now = 1300.0 + HOUR  # the first of them is an hour ago
    sick.recovery.stays()
    assert sick.recovery.has(Trouble.UNSTEADY) is False
    assert sick.recovery.alarm == ""


def test_a_modem_that_is_reset_does_not_go_by_itself(sick: Sick) -> None:
    sick.recovery.appeared()
    for _ in range(2 * UNSTEADY):
        sick.recovery.suspect(Trouble.NOT_REGISTERED, "searching")
        while sick.climb(Trouble.NOT_REGISTERED) is not Cure.RESTART:
            pass
        sick.now += 20.0
        sick.recovery.appeared()
        sick.recovery.well(Trouble.NOT_REGISTERED)
    assert not sick.recovery.has(Trouble.UNSTEADY)
