"""Everything an HTTP route can be told besides its operator's profile: one table, with units and reasons."""

from dataclasses import dataclass, field
from pathlib import Path

from smsd.routes.http.profile import Profile
from smsd.routes.operator import Patience

__all__ = ["HttpSettings", "Timings"]


@dataclass(frozen=True, slots=True)
class Timings(Patience):
    """All in seconds. What is tried again is whether anybody answers; an empty account counts as one refused."""

    connect: float = 10.0
    """Until a connection, TLS included, stands: until then nothing can have been taken."""
    answer: float = 20.0
    """Until a request is answered; then it is in doubt."""
    repeat: float = 2.0
    """Between two askings with the same key, where the operator knows keys..."""
    repeat_for: float = 60.0
    """...and for how long after the first asking, until it is a doubt: two minutes are promised to a client."""
    silence: float = 60.0
    """Before the operator is trusted again after a request was never answered, or a second answer was lost in a row,
    growing twofold: each of them is a message in doubt. Longer than an answer waits for a route that is down..."""
    silence_most: float = 300.0
    """...up to this."""
    settle_after: float = 30.0
    """Shorter than a bind's: nothing comes by itself here, the operator is asked."""
    absent_after: float = 10.0
    """How old a doubt must be for *no such message* to be believed: what was just taken may not be filed yet."""
    poll: float = 30.0
    """Between two rounds of asking what became of messages."""


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """One route."""

    profile: Profile
    """What the operator's interface is like."""
    url: str
    """Where it is, without the path: ``https://api.example.net``."""
    login: str = ""
    """Who we are."""
    window: int = 4
    """How many requests may be without an answer: also the most that can be in doubt after a lost line."""
    rate: float = 10.0
    """Requests a second by the contract; 0: no limit."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    webhook_port: int = 0
    """Port on 127.0.0.1 where receipts are taken; 0: the operator is asked instead."""
    poll_batch: int = 100
    """How many messages are asked after in one round."""
    timings: Timings = field(default_factory=Timings)
    """How long what may take."""
