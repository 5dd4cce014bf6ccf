"""In which language a person is spoken to: English, or Russian where the locale asks for it.

Knows how GNU gettext chooses (``LC_ALL``, ``LC_MESSAGES``, ``LANG``, and ``LANGUAGE`` before them unless the locale is
C), and reads its catalogue, ``locale/ru/LC_MESSAGES/smsd.po``, as it is written: there is nothing to compile, and so
nothing compiled from yesterday's. English costs nothing: the catalogue is read when the first Russian word is wanted.

A sentence that the command line makes is marked where it stands: ``_("alert {id}: paused").format(id=3)``. Whatever is
made below it (an error, a reason that the daemon wrote into the store yesterday) is English, and its maker knows no
language: ``said()`` finds the sentence it was made from, ``{path}: no such directory``, and says that one.

Refuses to know who listens: what programs read (JSON, names of states, exit codes, the daemon's log) is never passed
through here, and the layers under the desk may not import this (a contract of the layers says so).
"""

import re
from ast import literal_eval
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from string import Formatter

__all__ = ["CATALOGUE", "N_", "Catalogue", "_", "language", "ngettext", "said", "speak"]

CATALOGUE = Path(__file__).parent / "locale" / "ru" / "LC_MESSAGES" / "smsd.po"
DEEPEST = 3
"""A sentence may hold sentences, ``{file}: {key}: {what is wrong}``, but not for ever."""

ENTRY = re.compile(
    r'^(?P<notes>(?:#[^\n]*\n)*)msgid (?P<one>"[^\n]*"(?:\n"[^\n]*")*)\n'
    r'(?:msgid_plural (?P<many>"[^\n]*"(?:\n"[^\n]*")*)\n)?'
    r'(?P<told>(?:msgstr(?:\[\d\])? "[^\n]*"(?:\n"[^\n]*")*(?:\n|\Z))+)',
    re.MULTILINE,
)
BELOW = "#. below"
"""The note at a sentence that is made below the command line: only of these are patterns made."""
LATIN = re.compile(r"[a-z]{2,}")
"""What is left of English, names and codes among it."""
STRINGS = re.compile(r'^msgstr(?:\[\d\])? ((?:"[^\n]*"\n?)+)', re.MULTILINE)


_Template = tuple[str, list[str], tuple[str, ...]]
"""A sentence with places, what stands between them, and its Russian by count."""


def plural_form(count: int) -> int:
    """Return which of the three Russian forms a count takes: 1 сообщение, 2 сообщения, 5 сообщений."""
    if count % 10 == 1 and count % 100 != 11:
        return 0
    return 1 if 2 <= count % 10 <= 4 and not 12 <= count % 100 <= 14 else 2


class Catalogue:
    """The sentences of one file of gettext, by their English."""

    def __init__(self, text: str) -> None:
        self.single: dict[str, str] = {}
        self.plural: dict[tuple[str, str], tuple[str, ...]] = {}
        self._below: set[str] = set()
        self._retold: dict[str, str] = {}
        for entry in ENTRY.finditer(text):
            one = _unquoted(entry["one"])
            told = tuple(_unquoted(each) for each in STRINGS.findall(entry["told"]))
            if not one or not all(told):
                continue  # the head of the file; what nobody has translated yet stays English
            if BELOW in entry["notes"]:
                self._below.add(one)
            if entry["many"] is not None:
                self.plural[one, _unquoted(entry["many"])] = told
            else:
                self.single[one] = told[0]

    def say(self, text: str) -> str:
        """Return a sentence that was made of nothing else, in Russian."""
        return self.single.get(text, text)

    def count(self, one: str, many: str, count: int) -> str:
        """Return the form that a count takes."""
        forms = self.plural.get((one, many))
        if forms is None:
            return one if count == 1 else many
        return forms[plural_form(count)]

    def retell(self, text: str, depth: int = 0) -> str:
        """Return a finished English sentence in Russian, by the pattern it was made from.

        Where several patterns fit, one sentence holds another: that is right which leaves least in English, and of such
        the one that begins first, ``{host} refuses us: {why}`` and not ``{why}: {what} (is it the right password?)``.
        """
        if text in self.single or depth > DEEPEST or not text:
            return self.say(text)
        if text not in self._retold:
            found = [told for template in self._templates if (told := self._fitted(template, text, depth))]
            self._retold[text] = min(found)[-1] if found else text
        return self._retold[text]

    def _fitted(self, template: "_Template", text: str, depth: int) -> tuple[int, int, int, str] | None:
        """Return a text in the Russian of a pattern that it fits, and before it by what it is compared with others."""
        sentence, literals, forms = template
        if not all(each in text for each in literals) or (found := _pattern(sentence).fullmatch(text)) is None:
            return None
        values = {name: self._value(value, depth + 1) for name, value in found.groupdict().items()}
        count = next((int(value) for value in values.values() if value.isdecimal()), 1)
        told = forms[plural_form(count) if len(forms) > 1 else 0].format(**values)
        return len(LATIN.findall(told)), text.index(literals[0]), -sum(map(len, literals)), told

    def _value(self, value: str, depth: int) -> str:
        """Return what stood in a place: a sentence in Russian, a name as it is, even one that is a word elsewhere."""
        return self.retell(value, depth) if " " in value else value

    @cached_property
    def _templates(self) -> "list[_Template]":
        """Return the sentences with places in them, and what stands between these."""
        known: dict[str, tuple[str, ...]] = {one: (self.single[one],) for one in self._below & self.single.keys()}
        for pair, forms in self.plural.items():
            if pair[0] in self._below:
                known.update(dict.fromkeys(pair, forms))
        found = []
        for template, forms in known.items():
            parts = _parts(template)
            literals = [literal for literal, _ in parts if literal]
            if literals and any(name for _, name in parts):
                found.append((template, literals, forms))
        return found


