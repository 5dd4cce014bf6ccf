"""``python -m benchmarks.crash_at_every_write``: death at every write of a send and a receive, and of a first start.

strace injects SIGKILL at the N-th call of one system call, N = 1, 2, … until the scenario ends alive. The kernel skips
a call whose caller is being killed, so the N-th death lies between what the (N-1)-th call did and what the N-th would
have done. After each death the daemon is started again, finishes, and the ledger judges. Needs strace and the right to
trace. A trace without deaths proves the order of disk and wire (``order_on_disk``).
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import order_on_disk
from benchmarks.figures import progress
from benchmarks.ledger import Ledger
from benchmarks.rig import Daemon, Rig, until

RUNNING = {"pwrite64": 6, "write": 1, "fdatasync": 1}
"""Calls the running daemon makes while it sends and receives, and among how many rigs their deaths are shared out."""
STARTING = ("pwrite64", "fdatasync", "fsync", "rename", "link", "unlink", "ftruncate")
"""Calls of a first start: the key, the schema, the lock, the bell."""
RADIO = 0.1
SETTLE_SECONDS = 1
REST_SECONDS = 90.0
TRACED_SECONDS = 90.0
"""How long strace may take to attach: on a busy machine every thread of the daemon waits for its turn."""
LET_GO_SECONDS = 30.0
LIMIT = 1000
JOBS = 4


@dataclass(slots=True)
class Deaths:
    """How often a daemon died at one call, and what broke."""

    scenario: str
    call: str
    count: int = 0
    parts: int = 0
    doubts: int = 0
    broken: list[str] = field(default_factory=list)


def missing() -> str:
    """Say why this cannot be done here; empty: it can."""
    if shutil.which("strace") is None:
        return "strace is not installed (apt-get install strace)"
    probe = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    return "" if probe.returncode == 0 else f"strace may not trace here: {probe.stderr.strip()}"


def injection(call: str, number: int) -> list[str]:
    """Return strace's words for death at the ``number``-th ``call``."""
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
            "-e", f"inject={call}:signal=SIGKILL:when={number}"]  # fmt: skip


