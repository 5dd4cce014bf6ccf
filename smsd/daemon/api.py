"""What the API is made of: the desk over the store's thread, a room for alerts, sockets.

Imported only where an API is configured.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence

import structlog
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from smsd.api.app import make_app
from smsd.api.caller import Gate
from smsd.api.offices import BulkRoom, Offices
from smsd.api.server import open_loopback, open_unix, serving
from smsd.config import Config
from smsd.config.terms import alert_terms, desk_terms
from smsd.desk import Desk
from smsd.desk.access import bearer
from smsd.desk.alerts import AlertDesk
from smsd.desk.keys import ensure_key
from smsd.errors import ConfigError, SmsdError
from smsd.store import Store
from smsd.store.thread import StoreThread

__all__ = ["api"]

RETRY_SECONDS = 10.0
"""How soon a place that was taken is tried again."""

log = structlog.get_logger("smsd.daemon")


@contextlib.asynccontextmanager
async def api(
    config: Config,
    thread: StoreThread,
    clock: Callable[[], float],
    look: Callable[[], None],
    more: Sequence[BaseRoute] = (),
) -> AsyncIterator[None]:
    """Serve the API while the body runs; ``look`` has the gateway look, ``more`` are routes of others beside it.

    Raises ``ConfigError`` for what the configuration says wrong. A place that is taken is tried again and again:
    clients are answered meanwhile.
    """
    store, path = thread.store, config.database.path
    # The gateway is told once, after the commit (``Offices.write``): the desk's own ring would come before it.
    desk = Desk(
        store, desk_terms(config), clock=clock, public_key=lambda: ensure_key(store, config.key_file), ring=_nobody
    )
    terms = alert_terms(config)
    bulk = BulkRoom(
        lambda: Store(path, clock), lambda own: AlertDesk(own, terms, clock=clock, ring=_nobody, breathe=time.sleep)
    )
    offices = Offices(thread, desk, bulk, look, clock, config.service.zone)
    gate = Gate(lambda written: thread.join(lambda: bearer(store, written)), time.monotonic)
    tried = asyncio.Event()
    first = _open(config)
    task = asyncio.create_task(_serve(make_app(offices, gate, more), config, first, tried), name="api")
    try:
        await tried.wait()
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        bulk.close()


async def _serve(app: Starlette, config: Config, sockets: list[socket.socket] | None, tried: asyncio.Event) -> None:
    """Serve until cancelled, as soon as the sockets can be opened."""
    while sockets is None:
        tried.set()
        await asyncio.sleep(RETRY_SECONDS)
        sockets = _open(config)
    try:
        async with serving(app, sockets):
            log.info("api_served", socket=str(config.api.socket or ""), listen=config.api.listen)
            tried.set()
            await asyncio.Event().wait()
    finally:
        tried.set()
        if config.api.socket is not None:
            config.api.socket.unlink(missing_ok=True)


def _open(config: Config) -> list[socket.socket] | None:
    """Open all the sockets, or none of them and log why. Raises ``ConfigError`` where another try cannot help."""
    with contextlib.ExitStack() as opened:
        sockets: list[socket.socket] = []
        try:
            if config.api.socket is not None:
                sockets.append(opened.enter_context(open_unix(config.api.socket, config.api.socket_group)))
            if config.api.listen:
                sockets.append(opened.enter_context(open_loopback(config.api.listen)))
        except ConfigError:
            raise
        except SmsdError as error:
            log.error("api_not_served", error=str(error), again_seconds=RETRY_SECONDS)
            return None
        opened.pop_all()
        return sockets


def _nobody() -> None:
    pass
