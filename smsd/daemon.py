"""The composition root: from a ``Config`` to a running daemon, and from SIGTERM to a clean end.

Knows which part is made of which, and in what order things are opened and closed. Refuses to know what any of them
does. READY is said when the store is open, not when a modem answers: a daemon without its modem still keeps the queue.
"""

import asyncio
import base64
import contextlib
import gc
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from smsd import config as configuration
from smsd import log
from smsd.config import Config
from smsd.directory.local import LocalDirectory
from smsd.errors import AlreadyRunningError, ConfigError, StoreError
from smsd.gateway import Gateway, Route, Settings
from smsd.routes.modem import ModemRoute, Timings, holder
from smsd.rules.outbox import MessageClass
from smsd.rules.routing import Block
from smsd.store import Store
from smsd.store.bell import bell_path, listen
from smsd.store.lock import DaemonLock
from smsd.store.thread import StoreThread
from smsd.systemd import Notifier, watchdog_interval
from smsd.vault import Vault

if TYPE_CHECKING:
    from smsd.routes.overdue import Unreported
    from smsd.routes.smpp import SmppSettings

__all__ = ["Daemon", "main", "smpp_settings"]

STOP_SECONDS = 15.0
"""How long SIGTERM waits for the part in the air; the unit's TimeoutStopSec= is longer."""
GC_ALLOCATIONS = 50_000
"""Objects made, and not freed again, between two searches for cycles."""


class RouteMemory:
    """What one route must find again after a restart, kept in the store."""

    def __init__(self, thread: StoreThread, route: str) -> None:
        self._thread = thread
        self._route = route

    async def recall(self, key: str) -> str | None:
        """Return what was remembered under ``key``."""
        return await self._thread.call(self._thread.store.recall, self._route, key)

    async def remember(self, key: str, value: str | None) -> None:
        """Keep ``value`` under ``key``; on disk when this returns."""
        await self._thread.call(self._thread.store.remember, self._route, key, value)


class Daemon:
    """One daemon, from its configuration. ``run`` works until ``stop`` is called."""

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.time,
        timings: Timings | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._timings = timings or Timings()
        self._notifier = Notifier(environ)
        self._watchdog_seconds = watchdog_interval(environ)
        self._stopped = asyncio.Event()
        self._log = structlog.get_logger("smsd.daemon")

    def stop(self) -> None:
        """Ask the daemon to end; ``run`` returns once the part in the air is settled or recorded in doubt."""
        self._stopped.set()

    async def run(self) -> None:
        """Open everything, work, close everything. Raises ``AlreadyRunningError``, ``StoreError``, ``SealError``."""
        path = self._config.database.path
        started = datetime.fromtimestamp(self._clock(), self._config.service.zone).isoformat(timespec="seconds")
        self._refuse_held_modems()
        lock = DaemonLock(path, f"smsd run, process {os.getpid()}, since {started}")
        try:
            self._thread = StoreThread(Store(path, self._clock, migrate=True))
            try:
                await self._serve(self._thread)
            finally:
                self._thread.close()
        finally:
            lock.release()
        self._log.info("stopped")

    def _refuse_held_modems(self) -> None:
        """Refuse to be a second daemon on one modem. A port that another kind of program holds is waited for."""
        for modem in self._config.modems:
            who = holder(str(modem.device))
            if who is not None and "smsd" in who.command:
                raise AlreadyRunningError(f"{modem.device} is in use by {who}; two daemons on one modem are refused")

    async def _serve(self, thread: StoreThread) -> None:
        thread.store.outbox.limits = self._config.limit_table
        vault = _vault(self._config, thread.store, self._log)
        routes = self._routes(thread)
        gateway = Gateway(
            thread,
            routes,
            LocalDirectory(lambda phone: thread.call(thread.store.clients.get, phone), vault),
            vault,
            _settings(self._config),
            self._clock,
        )
        self._log.info("started", routes=[route.name for route in routes], database=str(self._config.database.path))
        with self._bell(gateway):
            self._notifier.ready("ready: " + ", ".join(route.name for route in routes))
            tasks = [
                asyncio.create_task(gateway.run(), name="gateway"),
                asyncio.create_task(self._watch(thread, gateway), name="watchdog"),
                asyncio.create_task(self._stopped.wait(), name="stop"),
            ]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                self._notifier.stopping("waiting for the part in the air" if gateway.in_air else "")
                await gateway.stop(STOP_SECONDS)
            finally:
                for task in tasks:
                    task.cancel()
                results = await asyncio.gather(*tasks, return_exceptions=True)
            # What was cancelled in the air has no outcome yet: it is recorded in doubt now, not at the next start.
            with contextlib.suppress(StoreError):
                await thread.call(thread.store.outbox.adopt_orphans)
            for task, result in zip(tasks, results, strict=True):
                if task in done and isinstance(result, Exception):
                    raise result

    def _routes(self, thread: StoreThread) -> list[Route]:
        config = self._config
        modems = [_modem(each, config, RouteMemory(thread, each.name), self._timings) for each in config.modems]
        binds = [_bind(each, config, thread, self._clock) for each in config.smpp]
        operators = [_operator(each, config, thread, self._clock) for each in config.http]
        return [*binds, *operators, *modems]

    @contextlib.contextmanager
    def _bell(self, gateway: Gateway) -> Iterator[None]:
        """Look whenever somebody rings; the gateway polls as well, so that a missing bell costs seconds only."""
        path = self._config.database.path
        loop = asyncio.get_running_loop()
        try:
            bell = listen(path)
        except OSError as error:
            self._log.warning("no_bell", path=str(bell_path(path)), error=str(error))
            yield
            return

        def rung() -> None:
            with contextlib.suppress(OSError):
                while bell.recv(16):
                    pass
            gateway.look()

        loop.add_reader(bell, rung)
        try:
            yield
        finally:
            loop.remove_reader(bell)
            bell.close()
            bell_path(path).unlink(missing_ok=True)

    async def _watch(self, thread: StoreThread, gateway: Gateway) -> None:
        """Feed systemd's watchdog as long as the loop turns, the store's thread answers and every supervisor lives.

        A modem or a bind that is down is no reason to stop: the other routes are healthy.
        """
        while True:
            await asyncio.sleep(self._watchdog_seconds or 3600.0)
            await thread.call(lambda: None)
            if lifeless := gateway.lifeless:
                self._log.error("supervisor_ended", tasks=lifeless, why="a fault in the program; systemd restarts it")
            else:
                self._notifier.watchdog()


