"""Numbers whose SIM an operator says was replaced: what holds a password is held back from them, by every route.

Knows that whoever takes over a number asks for its password first, so that no code, route or retry may carry one to it;
acknowledgements and whatever else holds no secret are sent as ever. The hold is written in the transaction that hears
of it and obeyed where messages are claimed, the one gate of everything that leaves.

It never ends by itself: that days have passed does not tell whose the new SIM is, and a thief can wait. A person who
has spoken with the client lifts it (``release``). What it holds comes to rest at its own deadline, and is wiped there;
what has come to rest is never sent by lifting it later. A crash leaves either no trace of the news, which is then
unanswered at the service centre and comes again, or the hold.
"""

from smsd.errors import NotFoundError
from smsd.store.engine import Engine, Row, Transaction

__all__ = ["EXPIRED_HELD", "HELD", "Swaps", "hold_back", "is_swapped", "note_swap"]

HELD = "held: an operator says that the SIM of this number was replaced"
EXPIRED_HELD = "its deadline passed while it was held: an operator says that the SIM of this number was replaced"

LOOK_AGAIN = 600.0
"""Seconds until what is held comes up again: lifting the hold makes it due at once, so this is for order only."""
LONGEST = 86400.0
"""Seconds that a message without a deadline of its own is held: a sealed password lives no longer than a day."""


class Swaps:
    """The holds of one store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, phone: str) -> Row | None:
        """Return since when, by which route and code passwords to a number are held; ``None``: they are not."""
        with self._engine.read() as tx:
            return tx.first("swap_get", phone=phone)

    def recent(self, *, limit: int = 0) -> list[Row]:
        """List the numbers, newest first, each with how many messages are ``waiting``; ``limit`` 0: all of them."""
        with self._engine.read() as tx:
            return tx.all("swap_list", limit=limit or -1)

    def release(self, phone: str) -> int:
        """Lift the hold on a number and return how many messages may leave now; raise ``NotFoundError``."""
        with self._engine.write() as tx:
            if not tx.run("swap_forget", phone=phone):
                raise NotFoundError(f"nothing is held for {phone}; 'smsd client held' lists for whom something is")
            return tx.run("swap_let_go", phone=phone)


def note_swap(tx: Transaction, phone: str, route: str, code: str, now: float) -> None:
    """Hold passwords to a number from now on."""
    if phone:
        tx.run("swap_note", phone=phone, route=route, code=code, now=now)


def is_swapped(tx: Transaction, message: Row) -> bool:
    """Tell whether a message holds a secret that its reader's number must not get now."""
    return bool(message["secret"]) and tx.first("swap_get", phone=message["recipient"]) is not None


def hold_back(tx: Transaction, message_id: int, now: float) -> None:
    """Let a message wait, in the state it is in, for a person or its deadline."""
    tx.run("message_hold", id=message_id, due_at=now + LOOK_AGAIN, longest=LONGEST, error=HELD)
