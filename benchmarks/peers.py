"""The two daemons people have today, driving the same simulated modem: Debian's gammu-smsd and smstools.

Knows their configuration at its defaults (only device and directories are named), how a message is put before them and
where they leave what came in. Where one is not installed it is skipped by name.
"""

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from benchmarks.bounds import within
from benchmarks.figures import Peer, progress
from benchmarks.rig import Rig

__all__ = ["PEERS", "Stranger", "measured"]

SBIN = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin"
PEER_SECONDS = 180.0
"""A peer that takes longer for its few messages is done without, by name."""
DBI_SQLITE = Path("/usr/lib/x86_64-linux-gnu/dbd/libdbdsqlite3.so")


class Stranger(Protocol):
    """What a measurement needs of another daemon."""

    name: str

    def missing(self) -> str:
        """Say which package is missing; empty: none."""

    def prepare(self, rig: Rig) -> None:
        """Lay out its configuration on the rig's modem."""

    def enqueue(self, recipient: str, text: str) -> None:
        """Put a message before it as its users do."""

    def command(self) -> list[str]:
        """Return how it is started in the foreground."""

    def received(self) -> int:
        """Count what it has put into its inbox."""


class GammuSmsd:
    """gammu-smsd: SQL on SQLite where libdbi has the driver, else its files."""

    def __init__(self) -> None:
        self.sql = DBI_SQLITE.exists() and shutil.which("sqlite3") is not None
        self.name = "gammu-smsd (SQLite)" if self.sql else "gammu-smsd (files)"

    def missing(self) -> str:
        """Debian's package."""
        return "" if shutil.which("gammu-smsd", path=SBIN) else "not installed (gammu-smsd)"

    def prepare(self, rig: Rig) -> None:
        """Lay out its configuration."""
        self._directory = rig.directory / "gammu"
        boxes = {name: self._directory / name for name in ("inbox", "outbox", "sentsms", "errorsms")}
        for box in boxes.values():
            box.mkdir(parents=True)
        self._configuration = self._directory / "gammu-smsdrc"
        service = "".join(f"{name}path = {box}/\n" for name, box in boxes.items())
        if self.sql:
            self._database = self._directory / "smsd.db"
            schema = Path("/usr/share/doc/gammu-smsd/examples/sqlite.sql").read_text("utf-8")
            subprocess.run(["sqlite3", str(self._database)], input=schema, text=True, check=True)
            service = f"service = sql\ndriver = sqlite3\ndbdir = {self._directory}/\ndatabase = smsd.db\n"
        else:
            service = f"service = files\n{service}"
        self._configuration.write_text(
            f"[gammu]\ndevice = {rig.device}\nconnection = at\n[smsd]\nlogfile = {self._directory / 'log'}\n{service}"
        )

    def enqueue(self, recipient: str, text: str) -> None:
        """Inject."""
        inject = shutil.which("gammu-smsd-inject", path=SBIN) or "gammu-smsd-inject"
        words = ["TEXT", recipient, "-unicode", "-autolen", str(max(len(text), 1)), "-text", text]
        subprocess.run([inject, "-c", str(self._configuration), *words], check=True, capture_output=True)

    def command(self) -> list[str]:
        """Return the daemon's command line."""
        return [shutil.which("gammu-smsd", path=SBIN) or "", "-c", str(self._configuration)]

    def received(self) -> int:
        """Count the inbox."""
        if self.sql:
            words = ["sqlite3", f"file:{self._database}?mode=ro", "SELECT count(*) FROM inbox"]
            said = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
            return int(said or 0)
        return sum(1 for file in (self._directory / "inbox").iterdir() if file.stat().st_size)


class Smstools:
    """smstools 3."""

    name = "smstools"

    def missing(self) -> str:
        """Debian's package."""
        return "" if shutil.which("smsd", path="/usr/sbin") else "not installed (smstools)"

    def prepare(self, rig: Rig) -> None:
        """Lay out its configuration."""
        self._directory = rig.directory / "smstools"
        self._boxes = {name: self._directory / name for name in ("outgoing", "checked", "incoming", "sent", "failed")}
        for box in self._boxes.values():
            box.mkdir(parents=True)
        self._configuration = self._directory / "smsd.conf"
        self._configuration.write_text(
            "devices = SIM\n"
            + "".join(f"{name} = {box}\n" for name, box in self._boxes.items())
            + f"logfile = {self._directory / 'log'}\ninfofile = {self._directory / 'working'}\n"
            f"pidfile = {self._directory / 'pid'}\n"
            f"[SIM]\ndevice = {rig.device}\nincoming = yes\n"
        )
        self._count = 0

    def enqueue(self, recipient: str, text: str) -> None:
        """Put a file into outgoing, in one step."""
        self._count += 1
        fresh = self._directory / "fresh"
        fresh.write_text(f"To: {recipient.lstrip('+')}\nAlphabet: UTF-8\n\n{text}", "utf-8")
        fresh.rename(self._boxes["outgoing"] / f"m{self._count:04d}")

    def command(self) -> list[str]:
        """Return the daemon's command line."""
        return [shutil.which("smsd", path="/usr/sbin") or "", "-t", "-c", str(self._configuration)]

    def received(self) -> int:
        """Count incoming."""
        return sum(1 for file in self._boxes["incoming"].iterdir() if file.stat().st_size)


PEERS: tuple[Callable[[], Stranger], ...] = (GammuSmsd, Smstools)


@contextlib.contextmanager
def running(stranger: Stranger, rig: Rig) -> Iterator[None]:
    """Run a stranger's daemon for as long as the body lasts."""
    with (rig.directory / "words").open("wb") as words:
        process = subprocess.Popen(stranger.command(), stdin=subprocess.DEVNULL, stdout=words, stderr=words)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def measured(
    experiment: Callable[[Stranger, Rig, Callable[[], contextlib.AbstractContextManager[None]]], list[float]],
    *,
    radio: float = 0.0,
    wire: bool = False,
) -> tuple[Peer, ...]:
    """Do an experiment on each peer that is installed, a fresh modem for each."""
    found = []
    for make in PEERS:
        stranger = make()
        if missing := stranger.missing():
            found.append(Peer(stranger.name, note=missing))
            continue
        progress(f"  {stranger.name}")
        with Rig(radio=radio, wire=wire) as rig:
            stranger.prepare(rig)
            try:
                with within(PEER_SECONDS, stranger.name):
                    samples = experiment(stranger, rig, lambda who=stranger, on=rig: running(who, on))  # type: ignore[misc]
            except (RuntimeError, TimeoutError, subprocess.CalledProcessError) as error:
                found.append(Peer(stranger.name, note=str(error)))
            else:
                found.append(Peer(stranger.name, tuple(samples)))
    return tuple(found)


def settle(seconds: float) -> None:
    """Let a stranger come to rest: it tells nobody when it has."""
    time.sleep(seconds)
