"""The manual pages say what the helps say, and are understood by what formats them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from smsd.cli import main
from smsd.cli.manual import _escaped, _page, pages, write
from tests.cli.test_help import EVERY

PAGES = dict(pages())


def test_every_command_has_its_page() -> None:
    assert set(PAGES) == {"-".join(("smsd", *path)) + ".1" for path, _ in EVERY}


def test_a_page_has_all_that_the_help_has() -> None:
    page = PAGES["smsd-client-forget.1"]
    sections = re.findall(r"^\.SH (.*)$", page, re.MULTILINE)
    assert sections == ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLE", "EXIT STATUS", "SEE ALSO"]
    assert "smsd\\-client\\-forget \\- Erase a person everywhere, and print the act of it" in page
    assert ".B \\-\\-dry\\-run" in page
    assert ".BR smsd\\-client (1)" in page
    assert ".SH COMMANDS" in PAGES["smsd-client.1"]


def test_lines_that_are_not_to_be_joined_stay_lines() -> None:
    assert ".nf\nbash  smsd completion bash" in PAGES["smsd-completion.1"]


def test_nothing_in_a_text_is_taken_for_a_request() -> None:
    assert _escaped(".PP a-b \\n") == "\\&.PP a\\-b \\en"
    assert _escaped("'quoted'") == "\\&'quoted'"
    odd = click.Command("odd", help="Odd.\n\n.so /etc/passwd\n\n'and 'this")
    page = _page(click.Context(odd, parent=click.Context(main, info_name="smsd"), info_name="odd"))
    assert "\n\\&.so /etc/passwd" in page
    assert "\n\\&'and 'this" in page


def test_the_pages_are_written_into_a_directory_of_their_own(tmp_path: Path) -> None:
    assert write(tmp_path / "build" / "man") == len(PAGES)
    assert (tmp_path / "build" / "man" / "smsd.1").read_text("utf-8") == PAGES["smsd.1"]


def test_what_formats_them_has_no_complaint(tmp_path: Path) -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed")
    write(tmp_path)
    for page in sorted(tmp_path.iterdir()):
        result = subprocess.run(
            ["groff", "-man", "-ww", "-z", "-Tutf8", "-K", "utf8", str(page)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (result.returncode, result.stderr) == (0, ""), page.name


def test_the_pages_are_in_russian_too(tmp_path: Path) -> None:
    assert write(tmp_path / "man1") == write(tmp_path / "ru" / "man1", "ru") == len(PAGES)
    page = (tmp_path / "ru" / "man1" / "smsd-client-forget.1").read_text("utf-8")
    sections = re.findall(r"^\.SH (.*)$", page, re.MULTILINE)
    assert sections[:3] == ["НАЗВАНИЕ", "СИНТАКСИС", "ОПИСАНИЕ"]
    assert "smsd client forget +79161234567 \\-\\-dry\\-run" in page
    assert (tmp_path / "man1" / "smsd.1").read_text("utf-8") == PAGES["smsd.1"]


@pytest.mark.parametrize(
    ("locale", "words"), [("ru_RU.UTF-8", "Отправка и приём СМС"), ("C.UTF-8", "Send and receive")]
)
def test_man_shows_the_page_in_the_readers_language(tmp_path: Path, locale: str, words: str) -> None:
    for program in ("man", "localedef"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if not Path("/usr/share/i18n/locales/ru_RU").exists():
        pytest.skip("Debian's package locales is not installed")
    subprocess.run(["localedef", "-i", "ru_RU", "-f", "UTF-8", str(tmp_path / "ru_RU.UTF-8")], check=True)
    write(tmp_path / "man" / "man1")
    write(tmp_path / "man" / "ru" / "man1", "ru")
    environ = {**os.environ, "MANPATH": str(tmp_path / "man"), "LOCPATH": str(tmp_path), "LC_ALL": locale}
    shown = subprocess.run(["man", "-P", "cat", "smsd"], env=environ, capture_output=True, text=True, check=True).stdout
    assert words in re.sub(r".\x08", "", shown)
