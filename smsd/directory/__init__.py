"""Who the clients are: the protocol every directory satisfies.

``local`` asks the store's own table, ``http`` the client-support system (ССК). Knows what the gateway may ask. Refuses
to know what is answered to the client: an unknown phone is ``None`` here, a directory that cannot be asked now is
``DirectoryError``, and both are worded elsewhere.
"""

from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Directory", "Registration", "Wish"]


@dataclass(frozen=True, slots=True)
class Registration:
    """A client's registration data. ``password`` is ``None`` where none is recorded; none of it is in a repr.

    ``subscribed`` is what the directory knows of the client's wish; ``None``: it says nothing.
    """

    code: str = field(repr=False)
    login: str = field(repr=False)
    password: str | None = field(repr=False)
    name: str = field(default="", repr=False)
    subscribed: bool | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a number wishes about notifications and alerts, since when (Unix seconds), and the request that said so."""

    subscribed: bool
    decided_at: float
    request_id: int


class Directory(Protocol):
    """What may be asked about clients. Every method raises ``DirectoryError`` when it cannot be asked just now."""

    async def registration(self, phone: str) -> Registration | None:
        """Return the registration data of the client whose phone (E.164) it is; ``None``: not a client's."""

    async def subscribe(self, phone: str, wish: Wish) -> None:
        """Hear what a number wishes. May be told twice; the wish is in force here already, whatever comes of this."""
