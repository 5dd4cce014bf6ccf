"""The composition root: from a ``Config`` to a running daemon, and from SIGTERM to a clean end.

Knows which part is made of which, and in what order things are opened and closed. Refuses to know what any of them
does. READY is said when the store is open, not when a modem answers: a daemon without its modem still keeps the queue.
"""

import asyncio
import contextlib
import gc
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import structlog

from smsd import log
from smsd.config import Config, read_templates
from smsd.config.limits import limit_table
from smsd.daemon.alarms import alarm_settings
from smsd.daemon.beside import face, put_beside
from smsd.daemon.directory import directory_of
from smsd.daemon.routes import make_routes
from smsd.daemon.settings import gateway_settings
from smsd.daemon.statusline import StatusLine
from smsd.errors import AlreadyRunningError, ConfigError, SealError, SmsdError, StoreError
from smsd.gateway import Gateway
from smsd.routes.modem import Timings, holder
from smsd.store import Store
from smsd.store.bell import bell_path, listen
from smsd.store.engine import MARK
from smsd.store.lock import DaemonLock
from smsd.store.thread import StoreThread
from smsd.systemd import Notifier, watchdog_interval
from smsd.vault import Vault

__all__ = ["Daemon", "main"]

STOP_SECONDS = 15.0
"""How long SIGTERM waits for the part in the air; the unit's TimeoutStopSec= is longer."""
GC_ALLOCATIONS = 50_000
"""Objects made, and not freed again, between two searches for cycles."""


class Daemon:
    """One daemon, from its configuration. ``run`` works until ``stop`` is called."""

    def __init__(
        self,
        config: Config,
        environ: Mapping[str, str],
        *,
        clock: Callable[[], float] = time.time,
        timings: Timings | None = None,
        host: tuple[Path, ...] = (),
    ) -> None:
        """``host`` is where /sys and /dev are: tests invent them."""
        self._config = config
        self._clock = clock
        self._timings = timings or Timings()
        self._host = host
        self._environ = environ
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
            store = Store(path, self._clock, migrate=True)
            self._thread = StoreThread(store)
            try:
                _refuse_backup(store)
                await self._serve(self._thread)
            finally:
                self._thread.close()
        finally:
            lock.release()
        self._log.info("stopped")

    def _refuse_held_modems(self) -> None:
        """Refuse to be a second daemon on one modem. A port that another kind of program holds is waited for."""
        for modem in self._config.modems:
            who = None if modem.device is None else holder(str(modem.device))
            if who is not None and "smsd" in who.command:
                raise AlreadyRunningError(f"{modem.device} is in use by {who}; two daemons on one modem are refused")

    async def _serve(self, thread: StoreThread) -> None:
        thread.store.outbox.limits = limit_table(self._config)
        vault = _vault(self._config, thread.store, self._log)
        routes = make_routes(self._config, thread, self._clock, self._timings, self._host, self._environ)
        async with directory_of(self._config, thread, vault) as directory:
            gateway = Gateway(
                thread,
                routes,
                directory,
                vault,
                gateway_settings(self._config),
                self._clock,
                alarm_settings(self._config, self._environ),
            )
            metrics = put_beside(self._config, gateway, thread, routes, self._clock)
            if self._notifier.enabled:
                line = StatusLine(thread, gateway, self._say, self._config.service.zone, self._clock)
                gateway.beside("status line", line.run)
            async with face(self._config, metrics):
                await self._work(thread, gateway, [route.name for route in routes])

    def _say(self, line: str) -> None:
        if not self._stopped.is_set():  # then the end is what is told
            self._notifier.status(line)

    async def _work(self, thread: StoreThread, gateway: Gateway, routes: list[str]) -> None:
        """Run the gateway until it is told to stop, and settle what is in the air."""
        self._log.info("started", routes=routes, database=str(self._config.database.path))
        async with contextlib.AsyncExitStack() as open_:
            open_.enter_context(self._bell(gateway))
            await self._face(open_, thread, gateway)
            self._notifier.ready(f"starting: {', '.join(routes)}")
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
                if task in done and not self._stopped.is_set():  # an end that looks well is not followed by a restart
                    raise SmsdError(f"{task.get_name()} has ended by itself: a fault in the program")

    async def _face(self, open_: contextlib.AsyncExitStack, thread: StoreThread, gateway: Gateway) -> None:
        """Open the API and tell the webhooks, where any are configured."""
        told = {hook.name: hook.events for hook in self._config.webhooks}
        await thread.call(thread.store.events.listeners, told)
        if told:
            from smsd.daemon.hooks import telling  # noqa: PLC0415  only who has a webhook pays for it

            await open_.enter_async_context(telling(self._config, thread, self._clock))
        if self._config.api.wanted:
            from smsd.daemon.api import api  # noqa: PLC0415  only who has an API pays for it

            await open_.enter_async_context(api(self._config, thread, self._clock, gateway.look))

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

        A modem or a bind that is down is no reason to stop: the other routes are healthy. Nor is one that waits for
        long for a reason; one that waits for what never comes is as good as ended.
        """
        seconds = self._watchdog_seconds or 3600.0
        while True:
            await asyncio.sleep(seconds)
            await thread.call(lambda: None)
            if lifeless := gateway.lifeless:
                self._log.error("supervisor_ended", tasks=lifeless, why="a fault in the program; systemd restarts it")
            elif still := gateway.standing_still(seconds):
                self._log.error("supervisor_hangs", tasks=still, why="a fault in the program; systemd restarts it")
            else:
                self._notifier.watchdog()


def _refuse_backup(store: Store) -> None:
    """Refuse to run on a backup that was only copied into place: what left after it would leave again."""
    if store.fact(MARK) is not None:
        raise ConfigError(
            f"{store.path}: this is a backup that was not restored: move it away, then 'smsd database restore FILE'"
        )


def _vault(config: Config, store: Store, log: structlog.stdlib.BoundLogger) -> Vault:
    """Open the private key (made on first use) and publish its public half in the store."""
    try:
        vault = Vault.load_or_create(config.key_file)
    except SealError as error:
        if config.directory.key_file is None or os.path.exists(config.key_file):  # noqa: PTH110  never raises
            raise
        raise ConfigError(
            f"{config.path}: [directory] key_file: {error}: move the key there first, or leave this out"
        ) from error
    public, known = vault.public.octets, store.clients.public_key()
    if known is not None and known != public:
        log.error(
            "key_changed",
            why="texts and passwords sealed to the former key cannot be opened; import the clients again",
            key_file=str(config.key_file),
        )
    if known != public:
        store.clients.put_public_key(public)
    return vault


def main(config: Config, environ: Mapping[str, str]) -> int:
    """Run the daemon in the foreground until SIGTERM or SIGINT; return its exit code."""
    config.require_routes()
    read_templates(config.templates.directory, config.templates.max_parts)
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
