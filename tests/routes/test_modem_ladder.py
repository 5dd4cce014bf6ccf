"""The promises of the ladder, whatever comes in whatever order: troubles, plugs, parts, cures, hours.

By a clock that is moved by hand, and by a model that knows nothing but the promises.
"""

import logging
from collections import Counter
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from smsd.routes.modem.quirks import GENERIC, QUIRKS
from smsd.routes.modem.recovery import Recovery
from smsd.routes.modem.timings import Timings
from smsd.rules.cures import AGAIN, BY_SIGNS, HOUR, LADDERS, PER_HOUR, RESETS, SETTLING, Cure, Step, Trouble

MUTE_WITHOUT_RADIO = next(row for row in QUIRKS if not row.radio_off)
TROUBLES = st.sampled_from(Trouble)
SECONDS = st.one_of(
    st.floats(0.0, 5.0), st.floats(0.0, 150.0), st.floats(0.0, 1000.0), st.sampled_from([HOUR - 1.0, HOUR, 2 * HOUR])
)
LONGEST = max(sum(rung.after for rung in ladder) for ladder in LADDERS.values())
TIMINGS = Timings()
LOOK_SECONDS = 20.0


@pytest.fixture(autouse=True, scope="module")
def hushed() -> Iterator[None]:
    """Say nothing of a hundred thousand cures."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


class Ladder(RuleBasedStateMachine):
    """One modem's troubles and cures; what the model remembers is only what the promises speak of."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.pin: str | None = None
        self.recovery = Recovery("modem0", TIMINGS, lambda: self.now, lambda: self.pin, lambda: None)
        self.in_air = False
        self.in_air_until = 0.0
        self.appeared_at = self.reset_at = -HOUR
        self.resets: list[tuple[Cure, float]] = []
        self.counted: Counter[str] = Counter()
        self.climbed: dict[Trouble, list[tuple[Cure, float]]] = {}
        self.began: dict[Trouble, float] = {}
        self.alarmed: set[Trouble] = set()

    @initialize(trusted=st.booleans(), usb=st.booleans(), quirks=st.sampled_from([GENERIC, MUTE_WITHOUT_RADIO]))
    def meet(self, trusted: bool, usb: bool, quirks: object) -> None:
        """Begin with a modem of some kind, at some place."""
        self.recovery.trusted, self.recovery.usb = trusted, usb
        self.recovery.quirks = quirks  # type: ignore[assignment]
        self.replug()

    # --- what may come ------------------------------------------------------------------------------------------------

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def replug(self) -> None:
        self.recovery.appeared()
        self.appeared_at = self.now
        if self.recovery.has(Trouble.UNSTEADY) and Trouble.UNSTEADY not in self.climbed:
            self.climbed[Trouble.UNSTEADY], self.began[Trouble.UNSTEADY] = [], self.now

    @rule(trouble=TROUBLES)
    def go_wrong(self, trouble: Trouble) -> None:
        self.recovery.suspect(trouble, "so it is")
        if trouble not in self.climbed:
            self.climbed[trouble], self.began[trouble] = [], self.now

    @rule(trouble=TROUBLES)
    def get_well(self, trouble: Trouble) -> None:
        self.recovery.well(trouble)
        self.climbed.pop(trouble, None)
        self.alarmed.discard(trouble)

    @rule()
    def part_leaves(self) -> None:
        self.in_air = True

    @rule(doubted=st.booleans())
    def part_lands(self, doubted: bool) -> None:
        if self.in_air and doubted:
            self.recovery.doubted()
            self.in_air_until = self.now + TIMINGS.settle_after
        self.in_air = False

    @rule(locked=st.booleans(), unlocked=st.booleans(), pin=st.sampled_from([None, "1234"]))
    def card_asks(self, locked: bool, unlocked: bool, pin: str | None) -> None:
        self.recovery.locked, self.recovery.unlocked, self.pin = locked, unlocked, pin

    @rule(trusted=st.booleans(), usb=st.booleans())
    def host_changes(self, trusted: bool, usb: bool) -> None:
        self.recovery.trusted, self.recovery.usb = trusted, usb

    @rule(of=st.one_of(st.none(), TROUBLES))
    def look(self, of: Trouble | None) -> None:
        """Do what is due, as the session does and, of one trouble, as a life does that ends."""
        step = self.recovery.due(in_air=self.in_air, of=of)
        if step is None:
            return
        self.check(step)
        self.recovery.took(step)
        self.climbed[step.case.trouble].append((step.cure, self.now))
        self.counted[step.cure.value] += 1
        if step.cure in RESETS:
            self.resets.append((step.cure, self.now))
            self.reset_at = self.now
        if step.cure is Cure.ALARM:
            self.alarmed.add(step.case.trouble)

    @rule(hours=st.integers(1, 3))
    def hours_with_their_cures(self, hours: int) -> None:
        """Let time pass in the steps of the session's loop."""
        until = self.now + hours * HOUR
        while self.now < until:
            self.look(None)
            at = self.recovery.next_at(in_air=self.in_air)
            self.now = min(until, self.now + 30.0 if at is None else max(at, self.now + 0.1))

    # --- what is promised ---------------------------------------------------------------------------------------------

    def check(self, step: Step) -> None:
        """Hold a step that is about to be taken against every promise."""
        trouble, cure = step.case.trouble, step.cure
        assert trouble in self.climbed
        ladder, before = LADDERS[trouble], self.climbed[trouble]
        place = step.case.climbed - 1
        assert ladder[place].cure is cure
        last = before[-1][1] if before else self.began[trouble]
        anew = bool(before) and before[-1][0] is Cure.ALARM
        # The clock's own rounding is not a promise.
        assert self.now - last >= (AGAIN if anew else ladder[place].after) - 1e-6
        if cure not in RESETS:
            return
        assert not self.in_air
        assert self.now >= self.in_air_until
        assert self.now - max(self.appeared_at, self.reset_at) >= SETTLING - 1e-6
        assert sum(each is cure and self.now - at < HOUR - 1e-6 for each, at in self.resets) < PER_HOUR
        assert not self.recovery.locked
        assert self.pin or not self.recovery.unlocked
        assert self.recovery.trusted or cure is Cure.RADIO
        assert self.recovery.usb or cure is not Cure.USB
        assert self.recovery.quirks.radio_off or cure is not Cure.RADIO

    @invariant()
    def counters_tell_what_was_done(self) -> None:
        assert self.recovery.taken == self.counted

    @invariant()
    def an_alarm_stands_until_its_trouble_is_over(self) -> None:
        assert bool(self.recovery.alarm) is bool(self.alarmed)
        assert bool(self.recovery.told) is bool(self.climbed)

    @invariant()
    def what_is_due_is_due_when_it_was_said_to_be(self) -> None:
        at = self.recovery.next_at(in_air=self.in_air)
        due = self.recovery.due(in_air=self.in_air)
        assert (due is not None) is (at is not None and at <= self.now)


