"""A SIM in a modem: how it is opened, made ready, kept at work and understood.

Read ``route`` first (the life of a modem over losses and returns), then ``session`` (one connection), ``opening``,
``setup`` and ``card`` (its beginning), ``inbox``, ``outgoing`` and ``sender`` (what it is for), ``evidence`` (how a
doubt is settled later). ``host`` and ``usbports`` know the host's ports, ``finder`` and ``identity`` which modem is at
them and whether it is ours. ``examine`` is a look at a modem that nothing drives. ``driver`` and ``port`` carry the
conversation that ``smsd.wire.at`` understands; ``settings``, ``results``, ``quirks`` and ``timings`` are the tables.
``diagnosis`` and ``health`` see that it is sick, ``recovery`` and ``remedies`` cure it. Nothing else in the package
knows what a modem is.
"""

from smsd.routes.modem.card import CardState
from smsd.routes.modem.examine import Examination, examine
from smsd.routes.modem.finder import Finder, Seeker
from smsd.routes.modem.holder import holder
from smsd.routes.modem.host import Host, Ports
from smsd.routes.modem.identity import Wanted
from smsd.routes.modem.route import ModemRoute
from smsd.routes.modem.settings import ModemSettings
from smsd.routes.modem.timings import Timings

__all__ = [
    "CardState",
    "Examination",
    "Finder",
    "Host",
    "ModemRoute",
    "ModemSettings",
    "Ports",
    "Seeker",
    "Timings",
    "Wanted",
    "examine",
    "holder",
]
