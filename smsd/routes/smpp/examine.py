"""A look at a service centre that no daemon is bound to: whether it can be reached, and lets us in.

Knows how to bind as a transmitter, which makes the centre deliver nothing to us, and how to leave in order. Refuses to
send anything.
"""

import asyncio
from collections.abc import Callable

from smsd.errors import RouteError
from smsd.routes.smpp.link import Link
from smsd.routes.smpp.settings import SmppSettings
from smsd.routes.smpp.translate import bind_of, code
from smsd.wire.smpp.tables import Command, Status, status_text

__all__ = ["reach", "try_bind"]


async def try_bind(settings: SmppSettings, password: str, clock: Callable[[], float]) -> str | None:
    """Bind and leave again; return why we were not let in, ``None`` when we were.

    ``clock`` counts seconds and never goes back. Raises ``RouteError`` when the centre cannot be reached, or the bind
    not be written.
    """
    bind = bind_of(settings, password)
    link = await Link.open(
        settings,
        settings.host,
        settings.port,
        clock,
        asked=lambda *_: None,
        answered=lambda *_: None,
        heard=lambda _: None,
    )
    try:
        status = await link.bind(Command.BIND_TRANSMITTER, bind)
    finally:
        await link.close(0.0)
    return None if status == Status.OK else f"{code(status)}: {status_text(status)}"


async def reach(host: str, port: int, seconds: float) -> None:
    """Connect and hang up, to see whether this host can; raises ``RouteError``."""
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        raise RouteError(f"{host}:{port}: no connection within {seconds:g} s") from None
    except OSError as error:
        raise RouteError(f"{host}:{port}: {error.strerror or error}") from None
    writer.close()
