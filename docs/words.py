"""Bring the Russian catalogue up to date with the code, or with ``--check`` say what it lacks: ``make words``.

Knows where a sentence that a person reads can stand:

* in a mark, ``_("...")``, ``ngettext("...", "...", n)``, ``N_("...")``;
* in a help of the command line, found by walking the commands, and among click's own words;
* in an error, ``UsageError(f"{path}: not UTF-8 text")``: its places are named after what is put there;
* in ``plural(n, "part")`` and in the headings of a table or a list of pairs;
* in a module of ``HARVESTED``: whatever reads like a sentence there.

Refuses to translate. What is new is written with an empty ``msgstr``; what nobody says any more is removed.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from smsd import errors
from smsd.cli import COMMANDS, main
from smsd.cli.help import CLICK, EXAMPLE, helps
from smsd.speech import CATALOGUE

PACKAGE = CATALOGUE.parents[3]
Words = str | tuple[str, str]
"""A sentence, or one for a count of one and one for many."""

HARVESTED = (
    "asking.py", "config/checks.py", "config/reader.py", "daemon/__init__.py", "desk", "doctor", "gateway",
    "routes/http/client.py", "routes/http/profile.py", "routes/http/route.py", "routes/http/translate.py",
    "routes/modem", "routes/smpp/link.py", "routes/smpp/route.py", "rules/alerts.py", "rules/commands.py",
    "rules/conditions.py", "rules/limits.py", "rules/phones.py", "rules/reception.py", "store",
    "wire/smpp/content.py", "wire/smpp/tables.py", "wire/status.py", "wire/tpdu.py", "wire/userdata.py",
)  # fmt: skip
"""Modules and packages under ``smsd`` whose sentences reach people without a mark: reasons, details, findings."""
SILENT = frozenset(
    {"debug", "info", "warning", "error", "exception", "bind", "compile", "execute", "query", "rows", "write"}
)
"""Functions that are given words which nobody reads: events, patterns, SQL."""
DATED = re.compile(
    r'^"(?:Project-Id-Version|[\w-]+-Date|Generated-By|Last-Translator|Report-[\w-]+): .*\n', re.MULTILINE
)
"""Lines of a catalogue's head that would change with every run."""
WORD = re.compile(r"[a-z]{2,}")
PHRASE = re.compile(r"[a-z]{2,} [a-z]|[a-z]{2,}[:;,] |^an? [a-z]{2,}")
"""What tells a sentence from a name."""
TABLES = frozenset({"print_table", "print_pairs"})


def found() -> dict[Words, bool]:
    """Return every sentence that a person may read, and whether it may be made below the command line."""
    words: set[Words] = set()
    below: set[Words] = set()
    for file in sorted(PACKAGE.rglob("*.py")):
        inside = file.relative_to(PACKAGE)
        if inside.parts[0] == "simulator":
            continue
        tree = ast.parse(file.read_text("utf-8"))
        words |= set(marked(tree)) | set(counted(tree))
        below |= set(later(tree)) | set(raised(tree))
        if any(str(inside).startswith(each) for each in HARVESTED):
            below |= set(harvested(tree)) | set(counted(tree))
    for module in CLICK:
        words |= set(marked(ast.parse(Path(str(module.__file__)).read_text("utf-8"))))
    words |= {line for _, line in COMMANDS.values()}
    words |= {each for each in help_texts(main) if not each.startswith(EXAMPLE)}
    return {each: each in below for each in (words | below) - {""}}


def marked(tree: ast.Module) -> Iterator[Words]:
    """Yield what is marked to be said where it stands."""
    for name, call in calls(tree):
        said = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if name == "_" and said:
            yield said[0]
        elif name == "ngettext" and len(said) > 1:
            yield said[0], said[1]


def later(tree: ast.Module) -> Iterator[str]:
    """Yield what is marked to be said later, perhaps with its places filled."""
    for name, call in calls(tree):
        if name == "N_" and isinstance(call.args[0], ast.Constant):
            yield str(call.args[0].value)


def help_texts(command: click.Command) -> Iterator[str]:
    """Yield the helps of a command and of those below it."""
    yield from (english for _, _, english in helps(command))
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            if (below := command.get_command(context, name)) is not None:
                yield from help_texts(below)


