"""An SMSC that accepts the connection and never answers: when that is noticed, and how answers reach their clients.

Twice: a bound one falls silent at the worst moment, just after it has answered an enquire_link; and one that never
answers the bind. Clients text their commands to the SIM's number all the while; the answers go by the SIM in the end.
"""

import asyncio
import json
import time
from datetime import datetime
from typing import Any

from benchmarks.figures import Figure, progress
from benchmarks.rig import Rig, phone
from benchmarks.smpp_outbox import binds
from smsd.routes.smpp.settings import Timings
from smsd.simulator.network import Network
from smsd.simulator.smsc import SimulatedSmsc
from smsd.wire.smpp.tables import Command

NAME = "smpp_mute"
TEXTED_AFTER = (0.0, 10.0, 20.0, 30.0, 38.0, 60.0)
"""When clients text, in seconds after the silence began."""
PROMISED = 120.0
LOOK_SECONDS = 0.2
NOTICED_WITHIN = 10.0
"""Seconds after an enquire_link by which its silence is to have been noticed."""


def noticed(rig: Rig, since: float) -> float | None:
    """Return after how many seconds the daemon wrote that the bind is away; ``None``: it has not."""
    for line in rig.log.read_text("utf-8").splitlines():
        event: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
        if event.get("event") == "route_state" and event.get("route") == "operator" and event.get("state") == "away":
            at = datetime.fromisoformat(event["timestamp"]).timestamp()
            if at >= since:
                return at - since
    return None


async def answered(rig: Rig, since: float, first: int) -> tuple[list[float], list[float]]:
    """Let clients text; return after how many seconds each has its acknowledgement, and its result, on the screen."""
    texted: dict[str, float] = {}
    for each, after in enumerate(TEXTED_AFTER, first):
        await asyncio.sleep(max(0.0, since + after - time.time()))
        await asyncio.to_thread(rig.ask, "text", phone(each), "CLIENT info")
        texted[phone(each)] = time.time()
    deadline = time.time() + 2 * PROMISED
    screens: dict[str, list[dict[str, Any]]] = {}
    while time.time() < deadline and any(len(screens.get(client, [])) < 2 for client in texted):
        await asyncio.sleep(LOOK_SECONDS)
        for client in texted:
            screens[client] = await asyncio.to_thread(rig.ask, "screen", client)
    waits = [
        [datetime.fromisoformat(shown["at"]).timestamp() - texted[client] for shown in screens[client]]
        for client in texted
    ]
    return [each[0] if each else 2 * PROMISED for each in waits], [
        each[1] if len(each) > 1 else 2 * PROMISED for each in waits
    ]


async def silent(*, bound: bool) -> tuple[float, list[float], list[float]]:
    """Let the centre be silent; return when that was noticed, and how long the answers took."""
    async with SimulatedSmsc(Network()) as smsc:
        smsc.mute = not bound
        with Rig(binds=binds(smsc.port, receipts=True)) as rig:
            daemon = rig.start()
            try:
                await asyncio.to_thread(daemon.ready, rig.store, routes=1 + bound)
                if bound:
                    heard = len(smsc.heard)
                    await smsc.until(
                        lambda: any(pdu.command_id == Command.ENQUIRE_LINK for pdu in smsc.heard[heard:]), 90
                    )
                    smsc.mute = True
                since = time.time() if bound else daemon.started_at
                acks, results = await answered(rig, since, 0)
                found = noticed(rig, since)
            finally:
                await asyncio.to_thread(daemon.stop)
    return 2 * PROMISED if found is None else found, acks, results


def measure() -> list[Figure]:
    """Measure."""
    timers = Timings().session
    bar = timers.enquire + NOTICED_WITHIN
    progress("  falls silent")
    found, acks, results = asyncio.run(silent(bound=True))
    progress("  never answers the bind")
    at_bind, acks_too, results_too = asyncio.run(silent(bound=False))
    timers_note = (
        f"{found:.3f} s: silent from just after an enquire_link, the next comes {timers.enquire:g} s later and has "
        f"{timers.enquire_answer:g} s"
    )
    when = f"{TEXTED_AFTER[0]:g} to {TEXTED_AFTER[-1]:g} s after it began"
    return [
        Figure("SMSC falls silent: noticed", "s", (found,), bar, worst=True, note=timers_note),
        Figure("SMSC never answers the bind: noticed", "s", (at_bind,), bar, worst=True, note="from the start of smsd"),
        Figure("command to acknowledgement on the screen, by the SIM", "s", (*acks, *acks_too), PROMISED, worst=True,
               note=f"{len(acks)} commands in each silence, {when}"),
        Figure("command to result on the screen, by the SIM", "s", (*results, *results_too), PROMISED, worst=True),
    ]  # fmt: skip
