"""The CSV file of clients: RFC 4180 in UTF-8, with a header; semicolons too, as spreadsheets write them here.

Knows lines and columns. Refuses to know what a client may be, which the desk decides. Complaints name the line and the
column and never quote a value: any of them may be a password.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from smsd.desk import Fault, NewClient
from smsd.errors import UsageError

__all__ = ["read_clients"]

REQUIRED = ("phone", "code", "login", "password")
OPTIONAL = ("name", "subscribed")
HEADER = "phone,code,login,password[,name][,subscribed]"
_WISHES = {"": None, "yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def read_clients(path: Path) -> list[tuple[int, NewClient | Fault]]:
    """Return every row with the number of its line: a client, or why it is none.

    Raises ``UsageError`` where there is nothing to tell line by line: no file, no UTF-8, no header.
    """
    try:
        octets = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}: line {line} is not UTF-8: save the file as CSV UTF-8") from None
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    entries: list[tuple[int, NewClient | Fault]] = []
    try:
        columns = _header(path, next(reader, []))
        begins = reader.line_num + 1
        for values in reader:
            line, begins = begins, reader.line_num + 1
            if any(value.strip() for value in values):
                entries.append((line, _entry(line, values, columns)))
    except csv.Error as error:
        # A quote that is wrong makes everything behind it doubtful.
        entries.append((reader.line_num, Fault(reader.line_num, f"not CSV: {error}")))
    if not entries:
        raise UsageError(f"{path}: no client in it, only a header")
    return entries


def _header(path: Path, names: Sequence[str]) -> list[str]:
    columns = [name.strip().lower() for name in names]
    if not set(columns) & set(REQUIRED):
        raise UsageError(f"{path}: line 1 must name the columns: {HEADER}")
    if missing := [name for name in REQUIRED if name not in columns]:
        raise UsageError(f"{path}: line 1: no column {', '.join(missing)}; the columns are {HEADER}")
    if strange := [name for name in columns if name not in REQUIRED + OPTIONAL]:
        raise UsageError(f"{path}: line 1: unknown column {', '.join(map(repr, strange))}; the columns are {HEADER}")
    if len(set(columns)) < len(columns):
        raise UsageError(f"{path}: line 1: a column is named twice")
    return columns


def _entry(line: int, values: Sequence[str], columns: Sequence[str]) -> NewClient | Fault:
    if len(values) != len(columns):
        return Fault(line, f"{len(values)} values for {len(columns)} columns; a value with a delimiter needs quotes")
    row = dict(zip(columns, values, strict=True))
    wish = row.get("subscribed", "").strip().lower()
    if wish not in _WISHES:
        return Fault(line, "subscribed must be yes, no or empty")
    return NewClient(
        phone=row["phone"],
        code=row["code"],
        login=row["login"],
        password=row["password"].strip() or None,
        name=row.get("name", ""),
        subscribed=_WISHES[wish],
    )
