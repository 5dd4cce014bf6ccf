"""Messages a second from the outbox to submit_sm_resp recorded, durable, window 50: the daemon next to Kannel.

Ours: the queue is full before the daemon starts; the time runs from the first submit_sm that the service centre saw to
the last answer recorded in SQLite, every attempt on disk before it left. Kannel keeps a spool and is given its messages
by HTTP while it sends, for that is its way in; its time runs from the first submit_sm to the last that the service
centre saw. As many messages by the same window to the same centre, in turns, with receipts and without. What the daemon
spends on a message is told besides: of all here it depends least on what else the machine does.

We write a line to the log for each message, Kannel as it is set up by the benchmark only errors. It is measured once
more with its log of messages: what both do for a host where somebody will ask what was sent.
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


def theirs(*, receipts: bool, logged: bool = False) -> float:
    """Let Kannel send, with a line in its log for each message or without; return messages a second."""
    with tempfile.TemporaryDirectory(prefix="smsd-bench-") as directory, Centre(Path(directory)) as centre:
        numbers = [phone(each) for each in range(MESSAGES)]
        with kannel.running(Path(directory) / "kannel", centre.port, WINDOW, logged=logged) as http:
            asyncio.run(kannel.send(http, numbers, TEXT, receipts=receipts))
            until(lambda: centre.count() >= MESSAGES, 120, "Kannel has not sent everything", step=0.2)
        return centre.taken().rate


def in_turns(*, receipts: bool) -> tuple[Figure, Figure]:
    """Measure all sides in turns, so that a busy machine is busy for all; return messages a second, and their cost."""
    own, spent, loads = [], [], []
    samples: dict[str, list[float]] = {kannel.NAME: [], kannel.LOGGED: []}
    notes = dict.fromkeys(samples, "")
    for _ in range(ROUNDS):
        rate, microseconds = ours(receipts=receipts)
        own.append(rate)
        spent.append(microseconds)
        progress(f"  {rate:.0f}/s")
        for name in samples:
            peer = kannel.measured(lambda: theirs(receipts=receipts, logged=name == kannel.LOGGED), name)  # noqa: B023  called at once
            samples[name] += peer.samples
            notes[name] = peer.note
            progress(f"  {name} {''.join(f'{each:.0f}/s' for each in peer.samples) or peer.note}")
        loads.append(os.getloadavg()[0])
    what = f"outbox to submit_sm_resp recorded, window {WINDOW}" + (", receipts on" if receipts else "")
    peers = tuple(Peer(name, tuple(samples[name]), notes[name]) for name in samples)
    note = f"every commit is on disk; Kannel's spool is written without fsync; service centre: {centre_name()}"
    note = f"{note}; load of the machine {min(loads):.1f} to {max(loads):.1f}"
    # The bar is for sending; how much the receipts that come meanwhile take from it is told, not judged.
    bar = None if receipts else BAR
    return (
        Figure(what, "/s", tuple(own), bar, at_least=True, peers=peers, note=note),
        Figure(f"{what}: processor time of the daemon for a message", "us", tuple(spent)),
    )


def measure() -> list[Figure]:
    """Measure sending alone, and with the receipts that come meanwhile."""
    sent, cost = in_turns(receipts=False)
    figures = [sent, cost]
    # Next to each other in time: what the machine did meanwhile, it did to both.
    names = ("the same, next to Kannel", "the same, next to Kannel with its log")
    for peer, what in zip(sent.peers, names, strict=True):
        if len(peer.samples) == ROUNDS:  # a round that it has missed would pair the others wrongly
            ratios = tuple(ours / theirs for ours, theirs in zip(sent.samples, peer.samples, strict=True))
            figures.append(Figure(what, "x", ratios, 1, at_least=True))
    return [*figures, *in_turns(receipts=True)]
