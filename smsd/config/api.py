# ruff: noqa: RUF009  key() is a dataclasses.field(), called anew for every key
"""The keys of the HTTP API, of the webhooks and of the templates: what the client-support system sees of us."""

from dataclasses import dataclass
from pathlib import Path

from smsd.config import checks
from smsd.config.key import key

__all__ = ["Api", "Templates", "Webhook"]


@dataclass(frozen=True, slots=True)
class Api:
    """The HTTP API of the daemon; there is none unless a place for it is given."""

    socket: Path | None = key(
        None, "The UNIX socket it is served on, like `/var/lib/smsd/api.sock`; who may write it may ask for all.",
        checks.absolute, shown="none",
    )  # fmt: skip
    socket_group: str = key("", "The group that may write the socket.", shown="the daemon's own")
    listen: str = key(
        "", 'An address of this host it is served on for those who have a token, like `"127.0.0.1:8025"`.',
        checks.loopback, shown="none",
    )  # fmt: skip

    @property
    def wanted(self) -> bool:
        """Whether there is an API at all."""
        return self.socket is not None or bool(self.listen)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Somebody who is told by HTTP of what happens here, signed; one table each."""

    name: str = key("", "What it is called in lists and logs.", checks.route_name, shown="`webhook0`…")
    url: str = key(
        "", "Where events are sent by POST; https, but for this host.", checks.hook_url, shown="must be given"
    )
    secret_file: Path | None = key(
        None, "File with the secret events are signed by: 24 or more characters, or `whsec_` and Base64.",
        checks.filled, shown="must be given", secret=True,
    )  # fmt: skip
    events: tuple[str, ...] = key(
        ("delivery", "opt-out", "request"),
        "Of what it is told: `delivery` of notifications, `opt-out` by anybody, clients' `request`s.",
        checks.hook_events,
    )
    timeout_seconds: int = key(10, "How long an answer is awaited.", checks.between(1, 60), unit="s")
    give_up_hours: int = key(72, "How long an event is tried.", checks.between(1, 24 * 30), unit="h")
    keep_days: int = key(30, "Days an event that was given up is kept.", checks.between(1, 3650), unit="d")
    most_waiting: int = key(
        100_000, "How many events may wait; of more the oldest are given up.", checks.between(100, 10**7)
    )
    ca_file: Path | None = key(None, "Certificates to trust instead of the system's.", checks.filled)


@dataclass(frozen=True, slots=True)
class Templates:
    """Texts of notifications that are kept in files."""

    directory: Path | None = key(
        None, "The directory of the templates, one `NAME.txt` each; read when the daemon starts.", checks.filled
    )
    max_parts: int = key(
        4, "Parts a template may make with its typical values; a template may say another number.",
        checks.between(1, 10),
    )  # fmt: skip
