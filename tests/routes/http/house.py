"""A simulated operator's HTTP gateway, a route to it, and the house behind the route."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from smsd.routes.http import HttpRoute, HttpSettings, Profile, Timings
from smsd.routes.http.profile import parse
from smsd.routes.overdue import Asked
from smsd.simulator.httpsmsc import SimulatedHttpSmsc
from smsd.sms import Outcome, Submit
from smsd.wire.userdata import UserData
from tests.routes.house import Notebook

CLIENT = "+79161234567"
LONG = "Уважаемый клиент! " * 20

PROFILE = """
title = "Simulated"
source = "simulator/httpsmsc.py"
url = "http://127.0.0.1"
auth = "basic"
key = "{instance}-{attempt}"
recipient = "digits"

[submit]
path = "/messages"
json = { from = "{sender}", to = "{recipient}", text = "{text}", key = "{key}", minutes = "{minutes}" }

[answer]
reference = "id"
code = "error.code"
reason = "error.text"

[codes]
17 = "recipient"
18 = "sender"
19 = "text"
20 = "money"
21 = "later"
22 = "retry"
23 = "route"
24 = "throttle"
25 = "taken"
26 = "account"

[status]
method = "GET"
path = "/messages/{reference}"
state = "state"
error = "error"

[receipt]
reference = "id"
state = "state"
error = "error"

[states]
absent = ["unknown"]
trying = ["queued"]
delivered = ["delivered"]
failed = ["failed"]

[errors]
219 = "sim swapped"
254 = "sender"
"""

BY_KEY = PROFILE.replace(
    'path = "/messages/{reference}"', 'path = "/messages"\nquery = { key = "{key}" }\nreference = "id"'
)
"""The same operator, asked by our own ids: doubts can be settled."""

IDEMPOTENT = PROFILE.replace('recipient = "digits"', 'recipient = "digits"\nidempotent = true')
"""An operator that sends a message once however often it is asked with one key."""

QUICK = Timings(
    connect=20.0,
    answer=20.0,
    repeat=0.02,
    repeat_for=60.0,
    retry=0.02,
    retry_most=0.1,
    silence=0.1,
    silence_most=0.3,
    pause=0.1,
    refused=0.2,
    settle_after=0.5,
    absent_after=1.0,
    poll=0.02,
)
"""The shipped table, shrunk; but an answer may take as long as a busy machine does."""
IMPATIENT = replace(QUICK, connect=1.0, answer=1.0)
"""For an operator who does not answer."""


class Books:
    """What the house knows to have been taken and not reported."""

    def __init__(self) -> None:
        self.open: list[Asked] = []

    async def unreported(self, after: int, limit: int) -> Sequence[Asked]:
        return [row for row in self.open if row[0] > after][:limit]


def profile(text: str = PROFILE) -> Profile:
    return parse(text, "the profile")


def route_to(
    smsc: SimulatedHttpSmsc,
    text: str = PROFILE,
    *,
    memory: Notebook | None = None,
    books: Books | None = None,
    password: str = "secret",
    token: str = "token",
    **settings: Any,
) -> HttpRoute:
    """A route to ``smsc``; ``settings`` are those of ``HttpSettings``."""
    known: dict[str, Any] = {"url": smsc.url, "login": "scserv", "rate": 0.0, "timings": QUICK, **settings}
    return HttpRoute(
        "operator",
        HttpSettings(profile(text), **known),
        memory=memory or Notebook(),
        unreported=(books or Books()).unreported,
        clock=asyncio.get_running_loop().time,
        chance=random.Random(7).random,  # noqa: S311  chance, seeded
        password=lambda: password,
        token=lambda: token,
    )


def message(text: str = "Привет, мир!", *, to: str = CLIENT, attempt: int = 1) -> Submit:
    """A whole message."""
    return Submit(attempt, attempt, to, UserData.of_text(text))


async def send_all(route: HttpRoute, *messages: Submit) -> list[Outcome]:
    return list(await asyncio.gather(*(route.submit(each) for each in messages)))
