"""``python -m benchmarks.crash``: kill the daemon at random moments, again and again, and look what is lost.

Messages of every class and clients' commands are under way all the time; the simulated modem survives, as a real one
does. Afterwards the daemon may finish its work, and the network's record is compared with the store (``ledger``). One
run for each way in which modems keep EF_SMSS: *right*, *never*, *although_refused*, *mid_air*. The chance is seeded.

``make crashtest`` also runs death at every write, the order of disk and wire, and the full disk.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks import crash_at_every_write, disk_full
from benchmarks.figures import progress
from benchmarks.ledger import Ledger, Verdict
from benchmarks.rig import Rig, until
from smsd.simulator import Smss

KILLS = 200
SEED = 1
RADIO = (0.05, 0.1, 0.3)
SETTLE_SECONDS = 1
BACKLOG = 25
DRAIN_SECONDS = 240.0
WARM_UP = 4
REFUSED_EVERY = 12
RP_TEMPORARY_FAILURE = 41
NOTES = """\
The kills come at any moment, one soon after another included: while a part in doubt may yet be settled by the SIM's
count, nothing else is sent, so that two parts are never in doubt together. One thing no count can tell, and the test
keeps clear of it: a modem that counts refused parts as well gives itself away at its first refusal; one that comes
before, and whose answer a crash swallows, passes for sent; so each modem refuses one part before the first kill. Radio
time 0.05 to 0.3 s, `settle_seconds = 1`."""
DELIVERY_PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "delivery.md"
BEGIN, END = "<!-- crashtest:begin -->", "<!-- crashtest:end -->"


@dataclass(frozen=True, slots=True)
class Run:
    """What was done to one rig, and what was found."""

    mode: str
    seed: int
    kills: int
    early: int
    verdict: Verdict

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        verdict = self.verdict
        settled = ", ".join(
            f"{name} {count}" for name, count in sorted(verdict.settled.items()) if name not in ("answer", "in_doubt")
        )
        cells = (self.kills, verdict.messages, verdict.parts, verdict.commands, verdict.doubts)
        doubled = f"{verdict.doubled} ({verdict.doubled_unrecorded} unrecorded)" if verdict.doubled else "0"
        ends = (settled, str(verdict.lost), doubled, str(verdict.resent), str(verdict.in_doubt))
        return (self.mode, str(self.seed), *map(str, cells), *ends)


HEAD = ("EF_SMSS", "seed", "kills", "messages", "parts taken", "commands", "doubts", "settled by", "lost", "doubled",
        "sent once more", "held in doubt")  # fmt: skip


def feed(rig: Rig, ledger: Ledger, chance: random.Random) -> None:
    """Put something more under way, unless there is enough."""
    waiting = sum(row["count"] for row in rig.store.outbox.counts() if row["state"] == "queued")
    if waiting > BACKLOG:
        return
    if chance.random() < 0.35:
        ledger.text()
    else:
        ledger.send()


def warm_up(rig: Rig, ledger: Ledger) -> None:
    """Let the daemon make its key and learn what EF_SMSS is worth here: some messages sent, one refused.

    Before it has seen a refusal, it cannot know whether the modem counts one: a refused part whose answer a crash
    swallows would pass for sent.
    """
    with rig.daemon():
        for refused in (False, True):
            if refused:
                rig.ask("inject", "network_refuses", f"code={RP_TEMPORARY_FAILURE}")
            for _ in range(WARM_UP):
                ledger.send(1)
            until(ledger.at_rest, 60, "the warm-up did not end")


def live_and_die(rig: Rig, ledger: Ledger, chance: random.Random) -> bool:
    """Live one life of the daemon up to its violent death; return whether that came before its modem was up."""
    daemon = rig.start()
    early = chance.random() < 0.2
    if early:
        time.sleep(chance.uniform(0.1, 1.0))
    else:
        daemon.ready(rig.store)
        moments = sorted(chance.uniform(0, 1.2) for _ in range(chance.randrange(2, 6)))
        began = time.monotonic()
        for moment in moments:
            time.sleep(max(0.0, began + moment - time.monotonic()))
            feed(rig, ledger, chance)
        time.sleep(chance.uniform(0.0, 0.3))
    daemon.kill()
    return early


def finish(rig: Rig, ledger: Ledger) -> Verdict:
    """Let a last daemon finish the work, judge, and end it as systemd would."""
    complaint = ""
    daemon = rig.start()
    try:
        daemon.ready(rig.store)
        until(ledger.at_rest, DRAIN_SECONDS, "the daemon did not come to rest", step=0.2)
        time.sleep(0.5)  # the last status reports
    except (TimeoutError, RuntimeError) as error:
        complaint = str(error)
    verdict = ledger.verdict()
    if complaint:
        verdict.blame(complaint)
    if code := daemon.stop():
        verdict.blame(f"the daemon ended with exit code {code} on SIGTERM")
    return verdict


def torment(mode: str, kills: int, seed: int, keep: str | None = None) -> Run:
    """Kill, kill, kill, and judge."""
    chance = random.Random(f"{mode} {seed}")
    options = ("--smss", mode, "--report-delay", "0.05", "--radio-seconds", str(RADIO[0]))
    early = 0
    directory = None if keep is None else Path(keep) / f"{mode}-{seed}"
    with Rig(settle=SETTLE_SECONDS, options=options, wire=keep is not None, keep=directory) as rig:
        ledger = Ledger(rig, chance, doubt_may_stay=mode != Smss.RIGHT)
        warm_up(rig, ledger)
        for each in range(kills):
            rig.ask("radio", chance.choice(RADIO))
            if each % REFUSED_EVERY == REFUSED_EVERY - 1:
                rig.ask("inject", "network_refuses", f"code={RP_TEMPORARY_FAILURE}")
            feed(rig, ledger, chance)
            early += live_and_die(rig, ledger, chance)
        verdict = finish(rig, ledger)
    return Run(mode, seed, kills, early, verdict)


def layout(runs: Sequence[Run]) -> str:
    """Return the table, as Markdown, which people can read as well."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(run.row() for run in runs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    )


