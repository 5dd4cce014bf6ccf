"""A simulated service centre, a bind to it, and the house behind the bind."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from smsd.routes.overdue import nothing
from smsd.routes.smpp import SmppRoute, SmppSettings, Timings
from smsd.simulator.network import Network
from smsd.simulator.smsc import SimulatedSmsc
from smsd.sms import Outcome, Submit, segments
from smsd.wire.smpp.session import Timers
from tests.routes.house import Ledger, Notebook, running

CLIENT = "+79161234567"
SERVICE = "+79086228779"

QUICK = Timings(
    connect=20.0,
    session=Timers(bind=20.0, response=20.0, enquire=30.0, enquire_answer=20.0, unbind=0.3),
    drain=1.0,
    retry=0.02,
    retry_most=0.1,
    refused=0.3,
    pause=0.2,
    settle_after=0.5,
    redelivery=30.0,
    open=30.0,
)
"""The shipped table, shrunk; but an answer may take as long as a busy machine does."""


def timings(**changes: float) -> Timings:
    """The quick table with other values; those of the session by their own names."""
    session = {name: value for name, value in changes.items() if name in Timers.__dataclass_fields__}
    own = {name: value for name, value in changes.items() if name not in session}
    return replace(QUICK, session=replace(QUICK.session, **session), **own)


def bind_to(smsc: SimulatedSmsc, *, memory: Notebook | None = None, password: str = "", **settings: Any) -> SmppRoute:
    """A route to ``smsc``; ``settings`` are those of ``SmppSettings``, and ``unreported``."""
    unreported = settings.pop("unreported", nothing)
    known: dict[str, Any] = {
        "host": smsc.host, "port": smsc.port, "system_id": "scserv", "rate": 0.0, "timings": QUICK, **settings,
    }  # fmt: skip
    return SmppRoute(
        "operator",
        SmppSettings(**known),
        memory=memory or Notebook(),
        clock=asyncio.get_running_loop().time,
        chance=random.Random(7).random,  # noqa: S311  chance, seeded
        password=lambda: password,
        unreported=unreported,
    )


@asynccontextmanager
async def bound(
    ledger: Ledger, smsc: SimulatedSmsc | None = None, *, memory: Notebook | None = None, **settings: Any
) -> AsyncIterator[tuple[SmppRoute, SimulatedSmsc]]:
    """A route that is bound to a service centre."""
    smsc = smsc or SimulatedSmsc(Network(), number=SERVICE)
    async with smsc, running(bind_to(smsc, memory=memory, **settings), ledger) as route:
        yield route, smsc


def parts(text: str, *, to: str = CLIENT, first_attempt: int = 1, **more: Any) -> list[Submit]:
    """A text in parts, as the gateway hands them over."""
    cut = segments(text, 7)
    return [
        Submit(first_attempt + place, 1, to, user_data, part=place + 1, total=len(cut), **more)
        for place, user_data in enumerate(cut)
    ]


async def send(route: SmppRoute, text: str = "Привет, мир!", **more: Any) -> Outcome:
    """Send one part and return its end."""
    (part,) = parts(text, **more)
    return await route.submit(part)
