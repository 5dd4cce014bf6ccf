"""Whoever runs the service reads English or Russian: each guide is there in both, and leads to the other."""

import re
from pathlib import Path

import pytest

from smsd.rules.outbox import State

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = sorted(page for page in (DOCS / "how-to").glob("*.md") if not page.stem.endswith("-ru"))
EXPLAINED = ["data-protection", "delivery", "fallback", "security"]
ALSO = ["index.md", "tutorial/first-answer.md", *(f"explanation/{stem}.md" for stem in EXPLAINED)]
ENGLISH = [*GUIDES, *(DOCS / page for page in ALSO)]
RUSSIAN = sorted(DOCS.rglob("*-ru.md"))
LINK = re.compile(r"\]\(([^)\s#]+\.md)(#[^)\s]*)?\)")
SHELL = re.compile(r"^ *```(?:sh|console)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
TOML = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHORTER = {
    "alarms": "what the English page says of the sandbox is on the security page",
    "install-on-a-host": "the steps that smsd install takes are told once",
    "many-modems": "the tables are the point",
    "monitoring": "the files of Prometheus are told once",
}
"""Russian pages that leave commands or examples to the English one, and why."""
SAME = [*(page for page in GUIDES if page.stem not in SHORTER), DOCS / "explanation" / "data-protection.md"]
"""Pages of which both languages have people type the same."""


def russian(page: Path) -> Path:
    """Return the Russian twin of an English page."""
    return page.with_name(f"{page.stem}-ru.md")


def english(page: Path) -> Path:
    """Return the English twin of a Russian page."""
    return page.with_name(f"{page.stem.removesuffix('-ru')}.md")


def name(page: Path) -> str:
    """Name a page in a test's report."""
    return page.stem


def commands(page: Path) -> list[str]:
    """Return the commands a page has people type; what stands for a number is the same in both languages."""
    found = []
    for body in SHELL.findall(page.read_text("utf-8")):
        lines = [line.strip() for line in body.splitlines()]
        asked = [line[2:] for line in lines if line.startswith("$ ")] or lines
        found += [line.partition(" #")[0].strip() for line in asked if line]
    return found


@pytest.mark.parametrize("page", ENGLISH, ids=name)
def test_a_guide_is_there_in_both_languages_and_each_leads_to_the_other(page: Path) -> None:
    assert russian(page).exists()
    assert f"({russian(page).name})" in page.read_text("utf-8")


@pytest.mark.parametrize("page", RUSSIAN, ids=name)
def test_a_russian_page_is_russian_and_leads_to_russian_pages(page: Path) -> None:
    text = page.read_text("utf-8")
    assert f"({english(page).name})" in text
    words = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", text, flags=re.DOTALL)
    assert len(re.findall(r"[а-яё]", words, re.IGNORECASE)) > 4 * len(re.findall(r"[a-z]", words, re.IGNORECASE))
    for target, anchor in LINK.findall(text):
        file = (page.parent / target).resolve()
        if file != english(page).resolve() and not file.stem.endswith("-ru"):
            assert not russian(file).exists() or anchor, f"{target} is there in Russian"


def names(page: Path, head: str) -> set[str]:
    """Return what stands first in the rows of a page's table, between backquotes; ``head`` is how the table begins."""
    table = page.read_text("utf-8").partition(f"\n{head}")[2].partition("\n\n")[0]
    return set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE))


def test_the_russian_page_of_delivery_knows_every_state() -> None:
    assert names(DOCS / "explanation" / "delivery-ru.md", "| состояние |") == {state.value for state in State}


def test_both_pages_of_personal_data_know_the_same_places() -> None:
    kept = re.compile(r"^\|[^|]+\| `(\w+)[`.]", re.MULTILINE)
    page = DOCS / "explanation" / "data-protection.md"
    assert len(kept.findall(page.read_text("utf-8"))) > 10
    assert kept.findall(russian(page).read_text("utf-8")) == kept.findall(page.read_text("utf-8"))


@pytest.mark.parametrize("page", SAME, ids=name)
def test_both_languages_have_people_type_the_same(page: Path) -> None:
    """A step that is mended in one language is mended in the other."""
    twin = russian(page)
    assert commands(twin) == commands(page)
    assert TOML.findall(twin.read_text("utf-8")) == TOML.findall(page.read_text("utf-8"))


@pytest.mark.parametrize("stem", SHORTER)
def test_a_shorter_page_has_nobody_type_what_the_longer_does_not(stem: str) -> None:
    page = DOCS / "how-to" / f"{stem}.md"
    assert set(commands(russian(page))) <= set(commands(page))
