"""A bind limited to 30 a second, full all the time, and clients' commands that arrive over it meanwhile.

The service centre refuses the 31st submit of each of its own seconds with ESME_RTHROTTLED. Commands come by deliver_sm
at random moments; an acknowledgement's time runs from the moment the centre has one to deliver to the moment it has
been given the acknowledgement.
"""

import asyncio
import os
import random
import statistics
import time

from benchmarks.figures import Figure, progress
from benchmarks.rig import Rig, phone
from benchmarks.smpp_outbox import binds, enqueue
from smsd.rules.outbox import MessageClass
from smsd.simulator.network import Network
from smsd.simulator.smsc import SimulatedSmsc
from smsd.wire.smpp.pdu import ShortMessage

NAME = "smpp_limited"
SECONDS = 60.0
LONG_SECONDS = 600.0
LIMIT = 30
EVERY = (0.2, 0.8)
"""Seconds between two commands, at random."""
FIRST_CLIENT = 5_000_000
NUMBER = "+79086228779"
ACK_SECONDS = 1.0
USED = 0.99
"""Of what the contract allows, as much must be used."""
SEED = 7


class Watched(SimulatedSmsc):
    """The simulated centre, with the moments of what it was given and of what it refused for its speed."""

    def __init__(self) -> None:
        super().__init__(Network(), number=NUMBER, limit=LIMIT)
        self.given: dict[str, float] = {}
        """When each recipient was first submitted to, taken; monotonic seconds."""
        self.throttled: list[float] = []
        self.moments: list[float] = []
        """When each submit was taken."""
        self.first = 0.0

    def too_fast(self) -> bool:
        """Note what is refused."""
        now = time.monotonic()
        self.first = self.first or now
        refuses = super().too_fast()
        if refuses:
            self.throttled.append(now)
        return refuses

    def submit(self, message: ShortMessage) -> tuple[int, str]:
        """Note what is taken."""
        self.moments.append(time.monotonic())
        self.given.setdefault(f"+{message.destination.digits.lstrip('+')}", time.monotonic())
        return super().submit(message)


async def texting(smsc: Watched, seconds: float) -> dict[str, float]:
    """Let clients text commands for so long; return when each did."""
    chance = random.Random(SEED)
    texted: dict[str, float] = {}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(*EVERY))
        client = phone(FIRST_CLIENT + len(texted))
        texted[client] = time.monotonic()
        smsc.network.phone(client).text("CLIENT info")
    return texted


async def experiment(seconds: float) -> tuple[Watched, dict[str, float], int]:
    """Run it; return the centre, when clients texted, and how much of the queue was left."""
    async with Watched() as smsc:
        with Rig(modem=False, binds=binds(smsc.port, receipts=True, rate=LIMIT)) as rig:
            enqueue(rig, range(int(LIMIT * (seconds + 30))), MessageClass.NOTIFICATION)
            daemon = rig.start()
            try:
                await smsc.until(lambda: smsc.given, 60)
                texted = await texting(smsc, seconds)
                await smsc.until(lambda: all(client in smsc.given for client in texted), 30)
                left = sum(row["count"] for row in rig.store.outbox.counts() if row["state"] == "queued")
            finally:
                await asyncio.to_thread(daemon.stop)
    return smsc, texted, left


def measure(seconds: float = SECONDS) -> list[Figure]:
    """Measure."""
    smsc, texted, left = asyncio.run(experiment(seconds))
    assert left, "the bind was not full all the time"
    late = [at for at in smsc.throttled if at - smsc.first > 1.0]
    waits = sorted(smsc.given[client] - at for client, at in texted.items())
    p99 = waits[min(len(waits) - 1, int(0.99 * len(waits)))]
    used = (len(smsc.moments) - 1) / (smsc.moments[-1] - smsc.moments[0]) / LIMIT
    load = f"load {os.getloadavg()[0]:.1f}"
    progress(f"  {len(waits)} commands, {used:.1%} of the contract, {load}")
    what = f"a bind limited to {LIMIT}/s, full for {seconds:.0f} s"
    spread = f"median {statistics.median(waits):.3f} s, worst {waits[-1]:.3f} s, {len(waits)} commands"
    return [
        Figure(f"{what}: throttle errors after the first second", "", (float(len(late)),), 0, worst=True,
               note=f"{len(smsc.throttled)} in all; {len(smsc.submits)} submits"),
        Figure(f"{what}: used of the contract", "", (used,), USED, at_least=True, worst=True,
               note=f"submits that were taken, from the first to the last; {load}"),
        Figure(f"{what}: command to acknowledgement, p99", "s", (p99,), ACK_SECONDS, worst=True, note=spread),
    ]  # fmt: skip
