"""The rig under every measurement: a temporary directory, a simulated modem in its own process, a real daemon.

Knows how to lay out a configuration, start ``python -m smsd run``, wait until its modem is up, and read what crossed
the wire and when. Refuses to reach into the daemon: it is a program here, known by its wire, its database and its log.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from smsd.rules.outbox import MessageClass
from smsd.simulator import Simulator
from smsd.sms import segments
from smsd.store import NewMessage, Store
from smsd.store.bell import ring

__all__ = ["Daemon", "Piece", "Rig", "message", "phone", "until"]

ROUTE = "modem0"
READY_SECONDS = 60.0
STOP_SECONDS = 30.0


def phone(number: int) -> str:
    """Return the ``number``-th phone of the measurements."""
    return f"+7916{number:07d}"


def message(
    recipient: str, text: str, message_class: MessageClass = MessageClass.MANUAL, *, key: str | None = None
) -> NewMessage:
    """Return a message to be queued as the command line would queue it."""
    return NewMessage(message_class, recipient, len(segments(text, 0)), text=text, key=key)


def until(what: Callable[[], Any], seconds: float, complaint: str, *, step: float = 0.02) -> Any:
    """Ask until the answer is true and return it; raise ``TimeoutError`` with ``complaint``."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{complaint}: not within {seconds:g} s")
        time.sleep(step)
    return found


@dataclass(frozen=True, slots=True)
class Piece:
    """Octets that crossed the port: ``towards_modem`` or from it, at a wall time in Unix seconds."""

    at: float
    towards_modem: bool
    octets: bytes

    @property
    def is_pdu(self) -> bool:
        """Whether a PDU to be sent ends here (27.005 §4.3: it ends with Ctrl-Z)."""
        return self.towards_modem and self.octets.endswith(b"\x1a")


class Daemon:
    """One life of the daemon. ``process`` may be killed by whoever likes to."""

    def __init__(self, rig: "Rig", wrapper: tuple[str, ...] = ()) -> None:
        self.started_at = time.time()
        self._log = rig.log.open("ab")
        self.process = subprocess.Popen(
            [*wrapper, *rig.command("run")], stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )

    def ready(self, store: Store, seconds: float = READY_SECONDS, routes: int = 1) -> Self:
        """Wait until this life of the daemon says that so many of its routes are up."""

        def up() -> bool:
            if self.process.poll() is not None:
                raise RuntimeError(f"the daemon ended by itself, code {self.process.returncode}: see its log")
            return sum(bool(row["up"] and row["changed_at"] >= self.started_at) for row in store.routes()) >= routes

        until(up, seconds, "the daemon's routes are not up")
        return self

    def kill(self) -> None:
        """``kill -9``."""
        self.process.kill()
        self.process.wait()
        self._log.close()

    def stop(self) -> int:
        """SIGTERM; return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        finally:
            self.process.kill()
            self._log.close()
        return code


class Rig:
    """A directory with a configuration, a simulated modem that survives every daemon, and the store.

    ``radio`` is the seconds a part is in the air; ``settle`` the configured patience with a modem in doubt. Extra
    ``options`` go to the simulator. With ``wire`` every octet on the port is logged with its time. ``binds`` is the
    text of ``[[smpp]]`` tables; without ``modem`` there is no other route, and nothing to ask.
    """

    def __init__(
        self,
        *,
        radio: float = 0.0,
        settle: int | None = None,
        options: tuple[str, ...] = (),
        wire: bool = False,
        limits: str = "",
        binds: str = "",
        modem: bool = True,
        database: Path | None = None,
        keep: Path | None = None,
    ) -> None:
        self._own = None if keep is not None else tempfile.TemporaryDirectory(prefix="smsd-bench-")
        self.directory = keep if keep is not None else Path(self._own.name)  # type: ignore[union-attr]
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log = self.directory / "daemon.log"
        self.wire = self.directory / "wire.log"
        self.config = self.directory / "smsd.toml"
        self.device = self.directory / "modem"
        self.database = database or self.directory / "smsd.db"
        patience = "" if settle is None else f"settle_seconds = {settle}\n"
        port = f'[[modem]]\nname = "{ROUTE}"\ndevice = "{self.device}"\n{patience}' if modem else ""
        self.config.write_text(
            f'[database]\nurl = "sqlite:///{self.database}"\n{port}{binds}'
            f'[log]\nlevel = "info"\nformat = "json"\n[limits]\n{limits}'
        )
        more = ("--log", str(self.wire)) if wire else ()
        self.simulator = Simulator(self.device, "--radio-seconds", str(radio), *more, *options)
        self._modem = modem
        self._stack = contextlib.ExitStack()
        self._store: Store | None = None

    def __enter__(self) -> Self:
        if self._modem:
            self._stack.enter_context(self.simulator)
        return self

    def __exit__(self, *_: object) -> None:
        if self._store is not None:
            self._store.close()
        self._stack.close()
        if self._own is not None:
            self._own.cleanup()

    @property
    def store(self) -> Store:
        """The daemon's database, opened here as the command line opens it."""
        if self._store is None:
            self._store = Store(self.database, time.time, migrate=True)
        return self._store

    def command(self, *words: str) -> list[str]:
        """Return a command line of smsd on this configuration."""
        return [sys.executable, "-m", "smsd", "--config", str(self.config), *words]

    def run(self, *words: str) -> str:
        """Run a command of smsd and return what it says; raises ``CalledProcessError``."""
        return subprocess.run(self.command(*words), check=True, capture_output=True, text=True).stdout

    def start(self, *wrapper: str) -> Daemon:
        """Start the daemon and do not wait."""
        return Daemon(self, wrapper)

    @contextlib.contextmanager
    def daemon(self) -> Iterator[Daemon]:
        """Run the daemon, its modem up, for as long as the body lasts."""
        daemon = self.start()
        try:
            daemon.ready(self.store)
            yield daemon
        finally:
            daemon.stop()

    def enqueue(self, *messages: NewMessage) -> list[int]:
        """Queue messages, one transaction each, and ring as the command line does; return their ids."""
        ids = [self.store.outbox.enqueue(new)[0] for new in messages]
        ring(self.database)
        return ids

    def ask(self, *words: object) -> Any:
        """Ask the simulator."""
        return self.simulator.ask(*words)

    def sent(self) -> list[dict[str, Any]]:
        """Return every part the network took, in order; ``at`` in Unix seconds."""
        taken: list[dict[str, Any]] = self.ask("sent")
        for part in taken:
            part["at"] = datetime.fromisoformat(part["at"]).timestamp()
        return taken

    def wait_sent(self, parts: int, seconds: float) -> list[dict[str, Any]]:
        """Wait until the network took so many parts, and return them."""
        self.ask("wait_sent", parts, seconds)
        return self.sent()

    def pieces(self, since: float = 0.0) -> list[Piece]:
        """Return what crossed the port since a wall time."""
        found = []
        with self.wire.open(encoding="ascii") as lines:
            for line in lines:
                at, mark, octets = line.rstrip("\n").split(" ", 2)
                seconds = datetime.fromisoformat(at).timestamp()
                if seconds >= since:
                    # The simulator writes octets as Python does; take off b' and ' and undo the escapes.
                    raw = octets[2:-1].encode("ascii").decode("unicode_escape").encode("latin-1")
                    found.append(Piece(seconds, mark == ">", raw))
        return found


def cpu_seconds(process: int) -> float:
    """Return the processor time a process has used."""
    words = Path(f"/proc/{process}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def memory_megabytes(process: int) -> float:
    """Return the resident memory of a process in MB (10^6 octets)."""
    for line in Path(f"/proc/{process}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0
