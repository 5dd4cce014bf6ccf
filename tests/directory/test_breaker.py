"""The circuit: closed, open, half open; one probe a pause, pauses that grow."""

from smsd.directory.breaker import Breaker, Pauses


class Time:
    """A clock that the test turns."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def breaker(clock: Time, chance: float = 0.0) -> Breaker:
    return Breaker(Pauses(failures=3, first=5.0, most=18.0), clock, lambda: chance)


def test_it_opens_after_failures_in_a_row_and_says_so_once() -> None:
    circuit = breaker(Time())
    assert [circuit.failed() for _ in range(4)] == [False, False, True, False]
    assert not circuit.permit()


def test_a_success_between_failures_begins_the_count_anew() -> None:
    circuit = breaker(Time())
    for _ in range(5):
        circuit.failed()
        circuit.failed()
        assert circuit.succeeded() is False
    assert circuit.permit()


def test_one_probe_is_allowed_when_the_pause_is_over() -> None:
    clock = Time()
    circuit = breaker(clock)
    for _ in range(3):
        circuit.failed()
    clock.now = 4.9
    assert not circuit.permit()
    clock.now = 5.0
    assert [circuit.permit() for _ in range(3)] == [True, False, False]


def test_a_probe_that_succeeds_closes_it_and_one_that_fails_doubles_the_pause() -> None:
    clock = Time()
    circuit = breaker(clock)
    for _ in range(3):
        circuit.failed()
    pauses = []
    for _ in range(4):
        pauses.append(circuit.seconds)
        clock.now += circuit.seconds
        assert circuit.permit()
        circuit.failed()
    assert pauses == [5.0, 10.0, 18.0, 18.0]
    assert circuit.succeeded() is True
    assert circuit.permit()
    assert circuit.seconds == 0


def test_a_probe_that_was_cancelled_does_not_keep_it_open_for_ever() -> None:
    clock = Time()
    circuit = breaker(clock)
    for _ in range(3):
        circuit.failed()
    clock.now = 5.0
    assert circuit.permit()
    clock.now = 10.0
    assert circuit.permit()


def test_chance_shortens_a_pause_by_a_quarter_at_most() -> None:
    circuit = breaker(Time(), chance=1.0)
    for _ in range(3):
        circuit.failed()
    assert circuit.seconds == 3.75


def test_a_burst_that_fails_together_lengthens_no_pause() -> None:
    """Eight are asked at a time: all of them fail when the system goes down, and only the first pause is due."""
    clock = Time()
    circuit = breaker(clock)
    assert [circuit.failed() for _ in range(8)].count(True) == 1
    assert circuit.seconds == 5.0
    clock.now = 5.0
    assert circuit.permit()
    circuit.failed()
    circuit.failed()
    assert circuit.seconds == 10.0


def test_a_rest_that_is_asked_for_is_kept() -> None:
    clock = Time()
    circuit = breaker(clock, chance=1.0)
    assert circuit.failed(12.0)
    assert circuit.seconds == 12.0
    assert circuit.failed(18.0) is False
    assert circuit.seconds == 18.0
    assert circuit.failed(86400.0) is False
    assert circuit.seconds == 18.0, "the longest pause"
    clock.now = 18.0
    assert circuit.permit()
    circuit.succeeded()
    assert circuit.permit()
    assert circuit.seconds == 0