def _modem(modem: configuration.Modem, config: Config, memory: RouteMemory, timings: Timings) -> Route:
    """Make the route over a modem."""
    file = modem.pin_file
    return ModemRoute(
        modem.name,
        str(modem.device),
        sender=config.service.number,
        memory=memory,
        clock=time.monotonic,
        # Read anew at each need: the file may be mended while the daemon runs.
        pin=lambda: None if file is None else configuration.read_secret(file),
        poll_seconds=modem.poll_seconds,
        delivery_reports=modem.delivery_reports,
        baud=modem.baud,
        rtscts=modem.rtscts,
        service_centre=modem.smsc,
        imei=modem.identity.imei if modem.identity else "",
        timings=replace(
            timings, settle_after=float(modem.settle_seconds), submission=float(modem.result_timeout_seconds)
        ),
    )


def _bind(bind: configuration.Smpp, config: Config, thread: StoreThread, clock: Callable[[], float]) -> Route:
    """Make the route over a bind: what the configuration says goes before what its profile says."""
    from smsd.routes.smpp import SmppRoute  # noqa: PLC0415  only who has a bind pays for it

    file = bind.password_file
    return SmppRoute(
        bind.name,
        smpp_settings(bind),
        memory=RouteMemory(thread, bind.name),
        clock=time.monotonic,
        chance=random.random,
        sender=config.service.sender,
        password=lambda: "" if file is None else configuration.read_secret(file),
        unreported=_unreported(bind.name, thread, clock, overdue=OVERDUE_SECONDS),
    )


def smpp_settings(bind: configuration.Smpp) -> "SmppSettings":
    """Turn a bind's table of the configuration into the route's settings."""
    from smsd.routes.smpp import PROFILES, Action, BindAs  # noqa: PLC0415  only who has a bind pays for it
    from smsd.wire.smpp.content import LongForm  # noqa: PLC0415

    said = {
        name: value
        for name in (
            "host", "port", "system_type", "rate", "tls", "ca_file", "tls_name", "source_ton", "source_npi",
            "destination_ton", "destination_npi", "service_type", "receipts", "validity", "more_messages",
        )
        if (value := getattr(bind, name)) is not None
    }  # fmt: skip
    if bind.spare is not None:
        said["spare"] = tuple(_host_and_port(each) for each in bind.spare)
    if bind.bind_as is not None:
        said["bind_as"] = BindAs(bind.bind_as)
    if bind.long_form is not None:
        said["long_form"] = LongForm(bind.long_form)
    if bind.statuses is not None:
        said["statuses"] = {int(status, 0): Action(action) for status, action in bind.statuses.items()}
    if bind.receipt_errors is not None:
        said["receipt_errors"] = {code: Block(what) for code, what in bind.receipt_errors.items()}
    return PROFILES[bind.profile].apply(
        **said, system_id=bind.system_id, window=bind.window, zone=ZoneInfo(bind.clock_zone)
    )


