"""The client-support system over HTTP: every way it can fail, the circuit, TLS, and what stays secret."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from smsd.directory import Wish
from smsd.directory.breaker import Pauses
from smsd.errors import ConfigError, DirectoryDownError, DirectoryError
from tests.directory.house import OTHER, PHONE, asking
from tests.directory.ssk import Fault, Ssk
from tests.tls import certificate

STOP = Wish(subscribed=False, decided_at=1_800_000_000.25, request_id=17)
WORDS = {
    Fault.SLOW: "ReadTimeout",
    Fault.ERROR: "answers 500",
    Fault.GARBAGE: "not UTF-8 at octet 1",
    Fault.HALF: "RemoteProtocolError",
    Fault.RESET: "(RemoteProtocol|Read)Error",
    Fault.NOISE: "RemoteProtocolError",
    Fault.PAGE: r"not JSON at character 0 \(status 404\): is \[directory\] url right\?",
    Fault.NO_PAGE: r"an empty answer \(status 404\): is \[directory\] url right\?",
    Fault.NO_ROUTE: r'answers 404, not "no such client": is \[directory\] url right\?',
    Fault.LONG: "more than 65536 octets",
    Fault.DEEP: "nested too deep",
    Fault.ELSEWHERE: r"points elsewhere \(301\)",
    Fault.TOKEN: r"refuses our token \(401\)",
    Fault.BUSY: "answers 429",
    Fault.EMPTY: r"an empty answer \(status 200\)",
    Fault.NOTHING: r"an empty answer \(status 204\)",
}


@pytest.mark.parametrize("fault", Fault)
async def test_every_fault_is_an_outage_in_words_and_passes(fault: Fault) -> None:
    async with Ssk() as ssk, asking(ssk.url, answer=1.0 if fault is Fault.SLOW else 60.0) as directory:
        ssk.add(PHONE)
        ssk.fault = fault
        with pytest.raises(DirectoryDownError, match=WORDS[fault]) as caught:
            await directory.registration(PHONE)
        assert f"127.0.0.1:{ssk.port}" in str(caught.value) or fault is Fault.LONG
        assert PHONE not in str(caught.value)
        if fault in (Fault.EMPTY, Fault.NOTHING):
            await directory.subscribe(PHONE, STOP)  # needs no words
        else:
            with pytest.raises(DirectoryDownError):
                await directory.subscribe(PHONE, STOP)
        ssk.fault = None
        if fault is not Fault.SLOW:
            assert await directory.registration(PHONE) is not None
            return
        async with asking(ssk.url) as patient:
            assert await patient.registration(PHONE) is not None


async def test_a_system_that_is_down_is_an_outage_and_comes_back() -> None:
    async with Ssk() as ssk, asking(ssk.url) as directory:
        ssk.add(PHONE)
        await ssk.stop()
        with pytest.raises(DirectoryDownError, match="ConnectError"):
            await directory.registration(PHONE)
        await ssk.start()
        assert await directory.registration(PHONE) is not None


@pytest.mark.parametrize(
    ("name", "trusted", "words"),
    [
        ("127.0.0.1", True, ""),
        ("127.0.0.1", False, "self-signed certificate"),
        ("ssk.example.net", True, "IP address mismatch"),
    ],
)
async def test_a_certificate_that_does_not_fit_is_told_nothing(
    tmp_path: Path, name: str, trusted: bool, words: str
) -> None:
    tls, file = certificate(tmp_path, name)
    async with Ssk(tls=tls) as ssk, asking(ssk.url, ca_file=file if trusted else None) as directory:
        ssk.add(PHONE)
        if not words:
            assert await directory.registration(PHONE) is not None
            return
        with pytest.raises(DirectoryDownError, match=words):
            await directory.registration(PHONE)
        assert ssk.asked == []


async def test_one_question_is_asked_again_at_once_where_an_attempt_fails() -> None:
    """Two attempts that fail cost the client nothing."""
    async with Ssk() as ssk, asking(ssk.url, attempts=3, back_off=0.05) as directory:
        ssk.add(PHONE)
        ssk.faults = [Fault.RESET, Fault.HALF]
        assert await directory.registration(PHONE) is not None
        assert ssk.connections == 3


async def test_a_dead_system_is_left_alone_and_probed_once_a_pause() -> None:
    pauses, now = Pauses(failures=3, first=60.0, most=60.0), 1000.0
    async with Ssk() as ssk, asking(ssk.url, attempts=5, pauses=pauses, clock=lambda: now) as directory:
        ssk.add(PHONE)
        ssk.fault = Fault.ERROR
        with pytest.raises(DirectoryDownError) as caught:
            await directory.registration(PHONE)
        assert ssk.connections == 3
        assert caught.value.again_in is not None
        assert 45 <= caught.value.again_in <= 60, "chance shortens it by up to a quarter"
        for _ in range(20):
            with pytest.raises(DirectoryDownError, match="answers 500"):
                await directory.registration(PHONE)
        assert ssk.connections == 3
        now += 60
        with pytest.raises(DirectoryDownError, match="answers 500"):
            await directory.registration(PHONE)
        assert ssk.connections == 4, "one probe, whatever the attempts"
        ssk.fault = None
        with pytest.raises(DirectoryDownError, match="answers 500"):
            await directory.registration(PHONE)
        now += 60
        assert await directory.registration(PHONE) is not None
        assert ssk.connections == 5


async def test_who_asks_to_be_left_alone_is() -> None:
    """429 with Retry-After: nobody is asked for so long, at the longest for the longest pause; then one probe."""
    pauses = Pauses(failures=5, first=0.01, most=60.0)
    async with Ssk() as ssk, asking(ssk.url, attempts=3, pauses=pauses, clock=lambda: 1000.0) as directory:
        ssk.add(PHONE)
        ssk.fault, ssk.retry_after = Fault.BUSY, "30"
        for _ in range(3):
            with pytest.raises(DirectoryDownError, match="answers 429") as caught:
                await directory.registration(PHONE)
            assert caught.value.again_in is not None
            assert caught.value.again_in == 30
        assert ssk.connections == 1
    async with Ssk() as ssk, asking(ssk.url, attempts=1, pauses=pauses, clock=lambda: 1000.0) as directory:
        ssk.fault, ssk.retry_after = Fault.BUSY, "86400"
        with pytest.raises(DirectoryDownError) as caught:
            await directory.registration(PHONE)
        assert caught.value.again_in is not None
        assert caught.value.again_in == 60, "a slip of theirs keeps no client waiting for a day"


async def test_a_field_that_is_wrong_is_named_and_stops_nobody_else() -> None:
    """The system works: the circuit stays closed, and the next client is answered."""
    async with Ssk() as ssk, asking(ssk.url, pauses=Pauses(failures=1)) as directory:
        ssk.add(PHONE, code=1234)
        ssk.add(OTHER)
        with pytest.raises(DirectoryError, match="client: field code: must be a string, not a number") as caught:
            await directory.registration(PHONE)
        assert not isinstance(caught.value, DirectoryDownError)
        assert await directory.registration(OTHER) is not None


async def test_a_wish_is_told_with_its_time_and_the_request_that_said_so() -> None:
    async with Ssk() as ssk, asking(ssk.url) as directory:
        for _ in range(2):
            await directory.subscribe(PHONE, STOP)
        assert ssk.asked[0] == ssk.asked[1]
        assert ssk.wishes[PHONE] == {
            "phone": PHONE,
            "subscribed": False,
            "decided_at": "2027-01-15T08:00:00.250+00:00",
            "request_id": "17",
        }


async def test_a_token_that_cannot_be_read_or_written_is_trouble_and_not_shown() -> None:
    async with Ssk() as ssk:
        for token in ("hunter2\x00", "hunter2\nX-Other: 1", "пароль"):
            async with asking(ssk.url, token=token) as directory:
                with pytest.raises(DirectoryDownError) as caught:
                    await directory.registration(PHONE)
                assert "hunter2" not in str(caught.value)
                assert "пароль" not in str(caught.value)
        async with asking(ssk.url) as directory:

            def unreadable() -> str:
                raise ConfigError("/etc/smsd/ssk.token: the secret cannot be read: Permission denied")

            directory._token = unreadable
            with pytest.raises(DirectoryDownError, match=r"ssk\.token"):
                await directory.registration(PHONE)


async def test_certificates_that_cannot_be_read_are_trouble() -> None:
    async with asking("https://127.0.0.1:1", ca_file=Path("/nowhere.pem")) as directory:
        with pytest.raises(DirectoryDownError, match="no certificates to trust can be read"):
            await directory.registration(PHONE)


async def test_no_log_holds_a_number_or_a_password(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with Ssk() as ssk, asking(ssk.url) as directory:
            ssk.add(PHONE, password="Xq7vRk29")
            await directory.registration(PHONE)
            ssk.clients[PHONE]["code"] = 7
            with pytest.raises(DirectoryError) as caught:
                await directory.registration(PHONE)
    told = caplog.text + str(caught.value)
    assert "Xq7vRk29" not in told
    assert PHONE[1:] not in told


def test_who_does_not_ask_over_http_does_not_pay_for_it() -> None:
    code = (
        "import sys, smsd.cli, smsd.daemon; import smsd.directory.http;"
        "print([name for name in ('httpx', 'httpcore', 'anyio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.replace("'", '"')) == []
