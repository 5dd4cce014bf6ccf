"""``python -m benchmarks.disk_full``: the disk fills up while messages are sent and received, and has room again.

While it is full nothing may be deleted from the SIM and nothing may be sent; afterwards work goes on by itself and
nothing is lost, doubled or in doubt. The disk is a small tmpfs where that may be mounted, else a limit on the size of
the daemon's files (RLIMIT_FSIZE, set from outside).
"""

import contextlib
import errno
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import progress
from benchmarks.ledger import Ledger
from benchmarks.rig import Rig, until

RADIO = 0.2
SETTLE_SECONDS = 1
SIZE = "16M"
"""More than the write-ahead log grows to before its first checkpoint (1000 pages): else it is full by itself."""
QUEUED = 60
TEXTED = 15
WATCHED_SECONDS = 5.0
CALM_SECONDS = 1.5
TROUBLE = (b"store_trouble", b"message_not_kept")


@dataclass(frozen=True, slots=True)
class Disk:
    """A place for the database that can be filled. ``fill`` and ``free`` are told the daemon's process."""

    what: str
    directory: Path
    fill: Callable[[int], None]
    free: Callable[[int], None]


@contextlib.contextmanager
def small_disk() -> Iterator[Disk]:
    """Mount a small tmpfs; raises ``PermissionError`` where that is not allowed."""
    with tempfile.TemporaryDirectory(prefix="smsd-disk-") as directory:
        words = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", directory]
        if subprocess.run(words, capture_output=True, check=False).returncode:
            raise PermissionError("a tmpfs cannot be mounted here")
        ballast = Path(directory) / "ballast"

        def fill(_process: int) -> None:
            with ballast.open("ab", buffering=0) as file:
                try:
                    while file.write(bytes(4096)):
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

        def free(_process: int) -> None:
            ballast.unlink()

        try:
            yield Disk("tmpfs", Path(directory), fill, free)
        finally:
            subprocess.run(["umount", "--lazy", directory], check=True)


@contextlib.contextmanager
def limited_files() -> Iterator[Disk]:
    """Limit the size to which the daemon's files may grow to what they are now."""
    with tempfile.TemporaryDirectory(prefix="smsd-disk-") as directory:

        def fill(process: int) -> None:
            now = max(file.stat().st_size for file in Path(directory).iterdir())
            _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
            resource.prlimit(process, resource.RLIMIT_FSIZE, (now, most))

        def free(process: int) -> None:
            _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
            resource.prlimit(process, resource.RLIMIT_FSIZE, (most, most))

        yield Disk("RLIMIT_FSIZE", Path(directory), fill, free)


def held(rig: Rig) -> tuple[int, list[str]]:
    """Return how many parts the network took, and what is on the SIM."""
    memories = rig.ask("sim")["memories"]
    return len(rig.sent()), sorted(stored[1] for memory in memories.values() for stored in memory.values())


def watch(rig: Rig, disk: Disk, process: int) -> tuple[int, int, list[str]]:
    """Fill the disk and watch; return how many parts left and messages were deleted meanwhile, and what was broken."""
    broken = []
    disk.fill(process)
    until(lambda: any(word in rig.log.read_bytes() for word in TROUBLE), 60, "nobody noticed the full disk")
    time.sleep(CALM_SECONDS)  # the part that was in the air lands
    sent, stored = held(rig)
    time.sleep(WATCHED_SECONDS)
    sent_since, stored_since = held(rig)
    gone = len(set(stored) - set(stored_since))
    if sent_since != sent:
        broken.append(f"{sent_since - sent} parts were sent although their attempts could not be recorded")
    if gone:
        broken.append(f"{gone} messages were deleted from the SIM although they could not be kept")
    if not stored:
        broken.append("nothing waited on the SIM: the disk was not full enough to prove anything")
    return len(stored), sent, broken


def ordeal(disk: Disk) -> tuple[str, list[str]]:
    """Fill the disk in mid-traffic; return what was found and what was broken."""
    with Rig(radio=RADIO, settle=SETTLE_SECONDS, database=disk.directory / "smsd.db") as rig:
        ledger = Ledger(rig, random.Random(disk.what))
        with rig.daemon() as daemon:
            for _ in range(3):
                ledger.send(1)
            until(ledger.at_rest, 60, "the warm-up did not end")
            for _ in range(QUEUED):
                ledger.send(1)
            for _ in range(TEXTED):
                ledger.text(command=True)
            process = daemon.process.pid
            waiting, sent, broken = watch(rig, disk, process)
            disk.free(process)
            try:
                until(ledger.at_rest, 180, "work did not go on when there was room again", step=0.2)
            except TimeoutError as error:
                broken.append(str(error))
            time.sleep(0.5)
            verdict = ledger.verdict()
            line = (
                f"disk full ({disk.what}): {waiting} messages stayed on the SIM, {sent} parts had left, none left "
                f"meanwhile; afterwards all {verdict.parts} parts, {verdict.lost} lost, {verdict.doubled} doubled, "
                f"{verdict.in_doubt} in doubt"
            )
            return line, [f"disk full ({disk.what}): {sentence}" for sentence in broken + verdict.broken]


def run() -> tuple[list[str], list[str]]:
    """Do it on each kind of disk; return what was found, a line each, and the promises that were broken."""
    progress("the full disk")
    lines, broken = [], []
    for make in (small_disk, limited_files):
        try:
            with make() as disk:
                line, sentences = ordeal(disk)
        except PermissionError as error:
            lines.append(f"disk full: {error}")
        else:
            lines.append(line)
            broken += sentences
    return lines, broken


def main() -> int:
    """Return 1 when a promise is broken."""
    lines, broken = run()
    print("\n".join([*lines, *(broken or ["no promise was broken"])]))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
