"""How much is forgotten at a time: never more than holds the store for its fifty milliseconds, and at least one."""

from hypothesis import given
from hypothesis import strategies as st

from smsd.rules.retention import HOLD_SECONDS, next_batch


@given(st.floats(min_value=1e-6, max_value=1.0), st.integers(min_value=1, max_value=200))
def test_batches_settle_where_they_hold_the_store_for_a_fraction_of_what_is_allowed(row: float, rows: int) -> None:
    """Whatever a row costs: from any batch, after a few steps."""
    for _ in range(20):
        rows = next_batch(rows, rows * row)
    assert 1 <= rows <= 200
    assert rows * row <= HOLD_SECONDS / 2 or rows == 1


def test_a_quick_store_is_given_more_and_a_slow_one_less() -> None:
    assert next_batch(20, 0.001) == 40
    assert next_batch(20, 0.010) == 20
    assert next_batch(20, 0.020) == 10
    assert next_batch(20, 0.060) == 5
    assert next_batch(150, 0.001) == 200
