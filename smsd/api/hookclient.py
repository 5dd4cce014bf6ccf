"""One event to somebody who is told by HTTP, and what came of it.

Knows time limits and httpx's errors. Refuses to read long answers and to repeat an address, which may hold a secret, in
what it says.
"""

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from smsd.asking import http_client, words_of
from smsd.errors import ConfigError
from smsd.rules.patience import rest_asked
from smsd.rules.webhooks import Hearing, hearing

__all__ = ["Heard", "HookClient"]

LONGEST = 16 * 1024
"""Octets of an answer that are read, so that its connection may be used again."""
CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of an event that was told: ``why`` says what is wrong, in words.

    ``rest`` is for how many seconds the listener asks to be left alone.
    """

    hearing: Hearing
    why: str = ""
    rest: float = 0.0


class HookClient:
    """Posts to one address."""

    def __init__(self, url: str, timeout: float, ca_file: Path | None = None) -> None:
        self._url = url
        self._timeout = timeout
        self._ca_file = ca_file
        self._client: Any = None

    @property
    def host(self) -> str:
        """Whom we tell."""
        return urlsplit(self._url).netloc

    async def __aenter__(self) -> Self:
        """Make what requests need. Raises ``ConfigError`` when the certificates to trust cannot be read."""
        import httpx  # noqa: PLC0415  only who has a webhook pays for it

        self._client = http_client(
            self._ca_file,
            ConfigError,
            timeout=httpx.Timeout(self._timeout),
            limits=httpx.Limits(max_connections=CONNECTIONS, keepalive_expiry=30.0),
            headers={"Content-Type": "application/json"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def post(self, body: bytes, headers: dict[str, str]) -> Heard:
        """Tell an event; never raises."""
        import httpx  # noqa: PLC0415  as above

        try:
            async with asyncio.timeout(self._timeout):
                status, rest = await self._exchange(body, headers)
        except TimeoutError:
            return Heard(Hearing.DEAF, f"{self.host}: no answer within {self._timeout:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            return Heard(Hearing.DEAF, f"{self.host}: {words_of(error)}")
        found = hearing(status)
        return Heard(found) if found is Hearing.HEARD else Heard(found, f"{self.host}: HTTP {status}", rest)

    async def _exchange(self, body: bytes, headers: dict[str, str]) -> tuple[int, float]:
        async with self._client.stream("POST", self._url, content=body, headers=headers) as answer:
            length = 0
            async for octets in answer.aiter_raw():
                length += len(octets)
                if length > LONGEST:
                    break
            rest = rest_asked(answer.headers.get("retry-after", ""), answer.headers.get("date", ""))
            return int(answer.status_code), rest
