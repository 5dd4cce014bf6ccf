"""The keys of what administrators are told, and how."""

from dataclasses import dataclass

from smsd.config import checks
from smsd.config.key import key

__all__ = ["Alarms"]


@dataclass(frozen=True, slots=True)
class Alarms:
    """Who is told when something is wrong, and how."""

    phones: tuple[str, ...] = key((), "Phones of the administrators; each alarm is one SMS to each, by any route.")
    command: tuple[str, ...] = key(
        (), "A program and its arguments; it reads the event as JSON from its standard input.", shown="none"
    )
    command_timeout_seconds: int = key(
        30, "How long the command may take; then it is killed.", checks.between(1, 600), unit="s"
    )
    minimum: str = key(
        "warning", "The least severity that is told by SMS: `warning`, `error` or `critical`.",
        checks.one_of("warning", "error", "critical"),
    )  # fmt: skip
    repeat_hours: int = key(
        24, "How often what still stands is told again; 0: never.", checks.between(0, 24 * 365), unit="h"
    )
    messages_per_hour: int = key(
        10, "Events told by SMS within an hour; more go to journal and command only. 0: no limit.",
        checks.between(0, 1000),
    )  # fmt: skip
    queue_minutes: int = key(
        60, "How long a result, a notification or a message by hand may wait.", checks.between(1, 14 * 24 * 60),
        unit="min",
    )  # fmt: skip
    disk_megabytes: int = key(
        200, "With less room on the database's disk there is an alarm.", checks.between(1, 10**6), unit="MB"
    )

    @property
    def disk_octets(self) -> int:
        """With less room than this there is an alarm, in octets."""
        return self.disk_megabytes * 1_000_000