def attach(words: Sequence[str], process: int) -> "subprocess.Popen[bytes]":
    """Let strace trace every thread of a running process, and wait until it does."""
    strace = subprocess.Popen([*words, "-p", str(process)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def traced() -> bool:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        return all(re.search(r"TracerPid:\t[1-9]", (task / "status").read_text("ascii")) for task in tasks)

    until(traced, TRACED_SECONDS, "strace does not trace")
    return strace


def end(strace: "subprocess.Popen[bytes]") -> None:
    """Let go of what was traced; strace itself may wait for ever for the last thread of a process it has killed."""
    strace.terminate()
    try:
        strace.wait(LET_GO_SECONDS)
    except subprocess.TimeoutExpired:
        strace.kill()
        strace.wait()


def traced_scenario(rig: Rig, ledger: Ledger, daemon: Daemon, words: Sequence[str]) -> bool:
    """Send one message of two parts and receive one command under strace; return whether the daemon died of it."""
    strace = attach(words, daemon.process.pid)
    ledger.send(2)
    ledger.text(command=True)
    until(lambda: daemon.process.poll() is not None or ledger.at_rest(), REST_SECONDS, "neither death nor rest")
    if daemon.process.poll() is None:
        # The last status report may still be on its way to the disk.
        until(lambda: daemon.process.poll() is not None or all_delivered(rig), REST_SECONDS, "no reports")
    end(strace)
    died = daemon.process.poll() is not None
    if died:
        daemon.kill()
    return died


def all_delivered(rig: Rig) -> bool:
    """Tell whether every message has its report."""
    return all(row["state"] == "delivered" for row in rig.store.outbox.recent(limit=3))


def running(call: str, first: int = 1, step: int = 1) -> Deaths:
    """Die at the calls ``first``, ``first + step``, … of a running daemon."""
    deaths = Deaths("one send, one receive", call)
    with Rig(radio=RADIO, settle=SETTLE_SECONDS) as rig:
        ledger = Ledger(rig, random.Random(f"{call} {first}"))
        daemon = rig.start().ready(rig.store)
        for _ in range(4):
            ledger.send(1)
        until(ledger.at_rest, REST_SECONDS, "the warm-up did not end")
        for number in range(first, LIMIT, step):
            try:
                died = traced_scenario(rig, ledger, daemon, injection(call, number))
                if died:
                    daemon = rig.start().ready(rig.store)
                    until(ledger.at_rest, REST_SECONDS, "the daemon did not come to rest")
            except (TimeoutError, RuntimeError) as error:
                deaths.broken.append(f"{call} {number}: {error}")
                daemon.kill()
                break
            blame(deaths, ledger, f"{call} {number}")
            if not died:
                break
            deaths.count += 1
        daemon.stop()
    return deaths


def starting(call: str) -> Deaths:
    """Die at each ``call`` of a daemon's first start in an empty directory."""
    deaths = Deaths("first start", call)
    for number in range(1, LIMIT):
        with Rig(radio=RADIO, settle=SETTLE_SECONDS) as rig:
            first = rig.start(*injection(call, number))
            died = first_start_ended(rig, first)
            try:
                with rig.daemon():
                    ledger = Ledger(rig, random.Random(number))
                    ledger.send(2)
                    ledger.text(command=True)
                    until(ledger.at_rest, REST_SECONDS, "the daemon did not come to rest")
                    blame(deaths, ledger, f"first start, {call} {number}")
            except (TimeoutError, RuntimeError) as error:
                deaths.broken.append(f"first start, {call} {number}: {error}")
                break
            if not died:
                break
            deaths.count += 1
    return deaths


def first_start_ended(rig: Rig, first: Daemon) -> bool:
    """Wait until the daemon under strace has died, or is up; end it and return whether it had died by itself."""
    up = re.compile(rb'"state": ?"ready"')
    until(lambda: first.process.poll() is not None or up.search(rig.log.read_bytes()), REST_SECONDS, "neither")
    died = first.process.poll() is not None
    children = subprocess.run(["pgrep", "-P", str(first.process.pid)], capture_output=True, text=True, check=False)
    for child in children.stdout.split():
        os.kill(int(child), 9)
    first.kill()
    return died


def blame(deaths: Deaths, ledger: Ledger, where: str) -> None:
    """Judge, and note what is broken now and was not before."""
    verdict = ledger.verdict()
    known = {sentence.split(": ", 1)[1] for sentence in deaths.broken}
    deaths.broken += [f"{where}: {sentence}" for sentence in verdict.broken if sentence not in known]
    deaths.parts, deaths.doubts = verdict.parts, verdict.doubts


def proof_of_order() -> tuple[int, list[str]]:
    """Trace one send and one receive; return how many PDUs left, and which of them before their attempt was on disk."""
    with tempfile.TemporaryDirectory(prefix="smsd-bench-") as directory, Rig(radio=RADIO, settle=SETTLE_SECONDS) as rig:
        ledger = Ledger(rig, random.Random(0))
        trace = Path(directory) / "trace"
        with rig.daemon() as daemon:
            for _ in range(3):
                ledger.send(1)
            until(ledger.at_rest, REST_SECONDS, "the warm-up did not end")
            traced_scenario(rig, ledger, daemon, order_on_disk.strace(trace))
        return order_on_disk.judge(trace, rig.database, ledger.texted[-1].phone)


def together(shares: Sequence[Deaths]) -> list[Deaths]:
    """Add up the shares of each scenario and call."""
    sums: dict[tuple[str, str], Deaths] = {}
    for share in shares:
        whole = sums.setdefault((share.scenario, share.call), Deaths(share.scenario, share.call))
        whole.count += share.count
        whole.parts += share.parts
        whole.doubts += share.doubts
        whole.broken += share.broken
    return list(sums.values())


def run(jobs: int = JOBS) -> tuple[list[str], list[str]]:
    """Do it all; return what was found, a line each, and the promises that were broken."""
    if why := missing():
        return [f"death at every write: not run, {why}"], []
    progress("death at every write of one send and one receive, and of a first start")
    with ProcessPoolExecutor(jobs) as pool:
        shares = [pool.submit(running, call, 1 + share, of) for call, of in RUNNING.items() for share in range(of)]
        shares += [pool.submit(starting, call) for call in STARTING]
        results = together([share.result() for share in shares])
    lines = [
        f"{result.scenario}: {result.count} deaths, one at each {result.call}; {len(result.broken)} promises broken"
        for result in results
        if result.count
    ]
    pdus, early = proof_of_order()
    lines.append(f"order of disk and wire: {pdus} PDUs traced, {len(early)} of them before their attempt was on disk")
    broken = [sentence for result in results for sentence in result.broken] + early
    return lines, broken if pdus else [*broken, "no PDU was traced"]


def main(arguments: Sequence[str]) -> int:
    """Return 1 when a promise is broken, 0 also where strace is missing: that is said."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash_at_every_write")
    parser.add_argument("--jobs", type=int, default=JOBS, help="daemons at a time")
    lines, broken = run(parser.parse_args(arguments).jobs)
    print("\n".join([*lines, *(broken or ["no promise was broken"])]))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
