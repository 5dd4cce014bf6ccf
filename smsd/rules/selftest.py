"""Self-tests: when the next one of a route is due, and what a row of failures means.

Knows that one failure may be the network's mood, so that a second test follows soon; two in a row are an alarm. Refuses
to send, to wait and to know what time it is.
"""

__all__ = ["ALARMING", "TEXT", "next_at"]

ALARMING = 2
"""So many failures in a row are told."""
SOON = 300.0
"""Seconds after a first failure until the test that decides."""
WHILE_FAILING = 3600.0
"""Seconds between two tests of what goes on failing, unless they are more frequent anyway."""
AFTER_START = 120.0
"""Seconds that a daemon without a past waits before its first test."""
TEXT = "SMSD self-test {token}"
"""What a test says: basic characters, one part, no command and nothing like one."""


def next_at(*, ended_at: float | None, failures: int, started_at: float, period: float) -> float:
    """Return when the next test is due, in Unix seconds.

    ``ended_at`` is when the last one ended, ``failures`` how many have failed since one came back.
    """
    if ended_at is None:
        return started_at + AFTER_START
    if failures == 0:
        return ended_at + period
    return ended_at + min(period, SOON if failures < ALARMING else WHILE_FAILING)
