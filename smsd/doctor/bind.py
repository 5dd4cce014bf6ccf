"""A bind to a service centre, judged: by what the running daemon says of it, or by a bind of our own.

Knows what a refusal and a silence mean to a person. Refuses to send anything.
"""

from collections.abc import Callable, Mapping
from typing import Any

from smsd.config import Smpp, read_secret
from smsd.daemon.routes import smpp_settings
from smsd.doctor.finding import Check, Finding, bad, fine, worth_a_look
from smsd.errors import ConfigError, RouteError
from smsd.routes.smpp import SmppSettings
from smsd.routes.smpp.examine import reach, try_bind

__all__ = ["judge_route", "look", "missing"]

REACH_SECONDS = 5.0


async def look(bind: Smpp, clock: Callable[[], float]) -> Finding:
    """Bind ourselves, since no daemon does."""
    settings = smpp_settings(bind)
    try:
        password = read_secret(bind.password_file) if bind.password_file else ""
    except ConfigError as error:
        return bad(Check.SECRET, bind.name, str(error), "sudo smsd doctor")
    try:
        refused = await try_bind(settings, password, clock)
    except RouteError as error:
        return _unreachable(bind, settings, str(error))
    if refused:
        return _refused(bind, settings.host, refused)
    return fine(Check.BIND, bind.name, f"{settings.host} lets us in")


async def judge_route(row: Mapping[str, Any], bind: Smpp) -> Finding:
    """Judge a bind by its route, as ``Store.routes`` returns it."""
    settings = smpp_settings(bind)
    host = settings.host
    if row["up"]:
        return fine(Check.BIND, bind.name, f"bound to {host} as {bind.system_id}")
    if row["state"] == "refused":
        return _refused(bind, host, row["detail"])
    try:
        await reach(host, settings.port, REACH_SECONDS)
    except RouteError as error:
        return _unreachable(bind, settings, str(error))
    if row["state"] == "away" and "no connection within" in row["detail"]:
        return bad(
            Check.BIND,
            bind.name,
            f"this host reaches {host}, the daemon does not: IPAddressDeny= of its unit looks like silence",
            f'sudo systemctl edit smsd, write "[Service]" and "IPAddressAllow={host}" (an address, not a name); '
            "sudo systemctl restart smsd",
        )
    return worth_a_look(Check.BIND, bind.name, f"{row['state']}: {row['detail']}", "smsd doctor, in a minute")


def _refused(bind: Smpp, host: str, why: str) -> Finding:
    return bad(
        Check.BIND,
        bind.name,
        f"{host} refuses us: {why}",
        f"compare system_id ({bind.system_id}), password_file and this host's address with the contract; "
        "too many sessions of one name are refused as well",
    )


def _unreachable(bind: Smpp, settings: SmppSettings, why: str) -> Finding:
    tls = "; does that port speak TLS?" if settings.tls else ""
    ask = f"nc -vz {settings.host} {settings.port}; is a VPN down?{tls}"
    return bad(Check.BIND, bind.name, f"not reached: {why}", ask)


def missing(bind: Smpp) -> Finding:
    """Say that the running daemon does not know a bind: the configuration is newer than it."""
    return worth_a_look(Check.BIND, bind.name, "the running daemon does not know it yet", "sudo systemctl restart smsd")
