"""Who the clients are: the protocol every directory satisfies. ``local`` asks the store's own table.

Knows what the gateway may ask. Refuses to know what is answered to the client: an unknown phone is ``None`` here, a
directory that cannot be asked now is ``DirectoryError``, and both are worded elsewhere.
"""

from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Directory", "Registration"]


@dataclass(frozen=True, slots=True)
class Registration:
    """A client's registration data. ``password`` is ``None`` where none is recorded; it is in no repr."""

    code: str
    login: str
    password: str | None = field(repr=False)


class Directory(Protocol):
    """What may be asked about clients. Every method raises ``DirectoryError`` when it cannot be asked just now."""

    async def registration(self, phone: str) -> Registration | None:
        """Return the registration data of the client whose phone (E.164) it is; ``None``: not a client's."""

    async def subscribe(self, phone: str, *, subscribed: bool) -> None:
        """Hear that a number wishes, or no longer wishes, notifications and alerts. May be told twice."""
