"""The client-support system (ССК) as the directory, asked over HTTP.

Knows the requests of ``docs/reference/directory-api.md``, time limits, repeats and the circuit that keeps a dead system
from being asked; ``answer`` knows what the answers mean. Refuses to know what a client is told. Both questions may be
asked again after ``kill -9`` at any line: looking up changes nothing, and a wish told twice is the same wish.

No number stands in an address and no value in an error: access logs and journals are read by many. Nothing is kept: a
registration lives until its text is sealed. httpx is imported when the first question is asked.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog

from smsd.asking import body_of, http_client
from smsd.directory import Registration, Wish
from smsd.directory.answer import UNKNOWN, NotJsonError, parse, registration, says_unknown
from smsd.directory.breaker import Breaker, Pauses
from smsd.errors import DirectoryDownError, DirectoryError, SmsdError
from smsd.rules.patience import rest_asked

__all__ = ["HttpDirectory", "HttpSettings"]

LONGEST = 1 << 16
"""Octets of an answer that are read."""
CLIENT = "/client"
OK, NO_CONTENT, NOT_FOUND = 200, 204, 404
_TOKEN_REFUSED = frozenset({401, 403})
_PASSING = frozenset({408, 425, 429})

log = structlog.get_logger("smsd.directory")


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Where the system is and how patiently it is asked; times in seconds.

    ``attempts`` are made for one question, ``back_off`` apart, growing twofold, each shortened by up to half by chance.
    """

    url: str
    ca_file: Path | None = None
    connect: float = 5.0
    answer: float = 10.0
    attempts: int = 3
    back_off: float = 0.5
    pauses: Pauses = field(default_factory=Pauses)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    rest: float = 0.0
    """For how many seconds it asks to be left alone."""


