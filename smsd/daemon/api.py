"""What the API is made of: the desk over the store's thread, a room for alerts, sockets.

Imported only where an API is configured.
"""

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import structlog
from starlette.routing import BaseRoute

from smsd.api.app import make_app
from smsd.api.caller import Gate
from smsd.api.offices import BulkRoom, Offices
from smsd.api.server import open_loopback, open_unix, serving
from smsd.config import Config
from smsd.config.terms import alert_terms, desk_terms
from smsd.desk import Desk, ensure_key
from smsd.desk.access import bearer
from smsd.desk.alerts import AlertDesk
from smsd.store import Store
from smsd.store.thread import StoreThread

__all__ = ["api"]

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

    Raises ``ConfigError`` for a template that is wrong, ``SmsdError`` for a socket that cannot be opened.
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
    with contextlib.ExitStack() as opened:
        opened.callback(bulk.close)
        sockets = []
        if config.api.socket is not None:
            sockets.append(open_unix(config.api.socket, config.api.socket_group))
            opened.callback(_unlink, config.api.socket)
        if config.api.listen:
            sockets.append(open_loopback(config.api.listen))
        async with serving(make_app(offices, gate, more), sockets):
            log.info("api_served", socket=str(config.api.socket or ""), listen=config.api.listen)
            yield


def _nobody() -> None:
    pass


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)
