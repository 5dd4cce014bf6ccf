"""One request to the operator, and the one thing that matters about its failure: whether it can have arrived.

Knows time limits and what httpx's errors mean for that question. Refuses to know messages. Connections are not
kept: one that the other side has closed meanwhile looks like a lost answer, and a doubt costs more than a handshake.
"""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from smsd.asking import body_of, http_client, words_of
from smsd.errors import RouteError
from smsd.routes.http.profile import Auth
from smsd.routes.http.settings import HttpSettings
from smsd.routes.http.translate import Answer, Request

__all__ = ["Client", "Unanswered", "Unsent"]

LONGEST = 1 << 20
"""Octets of an answer that are read."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """Nothing was written: the request cannot have arrived."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """It was written, whole or in part, and no answer came.

    ``silent``: nobody hung up, they said nothing for as long as an answer may take.
    """

    reason: str
    silent: bool = False


class Client:
    """Requests under one account."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._base = settings.url.rstrip("/")
        self._client: Any = None

    @property
    def host(self) -> str:
        """Whom we speak to."""
        return urlsplit(self._base).hostname or self._base

    def open(self) -> None:
        """Make what requests need. Raises ``RouteError`` when the certificates to trust cannot be read."""
        import httpx  # noqa: PLC0415  most commands, and most services, need none of it

        timings = self._settings.timings
        self._client = http_client(
            self._settings.ca_file,
            RouteError,
            timeout=httpx.Timeout(timings.answer, connect=timings.connect, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            headers={},
        )

    async def close(self) -> None:
        """Close what is open."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def send(self, request: Request, password: str | None) -> Answer | Unsent | Unanswered:
        """Send a request and wait for its whole answer; without a password it does not say who we are."""
        import httpx  # noqa: PLC0415  as above

        if self._client is None:
            return Unsent("the route does not run")
        limit = self._settings.timings.connect + self._settings.timings.answer
        try:
            async with asyncio.timeout(limit):
                return await self._exchange(request, password)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Unsent(f"{self.host}: {words_of(error)}")
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError) as error:
            # Not in its own words: they may show a header, and the secret in it.
            return Unsent(f"the request cannot be written ({type(error).__name__})")
        except TimeoutError:
            return Unanswered(f"{self.host}: no answer within {limit:g} s", silent=True)
        except httpx.HTTPError as error:
            return Unanswered(f"{self.host}: {words_of(error)}", silent=isinstance(error, httpx.TimeoutException))

    async def absent(self) -> str | None:
        """Say why nobody answers there; ``None``: somebody does, whatever it says."""
        answer = await self.send(Request("HEAD", "/", {}, {}, {}, None), None)
        return None if isinstance(answer, Answer) else answer.reason

    async def _exchange(self, request: Request, password: str | None) -> Answer | Unanswered:
        kind = self._settings.profile.auth if password is not None else Auth.NONE
        auth = (self._settings.login, password or "") if kind is Auth.BASIC else None
        headers = dict(request.headers)
        if kind is Auth.BEARER:
            headers["Authorization"] = f"Bearer {password}"
        built = self._client.build_request(
            request.method,
            self._base + request.path,
            headers=headers,
            params=request.query or None,
            data=request.form or None,
            json=request.json,
        )
        answer = await self._client.send(built, stream=True, auth=auth)
        try:
            body = await body_of(answer, LONGEST)
            if body is None:
                return Unanswered(f"{self.host}: an answer of more than {LONGEST} octets")
            return Answer(answer.status_code, body)
        finally:
            await answer.aclose()
