"""How answers look: JSON for programs, tables and sentences for people.

Knows times, ages, widths and what a terminal must not be sent. Refuses to know what is shown. A text that came from
outside may hold anything: control characters are replaced before they reach a terminal, and a line stays one line.
"""

import json
import re
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from typing import Any

import click

from smsd.speech import N_, _, ngettext, said, speak

__all__ = [
    "ROW_ID",
    "Clock",
    "age",
    "cut",
    "dry_run_option",
    "json_option",
    "limit_option",
    "one_line",
    "plural",
    "print_json",
    "print_life",
    "print_pairs",
    "print_table",
    "progress",
    "tell",
]

NARROWEST = 12
"""Columns the flexible column of a table keeps, however narrow the terminal is."""
ZERO_WIDTH_JOINER = "\u200d"
"""Makes one emoji of several: the only character of its kind that is shown."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[+-]\d\d:\d\d|Z)")
"""A time as a lower layer writes it into a sentence: ISO 8601 with its zone."""
UNITS = ((N_("d"), 86400), (N_("h"), 3600), (N_("min"), 60), (N_("s"), 1))


def _programs_read_english(_context: click.Context, _parameter: click.Parameter, value: bool) -> bool:  # noqa: FBT001
    if value:
        speak({})
    return value


json_option = click.option(
    "--json", "as_json", is_flag=True, callback=_programs_read_english, help="Print JSON for programs."
)
LARGEST = 2**63 - 1
"""SQLite's largest integer."""
ROW_ID = click.IntRange(1, LARGEST)
"""The number of a message, a request, an alert."""
dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Try it, say what would come of it, and undo it: nothing is changed."
)
limit_option = click.option(
    "--limit", metavar="N", type=click.IntRange(0, LARGEST), default=50, show_default=True, help="At most N, 0 for all."
)


class Clock:
    """Times as they are shown: in the service's zone, their ages counted from ``now`` (Unix seconds)."""

    def __init__(self, zone: tzinfo, now: float) -> None:
        self._zone = zone
        self._now = now

    def iso(self, seconds: float | None) -> str | None:
        """Return a time as ISO 8601 with its zone, for programs."""
        return None if seconds is None else self._local(seconds).isoformat(timespec="milliseconds")

    def day(self, seconds: float | None) -> str:
        """Return a time for a table; the empty text for none."""
        return "" if seconds is None else self._local(seconds).strftime(_("%Y-%m-%d %H:%M:%S"))

    def full(self, seconds: float | None) -> str:
        """Return a time with its zone and how long ago it was, or how far ahead it is."""
        if seconds is None:
            return ""
        distance = self._now - seconds
        # What happened while we were looking was just now, not ahead.
        ago = _("{age} ago") if distance > -1 else _("in {age}")
        ago = ago.format(age=age(abs(distance)))
        return f"{self._local(seconds):{_('%Y-%m-%d %H:%M:%S')} %Z} ({ago})"

    def said(self, text: str) -> str:
        """Say a sentence out of a lower layer, its times written as all others are."""
        return MOMENT.sub(lambda found: self.day(datetime.fromisoformat(found[0]).timestamp()), said(text))

    def hour(self, seconds: float) -> str:
        """Return the time of day alone, for what was a moment ago."""
        return f"{self._local(seconds):%H:%M:%S}"

    def since(self, seconds: float) -> str:
        """Return how long ago a time was, in words."""
        return age(self._now - seconds)

    def until(self, seconds: float | None) -> str:
        """Return how far ahead a time is, in words; the empty text where it is past or none."""
        return "" if seconds is None or seconds <= self._now else age(seconds - self._now)

    def _local(self, seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds, UTC).astimezone(self._zone)


def age(seconds: float) -> str:
    """Say a span of time in its two largest units: ``2 h 5 min``."""
    rest = max(0, int(seconds))
    words: list[str] = []
    for unit, size in UNITS:
        count, rest = divmod(rest, size)
        if count or (unit == "s" and not words):
            words.append(f"{count} {_(unit)}")
        elif words:
            break
    return " ".join(words[:2])


def plural(count: int, one: str, many: str = "") -> str:
    """Say ``1 part``, ``2 parts``."""
    return ngettext(f"{{n}} {one}", f"{{n}} {many or one + 's'}", count).format(n=count)


