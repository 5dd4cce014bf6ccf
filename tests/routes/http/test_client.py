"""One request: TLS is verified, secrets stay out of words and logs, and nothing is kept open."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from smsd.errors import RouteError
from smsd.routes.http import HttpSettings
from smsd.routes.http.client import Client, Unanswered, Unsent
from smsd.routes.http.profile import Auth
from smsd.routes.http.translate import Answer, Request
from smsd.simulator.httpsmsc import SimulatedHttpSmsc
from smsd.simulator.network import Network
from tests.routes.http.house import QUICK, profile
from tests.tls import certificate

ASK = Request("GET", "/messages/none", {}, {}, {}, None)


async def asked(url: str, ca_file: Path | None = None, request: Request = ASK) -> Answer | Unsent | Unanswered:
    client = Client(HttpSettings(profile(), url, login="scserv", ca_file=ca_file, timings=QUICK))
    client.open()
    try:
        return await client.send(request, "secret")
    finally:
        await client.close()


@pytest.mark.parametrize(
    ("name", "trusted", "words"),
    [
        ("127.0.0.1", True, ""),
        ("127.0.0.1", False, "self-signed certificate"),
        ("smsc.example.net", True, "IP address mismatch"),
    ],
)
async def test_a_certificate_is_verified_and_nothing_is_said_to_whom_it_does_not_fit(
    tmp_path: Path, name: str, trusted: bool, words: str
) -> None:
    """Not taken for an answer that was lost: nothing has been written."""
    tls, file = certificate(tmp_path, name)
    async with SimulatedHttpSmsc(Network(), tls=tls) as smsc:
        end = await asked(smsc.url, file if trusted else None)
        if words:
            assert isinstance(end, Unsent)
            assert words in end.reason
            assert smsc.asked == []
        else:
            assert isinstance(end, Answer)
            assert end.status == 200


async def test_certificates_that_cannot_be_read_are_said_so() -> None:
    with pytest.raises(RouteError, match="no certificates to trust can be read"):
        await asked("https://127.0.0.1:1", Path("/nowhere.pem"))


async def test_a_client_that_is_not_open_sends_nothing() -> None:
    client = Client(HttpSettings(profile(), "https://127.0.0.1:1", timings=QUICK))
    assert isinstance(await client.send(ASK, "secret"), Unsent)


async def test_looking_whether_somebody_is_there_says_nothing_of_us(smsc: SimulatedHttpSmsc) -> None:
    """A wrong guess at a password could lock the account."""
    client = Client(HttpSettings(profile(), smsc.url, login="scserv", timings=QUICK))
    client.open()
    assert await client.absent() is None
    await smsc.kill()
    assert "127.0.0.1" in (await client.absent() or "")
    await client.close()
    assert smsc.asked == []


async def test_no_log_and_no_complaint_holds_an_address_with_a_password(
    smsc: SimulatedHttpSmsc, caplog: pytest.LogCaptureFixture
) -> None:
    secret = replace(ASK, path="/messages", query={"psw": "hunter2"})
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("httpx").info("x")
        assert isinstance(await asked(smsc.url, request=secret), Answer)
        await smsc.kill()
        end = await asked(smsc.url, request=secret)
    assert isinstance(end, Unsent)
    assert "hunter2" not in end.reason
    assert "hunter2" not in caplog.text


async def test_a_secret_that_cannot_stand_in_a_header_is_not_shown(smsc: SimulatedHttpSmsc) -> None:
    bearer = replace(profile(), auth=Auth.BEARER)
    client = Client(HttpSettings(bearer, smsc.url, timings=QUICK))
    client.open()
    for secret in ("hunter2\x00", "hunter2\nX-Other: 1", "пароль"):
        end = await client.send(ASK, secret)
        assert isinstance(end, Unsent)
        assert "cannot be written" in end.reason
        assert "hunter2" not in end.reason
    await client.close()


async def test_an_address_that_is_none_cannot_have_been_asked() -> None:
    assert isinstance(await asked("https://smsc invalid:port"), Unsent)
