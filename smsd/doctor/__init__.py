"""The doctor: finds what keeps this service from working on this host, names it, and says what cures it.

Read ``finding`` (the words), then this file (the order of the round); ``files``, ``process``, ``database``, ``modem``
and ``bind`` are the examinations. While the daemon runs, modems and binds are judged by what it says of them; only
while none runs are they opened here, and only where nobody else is at the port. Knows Linux, the configuration, the
store and the routes. Refuses to change anything: a cure is a command for a person to type.
"""

import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from smsd.config import Config, Modem
from smsd.doctor import bind, database, face, files, modem
from smsd.doctor.alarms import alarms
from smsd.doctor.finding import Check, Finding, Severity, bad, exit_code, fine, worth_a_look
from smsd.doctor.process import PROC, cure, running, users_of
from smsd.errors import ConfigError, PortBusyError, RouteError
from smsd.routes.modem import Finder, Host, Ports, Seeker, Timings, Wanted, examine
from smsd.store import Store
from smsd.store.lock import holder

__all__ = ["Check", "Doctor", "Finding", "Severity", "exit_code", "unreadable"]

UNITS = (Path("/etc/systemd/system/smsd.service"), Path("/usr/lib/systemd/system/smsd.service"))
STRANGERS_SHOWN = 5
MANAGER = "ModemManager"
IGNORED = ("E:ID_MM_DEVICE_IGNORE=1", "E:ID_MM_PORT_IGNORE=1")
"""What ModemManager's own udev properties say of a device it leaves alone."""


def unreadable(error: ConfigError) -> Finding:
    """Return the finding of a configuration that is not understood: nothing else can be looked at then."""
    path, _, problem = str(error).partition(": ")
    return bad(Check.CONFIGURATION, path, problem or str(error), f"sudoedit {path}")


