"""The manual pages, made from the helps: ``python -m smsd.cli.manual DIRECTORY [ru]`` writes one for each command.

Knows man(7), as far as these pages need it: what stands in a help is written with its dots, dashes and backslashes
escaped. Refuses to say anything that the help does not say.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from smsd import __version__
from smsd.cli import main
from smsd.cli.help import EXAMPLE, speak_helps
from smsd.speech import N_, _, speak

__all__ = ["pages", "write"]

SECTION = "1"
CODES = (
    ("0", N_("done")),
    ("1", N_("not done")),
    ("2", N_("usage")),
    ("69", N_("a route or the daemon is unavailable")),
    ("75", N_("not now: try again")),
    ("78", N_("configuration")),
    ("130", N_("interrupted")),
)


def pages(tongue: str = "en") -> Iterator[tuple[str, str]]:
    """Yield the file name and the text of each page in a language, the first of all commands first."""
    speak({"LANG": tongue})
    speak_helps(main)
    try:
        yield from _walk()
    finally:
        speak({})
        speak_helps(main)


def _walk() -> Iterator[tuple[str, str]]:
    waiting = [click.Context(main, info_name="smsd", **main.context_settings)]
    while waiting:
        context = waiting.pop(0)
        yield f"{_name(context)}.{SECTION}", _page(context)
        waiting += _below(context)


def write(directory: Path, tongue: str = "en") -> int:
    """Write the pages into a directory, which is made; return how many."""
    directory.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, text in pages(tongue):
        (directory / name).write_text(text, "utf-8")
        count += 1
    return count


def _below(context: click.Context) -> list[click.Context]:
    command = context.command
    if not isinstance(command, click.Group):
        return []
    found = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
    return [click.Context(each, parent=context, info_name=name) for name, each in found if each is not None]


def _name(context: click.Context) -> str:
    return context.command_path.replace(" ", "-")


def _page(context: click.Context) -> str:
    first, paragraphs = _told(context.command)
    lines = [
        f'.TH "{_name(context).upper()}" "{SECTION}" "" "smsd {__version__}" "smsd"',
        f".SH {_('NAME')}",
        f"{_escaped(_name(context))} \\- {_escaped(first.rstrip('.'))}",
        f".SH {_('SYNOPSIS')}",
        f".B {_escaped(context.command_path)}",
        _escaped(" ".join(context.command.collect_usage_pieces(context))),
        f".SH {_('DESCRIPTION')}",
        _escaped(first),
    ]
    for paragraph in paragraphs:
        lines += [".PP", *paragraph]
    lines += _options(context)
    if below := _below(context):
        lines.append(f".SH {_('COMMANDS')}")
        for each in below:
            lines += [".TP", f".BR {_escaped(_name(each))} ({SECTION})", _escaped(_told(each.command)[0])]
    lines += _example(context.command)
    lines.append(f".SH {_('EXIT STATUS')}")
    for code, meaning in CODES:
        lines += [".TP", f".B {code}", _escaped(_(meaning))]
    if context.parent is not None:
        lines += [f".SH {_('SEE ALSO')}", f".BR {_escaped(_name(context.parent))} ({SECTION})"]
    return "\n".join(lines) + "\n"


def _told(command: click.Command) -> tuple[str, list[list[str]]]:
    """Return the first sentence of a help, and its further paragraphs as lines of man(7)."""
    whole = [each for each in re.split(r"\n\s*\n", (command.help or "").strip()) if each]
    first, rest = (whole[0], whole[1:]) if whole else ("", [])
    return " ".join(first.split()), [_paragraph(each) for each in rest]


def _paragraph(text: str) -> list[str]:
    if text.lstrip().startswith("\b"):  # lines that are not to be joined
        kept = [line.strip() for line in text.replace("\b", "").splitlines() if line.strip()]
        return [".nf", *map(_escaped, kept), ".fi"]
    return [_escaped(" ".join(text.split()))]


def _options(context: click.Context) -> list[str]:
    records = [each for each in (each.get_help_record(context) for each in context.command.get_params(context)) if each]
    lines = [f".SH {_('OPTIONS')}"] if records else []
    for names, words in records:
        lines += [".TP", f".B {_escaped(names)}", _escaped(words)]
    return lines


def _example(command: click.Command) -> list[str]:
    """Return the example that each help ends with."""
    words = " ".join((command.epilog or "").split()).removeprefix(_(EXAMPLE)).strip()
    return [f".SH {_('EXAMPLE')}", ".nf", _escaped(words), ".fi"] if words else []


def _escaped(text: str) -> str:
    """Write a text so that it is read as one: a dot or a quote at the start of a line would be a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("~", "\\(ti").replace("^", "\\(ha")
    return "\\&" + escaped if escaped[:1] in {".", "'"} else escaped


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "build/man")
    click.echo(f"{target}: {write(target, *sys.argv[2:3])} pages")
