"""The page for those who write the other side: its examples are what is asked, and what is understood."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from smsd.config import parse as parse_configuration
from smsd.directory import Registration, Wish
from smsd.directory.answer import LONGEST, parse, registration
from smsd.directory.http import NOT_FOUND
from tests.directory.house import asking
from tests.directory.ssk import Ssk

DOCS = Path(__file__).parents[2] / "docs" / "reference"
EXAMPLE = re.compile(r"<!-- example: ([a-z ]+) -->\n```json\n(.*?)```", re.DOTALL)
PHONE = "+79161234567"


@pytest.fixture(params=["directory-api.md", "directory-api-ru.md"])
def page(request: pytest.FixtureRequest) -> str:
    return (DOCS / str(request.param)).read_text("utf-8")


def examples(page: str) -> dict[str, Any]:
    return {name: json.loads(text) for name, text in EXAMPLE.findall(page)}


async def test_the_questions_are_those_of_the_page(page: str) -> None:
    shown = examples(page)
    async with Ssk() as ssk, asking(ssk.url) as directory:
        await directory.registration(PHONE)
        await directory.subscribe(PHONE, Wish(subscribed=False, decided_at=1_800_000_000.25, request_id=17))
        assert ssk.asked == [
            ("POST", "/client", shown["client question"]),
            ("PUT", "/subscription", shown["subscription question"]),
        ]
    assert "`POST {url}/client`" in page
    assert "`PUT {url}/subscription`" in page


async def test_the_answers_of_the_page_are_understood(page: str) -> None:
    shown = examples(page)
    answer = parse(json.dumps(shown["client answer"]).encode())
    assert registration(answer, PHONE) == Registration("1234", "ivanov", "1a2b3c4d", "Иванов Иван Иванович", True)
    assert set(answer) == set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) - {"429"}
    async with Ssk() as ssk, asking(ssk.url) as directory:
        assert parse(json.dumps(shown["client unknown"]).encode())
        assert await directory.registration(PHONE) is None
    assert f"`{NOT_FOUND}`" in page
    assert f" {LONGEST} " in page


def test_the_configuration_of_the_page_is_understood(page: str) -> None:
    for example in re.findall(r"```toml\n(.*?)```", page, re.DOTALL):
        assert parse_configuration(example).directory.url


def test_every_key_that_the_page_names_is_one(page: str) -> None:
    keys = {"attempts", "breaker_failures", "breaker_seconds", "breaker_most_seconds", "deadline_minutes", "token_file"}
    directory = parse_configuration("").directory
    for key in keys:
        assert f"`{key}`" in page
        assert hasattr(directory, key)