# --- what is said without a mark --------------------------------------------------------------------------------------


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call in a module with the name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2], node


def raised(tree: ast.Module) -> Iterator[str]:
    """Yield the sentences that errors are made with."""
    for name, call in calls(tree):
        if name in errors.__all__ or name in ("BadParameter", "ClickException"):
            yield from filter(WORD.search, (each for argument in call.args for each in sentences(argument)))


def counted(tree: ast.Module) -> Iterator[Words]:
    """Yield the sentences that are counted, and what heads a table."""
    for name, node in calls(tree):
        if name == "plural" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            one = str(node.args[1].value)
            many = node.args[2].value if len(node.args) > 2 and isinstance(node.args[2], ast.Constant) else f"{one}s"
            yield f"{{n}} {one}", f"{{n}} {many}"
        elif name in TABLES and node.args:
            yield from headings(node.args[0])


def headings(node: ast.expr) -> Iterator[str]:
    """Yield the headings of a table, ``("id", "state")``, or of pairs, ``[("id", 1), ("state", "queued")]``."""
    for each in node.elts if isinstance(node, ast.Tuple | ast.List) else ():
        if isinstance(each, ast.Tuple) and each.elts:
            each = each.elts[0]  # noqa: PLW2901  the name of the pair
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def harvested(tree: ast.Module) -> Iterator[str]:
    """Yield whatever reads like a sentence in a module, but for its docstrings and its table of transitions."""
    silent: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(node.value)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in SILENT:
            silent |= {below for argument in node.args for below in ast.walk(argument)}
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "TRANSITIONS":
            silent |= set(ast.walk(node))
        if isinstance(node, ast.JoinedStr):
            silent |= set(node.values)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and node not in silent:
            yield from filter(PHRASE.search, sentences(node))


def sentences(node: ast.expr) -> Iterator[str]:
    """Yield what an expression may say, with its places named."""
    if isinstance(node, ast.IfExp):
        yield from sentences(node.body)
        yield from sentences(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        places: dict[str, str] = {}
        yield "".join(_piece(each, places) for each in node.values)


def _piece(node: ast.expr, places: dict[str, str]) -> str:
    if isinstance(node, ast.FormattedValue):
        written = ast.unparse(node.value)
        if written not in places:
            name = re.findall(r"[A-Za-z][A-Za-z_]*", re.sub(r"'[^']*'", "", written) or "value")
            plain = name[-1].lower() if name else "value"
            taken = sum(each.rstrip("0123456789") == plain for each in places.values())
            places[written] = f"{plain}{taken + 1}" if taken else plain
        return f"{{{places[written]}}}"
    return str(node.value).replace("{", "{{").replace("}", "}}") if isinstance(node, ast.Constant) else ""


# --- the catalogue ----------------------------------------------------------------------------------------------------


def brought_up_to_date(text: str) -> str:
    """Return a catalogue with what is new and without what is gone."""
    catalogue = read_po(io.StringIO(text), locale="ru", domain="smsd")
    template = Catalog()
    for words, below in found().items():
        template.add(words, auto_comments=["below"] if below else [])
    catalogue.update(template, no_fuzzy_matching=True)
    written = io.BytesIO()
    write_po(written, catalogue, width=0, no_location=True, sort_output=True, ignore_obsolete=True)
    return DATED.sub("", written.getvalue().decode())


def untranslated(text: str) -> list[str]:
    """Return the sentences that have no Russian yet."""
    catalogue = read_po(io.StringIO(text), locale="ru")
    return [
        str(each.id) for each in catalogue if each.id and not (all(each.string) if each.pluralizable else each.string)
    ]


def run(arguments: list[str]) -> int:
    """Write the catalogue, or check it; return 1 when it lacks anything."""
    before = CATALOGUE.read_text("utf-8")
    after = brought_up_to_date(before)
    missing = untranslated(after)
    if "--check" not in arguments:
        CATALOGUE.write_text(after, "utf-8")
    elif before != after:
        print(f"{CATALOGUE.name} is not what the code says: run make words")
    for each in missing:
        print(f"no Russian yet: {each}")
    return int(bool(missing) or ("--check" in arguments and before != after))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
