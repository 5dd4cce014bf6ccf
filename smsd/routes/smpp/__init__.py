"""A bind to an operator's service centre: how it is made, kept, lost and made again, and what goes over it.

Read ``route`` first (the life of a bind), then ``link`` (one connection), ``translate`` (the house's words in the
standard's), ``pace`` (how fast) and ``redelivery`` (which message is the same once more). ``settings`` is the table of
everything an operator may want otherwise, ``profiles`` what some of them publish. The protocol is ``smsd.wire.smpp``.
"""

from smsd.routes.smpp.profiles import PROFILES, Profile
from smsd.routes.smpp.route import SmppRoute
from smsd.routes.smpp.settings import Action, BindAs, SmppSettings, Timings

__all__ = ["PROFILES", "Action", "BindAs", "Profile", "SmppRoute", "SmppSettings", "Timings"]
