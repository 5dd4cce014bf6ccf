"""The documents: every link leads somewhere, every page can be found, every command in them exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from smsd.cli import main
from smsd.config import parse

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def name(page: Path) -> str:
    """Name a page in a test's report."""
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as the usual viewers make them."""
    text = FENCE.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), target


def test_every_page_is_reached_from_the_readme() -> None:
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        for target in LINK.findall(page.read_text("utf-8")):
            file = (page.parent / target.partition("#")[0]).resolve()
            waiting += [file] if file.is_file() else []
            waiting += sorted(file.glob("*.md")) if file.is_dir() else []
    assert {name(page) for page in PAGES} - {name(page) for page in seen} == set()


# --- commands ---------------------------------------------------------------------------------------------------------


def commands(page: Path) -> Iterator[str]:
    """Yield what a page tells people to type: lines of shell blocks, and of consoles those after ``$``."""
    for language, body in FENCE.findall(page.read_text("utf-8")):
        text = body.replace("\\\n", " ")
        if language == "sh":
            yield from filter(None, (line.partition(" #")[0].strip() for line in text.splitlines()))
        elif language == "console":
            yield from (line[2:] for line in text.splitlines() if line.startswith(("$ ", "# ")))


def told(program: str) -> list[tuple[str, list[str]]]:
    """Return every use of a program in the documents, with the page that tells it."""
    found = []
    for page in PAGES:
        for line in commands(page):
            for command in re.split(r"\|\||&&|[|;&]", line):
                words = shlex.split(command.strip(), comments=True)
                while words and (words[0] in {"sudo", "exec"} or "=" in words[0] or words[0].startswith("-")):
                    words = words[1:] if words[0] != "-u" else words[2:]
                if words and words[0].rpartition("/")[2] == program:
                    found.append((name(page), words[1:]))
    return found


def test_every_make_target_that_is_told_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    uses = told("make")
    assert {"demo", "test"} <= {word for page, words in uses if page == "README.md" for word in words}
    for page, words in uses:
        for target in words:
            assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), f"{page}: make {target}"


def test_every_smsd_command_that_is_told_exists() -> None:
    uses = told("smsd")
    assert len(uses) > 20
    for page, words in uses:
        command: click.Command = main
        context = click.Context(command, info_name="smsd")
        rest = words
        while isinstance(command, click.Group):
            options = {option for parameter in command.params for option in parameter.opts}
            while rest and rest[0] in options:
                rest = rest[2:] if rest[0] == "--config" else rest[1:]
            if not rest:
                break
            found = command.get_command(context, rest[0])
            assert found is not None, f"{page}: smsd {shlex.join(words)}"
            command, rest = found, rest[1:]
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        for word in rest:
            if word.startswith("--") and word not in {"--help", "--"}:
                assert word.partition("=")[0] in known, f"{page}: smsd {shlex.join(words)}"


def test_the_readme_has_its_two_commands_on_lines_of_their_own() -> None:
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert {"make demo", "make test"} <= set(lines)


def test_every_configuration_that_is_told_is_understood() -> None:
    examples = [
        (name(page), body)
        for page in PAGES
        for language, body in FENCE.findall(page.read_text("utf-8"))
        if language == "toml"
    ]
    assert len(examples) >= 4
    for page, body in examples:
        parse(body).require_routes()
        assert "[[modem]]" in body or "[[smpp]]" in body, page
