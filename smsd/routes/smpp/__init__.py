"""A bind to an operator's service centre: how it is made, kept, lost and made again, and what goes over it.

Read ``route`` first (the life of a bind, and what leaves), then ``link`` (one connection), ``inbound`` (what arrives),
``translate`` (the house's words in the standard's) and ``redelivery`` (which message is the same once more); ``flight``
is one submit on its way. ``settings`` is the table of everything an operator may want otherwise, ``profiles`` what some
of them publish. How fast anything leaves is ``smsd.routes.pace``, the protocol ``smsd.wire.smpp``.
"""

from smsd.routes.smpp.profiles import PROFILES, Profile
from smsd.routes.smpp.route import SmppRoute
from smsd.routes.smpp.settings import Action, BindAs, SmppSettings, Timings

__all__ = ["PROFILES", "Action", "BindAs", "Profile", "SmppRoute", "SmppSettings", "Timings"]
