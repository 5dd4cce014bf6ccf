"""``smsd client`` where the client-support system is the directory: it is asked; the local table is said to be none."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from tests.directory.ssk import Ssk
from tests.store.house import OTHER, PHONE, House

Smsd = Callable[..., Result]


@pytest.fixture
def ssk(config: Path, tmp_path: Path) -> Iterator[Ssk]:
    """A system in a thread of its own, as it would be a process of its own, named in the configuration."""
    served, up, down = Ssk(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with served:
            up.set()
            await down.wait()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert up.wait(60)
    token = tmp_path / "ssk.token"
    token.write_text("token\n", "utf-8")
    token.chmod(0o600)
    with config.open("a", encoding="utf-8") as file:
        file.write(f'[directory]\nurl = "{served.url}"\ntoken_file = "{token}"\n')
    yield served
    loop.call_soon_threadsafe(down.set)
    thread.join(60)
    loop.close()


def test_a_client_is_asked_for_and_his_password_kept_back(smsd: Smsd, house: House, ssk: Ssk) -> None:
    ssk.add(PHONE, name="Иванов")
    result = smsd("client", "show", PHONE)
    assert result.exit_code == 0
    assert "ivanov" in result.stdout
    assert ssk.url in result.stdout
    assert "1a2b3c4d" not in result.stdout
    shown = json.loads(smsd("client", "show", PHONE, "--json").stdout)
    assert (shown["code"], shown["name"], shown["subscribed"]) == ("1234", "Иванов", True)
    assert "password" not in shown
    assert house.store.audit.recent(limit=0) == []


def test_what_is_revealed_is_in_the_trail(smsd: Smsd, house: House, ssk: Ssk) -> None:
    ssk.add(PHONE)
    house.store.clients.set_wish(PHONE, subscribed=False, cause="test")
    result = smsd("client", "show", PHONE, "--reveal")
    assert "1a2b3c4d" in result.stdout
    assert "stopped" in result.stdout
    assert [row["what"] for row in house.store.audit.recent(limit=0)] == ["client show --reveal"]


def test_a_stranger_and_an_outage_are_told_in_a_line(smsd: Smsd, house: House, ssk: Ssk, config: Path) -> None:
    result = smsd("client", "show", OTHER)
    assert (result.exit_code, result.stderr) == (
        1, "smsd: the client-support system knows no client with this number\n",
    )  # fmt: skip
    config.write_text(config.read_text("utf-8").replace(str(ssk.port), "1"), "utf-8")
    result = smsd("client", "show", PHONE)
    assert result.exit_code == 75
    assert result.stderr.count("\n") == 1


@pytest.mark.filterwarnings("default")
def test_a_token_that_everybody_can_read_is_told_in_a_line(smsd: Smsd, house: House, ssk: Ssk, tmp_path: Path) -> None:
    ssk.add(PHONE)
    token = tmp_path / "ssk.token"
    token.chmod(0o644)
    result = smsd("client", "show", PHONE)
    assert (result.exit_code, result.stderr) == (
        0, f"smsd: {token}: everybody can read this secret: chmod 600 {token}\n",
    )  # fmt: skip


def test_the_local_table_is_said_not_to_be_asked(smsd: Smsd, house: House, ssk: Ssk) -> None:
    for words in (("list",), ("add", PHONE, "--code", "1", "--login", "x", "--no-password")):
        result = smsd("client", *words)
        assert result.exit_code == 0
        assert f"the daemon asks the client-support system, {ssk.url}" in result.stderr
