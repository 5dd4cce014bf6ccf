"""Asking somebody outside, whoever it is: whom TLS trusts, and how a client by HTTP is made and speaks of its failures.

Knows what no question of this house does: follow a redirect, go by a proxy of the environment, write an address, which
may hold a secret, into a journal or an error. Refuses to know who is asked, and what about: time limits and what a
failure means are the asker's own. httpx is imported when the first client is made.
"""

import logging
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from smsd.errors import SmsdError

__all__ = ["body_of", "http_client", "trust", "words_of"]

# Its lines would hold addresses with everything in them.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


def trust(ca_file: Path | None, refuse: Callable[[str], SmsdError]) -> ssl.SSLContext:
    """Say whom TLS trusts: the system's certificates, or those of a file. Raises ``refuse`` when it cannot be read."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise refuse(f"{ca_file}: no certificates to trust can be read: {error}") from None


def http_client(
    ca_file: Path | None, refuse: Callable[[str], SmsdError], *, timeout: Any, limits: Any, headers: Mapping[str, str]
) -> Any:
    """Make a client of httpx; ``headers`` go with each request beside those of all. Raises what ``refuse`` makes."""
    import httpx  # noqa: PLC0415  most commands, and most services, need none of it

    return httpx.AsyncClient(
        verify=trust(ca_file, refuse),
        trust_env=False,
        follow_redirects=False,
        timeout=timeout,
        limits=limits,
        headers={"User-Agent": "smsd", "Accept-Encoding": "identity", **headers},
    )


async def body_of(answer: Any, longest: int) -> bytes | None:
    """Read the body of an answer; ``None`` when it has more than ``longest`` octets."""
    body = bytearray()
    async for octets in answer.aiter_bytes():
        body += octets
        if len(body) > longest:
            return None
    return bytes(body)


def words_of(error: Exception) -> str:
    """Say what happened without what httpx says about the request: its address may hold a password."""
    cause = error.__cause__ or error.__context__
    words = str(error) or (str(cause) if cause else "")
    return f"{type(error).__name__}{f': {words}' if words else ''}"