class Doctor:
    """One round over one configuration. ``clock`` returns Unix seconds, ``steady`` seconds that never go back."""

    def __init__(
        self,
        config: Config,
        *,
        clock: Callable[[], float],
        steady: Callable[[], float],
        timings: Timings | None = None,
        proc: Path = PROC,
        host: Host | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._steady = steady
        self._timings = timings
        self._proc = proc
        self._ports = Ports(host or Host())
        self._skew: float | None = None

    async def findings(self) -> AsyncIterator[Finding]:
        """Look at everything, from the ground up; each finding is yielded as soon as it is known."""
        path, known = self._config.database.path, database.Known()
        for finding in self._ground(known):
            yield finding
        if any(files.hidden(self._config)):
            return
        daemon = holder(path)
        yield self._daemon(daemon)
        async for finding in self._live(known, daemon) if daemon else self._ourselves():
            yield finding
        async for finding in self._api(known, serves=daemon is not None):
            yield finding
        if self._config.directory.url:
            from smsd.doctor.directory import look_at_directory  # noqa: PLC0415  only who asks over HTTP pays for it

            trouble = self._waits_for() if daemon and known.usable else None
            for finding in await look_at_directory(self._config, self._clock, trouble):
                yield finding
        for finding in database.clock(known.skew, self._skew):
            yield finding

    def _ground(self, known: database.Known) -> Iterator[Finding]:
        """Look at what the service stands on: configuration, files, disk, database, key."""
        config, path = self._config, self._config.database.path
        account = files.account_of(path.parent, files.handed_by(UNITS))
        yield from self._configuration()
        yield from files.places(config, account)
        yield from files.disk(path.parent, self._config.alarms.disk_octets)
        yield from files.secrets(config, account)
        yield from files.devices(config, account)
        yield from alarms(config)
        yield from face.templates(config)
        if hidden := list(files.hidden(config)):
            yield from hidden
            return
        yield from database.database(path, self._clock(), known)
        yield from files.key(config.key_file, account, known.public_key)

    def _configuration(self) -> Iterator[Finding]:
        try:
            self._config.require_routes()
        except ConfigError as error:
            yield unreadable(error)
        else:
            told = f"understood; routes: {', '.join(self._config.routes)}"
            yield fine(Check.CONFIGURATION, str(self._config.path), told)

    def _daemon(self, daemon: str | None) -> Finding:
        if daemon is not None:
            return fine(Check.DAEMON, "smsd", daemon)
        unit = next((path for path in UNITS if path.exists()), None)
        cured = "sudo systemctl enable --now smsd" if unit else f"smsd --config {self._config.path} run"
        return bad(Check.DAEMON, "smsd", "no daemon runs: nothing is sent, answered or taken from the SIM", cured)

    # --- the daemon's view --------------------------------------------------------------------------------------------

    async def _live(self, known: database.Known, daemon: str) -> AsyncIterator[Finding]:
        rows = {}
        if known.usable:
            store = Store(self._config.database.path, self._clock)
            try:
                rows = {row["name"]: row for row in store.routes()}
                for finding in face.webhooks(self._config, store, self._clock):
                    yield finding
            finally:
                store.close()
        for each in self._config.modems:
            row = rows.get(each.name)
            if row is None:
                yield worth_a_look(
                    Check.MODEM, each.name, "the running daemon does not know it yet", "sudo systemctl restart smsd"
                )
                continue
            for finding in self._port(each, ours=_process(daemon)):
                yield finding
            for finding in modem.judge(modem.of_route(row), each, live=True):
                yield finding
        for link in self._config.smpp:
            row = rows.get(link.name)
            yield bind.missing(link) if row is None else await bind.judge_route(row, link)
        if self._config.http:
            from smsd.doctor import operator  # noqa: PLC0415  only who has such an operator pays for it

            for http in self._config.http:
                row = rows.get(http.name)
                yield operator.unknown_operator(http) if row is None else await operator.judge_operator(row, http)

    async def _api(self, known: database.Known, *, serves: bool) -> AsyncIterator[Finding]:
        """Look whether the API is served, and to whom."""
        if not self._config.api.wanted:
            return
        from smsd.doctor.api import look_at_api  # noqa: PLC0415  only who has an API pays for it

        tokens = None
        if self._config.api.listen and known.usable:
            store = Store(self._config.database.path, self._clock)
            try:
                tokens = store.tokens.recent(limit=0)
            finally:
                store.close()
        account = files.account_of(self._config.database.path.parent, files.handed_by(UNITS))
        async for finding in look_at_api(self._config, account, tokens, serves=serves):
            yield finding

    def _waits_for(self) -> str | None:
        """Return what clients' requests wait for, if any do."""
        store = Store(self._config.database.path, self._clock)
        try:
            row = store.requests.stuck()
        finally:
            store.close()
        return None if row is None else str(row["error"])

    # --- our own look -------------------------------------------------------------------------------------------------

    async def _ourselves(self) -> AsyncIterator[Finding]:
        for each in self._config.modems:
            if each.device is None:
                async for finding in self._sought(each):
                    yield finding
                continue
            found = list(self._port(each))
            for finding in found:
                yield finding
            if not each.device.exists() or any(_held(finding) for finding in found):
                continue
            async for finding in self._examined(each, str(each.device)):
                yield finding
        for link in self._config.smpp:
            yield await bind.look(link, self._steady)
        if self._config.http:
            from smsd.doctor import operator  # noqa: PLC0415  only who has such an operator pays for it

            for http in self._config.http:
                yield await operator.look_at_operator(http)

    async def _sought(self, each: Modem) -> AsyncIterator[Finding]:
        """Look for a modem that is known by its identity, as the daemon would."""
        assert each.identity is not None  # noqa: S101  the configuration has been agreed
        seeker = Seeker(self._ports, self._timings or Timings(), self._steady)
        try:
            device = await Finder(seeker).find(Wanted(each.identity.imei, each.identity.imsi))
        except RouteError as error:
            yield bad(
                Check.MODEM, each.name, str(error), "smsd modem list shows what is plugged in, as root who holds it"
            )
            return
        async for finding in self._examined(each, device):
            yield finding

    async def _examined(self, each: Modem, device: str) -> AsyncIterator[Finding]:
        try:
            seen = await examine(device, clock=self._steady, baud=each.baud, rtscts=each.rtscts, timings=self._timings)
        except PortBusyError as error:
            yield bad(Check.PORT, each.name, str(error), "sudo smsd doctor names the program")
            return
        except RouteError as error:
            yield bad(
                Check.MODEM,
                each.name,
                f"{device}: {str(error).removeprefix(f'{device}: ')}",
                "is it the port for AT commands? most modems have several: try the others, or plug it out and in",
            )
            return
        if each.identity is not None and not Wanted(each.identity.imei).is_modem(seen.identity.imei):
            yield bad(
                Check.MODEM,
                each.name,
                "another modem than the configured one is at this port",
                "lsusb; ls -l /dev/smsd/",
            )
            return
        if seen.clock is not None:
            self._skew = seen.clock.timestamp() - self._clock()
        for finding in modem.judge(modem.of_examination(each.name, seen), each, live=False):
            yield finding

    # --- who is at the port -------------------------------------------------------------------------------------------

    def _port(self, each: Modem, *, ours: int = 0) -> Iterator[Finding]:
        """Say who has a modem's port open besides the process ``ours``, and whether ModemManager may come for it."""
        if each.device is None or not each.device.exists():
            return
        device = str(each.device)
        strangers = [user for user in users_of(device, self._proc) if user.pid != ours]
        for user in strangers[:STRANGERS_SHOWN]:
            yield bad(Check.PORT, each.name, f"{device} is held by {user}", cure(user))
        if any(user.name == MANAGER for user in strangers):
            return
        manager = running(MANAGER, self._proc)
        if manager is not None and not _ignored(each.device):
            yield worth_a_look(
                Check.PORT,
                each.name,
                f"ModemManager runs ({manager.pid}) and is not told to leave {device} alone",
                cure(manager),
            )


def _held(finding: Finding) -> bool:
    return finding.check is Check.PORT and finding.severity is Severity.ERROR


def _process(daemon: str) -> int:
    """Return the number of the process that holds the store, as it says itself; 0 where it does not."""
    found = re.search(r"\bprocess (\d+)", daemon)
    return int(found[1]) if found else 0


def _ignored(device: Path, properties: Path = Path("/run/udev/data")) -> bool:
    """Tell whether udev's database says that ModemManager leaves a device alone."""
    try:
        number = device.stat().st_rdev
        told = (properties / f"c{os.major(number)}:{os.minor(number)}").read_text("utf-8").splitlines()
    except OSError:
        return False
    return any(line in IGNORED for line in told)
