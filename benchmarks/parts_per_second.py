"""Parts per second through a modem that answers at once: what the daemon itself costs.

Also measures the rig: how many parts a bare program of fifty lines gets through the same simulated modem.
"""

import contextlib
import os
import statistics
import time
import tty
from collections.abc import Callable
from typing import Any

from benchmarks.figures import Figure, progress
from benchmarks.peers import Stranger, measured
from benchmarks.rig import Rig, message, phone
from smsd.sms import segments
from smsd.wire import tpdu
from smsd.wire.address import Address

NAME = "parts"
RUNS = 5
PARTS = 400
PEER_PARTS = 12
TEXT = "Уважаемый клиент, это сообщение занимает одну часть."


def rate(sent: list[dict[str, Any]]) -> float:
    """Return parts per second between the first and the last."""
    return (len(sent) - 1) / float(sent[-1]["at"] - sent[0]["at"])


def ours() -> float:
    """Let the daemon empty a queue."""
    with Rig() as rig:
        rig.store.outbox.enqueue_all(message(phone(each), f"{TEXT} {each}") for each in range(PARTS))
        with rig.daemon():
            return rate(rig.wait_sent(PARTS, 60))


def ceiling() -> float:
    """Drive the simulated modem by the barest of programs: AT+CMGS, prompt, PDU, answer."""
    with Rig() as rig:
        port = os.open(rig.device, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(port)

        def say(octets: bytes, *ends: bytes) -> None:
            os.write(port, octets)
            heard = b""
            while not any(end in heard for end in ends):
                heard += os.read(port, 4096)

        say(b"ATE0\r", b"OK\r\n")
        (part,) = segments(TEXT, 0)
        pdu = tpdu.encode(tpdu.Submit(tp_da=Address.of_number(phone(1)), user_data=part, tp_srr=False))
        started = time.perf_counter()
        for _ in range(PARTS):
            say(f"AT+CMGS={pdu[1]}\r".encode(), b"> ")
            say(pdu[0].hex().upper().encode() + b"\x1a", b"OK\r\n", b"ERROR")
        seconds = time.perf_counter() - started
        os.close(port)
        return PARTS / seconds


def theirs(stranger: Stranger, rig: Rig, running: Callable[[], contextlib.AbstractContextManager[None]]) -> list[float]:
    """Let a peer empty a queue."""
    for each in range(PEER_PARTS):
        stranger.enqueue(phone(each), f"{TEXT} {each}")
    with running():
        return [rate(rig.wait_sent(PEER_PARTS, 60))]


def measure() -> list[Figure]:
    """Measure."""
    samples = []
    for run in range(RUNS):
        progress(f"  run {run + 1} of {RUNS}")
        samples.append(ours())
    most = statistics.median(ceiling() for _ in range(3))
    note = f"the rig's own ceiling, a bare program on the same simulated modem: {most:.0f} parts/s"
    return [
        Figure("parts per second, modem answers at once", "/s", tuple(samples), 100, at_least=True,
               peers=measured(theirs), note=note)
    ]  # fmt: skip
