"""Whether a supervisor lives: each time the loop takes it a step further, that is a beat.

Knows beats, how long one may be without any, and where it stands then. A supervisor that waits for something which
never comes is not ended and raises nothing: this is what shows it. Refuses to judge what the steps are good for, and to
know time: whoever looks says how long ago he looked last, so that a host which slept is taken for no death.
"""

from collections.abc import Callable, Coroutine, Generator
from typing import Any

__all__ = ["STILL_SECONDS", "Pulse"]

STILL_SECONDS = 900.0
"""How long a supervisor may stand still. What it waits for has a limit or is waited for in stretches of a minute
(``routes.rest``); the longest limits are ten minutes, for the result of a part and for the command of an alarm."""


class Pulse:
    """The pulse of ``work``, which is done by awaiting this, once."""

    def __init__(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self.name = name
        self.still = 0.0
        """For how many seconds no beat was seen."""
        self._work = work
        self._beats = self._seen = 0

    def look(self, seconds: float) -> bool:
        """Look whether it lives, ``seconds`` after the look before."""
        self.still = self.still + seconds if self._beats == self._seen else 0.0
        self._seen = self._beats
        return self.still < STILL_SECONDS

    @property
    def place(self) -> str:
        """Where it stands, from the outermost coroutine to the innermost."""
        names = []
        each: Any = self._work
        while (code := getattr(each, "cr_code", None) or getattr(each, "gi_code", None)) is not None:
            names.append(code.co_qualname)
            each = each.cr_await if hasattr(each, "cr_await") else each.gi_yieldfrom
        return " > ".join(names)

    def __await__(self) -> Generator[Any, Any, None]:
        """Do the work, as ``yield from`` it would, and count its steps."""
        steps = self._work.__await__()
        step: Callable[[], Any] = lambda: steps.send(None)  # noqa: E731
        while True:
            self._beats += 1
            try:
                awaited = step()
            except StopIteration:
                return
            try:
                got = yield awaited
            except BaseException as error:  # noqa: BLE001  a cancellation is the work's to hear
                step = _thrown(steps, error)
            else:
                step = _sent(steps, got)


def _sent(steps: Generator[Any, Any, None], value: object) -> Callable[[], Any]:
    return lambda: steps.send(value)


def _thrown(steps: Generator[Any, Any, None], error: BaseException) -> Callable[[], Any]:
    return lambda: steps.throw(error)
