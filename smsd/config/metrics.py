# ruff: noqa: RUF009  key() is a dataclasses.field(), called anew for every key
"""The keys of the metrics."""

from dataclasses import dataclass
from pathlib import Path

from smsd.config import checks
from smsd.config.key import key

__all__ = ["Metrics"]


def _textfile(value: str) -> str:
    if not value.endswith(".prom"):
        raise ValueError(f"{value!r}: node_exporter reads files whose names end in .prom")
    return value


@dataclass(frozen=True, slots=True)
class Metrics:
    """Figures for Prometheus; both ways may be used, none is by default."""

    listen: str = key(
        "", "Where `/metrics` is served, like `127.0.0.1:9155`: loopback only.", checks.loopback, shown="none"
    )
    textfile: Path | None = key(
        None, "File that node_exporter's textfile collector reads; its name ends in `.prom`.", _textfile
    )
    every_seconds: int = key(15, "How often the file is written.", checks.between(5, 3600), unit="s")

    @property
    def wanted(self) -> bool:
        """Whether anybody reads metrics."""
        return bool(self.listen) or self.textfile is not None
