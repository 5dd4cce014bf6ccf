"""Use of the air: the time that many parts must be in the air, against the time they took."""

import contextlib
from collections.abc import Callable
from typing import Any

from benchmarks.figures import Figure
from benchmarks.peers import Stranger, measured
from benchmarks.rig import Rig, message, phone

NAME = "air"
RADIO_SECONDS = 3.0
PARTS = 20
PEER_PARTS = 5
TEXT = "Уважаемый клиент, это сообщение занимает одну часть."


def use(sent: list[dict[str, Any]]) -> float:
    """Return the per cent of the time between the first and the last landing in which a part was in the air."""
    return 100.0 * RADIO_SECONDS * (len(sent) - 1) / float(sent[-1]["at"] - sent[0]["at"])


def ours() -> tuple[float, ...]:
    """Let the daemon send, status reports and all; a sample for each stretch of a quarter of the parts."""
    with Rig(radio=RADIO_SECONDS) as rig:
        rig.store.outbox.enqueue_all(message(phone(each), f"{TEXT} {each}") for each in range(PARTS))
        with rig.daemon():
            sent = rig.wait_sent(PARTS, PARTS * RADIO_SECONDS * 2)
    step = PARTS // 4
    return tuple(use(sent[start : start + step + 1]) for start in range(0, PARTS - 1, step))


def theirs(stranger: Stranger, rig: Rig, running: Callable[[], contextlib.AbstractContextManager[None]]) -> list[float]:
    """Let a peer send."""
    for each in range(PEER_PARTS):
        stranger.enqueue(phone(each), f"{TEXT} {each}")
    with running():
        return [use(rig.wait_sent(PEER_PARTS, 120))]


def measure() -> list[Figure]:
    """Measure."""
    return [
        Figure(f"use of the air, {RADIO_SECONDS:g} s a part", "%", ours(), 99, at_least=True,
               peers=measured(theirs, radio=RADIO_SECONDS))
    ]  # fmt: skip
