"""The daemon with an operator's HTTP interface in its configuration: the way from the queue to a phone and back."""

import asyncio
import contextlib
import time
from pathlib import Path

import pytest

from smsd.config import parse, read_secret
from smsd.daemon import Daemon
from smsd.errors import ConfigError
from smsd.rules.outbox import MessageClass
from smsd.simulator.httpsmsc import SimulatedHttpSmsc
from smsd.simulator.network import Network
from smsd.store import NewMessage, Store
from tests.acceptance.conftest import CLIENT
from tests.routes.http.house import LONG, PROFILE


def configured(folder: Path, url: str) -> str:
    (folder / "operator.toml").write_text(PROFILE, "utf-8")
    for name in ("password", "token"):
        (folder / name).write_text("secret\n", "utf-8")
        (folder / name).chmod(0o600)
    return f"""
        [database]
        url = "sqlite:///{folder}/smsd.db"
        [[http]]
        name = "operator2"
        profile_file = "operator.toml"
        url = "{url}"
        login = "scserv"
        password_file = "password"
        webhook_token_file = "token"
        poll_seconds = 1
        """


async def test_a_message_leaves_by_http_and_is_reported(tmp_path: Path) -> None:
    """From the configuration to the client's screen, and the report back: the whole way."""
    async with SimulatedHttpSmsc(Network()) as smsc:
        config = parse(configured(tmp_path, smsc.url), tmp_path / "smsd.toml")
        daemon = Daemon(config, {})
        task = asyncio.create_task(daemon.run())
        await asyncio.sleep(0)
        store = Store(tmp_path / "smsd.db", time.time)
        with contextlib.closing(store):
            message, _ = store.outbox.enqueue(NewMessage(MessageClass.MANUAL, CLIENT, 6, text=LONG))
            async with asyncio.timeout(60):
                while store.outbox.show(message)["state"] != "delivered":
                    assert not task.done()
                    await asyncio.sleep(0.02)
            [shown] = smsc.network.phone(CLIENT).screen
            assert (shown.sender, shown.text) == ("SCSERV", LONG)
            assert store.outbox.show(message)["route"] == "operator2"
            assert store.recall("operator2", "instance")
        daemon.stop()
        await task


async def test_a_profile_that_cannot_be_read_ends_the_daemon_with_a_line(tmp_path: Path) -> None:
    text = configured(tmp_path, "http://127.0.0.1:1")
    (tmp_path / "operator.toml").write_text(PROFILE.replace('title = "Simulated"', ""), "utf-8")
    with pytest.raises(ConfigError, match=r"operator\.toml: title: is missing"):
        await Daemon(parse(text, tmp_path / "smsd.toml"), {}).run()
    (tmp_path / "operator.toml").write_text(PROFILE.partition("[receipt]")[0], "utf-8")
    with pytest.raises(ConfigError, match="operator2 webhook_port: Simulated sends no receipts"):
        await Daemon(parse(text + "webhook_port = 8475\n", tmp_path / "smsd.toml"), {}).run()
    assert read_secret(tmp_path / "password") == "secret"
