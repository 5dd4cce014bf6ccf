"""Messages a second from the outbox to submit_sm_resp recorded, durable, window 50: the daemon next to Kannel.

Ours: the queue is full before the daemon starts; the time runs from the first submit_sm that the service centre saw to
the last answer recorded in SQLite, every attempt on disk before it left. Kannel keeps a spool and is given its messages
by HTTP while it sends, for that is its way in; its time runs from the first submit_sm to the last that the service
centre saw. As many messages by the same window to the same centre, in turns, with receipts and without. What the daemon
spends on a message is told besides: of all here it depends least on what else the machine does.
"""

import asyncio
import os
import tempfile
from pathlib import Path

from benchmarks import kannel
from benchmarks.centre import Centre, centre_name
from benchmarks.figures import Figure, Peer, progress
from benchmarks.rig import Rig, cpu_seconds, message, phone, until
from smsd.rules.outbox import MessageClass

NAME = "smpp_outbox"
MESSAGES = 8_000
WINDOW = 50
ROUNDS = 3
BAR = 3_000
BATCH = 2_000
TEXT = "Плановые работы."


def binds(port: int, *, receipts: bool, rate: int = 0) -> str:
    """Return the table of one bind to a service centre on this host."""
    return (
        f'[[smpp]]\nname = "operator"\nhost = "127.0.0.1"\nport = {port}\nsystem_id = "scserv"\n'
        f"window = {WINDOW}\nrate = {rate}\nreceipts = {str(receipts).lower()}\n"
    )


def enqueue(rig: Rig, numbers: range, message_class: MessageClass = MessageClass.NOTIFICATION) -> None:
    """Queue a message to each of these phones."""
    for start in range(numbers.start, numbers.stop, BATCH):
        batch = range(start, min(start + BATCH, numbers.stop))
        rig.store.outbox.enqueue_all(message(phone(each), TEXT, message_class) for each in batch)


def ours(*, receipts: bool) -> tuple[float, float]:
    """Let the daemon send a full queue; return messages a second, and its microseconds of processor time for each."""
    with tempfile.TemporaryDirectory(prefix="smsd-bench-") as directory, Centre(Path(directory)) as centre:
        with Rig(modem=False, binds=binds(centre.port, receipts=receipts)) as rig:
            enqueue(rig, range(MESSAGES))
            with rig.daemon() as daemon:
                before, began = centre.count(), cpu_seconds(daemon.process.pid)
                until(lambda: centre.count() >= MESSAGES, 120, "the queue is not empty", step=0.2)
                until(lambda: not rig.store.outbox.counts(), 30, "not everything was recorded", step=0.1)
                spent = (cpu_seconds(daemon.process.pid) - began) / (MESSAGES - before)
            rows = rig.store.outbox.recent(limit=0)
        taken = centre.taken()
    assert len(rows) == MESSAGES == len(taken.recipients), "a message was lost"
    last = max(float(row["sent_at"]) for row in rows)
    return MESSAGES / (last - taken.submits[0][0]), spent * 1e6


def theirs(*, receipts: bool) -> float:
    """Let Kannel send; return messages a second."""
    with tempfile.TemporaryDirectory(prefix="smsd-bench-") as directory, Centre(Path(directory)) as centre:
        numbers = [phone(each) for each in range(MESSAGES)]
        with kannel.running(Path(directory) / "kannel", centre.port, WINDOW) as http:
            asyncio.run(kannel.send(http, numbers, TEXT, receipts=receipts))
            until(lambda: centre.count() >= MESSAGES, 120, "Kannel has not sent everything", step=0.2)
        return centre.taken().rate


def measure() -> list[Figure]:
    """Measure both in turns, so that a busy machine is busy for both."""
    note = f"every commit is on disk; Kannel's spool is written without fsync; service centre: {centre_name()}"
    figures = []
    for receipts in (False, True):
        own, spent, peers, loads = [], [], [], []
        for _ in range(ROUNDS):
            rate, microseconds = ours(receipts=receipts)
            own.append(rate)
            spent.append(microseconds)
            peers.append(kannel.measured(lambda: theirs(receipts=receipts)))  # noqa: B023  called at once
            loads.append(os.getloadavg()[0])
            progress(f"  {own[-1]:.0f}/s, Kannel {''.join(f'{each:.0f}/s' for each in peers[-1].samples)}")
        what = f"outbox to submit_sm_resp recorded, window {WINDOW}" + (", receipts on" if receipts else "")
        peer = Peer(kannel.NAME, tuple(each for peer in peers for each in peer.samples), peers[-1].note)
        # The bar is for sending; how much the receipts that come meanwhile take from it is told, not judged.
        bar = None if receipts else BAR
        load = f"load of the machine {min(loads):.1f} to {max(loads):.1f}"
        figures.append(Figure(what, "/s", tuple(own), bar, at_least=True, peers=(peer,), note=f"{note}; {load}"))
        figures.append(Figure(f"{what}: processor time of the daemon for a message", "us", tuple(spent)))
    # Next to each other in time: what the machine did meanwhile, it did to both.
    sides = zip(figures[0].samples, figures[0].peers[0].samples, strict=False)
    if ratios := tuple(ours / theirs for ours, theirs in sides):
        figures.insert(2, Figure("the same, next to Kannel", "x", ratios, 1, at_least=True))
    return figures
