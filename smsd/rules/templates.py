"""Templates of notifications: a text with ``{name}`` in it, and what usually stands there.

Knows how a template's file is written, what it makes with typical values, and how a notification is made of it. Refuses
to know where files are. A file begins with lines that start with ``#``, if it likes; among them ``# {name}: value``
gives a typical value (or a length: ``# {name}: 12 characters``) and ``# parts: 2`` how many parts it may make::

    # An order is ready.
    # {order}: 1733-А
    # {sum}: 5 characters
    Заказ {order} готов. К оплате {sum} руб.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from smsd.errors import UsageError
from smsd.rules.alerts import Template, count_parts
from smsd.wire.alphabet import outside_gsm7

__all__ = ["LONGEST_VALUE", "NotificationTemplate", "parse", "template_name"]

USUAL_LENGTH = 10
"""Characters taken for a placeholder of which the file does not say what usually stands there."""
LONGEST_VALUE = 500
"""Characters of a value that is put into a template."""
LETTER = "ж"
"""Stands for a value of which only the length is known: Cyrillic, as most are."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VARIABLE = re.compile(r"[^\W\d]\w{0,39}")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_TYPICAL = re.compile(r"#\s*\{([^{}]*)\}\s*:\s*(.*)")
_PARTS = re.compile(r"#\s*parts\s*:\s*(.*)", re.IGNORECASE)
_LENGTH = re.compile(r"([0-9]{1,3}) characters?")


@dataclass(frozen=True, slots=True)
class NotificationTemplate:
    """A template that has been checked. ``typical`` has a value for each placeholder; ``parts`` are made with them."""

    name: str
    text: str
    about: str
    typical: Mapping[str, str]
    parts: int
    _template: Template = field(repr=False)

    @property
    def variables(self) -> tuple[str, ...]:
        """The placeholders, in the order of their first use."""
        return tuple(dict.fromkeys(_PLACEHOLDER.findall(self.text)))

    @property
    def sample(self) -> str:
        """The text with typical values."""
        return self._template.fill(self.typical) or self.text

    @property
    def ucs2_because(self) -> str | None:
        """The first character that forces the long alphabet, ``None`` where none does."""
        return outside_gsm7(self.sample)

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text with values in it; raise ``UsageError`` naming what is missing, too much or impossible."""
        known = self.variables
        if missing := [name for name in known if name not in values]:
            raise UsageError(f"template {self.name}: {_braces(missing)} has no value")
        if strange := [name for name in values if name not in known]:
            raise UsageError(
                f"template {self.name}: there is no {_braces(strange)}; there is {_braces(known) or 'none'}"
            )
        for name, value in values.items():
            if not value.strip():
                raise UsageError(f"template {self.name}: the value of {{{name}}} is empty")
            if len(value) > LONGEST_VALUE:
                raise UsageError(f"template {self.name}: the value of {{{name}}} has {len(value)} characters; "
                                 f"at most {LONGEST_VALUE}")  # fmt: skip
        text = self._template.fill(values)
        if text is None:
            raise UsageError(f"template {self.name}: a value holds a line break or another control character")
        return text


def template_name(name: str) -> str:
    """Return a template's name; raise ``UsageError`` for what cannot be one."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a template: small Latin letters, digits, - and _")
    return name


def parse(name: str, written: str, max_parts: int) -> NotificationTemplate:
    """Return the template of a file; raise ``UsageError`` saying what is wrong, without the file's name."""
    template_name(name)
    head, text = _parted(written)
    try:
        template = Template(text, _PLACEHOLDER.findall(text))
    except UsageError as error:
        raise UsageError("it has no text" if not text.strip() else str(error)) from None
    for each in template.names:
        if not _VARIABLE.fullmatch(each):
            raise UsageError(f"{{{each}}} is no placeholder: letters, digits and _, like {{order}}")
    typical, about, allowed = _head(head, template.names, max_parts)
    filled = template.fill(typical)
    if filled is None:
        raise UsageError("a typical value is empty, or holds a control character")
    parts = count_parts(filled)
    if parts > allowed:
        raise UsageError(
            f"it makes {parts} parts with typical values; {allowed} at most: shorten it, or allow '# parts: {parts}'"
        )
    return NotificationTemplate(name, text, about, typical, parts, template)


def _parted(written: str) -> tuple[list[str], str]:
    lines = written.splitlines()
    count = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return lines[:count], "\n".join(lines[count:]).strip()


def _head(head: Iterable[str], names: Iterable[str], max_parts: int) -> tuple[dict[str, str], str, int]:
    typical, about, allowed = dict.fromkeys(names, LETTER * USUAL_LENGTH), "", max_parts
    for line in head:
        if found := _TYPICAL.match(line):
            if found[1] not in typical:
                raise UsageError(f"{line.strip()!r}: the text has no {{{found[1]}}}")
            length = _LENGTH.fullmatch(found[2].strip())
            typical[found[1]] = LETTER * int(length[1]) if length else found[2].strip()
        elif found := _PARTS.match(line):
            if not re.fullmatch(r"[1-9]|10", found[1].strip()):
                raise UsageError(f"{line.strip()!r}: write a number from 1 to 10")
            allowed = int(found[1])
        else:
            about = about or line.lstrip("# ").strip()
    return typical, about, allowed


def _braces(names: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
