"""The sockets: what is there before, slow and broken clients, and the end."""

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from smsd.api import app, server
from smsd.daemon import api as module
from smsd.desk.access import Scope
from smsd.errors import ConfigError, SmsdError
from tests.api.house import PHONE, Face, served
from tests.store.test_sharing import default_list

HEAD = b"POST /v1/notifications HTTP/1.1\r\nHost: smsd\r\nContent-Type: application/json\r\n"


async def raw(face: Face, octets: bytes, until: bytes = b"") -> bytes:
    """Send octets by the UNIX socket; return what comes up to certain octets, or to the end of the connection."""
    reader, writer = await asyncio.open_unix_connection(str(face.config.api.socket))
    try:
        writer.write(octets)
        await writer.drain()
        async with asyncio.timeout(30):
            return await (reader.readuntil(until) if until else reader.read())
    finally:
        writer.close()


async def test_a_client_that_dawdles_is_shown_out(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.2)
    assert (await raw(face, b"")).startswith(b"HTTP/1.1 408")
    assert (await raw(face, HEAD)).startswith(b"HTTP/1.1 408")
    monkeypatch.setattr(server, "REQUEST_SECONDS", 60.0)
    monkeypatch.setattr(app, "BODY_SECONDS", 0.1)
    slow = await raw(face, HEAD + b"Content-Length: 100\r\n\r\n{")
    assert slow.startswith(b"HTTP/1.1 408")
    assert b"urn:smsd:problem:too-slow" in slow
    monkeypatch.setattr(app, "BODY_SECONDS", 60.0)  # who does not dawdle may be on a busy machine
    answer = await face.post("/v1/notifications", {"to": PHONE, "text": "text"})
    assert answer.status_code == 202, "the others are served"


async def test_a_body_has_an_end(face: Face) -> None:
    declared = await raw(face, HEAD + b"Content-Length: 9999999\r\n\r\n", until=b"}")
    assert declared.startswith(b"HTTP/1.1 413")
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    counted = await raw(face, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 2, until=b"}")
    assert counted.startswith(b"HTTP/1.1 413")


