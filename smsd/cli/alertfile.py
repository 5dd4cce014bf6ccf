"""The CSV file of an alert: RFC 4180 in UTF-8, with a header; semicolons too, as spreadsheets write them here.

Knows lines and columns: ``phone`` must be there, ``consent_at`` and ``consent_source`` prove a consent, ``timezone`` is
where somebody sleeps, every other column is a value for the text. Read line by line, and anew for every use: the file
may be long. Refuses to judge numbers. Something that is no CSV refuses the whole file, by its line.
"""

import csv
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from smsd.errors import UsageError
from smsd.rules.alerts import Candidate

__all__ = ["AlertFile"]

PHONE = "phone"
CONSENT_AT, CONSENT_SOURCE, TIMEZONE = "consent_at", "consent_source", "timezone"


class AlertFile:
    """One file; ``columns`` are the values its text may have in braces. Raises ``UsageError``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                first = file.readline()
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error
        except UnicodeDecodeError:
            raise UsageError(f"{path}: not UTF-8: save the file as CSV UTF-8") from None
        self._delimiter = ";" if first.count(";") > first.count(",") else ","
        self._header = [name.strip() for name in next(csv.reader([first], delimiter=self._delimiter), [])]
        lower = [name.lower() for name in self._header]
        if PHONE not in lower:
            raise UsageError(f"{path}: line 1 must name the columns, and one of them phone")
        if len(set(lower)) < len(lower) or not all(lower):
            raise UsageError(f"{path}: line 1: a column is named twice, or not at all")
        self._special = {
            name: lower.index(name) for name in (PHONE, CONSENT_AT, CONSENT_SOURCE, TIMEZONE) if name in lower
        }
        self.columns = tuple(name for at, name in enumerate(self._header) if at not in self._special.values())

    def candidates(self) -> Iterator[Candidate]:
        """Yield everybody in the file, in order. Raises ``UsageError`` naming the line that is no CSV or no UTF-8."""
        line = 1
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, delimiter=self._delimiter, strict=True)
                next(reader, None)
                for values in reader:
                    line = reader.line_num
                    if any(map(str.strip, values)):
                        yield self._candidate(values, line)
        except UnicodeDecodeError:
            raise UsageError(f"{self._path}: after line {line}: not UTF-8: save the file as CSV UTF-8") from None
        except csv.Error as error:
            raise UsageError(f"{self._path}: after line {line}: not CSV: {error}") from None
        except OSError as error:
            raise UsageError(f"{self._path}: {error.strerror}") from error

    def _candidate(self, values: Sequence[str], line: int) -> Candidate:
        if len(values) != len(self._header):
            raise UsageError(
                f"{self._path}: line {line}: {len(values)} values for {len(self._header)} columns; "
                "a value with a delimiter needs quotes"
            )
        row = dict(zip(self._header, values, strict=True))
        told = {name: values[at] for name, at in self._special.items()}
        zone = told.get(TIMEZONE, "").strip()
        if zone and zone not in _zones():
            raise UsageError(f"{self._path}: line {line}: {zone!r} is no time zone of the tz database, like Asia/Omsk")
        return Candidate(told[PHONE], row, told.get(CONSENT_AT, ""), told.get(CONSENT_SOURCE, ""), zone)


@cache
def _zones() -> set[str]:
    from zoneinfo import available_timezones  # noqa: PLC0415  only where a file has such a column

    return available_timezones()
