"""An SMSC killed at full speed: window 50, answers after 50 ms, 2,000 messages, back after two seconds. Next to Kannel.

Half of those in the window at that moment are of a class whose doubts are held for a person, half of one whose doubts
are sent once more. What the service centre was given is compared with what the daemon says of each message.
"""

import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks import kannel
from benchmarks.centre import Centre, Taken
from benchmarks.figures import Figure, Peer
from benchmarks.rig import Rig, phone, until
from benchmarks.smpp_outbox import TEXT, WINDOW, binds, enqueue
from smsd.rules.outbox import DOUBT_POLICY, DoubtPolicy, MessageClass

NAME = "smpp_killed"
MESSAGES = 2_000
DIES_AFTER = 700
ANSWERS_AFTER = 0.05
BACK_AFTER = 2.0
RESENT_CLASS, HELD_CLASS = MessageClass.ADMIN, MessageClass.NOTIFICATION
RESENT = DIES_AFTER - WINDOW // 2
"""Messages of the class that goes first: so many that the window holds both classes when the centre dies."""
SETTLED_SECONDS = 120.0
"""Until every doubt has been settled by its class's policy: evidence is waited for first."""
PEER_QUIET_SECONDS = 10.0


def kill_and_return(centre: Centre, seconds: float = 60.0) -> None:
    """Wait for the centre's death and bring it back."""
    centre.wait_dead(seconds)
    time.sleep(BACK_AFTER)
    centre.start()


def at_rest(rig: Rig) -> bool:
    """Tell whether nothing is queued or in the air, and only what is held for a person is in doubt."""
    counts = rig.store.outbox.counts()
    return all(row["state"] == "in_doubt" and row["class"] == HELD_CLASS.value for row in counts)


def ours() -> tuple[list[dict[str, Any]], Taken]:
    """Let the daemon live through it; return its messages, and what the centre was given."""
    with (
        tempfile.TemporaryDirectory(prefix="smsd-bench-") as directory,
        Centre(Path(directory), latency=ANSWERS_AFTER).start(DIES_AFTER) as centre,
        Rig(modem=False, binds=binds(centre.port, receipts=False)) as rig,
    ):
        enqueue(rig, range(RESENT), RESENT_CLASS)
        enqueue(rig, range(RESENT, MESSAGES), HELD_CLASS)
        with rig.daemon():
            kill_and_return(centre)
            until(lambda: at_rest(rig), SETTLED_SECONDS, "the daemon did not come to rest", step=0.5)
        rows = rig.store.outbox.recent(limit=0)
        for row in rows:
            row["attempt_list"] = rig.store.outbox.show(row["id"])["attempt_list"]
        return rows, centre.taken()


def theirs() -> Taken:
    """Let Kannel live through it; return what the centre was given."""
    with (
        tempfile.TemporaryDirectory(prefix="smsd-bench-") as directory,
        Centre(Path(directory), latency=ANSWERS_AFTER).start(DIES_AFTER) as centre,
        kannel.running(Path(directory) / "kannel", centre.port, WINDOW) as http,
    ):
        asyncio.run(kannel.send(http, [phone(each) for each in range(MESSAGES)], TEXT, receipts=False))
        kill_and_return(centre)
        # It tells nobody when it has done: nothing new for a while, and all of them seen, or nothing for long.
        last, since = 0, time.monotonic()
        while time.monotonic() - since < PEER_QUIET_SECONDS * (1 if last >= MESSAGES else 6):
            if (count := centre.count()) != last:
                last, since = count, time.monotonic()
            time.sleep(0.5)
        return centre.taken()


def twice(taken: Counter[str]) -> int:
    """Count the recipients that were submitted to more than once."""
    return sum(count > 1 for count in taken.values())


def never(taken: Counter[str]) -> int:
    """Count the recipients that were never submitted to."""
    return sum(phone(each) not in taken for each in range(MESSAGES))


def measure() -> list[Figure]:
    """Measure."""
    rows, record = ours()
    taken = record.recipients
    doubted = [row for row in rows if any(attempt["outcome"] == "in_doubt" for attempt in row["attempt_list"])]
    resends = [row for row in doubted if DOUBT_POLICY[MessageClass(row["class"])] is DoubtPolicy.RESEND_ONCE]
    held = [row for row in rows if row["state"] == "in_doubt"]
    shown = {row["recipient"] for row in held}
    # Lost is what neither arrived nor is shown to a person.
    lost = sum(not taken[row["recipient"]] and row["recipient"] not in shown for row in rows)
    allowed = {row["recipient"] for row in resends}
    against_policy = sum(count > 1 and who not in allowed for who, count in taken.items())
    seen: list[Counter[str]] = []

    def doubled() -> float:
        seen.append(theirs().recipients)
        return float(twice(seen[0]))

    peer = kannel.measured(doubled)
    lost_too = Peer(kannel.NAME, (float(never(seen[0])),)) if peer.samples else peer
    arrived_twice = sum(taken[row["recipient"]] > 1 for row in resends)
    settled = (
        f"{len(resends)} of a class that is sent once more ({arrived_twice} of them arrived twice), "
        f"{len(held)} held for a person, each shown by 'smsd outbox list --state in_doubt'"
    )
    what = f"SMSC killed at full speed, {MESSAGES} messages"
    return [
        Figure(f"{what}: lost", "", (float(lost),), 0, worst=True, peers=(lost_too,)),
        Figure(f"{what}: in doubt", "", (float(len(doubted)),), WINDOW, worst=True, note=settled),
        Figure(f"{what}: doubled against policy", "", (float(against_policy),), 0, worst=True, peers=(peer,),
               note="the peer has no policy: all that were sent twice"),
    ]  # fmt: skip
