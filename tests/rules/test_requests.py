"""The life of a request."""

from datetime import timedelta

import pytest

from smsd.rules.requests import DEADLINE, TRANSITIONS, RequestState, may, retry_delay


def test_every_state_has_its_row_and_every_target_exists() -> None:
    assert set(TRANSITIONS) == set(RequestState)
    for before, targets in TRANSITIONS.items():
        assert set(targets) <= set(RequestState)
        assert before not in targets
        assert all(targets.values())


def test_only_what_is_carried_out_can_be_done() -> None:
    assert [before for before, targets in TRANSITIONS.items() if RequestState.DONE in targets] == ["in_progress"]


@pytest.mark.parametrize("ended", [RequestState.DONE, RequestState.FAILED])
def test_what_has_ended_begins_again_from_the_beginning_only(ended: RequestState) -> None:
    assert [after for after in RequestState if may(ended, after) and after is not ended] == ["accepted"]


def test_the_directory_is_asked_again_ever_more_slowly_but_at_least_every_five_minutes() -> None:
    delays = [retry_delay(asked) for asked in range(1, 50)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (timedelta(seconds=2), timedelta(minutes=5))


def test_a_client_waits_for_a_directory_a_day_at_most() -> None:
    assert timedelta(hours=24) == DEADLINE