OVERDUE_SECONDS = 600.0
"""How old a part without a receipt is before a service centre is asked after it: most receipts come within minutes."""
UNREPORTED_SECONDS = 3 * 86_400.0
"""For how long an operator is asked what became of a message."""


def _unreported(name: str, thread: StoreThread, clock: Callable[[], float], *, overdue: float) -> "Unreported":
    """Return what lists the parts a route got away more than ``overdue`` seconds ago and heard nothing of since."""

    async def unreported(after: int, limit: int) -> list[tuple[int, str, str]]:
        now = clock()
        return await thread.call(
            thread.store.outbox.unreported, name, after, limit, now - UNREPORTED_SECONDS, now - overdue
        )

    return unreported


def _operator(http: configuration.Http, config: Config, thread: StoreThread, clock: Callable[[], float]) -> Route:
    """Make the route to an operator's HTTP interface. Raises ``ConfigError`` when its profile cannot be understood."""
    from smsd.routes import http as routes  # noqa: PLC0415  only who has such an operator pays for it

    profile = routes.read_profile(http.profile_file) if http.profile_file else routes.shipped(http.profile)
    if not (url := http.url or profile.url):
        raise ConfigError(f"{config.path}: [[http]] {http.name} url: missing, and its profile has none")
    if http.webhook_port and profile.receipt is None:
        raise ConfigError(f"{config.path}: [[http]] {http.name} webhook_port: {profile.title} sends no receipts")
    password, token = http.password_file, http.webhook_token_file

    return routes.HttpRoute(
        http.name,
        routes.HttpSettings(
            profile,
            url,
            login=http.login,
            window=http.window,
            rate=float(http.rate),
            ca_file=http.ca_file,
            webhook_port=http.webhook_port,
            timings=routes.Timings(answer=float(http.timeout_seconds), poll=float(http.poll_seconds)),
        ),
        memory=RouteMemory(thread, http.name),
        unreported=_unreported(http.name, thread, clock, overdue=0.0),
        clock=time.monotonic,
        chance=random.random,
        sender=config.service.sender,
        password=lambda: "" if password is None else configuration.read_secret(password),
        token=lambda: "" if token is None else configuration.read_secret(token),
    )


def _host_and_port(written: str) -> tuple[str, int]:
    host, _, port = written.rpartition(":")
    return host.strip("[]"), int(port)


def _vault(config: Config, store: Store, log: structlog.stdlib.BoundLogger) -> Vault:
    """Open the private key (made on first use) and publish its public half in the store."""
    vault = Vault.load_or_create(config.key_file)
    public = base64.b64encode(vault.public.octets).decode()
    known = store.fact("public_key")
    if known is not None and known != public:
        log.error(
            "key_changed",
            why="texts and passwords sealed to the former key cannot be opened; import the clients again",
            key_file=str(config.key_file),
        )
    if known != public:
        store.put_fact("public_key", public)
    return vault


def _settings(config: Config) -> Settings:
    keep = config.retention
    return Settings(
        replies=config.replies.texts(),
        region=config.service.region,
        commands_per_hour=config.limits.commands_per_hour,
        lenient_commands=config.service.lenient_commands,
        incomplete=config.messages.incomplete,
        lifetimes={each: config.messages.expires(each.value) for each in MessageClass},
        order=config.route_order,
        by_class={each: order for each in MessageClass if (order := getattr(config.routing.by_class, each.value))},
        fallback_after=timedelta(seconds=config.routing.fallback_after_seconds),
        fallback_prefix=config.routing.fallback_prefix,
        keep_inbox=timedelta(days=keep.inbox_days) if keep.inbox_days else None,
        keep_outbox=timedelta(days=keep.outbox_days) if keep.outbox_days else None,
    )


def main(config: Config, environ: Mapping[str, str]) -> int:
    """Run the daemon in the foreground until SIGTERM or SIGINT; return its exit code."""
    config.require_routes()
    for modem in config.modems:
        if modem.device is None:
            raise ConfigError(
                f'{config.path}: [[modem]] {modem.name} identity: found by a path only as yet: give device = "/dev/..."'
            )
    as_json = {"json": True, "console": False}.get(config.log.format)
    log.setup(json=as_json, level=config.log.level, environ=environ)

    async def foreground() -> None:
        daemon = Daemon(config, environ)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, daemon.stop)
        await daemon.run()

    # What has been imported stays for good, and what a message makes is mostly freed without the collector: looking for
    # cycles as often as Python does by default is a tenth of what a full window of submits costs.
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, 20, 100)
    asyncio.run(foreground())
    return 0
