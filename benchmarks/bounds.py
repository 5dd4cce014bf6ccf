"""How long a measurement may take: a program that hangs, ours or a peer's, costs its own figure and no other.

Knows the interval timer of this process, and refuses to kill anything: whoever is interrupted ends what he started.
"""

import contextlib
import signal
import time
from collections.abc import Iterator

__all__ = ["OvertimeError", "within"]


class OvertimeError(TimeoutError):
    """A measurement took longer than it may."""


@contextlib.contextmanager
def within(seconds: float, what: str) -> Iterator[None]:
    """Raise ``OvertimeError`` in the body when it takes longer; may stand inside another."""

    def stop(*_: object) -> None:
        raise OvertimeError(f"{what}: not over within {seconds:.0f} s")

    began = time.monotonic()
    handler = signal.signal(signal.SIGALRM, stop)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, handler)
        # The time of whoever stands around this one has run on; that it is over he shall hear at once.
        signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), 0.01) if left else 0)
