"""Routes: the ways into and out of this house.

``modem`` is a SIM in a modem, ``smpp`` a bind to an operator's service centre, ``http`` an operator that is reached by
HTTP. What all have in common is ``state`` (how one is, and who hears of it), what the last two have ``operator``
(refusals and patience), ``pace`` (how fast) and ``overdue`` (asking after what was never reported).
A route keeps itself alive, translates between its protocol and ``smsd.sms``, and decides nothing about messages. What
it needs of the house is in the two protocols below; whoever runs routes provides them.
"""

from typing import Protocol

from smsd.sms import Outcome, Received

__all__ = ["Inbound", "Memory"]


class Inbound(Protocol):
    """Where a route hands over what it hears."""

    async def received(self, received: Received) -> None:
        """Take ``received`` and return once it is on disk: the route then deletes or acknowledges it at its source.

        Raises ``StoreError`` when it could not be kept: the route keeps it and offers it again.
        """

    async def settled(self, attempt_id: int, outcome: Outcome) -> None:
        """Take the late end of an attempt that was returned as in doubt."""

    def changed(self, route: str) -> None:
        """Hear that the route's state is another, or that it is free for work."""


class Memory(Protocol):
    """A few words a route must find again after a restart."""

    async def recall(self, key: str) -> str | None:
        """Return what was remembered under ``key``."""

    async def remember(self, key: str, value: str | None) -> None:
        """Keep ``value`` under ``key`` (``None`` forgets it) and return once it is on disk. Raises ``StoreError``."""
