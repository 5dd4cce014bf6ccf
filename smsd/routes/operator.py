"""What every way to an operator has in common, whatever is spoken on it: a contract, a window, and patience.

Knows how much may be in hand, what a refusal means, and how long to wait before trying again. Refuses to know the
protocol.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from smsd.routes.pace import Gate, Pace
from smsd.routes.state import StatedRoute
from smsd.rules.routing import Block, Kind
from smsd.sms import Verdict

__all__ = ["REFUSALS", "OperatorRoute", "Patience"]

REFUSALS: Final[Mapping[str, tuple[Verdict, Block | None]]] = {
    block: (Verdict.ROUTE if block is Block.ROUTE else Verdict.NEVER, block) for block in Block
}
"""What a refusal means for the message, and what it says is blocked, whatever protocol it is said in.

Each protocol has actions of its own beside these; those that are named like a block mean it.
"""

DOUBLINGS = 30
"""Beyond this a delay is above anything sensible, and its power of two above what a float can be."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for an operator; all in seconds."""

    retry: float = 1.0
    """Before it is tried again after it could not be reached, growing twofold..."""
    retry_most: float = 60.0
    """...up to this, each shortened by up to half by chance, so that a thousand clients do not come back as one."""
    refused: float = 300.0
    """After it has refused who we are: a person must change something first, and some lock who guesses."""
    pause: float = 60.0
    """How long nothing is submitted after an answer that speaks of the operator's own trouble."""
    settle_after: float = 45.0
    """The age from which evidence on a doubt will hardly come any more: the class's policy decides then."""

    def before(self, failures: int, chance: float) -> float:
        """Return how long to wait after so many failures in a row; ``chance`` is from 0.0 up to 1.0."""
        longest = min(self.retry_most, self.retry * 2 ** min(max(failures, 1) - 1, DOUBLINGS))
        return float(longest * (1 - chance / 2))


class OperatorRoute(StatedRoute):
    """What the gateway sees of a route to an operator."""

    kind = Kind.BIND
    sim: str | None = None
    """There is none: an operator's ids mean the same by whatever connection a receipt comes."""
    evidence_seconds = 0.0
    """What settles a doubt here speaks of one message only: nothing spoils it."""

    def __init__(
        self,
        name: str,
        sender: str,
        *,
        rate: float,
        window: int,
        patience: Patience,
        clock: Callable[[], float],
        chance: Callable[[], float],
        began: tuple[str, str],
    ) -> None:
        super().__init__(name, began)
        self.sender = sender
        self.window = window
        self.settle_seconds = patience.settle_after
        self._patience = patience
        self._clock = clock
        self._chance = chance
        self._pace = Pace(rate, clock)
        self._gate = Gate(self._pace)
        self._in_hand = 0
        self._failures = 0

    @property
    def _free(self) -> int:
        """How many more would leave at once: as many as the window has places, and the pace will have come to soon."""
        return int(self._pace.room(self._waiting, max(0, self.window - self._in_hand)))

    @property
    def room_in(self) -> float:
        """Seconds until time alone lets it take one more: none if its window is full, for that an answer must come."""
        return math.inf if self._in_hand >= self.window else self._pace.room_in(self._waiting)

    @property
    def _waiting(self) -> int:
        """How many wait here for their turn."""
        return self._gate.waiting

    def _backoff(self) -> float:
        """Return how long to wait before the operator is tried again."""
        return self._patience.before(self._failures, self._chance())