TestLadder = Ladder.TestCase
TestLadder.settings = settings(
    max_examples=100, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    trouble=TROUBLES,
    others=st.lists(st.tuples(TROUBLES, st.floats(0.0, 2 * HOUR), st.floats(1.0, 2 * HOUR)), max_size=5),
    usb=st.booleans(),
    pace=st.sampled_from([1.0, 0.01, 3.0]),
)
def test_it_always_ends_with_a_person_and_begins_anew_when_it_is_over(
    trouble: Trouble,
    others: list[tuple[Trouble, float, float]],
    usb: bool,
    pace: float,
) -> None:
    """Other troubles come, use up what an hour allows, and go; this one stays: a person is called, again and again."""
    now = 0.0
    timings = Timings(cure_pace=pace, settle_after=60.0 * pace)
    recovery = Recovery("modem0", timings, lambda: now, lambda: None, lambda: None)
    recovery.trusted, recovery.usb = True, usb
    recovery.appeared()
    alarms: list[float] = []

    def live(seconds: float, *, sick: bool) -> None:
        nonlocal now
        until = now + seconds * pace
        while now < until:
            if sick:
                recovery.suspect(trouble, "still")
            for other, start, lasts in others:
                if other is not trouble and start * pace <= now < (start + lasts) * pace:
                    recovery.suspect(other, "beside it")
                elif other is not trouble:
                    recovery.well(other)
            while (step := recovery.due(in_air=False)) is not None:
                recovery.took(step)
                if step.cure is Cure.ALARM and step.case.trouble is trouble:
                    alarms.append(now)
            now += LOOK_SECONDS * pace

    # Each kind of reset may be used up, and then is waited for: an hour each at the worst.
    worst = LONGEST + len(RESETS) * (HOUR + SETTLING)
    live(worst, sick=True)
    assert alarms, "nobody was called"
    assert recovery.alarm
    live(AGAIN + worst, sick=True)
    assert len(alarms) > 1, "it was given up"
    recovery.well(*Trouble)
    assert recovery.alarm == recovery.told == ""
    assert recovery.due(in_air=False) is None
    others = []
    before = len(alarms)
    live(2 * HOUR, sick=False)
    live(60.0 if trouble in BY_SIGNS else worst, sick=True)
    assert recovery.has(trouble)
    if trouble not in BY_SIGNS:
        assert len(alarms) > before, "the ladder did not come back to life"
