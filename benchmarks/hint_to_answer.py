"""From +CMTI to the acknowledgement's PDU on the wire: with an idle daemon, and with 100,000 alerts in its queue."""

import contextlib
import random
import time
from collections.abc import Callable

from benchmarks.figures import Figure, progress
from benchmarks.peers import Stranger, measured, settle
from benchmarks.rig import Piece, Rig, message, phone, until
from smsd.rules.outbox import MessageClass
from smsd.wire import tpdu

NAME = "answer"
IDLE = 30
PEER_TEXTS = 3
PEER_SETTLES = 5.0
ALERTS = 100_000
BATCH = 2_000
BUSY = ((3.0, 6), (0.5, 16))
"""Radio seconds, and how many commands are texted."""
FIRST_ALERT = 1_000_000
SEED = 5


def is_submit_to(piece: Piece, number: str) -> bool:
    """Tell whether a PDU to this number crosses the wire here."""
    if not piece.is_pdu:
        return False
    frame = tpdu.decode(bytes.fromhex(piece.octets.rstrip(b"\x1a").decode("ascii")), outgoing=True)
    return isinstance(frame.tpdu, tpdu.Submit) and frame.tpdu.tp_da.text == number


def exchange(rig: Rig, number: str, seconds: float) -> list[Piece]:
    """Text a command and wait for both its answers; return what crossed the wire meanwhile, from +CMTI on."""
    since = time.time()
    rig.ask("text", number, "CLIENT info")
    rig.ask("wait", number, 2, seconds)
    pieces = rig.pieces(since)
    start = next(index for index, piece in enumerate(pieces) if b"+CMTI" in piece.octets)
    return pieces[start:]


def idle() -> list[float]:
    """Return seconds from the hint to the acknowledgement's PDU."""
    samples = []
    with Rig(wire=True) as rig, rig.daemon():
        for each in range(IDLE):
            pieces = exchange(rig, phone(each), 20)
            samples.append(next(piece.at for piece in pieces if is_submit_to(piece, phone(each))) - pieces[0].at)
            time.sleep(0.2)  # until the reports are over
    return samples


def behind(radio: float, texts: int) -> list[float]:
    """Return the seconds lost after the part that was in the air when the hint came, behind a long queue of alerts."""
    chance = random.Random(SEED)
    samples = []
    with Rig(radio=radio, wire=True, limits="sim_alerts_per_day = 1000000\n") as rig:
        for start in range(0, ALERTS, BATCH):
            rig.store.outbox.enqueue_all(
                message(phone(FIRST_ALERT + each), "Плановые работы.", MessageClass.ALERT)
                for each in range(start, start + BATCH)
            )
        with rig.daemon():
            rig.wait_sent(2, 30)
            for each in range(texts):
                time.sleep(chance.uniform(0, radio))
                pieces = exchange(rig, phone(each), 60 + 10 * radio)
                left = next(piece.at for piece in pieces if is_submit_to(piece, phone(each)))
                landed = [piece.at for piece in pieces if b"+CMGS:" in piece.octets and not piece.towards_modem]
                free = min((at for at in landed if at < left), default=pieces[0].at)
                samples.append(left - free)
    return samples


def theirs(stranger: Stranger, rig: Rig, running: Callable[[], contextlib.AbstractContextManager[None]]) -> list[float]:
    """Return seconds from the text to a peer's inbox: it has no answers of its own."""
    samples = []
    with running():
        until(lambda: len(rig.ask("typed")), 60, "it does not talk to the modem", step=0.2)
        for each in range(PEER_TEXTS):
            settle(PEER_SETTLES + 2 * each)
            since = time.time()
            rig.ask("text", phone(each), "CLIENT info")
            until(lambda count=each + 1: stranger.received() >= count, 90, "nothing in the inbox")  # type: ignore[misc]
            samples.append(time.time() - since)
    return samples


def measure() -> list[Figure]:
    """Measure."""
    figures = [
        Figure("+CMTI to the acknowledgement's PDU, idle", "s", tuple(idle()), 0.2, peers=measured(theirs),
               note="the peers: to the inbox alone")
    ]  # fmt: skip
    for radio, texts in BUSY:
        progress(f"  {ALERTS} alerts queued, {radio:g} s radio")
        what = f"the same behind {ALERTS} alerts, {radio:g} s radio: beyond the part in the air"
        figures.append(Figure(what, "s", tuple(behind(radio, texts)), 0.3, worst=True))
    return figures
