"""An operator that is reached by HTTP requests: one for each message, another to ask what became of it.

Read ``profile`` first (what an operator wants, as data: the files in ``profiles``), then ``translate`` (the house's
words in the profile's), ``client`` (one request, and whether it can have arrived), ``route`` (the life of it all) and
``webhook`` (being told what became of a message; asking is ``smsd.routes.overdue``). There is no standard: every
operator has an interface of its own.
"""

from smsd.routes.http.profile import Profile, names, read_profile, shipped
from smsd.routes.http.route import HttpRoute
from smsd.routes.http.settings import HttpSettings, Timings

__all__ = ["HttpRoute", "HttpSettings", "Profile", "Timings", "names", "read_profile", "shipped"]
