"""A modem, a network and phones to play with: for `smsd demo`, `smsd simulate` and every test that needs a peer.

Read ``network`` first (who sends what to whom), then ``equipment`` (a modem without its commands),
``arrivals`` (what comes in by it) and ``modem`` (a TA on a pty), then ``faults`` (what may go wrong).
Nothing here knows the daemon: the simulated modem is a stranger to it, as a real one is. Imports only ``wire`` and
``errors``.
"""

from smsd.simulator.family import FAMILIES, Family
from smsd.simulator.faults import Fault, Kind, Place, Remedy
from smsd.simulator.modem import SimulatedModem
from smsd.simulator.network import Message, Network, Phone, Submission
from smsd.simulator.serving import Simulator, serve
from smsd.simulator.sim import Memory, Sim, Smss, Status

__all__ = [
    "FAMILIES",
    "Family",
    "Fault",
    "Kind",
    "Memory",
    "Message",
    "Network",
    "Phone",
    "Place",
    "Remedy",
    "Sim",
    "SimulatedModem",
    "Simulator",
    "Smss",
    "Status",
    "Submission",
    "serve",
]
