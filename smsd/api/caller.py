"""Who asks: somebody on this host by the UNIX socket, or whoever shows a token.

Knows that the socket's file mode has let its callers in already, so that they may ask for everything and are only
named, by the system's word (SO_PEERCRED, unix(7)); and that by TCP nobody is anybody without a token (RFC 6750). A
token is looked up once a second at most: a revoked one opens nothing a second later.
"""

import pwd
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache

from smsd.api.problem import Problem
from smsd.desk.access import Scope
from smsd.store import Token

__all__ = ["EVERYTHING", "Caller", "Gate", "peer_of"]

KNOWN_SECONDS = 1.0
MOST_KNOWN = 256
EVERYTHING = frozenset(Scope)
_CREDENTIALS = struct.Struct("3i")
"""struct ucred: process, user, group."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may ask: his name for the audit trail and what he may ask for."""

    who: str
    scopes: frozenset[str]


def peer_of(connection: socket.socket) -> Caller | None:
    """Return who is at the other end of a UNIX socket; ``None`` for any other socket."""
    if connection.family != socket.AF_UNIX:
        return None
    octets = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Caller(f"{_user(_CREDENTIALS.unpack(octets)[1])} (API socket)", EVERYTHING)


@lru_cache(maxsize=256)
def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


class Gate:
    """Lets callers in. ``ask`` looks a token up in the store; ``clock`` is monotonic, in seconds."""

    def __init__(self, ask: Callable[[str], Awaitable[Token | None]], clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._known: dict[str, tuple[float, Caller]] = {}

    async def admit(self, peer: Caller | None, authorization: str | None, scope: Scope | None) -> Caller | None:
        """Return who asks; raise ``Problem`` for somebody unknown, or who may not ask for this.

        Without a ``scope`` everybody is welcome.
        """
        if scope is None:
            return peer
        caller = peer or await self._bearer(authorization)
        if scope not in caller.scopes:
            raise Problem(
                403, "forbidden", f"this token is not for {scope.value}", "Authorization",
                f"make another: smsd token add NAME --scope {scope.value}",
                {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope.value}"'},
            )  # fmt: skip
        return caller

    async def _bearer(self, authorization: str | None) -> Caller:
        kind, _, written = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not written:
            raise _unknown("there is no token", "send Authorization: Bearer smsd_…")
        now = self._clock()
        if (found := self._known.get(written)) is not None and now - found[0] < KNOWN_SECONDS:
            return found[1]
        self._known.pop(written, None)
        token = await self._ask(written.strip())
        if token is None:
            raise _unknown("this is no token that holds", "make one: smsd token add NAME --scope …")
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        caller = Caller(f"token {token.name}", token.scopes)
        self._known[written] = (now, caller)
        return caller


def _unknown(detail: str, cure: str) -> Problem:
    return Problem(401, "unknown-caller", detail, "Authorization", cure, {"WWW-Authenticate": "Bearer"})
