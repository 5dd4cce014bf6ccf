"""What a life of a modem has to do of its own accord: noted where it is heard of, done where its loop comes to it.

Refuses to do any of it, and to know in which order it is done.
"""

import asyncio

__all__ = ["EVERY_STORE", "Agenda"]

EVERY_STORE = "*"


class Agenda:
    """``news`` is set whenever there is something to look at."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self.hints: set[str] = set()
        """The stores that may hold something new, by their names in 27.005 §3.1, or ``EVERY_STORE``."""
        self.set_up_again = False
        """The modem may have forgotten its settings."""
        self.open_again = False
        """The card may be another, or ask for its PIN anew."""
