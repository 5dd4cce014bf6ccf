"""How the helps are shown: in the reader's language, and coloured on a terminal.

Knows click's helps. A help is English where it is written, a docstring or ``help="..."``, and needs no mark: each is
found by walking the commands, here as when the catalogue is made. Refuses to colour a pipe, and anything at all where
``NO_COLOR`` is set or the terminal is dumb.
"""

import inspect
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import click
import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.termui
import click.types

from smsd import speech

__all__ = ["CLICK", "EXAMPLE", "Formatter", "helps", "in_words", "speak_helps", "teach_click"]

EXAMPLE = speech.N_("Example:")
"""What the last line of a help begins with."""

CLICK = (
    click.core, click.decorators, click.exceptions, click.formatting, click.parser, click.termui, click.types,
)  # fmt: skip
"""The modules of click that speak to people, each with a ``_`` of its own."""

_english: dict[click.Command | click.Parameter, dict[str, str]] = {}
"""What was written in the code, before it was said in another language."""


def helps(command: click.Command) -> Iterator[tuple[click.Command | click.Parameter, str, str]]:
    """Yield every text of a command's help that may be said in another language: whose it is, its name, its English."""
    owners: list[click.Command | click.Parameter] = [command, *command.params]
    for owner in owners:
        names = ("help", "epilog") if isinstance(owner, click.Command) else ("help",)
        written = _english.setdefault(owner, {name: getattr(owner, name, None) or "" for name in names})
        yield from ((owner, name, inspect.cleandoc(text)) for name, text in written.items() if text)


def in_words(english: str) -> str:
    """Return a text of a help in the language that is spoken; of an example only what it is called."""
    if english.startswith(EXAMPLE):
        return f"{speech._(EXAMPLE)}{english.removeprefix(EXAMPLE)}"
    return speech._(english)


def speak_helps(command: click.Command) -> None:
    """Say a command's help, and those below it, in the language that is spoken."""
    for owner, name, english in helps(command):
        setattr(owner, name, in_words(english))
    if isinstance(option := vars(command).get("_help_option"), click.Option):
        option.help = speech._("Show this message and exit.")  # click makes it once, in the language of that moment
    if isinstance(command, click.Group):
        for each in command.commands.values():
            speak_helps(each)


KINDS: tuple[tuple[type[Any], str], ...] = (
    (click.types.IntParamType, speech.N_("integer")),
    (click.IntRange, speech.N_("integer range")),
    (click.types.FloatParamType, speech.N_("float")),
    (click.FloatRange, speech.N_("float range")),
)
"""What click calls a kind of value where one does not fit."""


def teach_click() -> None:
    """Let click's own words ("Usage", "No such option") be looked up in our catalogue: it brings none."""
    for kind, english in KINDS:
        kind.name = speech._(english)
    for module in CLICK:
        for name, function in (("_", speech._), ("ngettext", speech.ngettext)):
            if hasattr(module, name):
                setattr(module, name, function)


class Formatter(click.HelpFormatter):
    """Writes a help with its headings and names in colour, where there is somebody to see it."""

    def __init__(self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None) -> None:
        super().__init__(indent_increment, width, max_width)
        self._coloured = click.get_current_context(silent=True) is not None and coloured()

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line of usage."""
        super().write_usage(self._in(prog, bold=True), args, self._in(prefix or speech._("Usage:") + " ", fg="yellow"))

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section."""
        self.write(f"{'':>{self.current_indent}}{self._in(f'{heading}:', fg='yellow')}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names and what they mean."""
        super().write_dl([(self._in(name, fg="green"), words) for name, words in rows], col_max, col_spacing)

    def _in(self, text: str, *, fg: str | None = None, bold: bool | None = None) -> str:
        return click.style(text, fg=fg, bold=bold) if self._coloured else text


def coloured() -> bool:
    """Tell whether colours may be written to standard output."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
