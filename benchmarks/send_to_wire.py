"""From ``smsd send`` to the PDU on the wire, the daemon idle; the command's own start-up is measured and taken off."""

import contextlib
import statistics
import subprocess
import time
from collections.abc import Callable

from benchmarks.figures import Figure
from benchmarks.peers import Stranger, measured, settle
from benchmarks.rig import Rig, phone, until

NAME = "send"
SENDS = 20
PEER_SENDS = 3
PEER_SETTLES = 8.0


def wire_time(rig: Rig, since: float, seconds: float) -> float:
    """Wait for the first PDU that is to be sent after a wall time; return its own."""

    def found() -> list[float]:
        return [piece.at for piece in rig.pieces(since) if piece.is_pdu]

    return float(until(found, seconds, "no PDU on the wire")[0])


def start_up(rig: Rig) -> float:
    """Return how long the same command takes that is told to do nothing but say how it is used."""
    started = time.perf_counter()
    subprocess.run(rig.command("send", "--help"), check=True, capture_output=True)
    return time.perf_counter() - started


def ours() -> tuple[list[float], float]:
    """Send by hand, again and again."""
    whole, starts = [], []
    with Rig(wire=True) as rig, rig.daemon():
        for each in range(SENDS):
            starts.append(start_up(rig))
            since = time.time()
            rig.run("send", phone(each), f"Проба {each}")
            whole.append(wire_time(rig, since, 20) - since)
            rig.wait_sent(each + 1, 20)
            time.sleep(0.2)  # until the report of it is over: idle is what is measured
    return whole, statistics.median(starts)


def theirs(stranger: Stranger, rig: Rig, running: Callable[[], contextlib.AbstractContextManager[None]]) -> list[float]:
    """Put a message before an idle peer."""
    samples = []
    with running():
        until(lambda: len(rig.ask("typed")), 60, "it does not talk to the modem", step=0.2)
        for each in range(PEER_SENDS):
            settle(PEER_SETTLES + each)
            since = time.time()
            stranger.enqueue(phone(each), f"Проба {each}")
            samples.append(wire_time(rig, since, 90) - since)
    return samples


def measure() -> list[Figure]:
    """Measure."""
    whole, start = ours()
    net = tuple(each - start for each in whole)
    note = (
        f"with the command's start-up ({start * 1000:.0f} ms, median of smsd send --help): "
        f"{statistics.median(whole) * 1000:.0f} ms"
    )
    return [
        Figure("smsd send to the PDU on the wire, idle", "s", net, 0.3, peers=measured(theirs, wire=True), note=note)
    ]