def publish(text: str, page: Path = DELIVERY_PAGE) -> None:
    """Put a text between the two marks of the delivery page."""
    whole = page.read_text("utf-8")
    before, rest = whole.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")


def main(arguments: Sequence[str]) -> int:
    """Return 1 when a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--kills", type=int, default=KILLS, help="kills in mode right, half as many in each other (%(default)s)"
    )
    parser.add_argument("--mode", default="all", choices=[*Smss, "all"], help="how EF_SMSS is kept")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--jobs", type=int, default=5, help="daemons at a time")
    parser.add_argument("--keep", help="directory to leave databases, logs and the wire's octets in")
    parser.add_argument("--publish", action="store_true", help="write what was found into the delivery page")
    parser.add_argument("--random-only", action="store_true", help="leave out death at every write and the full disk")
    options = parser.parse_args(arguments)
    modes = list(Smss) if options.mode == "all" else [Smss(options.mode)]
    half = max(1, options.kills // 2)
    # *right* twice: its kills are shared out to two rigs with a seed each.
    work = [(mode, options.seed + share) for mode in modes for share in range(2 if mode is Smss.RIGHT else 1)]
    progress(f"kill -9, {half} times each: " + ", ".join(f"{mode} (seed {seed})" for mode, seed in work))
    with ProcessPoolExecutor(options.jobs) as pool:
        futures = [pool.submit(torment, mode.value, half, seed, options.keep) for mode, seed in work]
        runs = [future.result() for future in futures]
    broken = [f"{run.mode}, seed {run.seed}: {sentence}" for run in runs for sentence in run.verdict.broken]
    lines: list[str] = []
    if not options.random_only:
        for program in (crash_at_every_write.run, disk_full.run):
            found, breaches = program()
            lines += found
            broken += breaches
    ends = broken or ["No promise was broken."]
    text = "\n".join([layout(runs), "", *(f"* {line}" for line in lines), "", *ends, "", NOTES])
    print(text)
    if options.publish:
        publish(text)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
