"""An operator reached by HTTP, judged: by what the running daemon says of it, or by whether it can be reached at all.

Knows that nothing can be asked of such an operator without an account, and nothing of an account without sending: what
it thinks of ours is known from the daemon only. Refuses to send anything.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from smsd.config import Http
from smsd.doctor.finding import Check, Finding, bad, fine, worth_a_look
from smsd.errors import ConfigError, RouteError
from smsd.routes.http import read_profile, shipped
from smsd.routes.smpp.examine import reach

__all__ = ["judge_operator", "look_at_operator", "unknown_operator"]

REACH_SECONDS = 5.0
JUST_STARTED = "not asked yet"


async def look_at_operator(http: Http) -> Finding:
    """Connect to an operator, since no daemon does."""
    return await _reached(http) or fine(
        Check.OPERATOR, http.name, f"{_place(http)[0]} is reached; whether the account is right shows when it sends"
    )


async def judge_operator(row: Mapping[str, Any], http: Http) -> Finding:
    """Judge an operator by its route, as ``Store.routes`` returns it."""
    if row["up"]:
        return fine(Check.OPERATOR, http.name, f"{row['facts'].get('host', 'it')} takes messages")
    if row["detail"] == JUST_STARTED:
        return worth_a_look(
            Check.OPERATOR, http.name, "the daemon has just begun to ask it", "smsd doctor, in a minute"
        )
    return await _reached(http) or bad(
        Check.OPERATOR,
        http.name,
        f"{row['state']}: {row['detail']}",
        "compare login and password_file with the contract, look at the balance; journalctl -u smsd",
    )


def unknown_operator(http: Http) -> Finding:
    """Say that the running daemon does not know an operator: the configuration is newer than it."""
    return worth_a_look(
        Check.OPERATOR, http.name, "the running daemon does not know it yet", "sudo systemctl restart smsd"
    )


def _place(http: Http) -> tuple[str, int]:
    """Return where the interface is. Raises ``ConfigError``."""
    profile = read_profile(http.profile_file) if http.profile_file else shipped(http.profile)
    address = urlsplit(http.url or profile.url)
    if not address.hostname:
        raise ConfigError(f"[[http]] {http.name} url: missing, and its profile has none")
    return address.hostname, address.port or (80 if address.scheme == "http" else 443)


async def _reached(http: Http) -> Finding | None:
    """Connect and hang up; return what is wrong, if anything is."""
    try:
        host, port = _place(http)
        await reach(host, port, REACH_SECONDS)
    except ConfigError as error:
        return bad(Check.CONFIGURATION, http.name, str(error), 'write url = "https://…" of the operator')
    except RouteError as error:
        return bad(Check.OPERATOR, http.name, f"not reached: {error}", f"curl -v {http.url or 'https://…'}")
    return None
