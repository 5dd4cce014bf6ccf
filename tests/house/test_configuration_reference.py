"""The configuration reference says what the program knows: its tables are generated, its examples are read.

Run as a program, it writes the tables anew.
"""

import re
from itertools import groupby
from pathlib import Path

import pytest

from smsd.config import KeyDoc, describe, parse
from smsd.config.keys import NESTED, TABLES
from smsd.errors import ConfigError

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "configuration.md"
BEGIN, END = "<!-- generated: begin -->\n", "<!-- generated: end -->\n"
KINDS = {
    "str": "string",
    "int": "integer",
    "bool": "boolean",
    "Path": "path",
    "tuple": "list of strings",
    "Identity": "table",
    "ByClass": "table",
    "Quota": "table",
    "dict": "table",
}


def test_the_tables_on_the_page_are_those_of_the_program() -> None:
    assert PAGE.read_text("utf-8") == rewritten(PAGE.read_text("utf-8")), (
        f"run python tests/house/{Path(__file__).name}"
    )


def test_every_key_says_what_it_means_in_a_sentence() -> None:
    for key in describe():
        assert re.fullmatch(r"[A-Z].*\.", key.doc), f"{key.table}.{key.name}"


@pytest.mark.parametrize("unit", ["seconds", "minutes", "hours", "days"])
def test_a_key_named_after_a_unit_has_it(unit: str) -> None:
    keys = [key for key in describe() if key.kind == "int" and key.name.endswith(f"_{unit}")]
    assert keys
    assert {key.unit for key in keys} == {{"seconds": "s", "minutes": "min", "hours": "h", "days": "d"}[unit]}


def test_the_examples_on_the_page_are_understood() -> None:
    examples = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        parse(example).require_routes()


def test_the_complaints_on_the_page_are_made_word_for_word() -> None:
    wrong = [
        '[[modem]]\ndevice = "/dev/smsd/modem"\npoll_second = 3',
        '[service]\ntimezone = "Europe/Moskow"',
        '[database]\nurl = "postgresql://host/smsd"',
    ]
    page = PAGE.read_text("utf-8")
    for text in wrong:
        with pytest.raises(ConfigError) as caught:
            parse(text)
        assert f"\n{caught.value}\n" in page


def rewritten(page: str) -> str:
    """Return the page with its tables made anew."""
    head, _, rest = page.partition(BEGIN)
    return head + BEGIN + tables() + "\n" + END + rest.partition(END)[2]


def tables() -> str:
    """Return every table of the file as one of Markdown."""
    return "".join(section(name, list(keys)) for name, keys in groupby(describe(), key=lambda key: key.table))


def section(name: str, keys: list[KeyDoc]) -> str:
    """Return one table of the file: heading, sentence, keys."""
    heading = f"[[{name}]]" if keys[0].repeats else f"[{name}]"
    about = (TABLES | NESTED)[name].__doc__  # type: ignore[operator]
    rows = "".join(
        f"| `{key.name}` | {KINDS[key.kind]}{f', {key.unit}' if key.unit else ''} | {key.default} | {key.doc} |\n"
        for key in keys
    )
    return f"\n### `{heading}`\n\n{about}\n\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n{rows}"


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text("utf-8")), "utf-8")
