"""A whole run is searched for what must not be in it: texts and numbers in the log, passwords anywhere."""

import asyncio
import base64
import os
import signal
import sys
from pathlib import Path

from smsd.wire.alphabet import outside_gsm7, pack, septets
from tests.acceptance.conftest import ACCEPTED, CLIENT, INFO, SERVICE, Service

PASSWORD = "Xq7vRk29"


def _forms(secret: str) -> list[bytes]:
    """Write a secret in every way it could lie on a disk or in a line."""
    plain = [secret.encode(), secret.encode("utf-16-be"), secret.encode("utf-16-le")]
    if outside_gsm7(secret) is None:
        plain.append(pack(septets(secret)))
    digits = [form.hex().encode() for form in plain] + [form.hex().upper().encode() for form in plain]
    return [*plain, *digits, base64.b64encode(secret.encode())]


def _files(directory: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(directory.glob("smsd.db*")) if file.is_file())


async def test_a_whole_run_leaves_no_secret_behind(service: Service) -> None:
    """Log: no text, no password, no whole number. Database, its WAL and its backup: no password, at any moment."""
    service.add_client(password=PASSWORD)
    service.modem.radio_seconds = 0.05
    environ = {key: value for key, value in os.environ.items() if key != "JOURNAL_STREAM"}
    toml = service.directory / "smsd.toml"
    toml.write_text(
        f"""
        [database]
        url = "sqlite:///{service.directory}/smsd.db"
        [log]
        level = "debug"
        format = "json"
        [[modem]]
        name = "modem0"
        device = "{service.modem.path}"
        """
    )
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "smsd", "--config", str(toml), "run", env=environ, stderr=asyncio.subprocess.PIPE
    )
    found: list[bytes] = []
    try:
        phone = service.phone()
        phone.text("CLIENT info")
        phone.text("здравствуйте, это не команда")

        async def watched() -> None:
            while len(phone.screen) < 2:
                found.append(_files(service.directory))
                await asyncio.sleep(0.05)

        await asyncio.wait_for(watched(), 60)
        assert {message.text for message in phone.screen} == {ACCEPTED, INFO.replace("1a2b3c4d", PASSWORD)}
        await service.until(lambda: [state for _, state in service.states()] == ["delivered", "delivered"])
    finally:
        daemon.send_signal(signal.SIGTERM)
        _, logged = await asyncio.wait_for(daemon.communicate(), 60)
    assert daemon.returncode == 0
    found.append(_files(service.directory))
    for form in _forms(PASSWORD):
        assert form not in logged
        assert not any(form in moment for moment in found), f"the password lies on the disk as {form!r}"
    for text in ("Ваша заявка", "здравствуйте", "CLIENT info", "ivanov"):
        for form in _forms(text):
            assert form not in logged, f"{text!r} is in the log"
    for number in (CLIENT, SERVICE):
        assert number.encode() not in logged
        assert number[1:].encode() not in logged
    assert b"message_id" in logged
