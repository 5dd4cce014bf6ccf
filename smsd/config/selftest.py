"""The keys of the self-test."""

from dataclasses import dataclass

from smsd.config import checks
from smsd.config.key import key

__all__ = ["SelfTest"]


@dataclass(frozen=True, slots=True)
class SelfTest:
    """A message to our own number now and then, to see whether it comes back. Each is one SMS that is paid for."""

    hours: int = key(0, "How often each route is tested; 0: never.", checks.between(0, 24 * 31), unit="h")
    routes: tuple[str, ...] = key((), "Routes that are tested.", shown="all modems")
    number: str = key(
        "", "The number tests go to: that of a SIM here, or one that sends every text back.", shown="that of `service`"
    )
    timeout_seconds: int = key(
        300, "How long a test may take from the queue to the inbox.", checks.between(30, 24 * 3600), unit="s"
    )
