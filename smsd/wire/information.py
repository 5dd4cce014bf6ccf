"""The values inside information lines of AT commands.

Knows how V.250 writes parameters: comma-separated, strings in quotation marks, ranges of a test command in brackets.
Refuses to know what any of them means.
"""

import re
from collections.abc import Iterable

__all__ = ["fields", "groups", "information", "numbers"]

_PREFIX = re.compile(r"^[+^*#$%!&][A-Z][A-Z0-9]*:")


def information(text: str) -> str:
    """Return what follows the prefix of an information line: ``+CSQ: 20,99`` gives ``20,99``."""
    return _PREFIX.sub("", text, count=1).strip()


def fields(text: str) -> list[str]:
    """Return the comma-separated values of an information line, without their quotation marks (V.250 §5.4.2.2)."""
    return [value.strip().strip('"') for value in _split(information(text))]


def numbers(text: str) -> list[int | None]:
    """Return the values of an information line as integers, ``None`` where one is not."""
    return [int(value) if value.isascii() and value.isdigit() else None for value in fields(text)]


def groups(text: str) -> list[list[str]]:
    """Return the value ranges of a test command's answer, one list a parameter (V.250 §5.7.3).

    ``+CNMI: (0-2),(0,1)`` gives ``[["0", "1", "2"], ["0", "1"]]``.
    """
    return [
        list(_expand(_split(value.strip().removeprefix("(").removesuffix(")")))) for value in _split(information(text))
    ]


def _expand(values: Iterable[str]) -> Iterable[str]:
    for value in values:
        plain = value.strip().strip('"')
        ends = re.fullmatch(r"(\d{1,4})-(\d{1,4})", plain)
        if ends is None:
            yield plain
        else:
            yield from map(str, range(int(ends[1]), int(ends[2]) + 1))


def _split(text: str) -> list[str]:
    """Split at commas that stand neither in quotation marks nor in brackets."""
    parts = [""]
    depth = 0
    quoted = False
    for character in text:
        if character == '"':
            quoted = not quoted
        elif not quoted:
            depth += (character == "(") - (character == ")")
            if character == "," and depth <= 0:
                parts.append("")
                continue
        parts[-1] += character
    return parts
