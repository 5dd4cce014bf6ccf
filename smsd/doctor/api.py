"""The daemon's HTTP API, judged: is it served where it was to be, who may use it, is there a token where one is needed.

Knows that the API's document is for everybody, so that it can be asked for without a token, and changes nothing. While
no daemon runs its places are to be free. Refuses to ask for anything else.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from enum import Enum
from pathlib import Path

from smsd.config import Config
from smsd.doctor.files import Account
from smsd.doctor.finding import Check, Finding, bad, fine, worth_a_look
from smsd.store import Row

__all__ = ["look_at_api"]

ANSWER_SECONDS = 5.0
LONGEST = 1 << 18
"""Octets of an answer that are read; the document has some 30,000."""
QUESTION = b"GET /v1/openapi.json HTTP/1.1\r\nHost: smsd\r\nConnection: close\r\n\r\n"
OPEN_TO_OTHERS = 0o006
NOT_SERVED = "sudo journalctl --unit smsd --grep api_not_served; sudo systemctl restart smsd"

Connecting = Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]


class Seen(Enum):
    """Who is at a place."""

    OURS = "ours"
    CROWDED = "crowded"
    STRANGER = "stranger"
    SILENT = "silent"
    NOBODY = "nobody"
    CLOSED = "closed"


async def look_at_api(
    config: Config, account: Account, tokens: Sequence[Row] | None, *, serves: bool
) -> AsyncIterator[Finding]:
    """Look at every place of the API. ``serves``: a daemon runs; ``tokens`` ``None``: the store cannot be asked."""
    if (path := config.api.socket) is not None:
        yield _place(path, account) or await _socket(path, serves=serves)
    if listen := config.api.listen:
        yield await _loopback(listen, serves=serves)
        for finding in _tokens(listen, tokens):
            yield finding


def _place(path: Path, account: Account) -> Finding | None:
    """Say what keeps the socket from being made, if anything does."""
    try:
        allowed = account.may(path.parent, os.W_OK | os.X_OK)
    except OSError as error:
        cure = f"sudo install -d -o {account.name} {path.parent}"
        return bad(Check.API, str(path), f"{path.parent}: {error.strerror}", cure)
    if not allowed:
        what = f"{account.name} may not make it in {path.parent}"
        return bad(Check.API, str(path), what, 'put it beside the database: [api] socket = "/var/lib/smsd/api.sock"')
    if path.exists() and not path.is_socket():
        return bad(Check.API, str(path), "there is a file of another kind under this name", f"ls -l {path}")
    return None


async def _socket(path: Path, *, serves: bool) -> Finding:
    about = str(path)
    seen = await _seen(asyncio.open_unix_connection(about))
    if not serves:
        if seen in (Seen.NOBODY, Seen.CLOSED):
            return fine(Check.API, about, "the API's socket can be made; a running daemon would have made it")
        what = "another program serves this socket, and a daemon that starts will not"
        return bad(Check.API, about, what, f"sudo ss -lxp | grep {path}")
    if _open_to_others(path):
        return bad(Check.API, about, "everybody on this host may ask it for everything", f"sudo chmod o= {path}")
    return _judged(about, seen, f"sudo ss -lxp | grep {path}")


def _open_to_others(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & OPEN_TO_OTHERS)


async def _loopback(listen: str, *, serves: bool) -> Finding:
    host, _, port = listen.rpartition(":")
    seen = await _seen(asyncio.open_connection(host.removeprefix("[").removesuffix("]"), int(port)))
    finder = f"sudo ss -ltnp 'sport = :{port}'"
    if serves:
        return _judged(listen, seen, finder)
    if seen is Seen.NOBODY:
        return fine(Check.API, listen, "the API's port is free")
    return bad(
        Check.API, listen, "another program has the API's port, and a daemon that starts will not get it", finder
    )


def _judged(about: str, seen: Seen, finder: str) -> Finding:
    """Judge a place that a running daemon is to serve."""
    match seen:
        case Seen.OURS:
            return fine(Check.API, about, "the API answers")
        case Seen.CLOSED:
            return fine(Check.API, about, "the API's socket is there; we may not use it")
        case Seen.CROWDED:
            return worth_a_look(Check.API, about, "all connections of the API are taken", finder)
        case Seen.NOBODY:
            return bad(Check.API, about, "a daemon runs, and does not serve the API here", NOT_SERVED)
        case Seen.SILENT:
            return bad(Check.API, about, f"no answer within {ANSWER_SECONDS:g} s", NOT_SERVED)
    return bad(Check.API, about, "another program answers in the API's place", finder)


def _tokens(listen: str, tokens: Sequence[Row] | None) -> Iterator[Finding]:
    if tokens is None:
        return
    held = [row["name"] for row in tokens if row["revoked_at"] is None]
    if held:
        yield fine(Check.API, listen, f"tokens that hold: {', '.join(sorted(held))}")
    else:
        what = "there is no token: nobody can ask for anything here"
        yield worth_a_look(Check.API, listen, what, "sudo smsd token add NAME --scope notify --scope view")


async def _seen(connecting: Connecting) -> Seen:
    """Ask for the document, and say who answers."""
    octets = bytearray()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await connecting
            try:
                writer.write(QUESTION)
                while len(octets) < LONGEST and (more := await reader.read(1 << 16)):
                    octets += more
            finally:
                writer.close()
    except PermissionError:
        return Seen.CLOSED
    except (ConnectionRefusedError, FileNotFoundError):
        return Seen.NOBODY
    except TimeoutError:
        return Seen.SILENT
    except OSError:
        return Seen.STRANGER
    if octets.startswith(b"HTTP/1.1 200 ") and b'"title":"smsd"' in octets:
        return Seen.OURS
    return Seen.CROWDED if octets.startswith(b"HTTP/1.1 503 ") and b"urn:smsd:problem" in octets else Seen.STRANGER