def _unquoted(lines: str) -> str:
    return "".join(str(literal_eval(line)) for line in lines.split("\n") if line)


def _parts(template: str) -> list[tuple[str, str | None]]:
    try:
        parts = [(literal, name) for literal, name, _, _ in Formatter().parse(template)]
    except ValueError:
        return [(template, None)]  # a brace that is no place
    if all(name is None or name.isidentifier() for _, name in parts):
        return parts
    return [(template, None)]  # what stands in braces is to be typed


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Return what a sentence made from a template looks like; ``n`` is always a count."""
    seen: set[str] = set()

    def piece(literal: str, name: str | None) -> Iterator[str]:
        yield re.escape(literal)
        if name is not None:
            yield f"(?P={name})" if name in seen else f"(?P<{name}>{'[0-9]+' if name == 'n' else '.*?'})"
            seen.add(name)

    return re.compile("".join("".join(piece(*each)) for each in _parts(template)), re.DOTALL)


# --- who is spoken to -------------------------------------------------------------------------------------------------


class _Voice:
    """The language that is spoken in this process, and its catalogue once it is wanted."""

    def __init__(self) -> None:
        self.language = "en"

    @property
    def catalogue(self) -> Catalogue | None:
        return _russian() if self.language == "ru" else None


_voice = _Voice()


@cache
def _russian() -> Catalogue:
    return Catalogue(CATALOGUE.read_text("utf-8"))


def speak(environ: Mapping[str, str]) -> None:
    """Choose the language by the environment; an empty one is English."""
    _voice.language = _chosen(environ)


def language() -> str:
    """Return the language that is spoken: ``en`` or ``ru``."""
    return _voice.language


def _chosen(environ: Mapping[str, str]) -> str:
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environ.get(name))), "C")
    if locale.partition(".")[0] in ("C", "POSIX"):
        return "en"
    for each in (*environ.get("LANGUAGE", "").split(":"), locale):
        if (tongue := re.split(r"[_.@]", each, maxsplit=1)[0].lower()) in ("ru", "en"):
            return tongue
    return "en"


def _(text: str) -> str:
    """Say a sentence in the language that is spoken; its places are filled afterwards."""
    catalogue = _voice.catalogue
    return text if catalogue is None else catalogue.say(text)


def ngettext(one: str, many: str, count: int) -> str:
    """Say a sentence that depends on a count, in the language that is spoken."""
    catalogue = _voice.catalogue
    if catalogue is None:
        return one if count == 1 else many
    return catalogue.count(one, many, count)


def said(text: str) -> str:
    """Say a finished English sentence in the language that is spoken; one that nobody knows as it is."""
    catalogue = _voice.catalogue
    return text if catalogue is None else catalogue.retell(text)


def _marked(text: str) -> str:
    return text


N_: Callable[[str], str] = _marked
"""Marks a sentence that is said later, by ``_(name)`` or ``said(name)``: a constant of a module, say."""
