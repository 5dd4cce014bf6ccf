# ruff: noqa: RUF009  key() is a dataclasses.field(), called anew for every key
"""The keys of an operator that is reached by HTTP, and of the orders of routes that differ by class."""

from dataclasses import dataclass
from pathlib import Path

from smsd.config import checks
from smsd.config.key import key
from smsd.config.quota import Quota

__all__ = ["ByClass", "Http"]

_AS_ORDER = "as `routing.order`"


@dataclass(frozen=True, slots=True)
class Http:
    """An operator that is reached by HTTP requests; one table each. `profile` or `profile_file` must be given."""

    name: str = key(
        "", "What the route is called in `routing.order`, in status and in logs.", checks.route_name, shown="`http0`…"
    )
    profile: str = key(
        "", "Which of the operators that the program knows it is.", checks.http_profile,
        shown="must be given, or `profile_file`",
    )  # fmt: skip
    profile_file: Path | None = key(None, "File with the profile of another operator.", checks.filled)
    url: str = key(
        "", "Where its interface is, without the path; https, but for this host.", checks.http_url,
        shown="the profile's",
    )  # fmt: skip
    login: str = key("", "The name of the account.")
    password_file: Path | None = key(
        None, "File with the account's password, or the key of the interface.", checks.filled, secret=True
    )
    window: int = key(4, "How many requests may wait for their answers at a time.", checks.between(1, 1000))
    rate: int = key(10, "Requests a second by the contract; 0: no limit.", checks.between(0, 10_000), unit="1/s")
    timeout_seconds: int = key(
        20, "How long an answer is awaited; then the message is in doubt.", checks.between(1, 100), unit="s"
    )
    poll_seconds: int = key(
        30, "How often it is asked what became of messages, where the profile says how and no webhook is set.",
        checks.between(1, 24 * 3600), unit="s",
    )  # fmt: skip
    webhook_port: int = key(
        0, "Port on 127.0.0.1 where the operator's receipts are taken, behind a proxy; 0: it is asked instead.",
        checks.between(0, 65535),
    )  # fmt: skip
    webhook_token_file: Path | None = key(
        None,
        "File with the word that ends the path of a receipt; needed with `webhook_port`.",
        checks.filled,
        secret=True,
    )
    ca_file: Path | None = key(None, "Certificates to trust instead of the system's.", checks.filled)
    limits: Quota = key(Quota(), "Limits of its own.", shown="none")


@dataclass(frozen=True, slots=True)
class ByClass:
    """The order of the routes for classes where it is another; routes that are not named never carry the class."""

    ack: tuple[str, ...] = key((), "Acknowledgements.", shown=_AS_ORDER)
    result: tuple[str, ...] = key((), "Results of commands.", shown=_AS_ORDER)
    admin: tuple[str, ...] = key((), "Alarms and self-tests.", shown=_AS_ORDER)
    manual: tuple[str, ...] = key((), "Messages by hand.", shown=_AS_ORDER)
    notification: tuple[str, ...] = key((), "Notifications.", shown=_AS_ORDER)
    alert: tuple[str, ...] = key((), "Alerts.", shown=_AS_ORDER)