async def test_whoever_sends_too_much_comes_to_read_why(face: Face) -> None:
    """Were the connection cut while he sends, he would see a broken pipe and never the answer."""

    async def much(octets: int) -> AsyncIterator[bytes]:
        for _ in range(octets // 2**16):
            yield b" " * 2**16

    for way, headers in ((face.near, {}), (face.far, face.token(Scope.NOTIFY))):
        for told in ({}, {"Content-Length": str(9 * 2**20)}):
            answer = await way.post(
                "/v1/notifications", content=much(9 * 2**20),
                headers={**headers, **told, "Content-Type": "application/json"},
            )  # fmt: skip
            assert (answer.status_code, answer.json()["type"]) == (413, "urn:smsd:problem:too-large")


async def test_what_is_thrown_away_has_an_end_too(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_OCTETS", 2**20)
    with contextlib.suppress(ConnectionError):
        await raw(face, HEAD + b"Content-Length: 99999999\r\n\r\n" + b" " * 4 * 2**20)
    assert (await face.post("/v1/notifications", {"to": PHONE, "text": "text"})).status_code == 202


async def test_a_crowd_on_loopback_keeps_nobody_from_the_socket(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    """By TCP anybody of this host may connect; what he may not is to keep those away who need no token."""
    monkeypatch.setattr(server, "CONNECTIONS", 3)
    port = int(face.config.api.listen.rpartition(":")[2])
    crowd = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
    answer = await face.far.get("/v1/openapi.json")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:smsd:problem:try-again")
    assert (answer.headers["retry-after"], answer.headers["connection"]) == ("5", "close")
    crowd += [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    with pytest.raises(httpx.TransportError):
        await face.far.get("/v1/openapi.json")
    assert await face.get("/v1/templates")
    for _, writer in crowd:
        writer.close()


@pytest.mark.parametrize("octets", [b"\x16\x03\x01 TLS\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"HELO smsd\r\n\r\n"])
async def test_what_is_no_http_is_told_so_and_not_logged(
    face: Face, octets: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    head, _, body = (await raw(face, octets)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"application/problem+json" in head
    assert json.loads(body)["type"] == "urn:smsd:problem:malformed"
    assert not caplog.records
    broken = await raw(face, HEAD + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n")
    assert broken.count(b"HTTP/1.1 4") == 1


async def test_headers_have_an_end(face: Face) -> None:
    assert (await raw(face, HEAD + b"X: " + b"x" * 20_000)).startswith(b"HTTP/1.1 4")
    assert (await raw(face, b"\x00\xff\r\n\r\n")).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("body", "status", "name"),
    [
        (b"{", 400, "malformed"),
        (b"\xff", 400, "malformed"),
        (b'{"to": NaN}', 400, "malformed"),
        (b'{"to": "1", "to": "2"}', 400, "malformed"),
        (b"[" * 50_000, 400, "malformed"),
        (b"", 400, "malformed"),
    ],
)
async def test_what_is_no_json_is_told_so(face: Face, body: bytes, status: int, name: str) -> None:
    answer = await face.near.post("/v1/notifications", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:smsd:problem:{name}")


async def test_other_ways_are_problems_too(face: Face) -> None:
    assert (await face.near.get("/v2")).json()["type"] == "urn:smsd:problem:not-found"
    wrong = await face.near.request("DELETE", "/v1/notifications")
    assert (wrong.status_code, wrong.json()["type"]) == (405, "urn:smsd:problem:no-such-method")
    assert wrong.headers["allow"] == "GET, HEAD, POST"
    preview = await face.near.get("/v1/notifications/preview")
    assert (preview.status_code, preview.headers["allow"]) == (405, "POST"), "preview is no number of a notification"
    assert (await face.near.head("/v1/templates")).status_code == 200
    for slash in (await face.near.get("/v1/templates/"), await face.post("/v1/notifications/", {"to": PHONE})):
        assert (slash.status_code, slash.json()["type"]) == (404, "urn:smsd:problem:not-found")
    form = await face.near.post("/v1/notifications", data={"to": PHONE})
    assert (form.status_code, form.json()["field"]) == (415, "Content-Type")


async def test_a_socket_that_is_served_is_left_alone(tmp_path: Path) -> None:
    async with served(tmp_path) as face:
        assert face.config.api.socket is not None
        with pytest.raises(SmsdError, match="another program serves this socket"):
            server.open_unix(face.config.api.socket, "")
        with pytest.raises(SmsdError, match="is another program there"):
            server.open_loopback(face.config.api.listen)
    assert not face.config.api.socket.exists()


async def test_a_place_that_is_taken_is_waited_for_and_keeps_nothing_else_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.05)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(tmp_path / "api.sock"))
        stranger.listen()
        async with served(tmp_path) as face, asyncio.timeout(60):
            assert "another program serves this socket" in capsys.readouterr().out
            stranger.close()
            while True:
                try:
                    await face.get("/v1/templates")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.02)


def test_what_a_dead_daemon_left_is_replaced_and_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with server.open_unix(path, "") as again:
        assert path.is_socket()
        assert again.family == socket.AF_UNIX
    with pytest.raises(ConfigError, match="no group 'no-such-group'"):
        server.open_unix(path, "no-such-group")
    assert not path.exists()
    path.write_text("precious")
    with pytest.raises(ConfigError, match="a file of another kind"):
        server.open_unix(path, "")
    assert path.read_text() == "precious"
    with pytest.raises(SmsdError, match="cannot be made"):
        server.open_unix(tmp_path / "nowhere" / "api.sock", "")


def test_a_group_that_is_configured_gets_the_socket(tmp_path: Path) -> None:
    import grp

    group = grp.getgrgid(os.getgid()).gr_name
    with server.open_unix(tmp_path / "api.sock", group):
        assert (tmp_path / "api.sock").stat().st_gid == os.getgid()


def test_a_default_access_list_lets_in_whom_it_names(tmp_path: Path) -> None:
    """As systemd/tmpfiles.conf gives /var/lib/smsd: smsd-admin may write, smsd-view may not."""
    default_list(tmp_path)
    with server.open_unix(tmp_path / "api.sock", ""):
        octets = os.getxattr(tmp_path / "api.sock", "system.posix_acl_access")
    entries = [struct.unpack_from("<HHI", octets, at) for at in range(4, len(octets), 8)]
    named = {number: rights for tag, rights, number in entries if tag == 8}
    [mask] = [rights for tag, rights, _ in entries if tag == 16]
    [others] = [rights for tag, rights, _ in entries if tag == 32]
    assert (named[60010] & mask, others) == (6, 0)


async def test_an_idle_connection_does_not_hold_the_end_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STOP_SECONDS", 60.0)
    async with asyncio.timeout(30):
        async with served(tmp_path) as face:
            _, idle = await asyncio.open_unix_connection(str(face.config.api.socket))
            await face.get("/v1/templates")
        with pytest.raises(httpx.TransportError):
            async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(face.config.api.socket))) as late:
                await late.get("http://smsd/v1/templates")
        idle.close()
