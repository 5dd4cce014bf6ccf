# ruff: noqa: RUF009  key() is a dataclasses.field(), called anew for every key
"""The keys of the directory: the local table, or the client-support system (ССК) over HTTP."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from smsd.config import checks
from smsd.config.key import key

__all__ = ["Directory"]

LONGEST_QUESTION = 100
"""Seconds all attempts at one question may take: a request in progress is taken up anew after 120 s."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Who the clients are: the local table, or with `url` the client-support system (ССК)."""

    key_file: Path | None = key(
        None, "The private key that opens clients' passwords; only the daemon needs to read it.", checks.filled,
        shown="`$CREDENTIALS_DIRECTORY/smsd.key` where there is one, else `smsd.key` beside the database", secret=True,
    )  # fmt: skip
    url: str = key(
        "",
        "Where the client-support system is asked, path and all; https, but for this host. Empty: the local table.",
        checks.directory_url,
    )  # fmt: skip
    token_file: Path | None = key(
        None, "File with the word that tells the system who asks (`Authorization: Bearer`).", checks.filled, secret=True
    )
    ca_file: Path | None = key(None, "Certificates to trust instead of the system's.", checks.filled)
    connect_seconds: int = key(5, "How long a connection, TLS included, is awaited.", checks.between(1, 30), unit="s")
    timeout_seconds: int = key(10, "How long an answer is awaited after that.", checks.between(1, 60), unit="s")
    attempts: int = key(
        3, "How often one question is asked, half a second apart at first, before the request waits.",
        checks.between(1, 10),
    )  # fmt: skip
    breaker_failures: int = key(
        5, "After so many attempts in a row that failed the system is taken to be down and left alone for a while.",
        checks.between(1, 100),
    )  # fmt: skip
    breaker_seconds: int = key(5, "For how long at first; each probe that fails doubles it.", checks.between(1, 600),
                               unit="s")  # fmt: skip
    breaker_most_seconds: int = key(60, "For how long at most.", checks.between(1, 3600), unit="s")
    deadline_minutes: int = key(
        1440, "How long a request waits for its directory; then the client is told that it could not be carried out.",
        checks.between(1, 7 * 1440), unit="min",
    )  # fmt: skip

    @property
    def deadline(self) -> timedelta:
        """How long a request waits."""
        return timedelta(minutes=self.deadline_minutes)

    def disagreement(self) -> tuple[str, str] | None:
        """Return a key and what is wrong with it beside the others; ``None``: they agree."""
        longest = self.attempts * (self.connect_seconds + self.timeout_seconds)
        if longest > LONGEST_QUESTION:
            return "attempts", (
                f"{self.attempts} attempts of {self.connect_seconds} + {self.timeout_seconds} s take {longest} s: "
                f"at most {LONGEST_QUESTION} s for one question"
            )
        if self.breaker_most_seconds < self.breaker_seconds:
            return "breaker_most_seconds", f"must be at least breaker_seconds, {self.breaker_seconds}"
        if not self.url and (self.token_file or self.ca_file):
            return "url", "missing: token_file and ca_file are for a client-support system that is asked over HTTP"
        return None
