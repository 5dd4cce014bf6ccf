"""What is configured of a modem: one value, handed from the route to each of its lives.

Knows what holds where nothing is said. Refuses to read files, and to know how long anything may take: that is
``timings``, which comes along.
"""

from dataclasses import dataclass, field

from smsd.routes.modem.identity import Wanted
from smsd.routes.modem.timings import Timings

__all__ = ["ModemSettings"]


@dataclass(frozen=True, slots=True)
class ModemSettings:
    """A modem and its SIM, as configured."""

    device: str = ""
    """The path of its port; empty: it is sought among the host's ports."""
    wanted: Wanted = field(default_factory=Wanted)
    """The only modem, and the only card, that is used."""
    sender: str = ""
    """The number that the SIM sends from, which is what a client sees: a modem cannot choose another."""
    poll_seconds: float = 30.0
    """How often the SIM is swept without a hint."""
    delivery_reports: bool = True
    """Whether they are asked for."""
    service_centre: str = ""
    """What is written into each PDU; empty: the SIM's own."""
    baud: int = 115200
    """The speed of its port, where it has one."""
    rtscts: bool = False
    """Whether its port has hardware flow control."""
    timings: Timings = field(default_factory=Timings)
    """How long what may take."""
