"""The one table of an outgoing message's life, and what is derived from it: states of parts, retries, priorities."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.rules.outbox import (
    DOUBT_POLICY,
    FINAL,
    MAX_ATTEMPTS,
    OBEYS_OPT_OUT,
    PRIORITY,
    TRANSITIONS,
    WAITING,
    DoubtPolicy,
    MessageClass,
    PartState,
    State,
    may,
    retry_delay,
    state_of,
)
from smsd.sms import Verdict

AIR, DELIVERED, FAILED, DOUBT, SENT, UNSENT = (
    PartState.IN_AIR,
    PartState.DELIVERED,
    PartState.FAILED,
    PartState.IN_DOUBT,
    PartState.SENT,
    PartState.UNSENT,
)


def test_every_state_has_its_row_and_every_target_exists() -> None:
    assert set(TRANSITIONS) == set(State)
    for before, targets in TRANSITIONS.items():
        assert set(targets) <= set(State)
        assert before not in targets, "staying is always allowed"
        assert all(targets.values()), "every step has its reason"


def test_every_state_can_be_reached() -> None:
    reached, new = set(), {State.QUEUED}
    while new:
        reached |= new
        new = {after for before in new for after in TRANSITIONS[before]} - reached
    assert reached == set(State)


def test_what_is_final_ends_unless_a_person_sends_it_again() -> None:
    for state in State:
        leads_on = set(TRANSITIONS[state]) - ({State.QUEUED} if state in FINAL else set())
        assert bool(leads_on) == (state not in FINAL)
    assert TRANSITIONS[State.DELIVERED] == TRANSITIONS[State.SUPPRESSED] == {}
    assert WAITING.isdisjoint(FINAL)


def test_a_delivered_message_is_never_sent_again() -> None:
    assert not any(may(State.DELIVERED, after) for after in State if after is not State.DELIVERED)


@pytest.mark.parametrize("never", [State.CANCELLED, State.EXPIRED, State.SUPPRESSED, State.IN_DOUBT])
def test_what_the_network_took_is_not_taken_back(never: State) -> None:
    assert not may(State.SUBMITTED, never)


@pytest.mark.parametrize("state", State)
def test_staying_is_always_allowed(state: State) -> None:
    assert may(state, state)


def test_classes_in_order_of_priority() -> None:
    assert sorted(PRIORITY, key=PRIORITY.__getitem__) == ["ack", "result", "admin", "manual", "notification", "alert"]
    assert set(PRIORITY) == set(DOUBT_POLICY) == set(MessageClass)


def test_only_what_a_client_did_not_ask_for_obeys_his_opt_out() -> None:
    assert {MessageClass.NOTIFICATION, MessageClass.ALERT} == OBEYS_OPT_OUT


def test_only_what_somebody_waits_for_is_sent_twice_rather_than_not() -> None:
    resent = {each for each, policy in DOUBT_POLICY.items() if policy is DoubtPolicy.RESEND_ONCE}
    assert resent == {MessageClass.ACK, MessageClass.RESULT, MessageClass.ADMIN}


# --- parts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "state"),
    [
        ([UNSENT], State.QUEUED),
        ([UNSENT, UNSENT], State.QUEUED),
        ([AIR, UNSENT], State.SUBMITTING),
        ([SENT, UNSENT], State.SUBMITTING),
        ([DELIVERED, UNSENT], State.SUBMITTING),
        ([DOUBT, UNSENT], State.IN_DOUBT),
        ([SENT, DOUBT], State.IN_DOUBT),
        ([SENT, SENT], State.SUBMITTED),
        ([DELIVERED, SENT], State.SUBMITTED),
        ([DELIVERED, DELIVERED], State.DELIVERED),
        ([FAILED, SENT], State.UNDELIVERABLE),
        ([FAILED, DOUBT], State.UNDELIVERABLE),
        ([FAILED, UNSENT], State.UNDELIVERABLE),
        ([FAILED, AIR], State.SUBMITTING),
        ([DELIVERED, AIR], State.SUBMITTING),
    ],
)
def test_a_message_is_what_its_parts_are(parts: list[PartState], state: State) -> None:
    assert state_of(parts) is state


@given(st.lists(st.sampled_from(PartState), min_size=1, max_size=6))
def test_the_order_of_parts_means_nothing(parts: list[PartState]) -> None:
    assert state_of(parts) is state_of(parts[::-1]) is state_of(sorted(parts))


@given(st.lists(st.sampled_from([AIR, DELIVERED, FAILED, DOUBT, SENT, UNSENT]), min_size=1, max_size=4), st.data())
def test_whatever_becomes_of_a_part_the_message_may_follow(parts: list[PartState], data: st.DataObject) -> None:
    """News of one part: it begins, ends, is doubted or is reported. No such step is missing in the table."""
    steps = {
        UNSENT: [AIR, SENT],
        AIR: [UNSENT, SENT, DOUBT, DELIVERED],
        DOUBT: [UNSENT, SENT, DELIVERED, FAILED],
        SENT: [DELIVERED, FAILED],
        DELIVERED: [],
        FAILED: [],
    }
    index = data.draw(st.integers(0, len(parts) - 1))
    before = state_of(parts)
    if before in FINAL or not steps[parts[index]]:
        return
    if parts[index] is UNSENT and (AIR in parts or DOUBT in parts):
        return  # one part of a message at a time
    after = [*parts[:index], data.draw(st.sampled_from(steps[parts[index]])), *parts[index + 1 :]]
    assert may(before, state_of(after)), (before, state_of(after))


# --- retries ----------------------------------------------------------------------------------------------------------


def seconds(verdict: Verdict) -> list[float]:
    """Return the delays after the first, second, ... refusal, until there is none."""
    delays: list[float] = []
    while (delay := retry_delay(verdict, len(delays) + 1)) is not None:
        delays.append(delay.total_seconds())
    return delays


def test_passing_trouble_is_tried_again_ever_more_slowly_and_not_for_ever() -> None:
    for verdict in (Verdict.SOON, Verdict.LATER):
        delays = seconds(verdict)
        assert len(delays) == MAX_ATTEMPTS - 1
        assert delays == sorted(delays)
    assert seconds(Verdict.SOON)[0] == 5
    assert seconds(Verdict.LATER)[0] == 60
    assert 4 * 3600 < sum(seconds(Verdict.LATER)) < 5 * 3600


def test_a_last_word_is_obeyed_at_once_and_a_doubtful_one_after_one_more() -> None:
    assert seconds(Verdict.NEVER) == []
    assert seconds(Verdict.ONCE_MORE) == [30]


def test_a_route_that_fails_is_never_the_messages_fault() -> None:
    assert retry_delay(Verdict.ROUTE, 10**6) == timedelta(0)