class HttpDirectory:
    """Asks the client-support system. ``token`` is read at each question: the file may be replaced at any time."""

    def __init__(
        self,
        settings: HttpSettings,
        token: Callable[[], str],
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._token = token
        self._chance = chance
        self._breaker = Breaker(settings.pauses, clock, chance)
        self._trouble = ""
        self._date = ""
        self._client: Any = None

    @property
    def host(self) -> str:
        """Whom we ask."""
        return urlsplit(self._settings.url).netloc

    @property
    def their_time(self) -> datetime | None:
        """What time it was there by its last answer (Date, RFC 9110, 6.6.1), to a second; ``None``: it did not say."""
        try:
            return parsedate_to_datetime(self._date).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    async def registration(self, phone: str) -> Registration | None:
        """Return the registration data of a client; ``None``: the system knows no client with this phone."""
        answer = await self._ask("POST", CLIENT, {"phone": phone})
        if answer.status == NOT_FOUND:
            return None
        try:
            return registration(parse(answer.body), phone)
        except DirectoryError as error:
            raise DirectoryError(f"{self.host}: client: {error}") from None

    async def subscribe(self, phone: str, wish: Wish) -> None:
        """Tell the system what a number wishes; a number it does not know needs no telling."""
        decided_at = datetime.fromtimestamp(wish.decided_at, UTC).isoformat(timespec="milliseconds")
        told = {
            "phone": phone,
            "subscribed": wish.subscribed,
            "decided_at": decided_at,
            "request_id": str(wish.request_id),
        }
        await self._ask("PUT", "/subscription", told)

    async def close(self) -> None:
        """Close what is open."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    # --- one question, as many attempts as it takes -------------------------------------------------------------------

    async def _ask(self, method: str, path: str, question: Mapping[str, object]) -> _Answer:
        """Ask until an answer comes that is one. Raises ``DirectoryError``, down or not."""
        for attempt in range(self._settings.attempts):
            if attempt:
                pause = self._settings.back_off * 2 ** (attempt - 1)
                await asyncio.sleep(pause * (1 - self._chance() / 2))
            if not self._breaker.permit():
                break
            try:
                answer = await self._exchange(method, path, question)
            except DirectoryDownError as trouble:
                self._failed(str(trouble), trouble.again_in or 0.0)
            else:
                if self._breaker.succeeded():
                    log.info("directory_back", host=self.host)
                return self._understood(answer)
        again_in = self._breaker.seconds if self._breaker.open else None
        raise DirectoryDownError(self._trouble, again_in=again_in)

    def _failed(self, trouble: str, rest: float) -> None:
        self._trouble = trouble
        if self._breaker.failed(rest):
            log.error("directory_down", error=trouble, seconds=round(self._breaker.seconds, 1))

    def _understood(self, answer: _Answer) -> _Answer:
        """Return an answer that says something about this client; refuse the others, by their status."""
        if answer.status in (OK, NO_CONTENT, NOT_FOUND):
            return answer
        raise DirectoryError(f"{self.host}: refuses this request ({answer.status})")

    async def _exchange(self, method: str, path: str, question: Mapping[str, object]) -> _Answer:
        """Make one attempt. Raises ``DirectoryDownError`` for what would be no better for another client."""
        import httpx  # noqa: PLC0415  only who asks over HTTP pays for it

        limit = self._settings.connect + self._settings.answer
        try:
            async with asyncio.timeout(limit):
                answer = await self._request(method, path, question)
        except TimeoutError:
            raise DirectoryDownError(f"{self.host}: no answer within {limit:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            # Not always in its own words: some would show a header, and the token in it.
            plain = isinstance(error, httpx.TransportError) and not isinstance(error, httpx.LocalProtocolError)
            words = f": {error}" if plain and str(error) else ""
            raise DirectoryDownError(f"{self.host}: {type(error).__name__}{words}") from None
        self._refuse_outage(answer, about_client=path == CLIENT)
        return answer

    def _refuse_outage(self, answer: _Answer, *, about_client: bool) -> None:
        """Raise ``DirectoryDownError`` for an answer that no working system gives."""
        status = answer.status
        if status in _TOKEN_REFUSED:
            raise DirectoryDownError(f"{self.host}: refuses our token ({status}): look at [directory] token_file")
        if 300 <= status < 400:
            raise DirectoryDownError(f"{self.host}: points elsewhere ({status}): write the final [directory] url")
        if status >= 500 or status in _PASSING:
            raise DirectoryDownError(f"{self.host}: answers {status}", again_in=answer.rest)
        if status == NOT_FOUND:
            self._refuse_no_such_address(answer.body)
        elif status in (OK, NO_CONTENT) and (answer.body.strip() or about_client):
            if not answer.body.strip():
                raise DirectoryDownError(f"{self.host}: an empty answer (status {status})")
            try:
                parse(answer.body)
            except NotJsonError as error:
                raise DirectoryDownError(f"{self.host}: {error} (status {status})") from None

    def _refuse_no_such_address(self, body: bytes) -> None:
        """Raise ``DirectoryDownError`` for a 404 that is not about the client: there is no such page, in whatever form.

        A web server, and what the system is made with, have words of their own for a wrong address; nobody is told that
        he is no client because of it.
        """
        if not body.strip():
            raise DirectoryDownError(f"{self.host}: an empty answer (status 404): is [directory] url right?")
        try:
            known = says_unknown(parse(body))
        except NotJsonError as error:
            raise DirectoryDownError(f"{self.host}: {error} (status 404): is [directory] url right?") from None
        if not known:
            raise DirectoryDownError(f'{self.host}: answers 404, not "{UNKNOWN}": is [directory] url right?')

    async def _request(self, method: str, path: str, question: Mapping[str, object]) -> _Answer:
        client = self._opened()
        try:
            headers = {"Authorization": f"Bearer {token}"} if (token := self._token()) else {}
        except SmsdError as error:
            raise DirectoryDownError(str(error)) from error
        request = client.build_request(
            method, self._settings.url.rstrip("/") + path, json=dict(question), headers=headers
        )
        answer = await client.send(request, stream=True)
        try:
            body = await body_of(answer, LONGEST)
            if body is None:
                raise DirectoryDownError(f"{self.host}: an answer of more than {LONGEST} octets")
            self._date = answer.headers.get("date", "")
            rest = rest_asked(answer.headers.get("retry-after", ""), self._date)
            return _Answer(answer.status_code, body, rest)
        finally:
            await answer.aclose()

    def _opened(self) -> Any:
        import httpx  # noqa: PLC0415  as above

        if self._client is None:
            settings = self._settings
            self._client = http_client(
                settings.ca_file,
                DirectoryDownError,
                timeout=httpx.Timeout(settings.answer, connect=settings.connect, pool=None),
                # Some are kept for the next of a burst; one that went stale costs an attempt, not an answer.
                limits=httpx.Limits(max_connections=8, max_keepalive_connections=2, keepalive_expiry=5.0),
                headers={"Accept": "application/json"},
            )
        return self._client
