"""One screen: whether anything can be sent, what waits, what needs a person; 69 when nothing can be sent."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result

from smsd.rules.conditions import ACKNOWLEDGEMENT_LATE
from smsd.rules.outbox import MessageClass
from smsd.sms import InDoubt, NotSent, RouteStatus, Verdict
from tests.store.house import House

Smsd = Callable[..., Result]

UP = RouteStatus(
    True, "ready", "", {"signal": -71, "operator": "25002", "slots_used": 3, "slots_total": 20, "device": "/dev/x"}
)


def free(monkeypatch: pytest.MonkeyPatch, octets: int) -> None:
    """Have the disk say that there is so much room."""
    monkeypatch.setattr("os.statvfs", lambda _: SimpleNamespace(f_bavail=octets, f_frsize=1))


def status(smsd: Smsd) -> tuple[int, Any, str]:
    """Return the exit code, what scripts see, and what people see."""
    for_scripts, for_people = smsd("status", "--json"), smsd("status")
    assert for_scripts.exit_code == for_people.exit_code
    return for_scripts.exit_code, json.loads(for_scripts.stdout), for_people.stdout


def test_without_a_daemon_nothing_can_be_sent(smsd: Smsd, house: House) -> None:
    house.store.put_route("modem0", UP)
    code, values, screen = status(smsd)
    assert code == 69
    assert values["can_send"] is False
    assert values["daemon"] is None
    assert values["routes"][0]["up"] is False
    assert "no daemon runs" in screen
    assert "'smsd doctor' finds out why" in screen
    assert "unknown (was ready)" in screen


@pytest.mark.usefixtures("daemon")
def test_without_a_route_nothing_can_be_sent(smsd: Smsd, house: House) -> None:
    house.store.put_route("modem0", RouteStatus(False, "away", "no such device"))
    code, values, screen = status(smsd)
    assert (code, values["problems"]) == (69, ["no route is up"])
    assert "no such device" in screen


@pytest.mark.usefixtures("daemon")
def test_with_a_route_messages_can_be_sent(smsd: Smsd, house: House) -> None:
    house.store.put_route("modem0", UP)
    code, values, screen = status(smsd)
    assert code == 0
    assert (values["can_send"], values["problems"], values["warnings"]) == (True, [], [])
    assert values["daemon"] == "smsd run, process 7, since 2026-12-01T06:23:49+03:00"
    for word in ("modem0", "ready", "-71 dBm", "25002", "3 of 20 used", "+79086228779"):
        assert word in screen
    assert "smsd run, process 7, since 2026-12-01 06:23:49\n" in screen


@pytest.mark.usefixtures("daemon")
def test_what_waits_is_counted_by_class_with_its_age(smsd: Smsd, house: House) -> None:
    house.store.put_route("modem0", UP)
    house.text("Спасибо!")
    house.text("CLIENT info")
    house.now -= 7200
    house.queue(MessageClass.ALERT)
    house.queue(MessageClass.ALERT)
    _, values, screen = status(smsd)
    assert [(row["class"], row["state"], row["count"]) for row in values["queue"]] == [
        ("ack", "queued", 1), ("alert", "queued", 2),
    ]  # fmt: skip
    assert values["requests"][0]["state"] == "accepted"
    assert values["inbox_last_24_hours"] == {"command": 1, "ignored": 1}
    assert "2 h" in screen
    assert "1 command, 1 ignored" in screen


@pytest.mark.usefixtures("daemon")
def test_a_late_acknowledgement_and_a_doubt_are_pointed_at(smsd: Smsd, house: House) -> None:
    house.store.put_route("modem0", UP)
    house.now -= ACKNOWLEDGEMENT_LATE + 10
    house.queue(MessageClass.ALERT)
    claim = house.claim()
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer"))])
    house.text("CLIENT info")
    code, values, screen = status(smsd)
    assert code == 0
    assert values["in_doubt"] == 1
    assert "acknowledgement has been waiting for 1 min 4" in screen
    assert "1 message in doubt" in screen


@pytest.mark.usefixtures("daemon")
@pytest.mark.parametrize(
    ("octets", "code", "words"),
    [
        (150_000_000, 0, "warning: little room on the disk: 150 MB free"),
        (250_000_000, 0, "250 MB free"),
        (900_000, 69, "no room"),
        (10**12, 0, "1 TB free"),
    ],
)
def test_the_room_on_the_disk_is_watched(
    smsd: Smsd, house: House, monkeypatch: pytest.MonkeyPatch, octets: int, code: int, words: str
) -> None:
    house.store.put_route("modem0", UP)
    free(monkeypatch, octets)
    found, values, screen = status(smsd)
    assert (found, values["free_bytes"]) == (code, octets)
    assert words in screen


def test_look_alikes_are_counted_and_pointed_at(smsd: Smsd, house: House) -> None:
    assert "look-alike" not in status(smsd)[2]
    house.text("СLIENT info")
    house.text("клиент инфо")
    _, values, screen = status(smsd)
    assert values["lookalikes_last_24_hours"] == 2
    assert "2 look-alikes in 24 h: 'smsd inbox list --state lookalike'" in screen


def test_rates_and_last_errors_are_told(smsd: Smsd, house: House) -> None:
    house.queue()
    house.send("17")
    house.queue()
    house.store.outbox.record([(house.claim().attempt_id, NotSent(Verdict.NEVER, "CMS 196", "destination barred"))])
    _, values, screen = status(smsd)
    assert values["rates"] == {"sent_minute": 1, "sent_hour": 1, "received_minute": 0, "received_hour": 0}
    assert [(each["code"], each["message_id"]) for each in values["last_errors"]] == [("CMS 196", 2)]
    assert "1 in a minute, 1 in an hour" in screen


def test_requests_whose_directory_cannot_be_asked_are_warned_of(smsd: Smsd, house: House, daemon: None) -> None:
    house.store.put_route("modem0", UP)
    for text in ("CLIENT info", "CLIENT sms stop"):
        house.text(text)
        request = house.store.requests.take()
        assert request is not None
        house.store.requests.postpone(request.id, 60, "ssk.example.net: answers 500")
    code, values, screen = status(smsd)
    assert code == 0
    assert "2 requests of clients waiting for 0 s: ssk.example.net: answers 500; 'smsd request list" in screen
    assert any("answers 500" in warning for warning in values["warnings"])
