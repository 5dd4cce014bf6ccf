"""A submit that has left, seen by whoever waits for its end: a future that never raises, not even when it is given up.

Knows when it left and that an end which nobody waits for is a doubt. Refuses to know what an answer means (``route``).
"""

import asyncio

from smsd.routes.pace import Departure
from smsd.sms import InDoubt, Outcome

__all__ = ["Flight", "over"]


class Flight(asyncio.Future[Outcome]):
    """The end of a submit that left at ``departure``."""

    def __init__(self, departure: Departure) -> None:
        super().__init__()
        self.departure = departure

    def cancel(self, msg: object = None) -> bool:  # noqa: ARG002  the signature of a future
        """Be in doubt at once, unless the end is known; who waits for it is told so, and not cancelled."""
        if self.done():
            return False
        self.set_result(InDoubt("the daemon stops before the answer"))
        return True


def over(end: Outcome) -> asyncio.Future[Outcome]:
    """Give an end that is known already."""
    future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    future.set_result(end)
    return future
