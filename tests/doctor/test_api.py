"""The API, judged: served or not, by whom, open to whom, with a token or without."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from smsd.api import server
from smsd.config import Config
from smsd.desk.access import Scope
from smsd.doctor import Doctor, api
from smsd.doctor.api import look_at_api
from smsd.doctor.files import account_of
from smsd.doctor.finding import Check, Finding, Severity
from smsd.store import Row
from smsd.store.lock import DaemonLock
from tests.api.house import Face, served
from tests.doctor.test_doctor import Configured

BOTH = '[[modem]]\ndevice = "{place}/modem"\n[api]\nsocket = "{place}/api.sock"\nlisten = "127.0.0.1:%d"\n'


@pytest.fixture
async def face(tmp_path: Path) -> AsyncIterator[Face]:
    """The API, served."""
    async with served(tmp_path) as made:
        yield made


async def looked(config: Config, tokens: list[Row] | None = None, *, serves: bool = True) -> list[Finding]:
    account = account_of(config.database.path.parent)
    return [finding async for finding in look_at_api(config, account, tokens, serves=serves)]


async def test_one_that_answers_at_every_place_is_fine(face: Face) -> None:
    face.token(Scope.VIEW)
    found = await looked(face.config, face.store.tokens.recent(limit=0))
    assert {each.severity for each in found} == {Severity.OK}
    assert [each.what for each in found] == ["the API answers", "the API answers", "tokens that hold: ccs"]
    assert {each.check for each in found} == {Check.API}


async def test_a_port_without_a_token_helps_nobody(face: Face) -> None:
    face.token(Scope.VIEW)
    face.store.tokens.revoke("ccs")
    [*_, last] = await looked(face.config, face.store.tokens.recent(limit=0))
    assert (last.severity, last.what) == (Severity.WARNING, "there is no token: nobody can ask for anything here")


async def test_a_socket_that_is_open_to_everybody_is_an_error(face: Face) -> None:
    assert face.config.api.socket is not None
    face.config.api.socket.chmod(0o666)
    [first, *_] = await looked(face.config)
    assert (first.severity, first.cure) == (Severity.ERROR, f"sudo chmod o= {face.config.api.socket}")


async def test_all_places_taken_is_worth_a_look(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTIONS", 1)
    _, there = await asyncio.open_unix_connection(str(face.config.api.socket))
    first, second, *_ = await looked(face.config)
    assert (first.severity, first.what) == (Severity.WARNING, "all connections of the API are taken")
    assert second.severity is Severity.OK
    there.close()


@pytest.mark.parametrize("serves", [True, False])
async def test_a_stranger_in_our_place_is_named_as_one(
    configured: Configured, place: Path, serves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A web server on the port, and somebody on the socket who says nothing at all."""
    monkeypatch.setattr(api, "ANSWER_SECONDS", 1.0)

    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    stranger = await asyncio.start_server(web, "127.0.0.1", 0)
    port = stranger.sockets[0].getsockname()[1]
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(place / "api.sock"))
        mute.listen()
        (place / "api.sock").chmod(0o660)
        silent, other = await looked(configured(BOTH % port), serves=serves)
    stranger.close()
    assert (silent.severity, other.severity) == (Severity.ERROR, Severity.ERROR)
    assert other.cure == f"sudo ss -ltnp 'sport = :{port}'"
    if serves:
        assert (silent.what, other.what) == (
            "no answer within 1 s",
            "another program answers in the API's place",
        )


async def test_what_is_not_served_is_an_error_only_while_a_daemon_runs(configured: Configured, place: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        config = configured(BOTH % taken.getsockname()[1])
        assert [each.severity for each in await looked(config, serves=False)] == [Severity.OK] * 2
        away = await looked(config)
    assert [each.what for each in away] == ["a daemon runs, and does not serve the API here"] * 2
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(place / "api.sock"))
    assert (await looked(config, serves=False))[0].severity is Severity.OK, "the next start replaces it"
    assert (await looked(config))[0].severity is Severity.ERROR


async def test_the_socket_needs_a_place(configured: Configured, place: Path) -> None:
    only = '[[modem]]\ndevice = "{place}/modem"\n[api]\nsocket = "{place}/%s"\n'
    [nowhere] = await looked(configured(only % "no/api.sock"))
    assert (nowhere.severity, nowhere.what) == (Severity.ERROR, f"{place}/no: No such file or directory")
    (place / "file").write_text("precious")
    [file] = await looked(configured(only % "file"))
    assert (file.severity, file.what) == (Severity.ERROR, "there is a file of another kind under this name")
    assert await looked(configured()) == []


async def test_the_round_looks_at_it(face: Face) -> None:
    """With a daemon, whose API answers; the store says which tokens there are."""
    lock = DaemonLock(face.config.database.path, "runs, process 1")
    doctor = Doctor(face.config, clock=lambda: 0.0, steady=asyncio.get_running_loop().time)
    found = [each async for each in doctor.findings() if each.check is Check.API]
    lock.release()
    assert [each.severity for each in found] == [Severity.OK, Severity.OK, Severity.WARNING]
