"""Whether a service that does not work is worth asking: closed, open, and half open for one probe.

Knows failures, the time and chance, both handed in. Refuses to know what is asked, and of whom. A few failures in a row
open the circuit: for a pause nobody is asked, then one question goes out as a probe. Its success closes the circuit,
its failure doubles the pause, up to a limit; chance shortens each by up to a quarter, so that many who wait do not
come back together.
"""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Breaker", "Pauses"]


@dataclass(frozen=True, slots=True)
class Pauses:
    """After how many failures in a row the circuit opens, and for how many seconds at first and at most."""

    failures: int = 5
    first: float = 5.0
    most: float = 60.0


class Breaker:
    """The circuit towards one service."""

    def __init__(self, pauses: Pauses, clock: Callable[[], float], chance: Callable[[], float]) -> None:
        self._pauses = pauses
        self._clock = clock
        self._chance = chance
        self._failed = 0
        self._pause = 0.0
        self._until = 0.0
        self._probing = False

    @property
    def open(self) -> bool:
        """Whether the service is taken to be down; a probe may be allowed all the same."""
        return self._pause > 0

    @property
    def seconds(self) -> float:
        """How long it is until something may be asked; 0: now."""
        return max(0.0, self._until - self._clock()) if self.open else 0.0

    def permit(self) -> bool:
        """Tell whether to ask now. Of an open circuit one probe is allowed each time the pause is over.

        A probe whose end is never told, because it was cancelled, counts as one that runs for another pause.
        """
        if not self.open:
            return True
        if self.seconds > 0:
            return False
        self._until = self._clock() + self._pause
        self._probing = True
        return True

    def succeeded(self) -> bool:
        """Hear that the service works; tell whether it was down."""
        was_open = self.open
        self._failed, self._pause, self._probing = 0, 0.0, False
        return was_open

    def failed(self, rest: float = 0.0) -> bool:
        """Hear that it does not; tell whether the circuit has opened by this very failure.

        A ``rest`` that the service asks for, in seconds, opens it at once, and is kept up to the longest pause. What
        was asked before it opened, and fails only now, is no probe: a burst that fails together lengthens nothing.
        """
        self._failed += 1
        opens = not self.open and (rest > 0 or self._failed >= self._pauses.failures)
        if opens or self._probing:
            self._probing = False
            self._pause = min(self._pause * 2 or self._pauses.first, self._pauses.most)
            self._until = self._clock() + self._pause * (1 - self._chance() / 4)
        if self.open:
            self._until = max(self._until, self._clock() + min(rest, self._pauses.most))
        return opens