def one_line(text: str) -> str:
    """Return a text as one line that a terminal may be sent: line breaks become ⏎, other controls their code."""
    visible = []
    for character in text.replace("\r\n", "\n"):
        if character in "\n\r\u2028\u2029":
            visible.append(" ⏎ ")
        elif unicodedata.category(character).startswith("C") and character != ZERO_WIDTH_JOINER:
            # Not only Cc: an overriding direction (Cf) could make one text look like another.
            visible.append("�" if ord(character) > 0xFF else f"\\x{ord(character):02x}")
        else:
            visible.append(character)
    return "".join(visible)


def tell(sentence: str, *, dry_run: bool) -> None:
    """Say what was done, or what would have been."""
    click.echo(_("only tried, nothing is changed: {what}").format(what=sentence) if dry_run else sentence)


def print_json(value: Any) -> None:
    """Print a value as JSON; as ASCII where the output cannot carry everything."""
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    click.echo(json.dumps(value, ensure_ascii=encoding != "utf8", indent=2))


def print_life(row: Mapping[str, Any], sentences: Sequence[str], *, as_json: bool) -> None:
    """Print the life of what ``row`` is, a sentence a line; what others said stands in them."""
    if as_json:
        print_json({"id": row["id"], "state": row["state"], "life": sentences})
        return
    for sentence in sentences:
        click.echo(one_line(sentence))


def print_pairs(pairs: Iterable[tuple[str, Any]]) -> None:
    """Print names and values, one a line, the values in one column; an empty value is left out."""
    shown = [(_(name), one_line(str(value))) for name, value in pairs if value not in (None, "")]
    width = max((_columns(name) for name, _value in shown), default=0)
    for name, value in shown:
        click.echo(f"{name}{' ' * (width - _columns(name))}  {value}")


def print_table(
    headers: Sequence[str], rows: Iterable[Sequence[Any]], *, flexible: str = "", indent: str = "", empty: str = ""
) -> None:
    """Print rows in columns; ``empty`` is said instead when there are none.

    The headings are said in the language that is spoken. On a terminal a row is a line: the column ``flexible`` is cut,
    then the widest ones, and at last the line; in a pipe nothing is cut.
    """
    cells = [[one_line("" if value is None else str(value)) for value in row] for row in rows]
    if not cells:
        if empty:
            click.echo(empty)
        return
    heads = [_(header) for header in headers]
    widths = [max(_columns(row[column]) for row in [heads, *cells]) for column in range(len(headers))]
    limit = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    widths = _fitted(widths, limit - len(indent) - 2 * (len(widths) - 1), headers.index(flexible) if flexible else None)
    for line in [heads, *cells]:
        fitting = [cut(value, width) for value, width in zip(line, widths, strict=True)]
        padded = (value + " " * (width - _columns(value)) for value, width in zip(fitting, widths, strict=True))
        click.echo(cut((indent + "  ".join(padded)).rstrip(), limit))


def _fitted(widths: Sequence[int], room: int, flexible: int | None) -> list[int]:
    """Return widths that fit: the flexible column gives way first, then whichever is the widest."""
    fitted = list(widths)
    if flexible is not None:
        fitted[flexible] = min(fitted[flexible], max(NARROWEST, room - sum(fitted) + fitted[flexible]))
    while sum(fitted) > room and (widest := max(fitted)) > NARROWEST:
        fitted[fitted.index(widest)] -= 1
    return fitted


def _columns(text: str) -> int:
    """Count the columns a text takes on a terminal: two for wide characters, none for combining ones."""
    return sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def cut(text: str, width: int) -> str:
    """Return as much of a text as fits, with … where something is missing."""
    if _columns(text) <= width:
        return text
    kept, used = "", 0
    for character in text:
        used += _columns_of(character)
        if used > width - 1:
            break
        kept += character
    return kept + "…"


# --- progress ---------------------------------------------------------------------------------------------------------


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error while something long is done, on a terminal only; yield what moves it on."""
    if not sys.stderr.isatty() or total <= 0:
        yield lambda _count: None
        return
    with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
        yield bar.update
