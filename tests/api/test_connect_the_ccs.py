"""What the pages for the programmer of the client-support system tell to type, typed; and their Python, run."""

import asyncio
import json
import re
import shlex
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from smsd.rules.webhooks import secret_of, signature
from tests.api.house import Face

DOCS = Path(__file__).parents[2] / "docs" / "how-to"
PAGES = ("connect-the-ccs.md", "connect-the-ccs-ru.md")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def fenced(page: str, language: str) -> list[str]:
    """Return the blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


async def typed(line: str, face: Face) -> dict[str, Any]:
    """Type a line of a page; return what was answered."""
    words = shlex.split(line.replace("/var/lib/smsd/api.sock", str(face.config.api.socket)))
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert process.returncode == 0, line
    told: dict[str, Any] = json.loads(out)
    return told


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("page", PAGES)
async def test_every_line_of_curl_does_what_the_page_says(face: Face, page: str) -> None:
    lines = [line for block in fenced(page, "sh") for line in block.splitlines() if line.startswith("curl")]
    answers = [await typed(line, face) for line in lines]
    sent, refused = fenced(page, "json")[0], fenced(page, "json")[2]
    assert answers[0]["text"] == "Заказ 1733 готов. К оплате 4500 руб."
    assert answers[1] == json.loads(sent)
    assert answers[2] == answers[3]
    assert (answers[2]["state"], answers[4]["subscribed"]) == ("queued", True)
    assert (answers[5]["recipients"], answers[6]["state"], answers[7]["id"]) == (1, "running", 1)
    assert answers[8] == json.loads(refused)
    assert len(answers) == 9


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_the_page_tells_genuine_events_from_others(page: str) -> None:
    scope: dict[str, Any] = {}
    [program] = fenced(page, "python")
    exec(program, scope)  # noqa: S102  the page's own program
    body, now = fenced(page, "json")[1].strip().encode(), int(time.time())
    headers = {"webhook-id": "evt_7_1", "webhook-timestamp": str(now)}
    headers["webhook-signature"] = signature(secret_of(SECRET), "evt_7_1", now, body)
    assert scope["is_genuine"](headers, body, SECRET)
    assert not scope["is_genuine"](headers, body + b" ", SECRET)
    stale = {**headers, "webhook-timestamp": str(now - 1000)}
    assert not scope["is_genuine"](stale, body, SECRET)


def test_both_pages_show_the_same_commands_and_bodies() -> None:
    for language in ("sh", "json", "python", "toml", "text"):
        assert fenced(PAGES[0], language) == fenced(PAGES[1], language)
