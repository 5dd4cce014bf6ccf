"""The outbox for scripts and people: the promised fields, whatever a message went through, and never a password."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result

from smsd.rules.alerts import Recipient, Summary
from smsd.rules.outbox import MessageClass
from smsd.sms import InDoubt, NotSent, ReportClass, RouteStatus, Sent, Verdict
from smsd.store import NewAlert
from smsd.vault import Vault, seal
from tests.store.house import OTHER, PHONE, House, claimant, delivered

Smsd = Callable[..., Result]

FIELDS = {
    "id", "created_at", "recipient", "text", "class", "state", "parts", "route", "sender", "attempts", "sent_at",
    "delivered_at", "error", "alert_id", "request_id",
}  # fmt: skip
PASSWORD = "Xq7vRk29"


def listed(smsd: Smsd, *words: str) -> Any:
    """Return the outbox as scripts see it."""
    result = smsd("outbox", "list", "--json", *words)
    assert result.exit_code == 0
    return json.loads(result.stdout)


def shown(smsd: Smsd, message_id: int) -> Any:
    """Return one message as scripts see it."""
    return json.loads(smsd("outbox", "show", str(message_id), "--json").stdout)


def test_a_list_has_the_promised_fields(smsd: Smsd, house: House) -> None:
    house.queue(text="first", recipient=OTHER)
    house.queue(MessageClass.ALERT, text="second")
    newest, oldest = listed(smsd)
    assert set(newest) >= FIELDS
    assert (newest["id"], newest["class"], newest["text"]) == (2, "alert", "second")
    assert (oldest["recipient"], oldest["state"], oldest["parts"], oldest["attempts"]) == (OTHER, "queued", 1, 0)
    created_at = datetime.fromisoformat(oldest["created_at"])
    assert str(created_at.utcoffset()) == "3:00:00", "the service's zone is Moscow's"
    assert created_at.timestamp() == pytest.approx(house.now, abs=0.001)
    assert oldest["delivered_at"] is None


def test_a_list_is_filtered_and_limited(smsd: Smsd, house: House) -> None:
    for _ in range(60):
        house.queue()
    alert = house.queue(MessageClass.ALERT, recipient=OTHER)
    house.store.outbox.cancel(1)
    assert len(listed(smsd)) == 50
    assert len(listed(smsd, "--limit", "0")) == 61
    assert [row["id"] for row in listed(smsd, "--limit", "2")] == [61, 60]
    assert [row["id"] for row in listed(smsd, "--class", "alert")] == [alert]
    assert [row["id"] for row in listed(smsd, "--state", "cancelled")] == [1]
    assert [row["id"] for row in listed(smsd, "--to", "8 916 000 00 02")] == [alert]
    assert [row["id"] for row in listed(smsd, "--phone", OTHER)] == [alert]


def test_an_empty_outbox_is_an_empty_list_or_a_hint(smsd: Smsd) -> None:
    assert listed(smsd) == []
    assert "smsd send" in smsd("outbox", "list").stdout


def test_a_password_is_hidden_and_then_gone(smsd: Smsd, house: House) -> None:
    sealed = seal(Vault.generate().public, PASSWORD)
    secret = house.queue(MessageClass.RESULT, sealed=sealed)
    assert listed(smsd)[0]["text"] == shown(smsd, secret)["text"] == "***"
    assert "***" in smsd("outbox", "list").stdout
    house.store.outbox.cancel(secret)
    assert listed(smsd)[0]["text"] is shown(smsd, secret)["text"] is None
    assert "wiped" in smsd("outbox", "why", str(secret)).stdout


def test_a_message_is_shown_with_its_parts_attempts_and_reports(smsd: Smsd, house: House) -> None:
    message = house.queue(text="ы" * 100, parts=2)
    before = shown(smsd, message)
    assert [part["state"] for part in before["parts"]] == ["unsent", "unsent"]
    assert before["attempts"] == before["reports"] == []
    house.send("17")
    claim = house.claim()
    house.store.outbox.record([(claim.attempt_id, NotSent(Verdict.LATER, "CMS 38", "network out of order"))])
    house.receive(delivered("17", submitted_at=house.now))
    after = shown(smsd, message)
    assert [part["state"] for part in after["parts"]] == ["delivered", "unsent"]
    assert [(each["route"], each["outcome"], each["code"], each["reference"]) for each in after["attempts"]] == [
        ("modem0", "sent", None, "17"),
        ("modem0", "not_sent", "CMS 38", None),
    ]
    assert [(each["class"], each["code"]) for each in after["reports"]] == [("delivered", "ST 0x00")]
    assert listed(smsd)[0]["attempts"] == 2
    assert set(after) >= FIELDS
    for_people = smsd("outbox", "show", str(message)).stdout
    for word in ("CMS 38", "network out of order", "ST 0x00", "modem0", PHONE):
        assert word in for_people


def test_an_attempt_at_a_whole_message_has_no_part(smsd: Smsd, house: House) -> None:
    message = house.queue(text="ы" * 100, parts=2)
    [claim] = house.store.outbox.claim(claimant("operator2", sim=None, whole=True))
    house.store.outbox.record([(claim.attempt_id, Sent("abc"))])
    house.receive(delivered("abc", submitted_at=None), route="operator2", sim=None)
    told = shown(smsd, message)
    assert [part["state"] for part in told["parts"]] == ["delivered"] * 2
    assert [each["part"] for each in (*told["attempts"], *told["reports"])] == [None, None]
    assert " all " in smsd("outbox", "show", str(message)).stdout


def test_a_list_in_a_pipe_is_whole_and_a_line_a_message(smsd: Smsd, house: House) -> None:
    house.queue(text="first\nline " + "x" * 200)
    house.queue(text="\x1b[31mred\x07")
    lines = smsd("outbox", "list").stdout.splitlines()
    assert len(lines) == 3
    assert lines[2].endswith("first ⏎ line " + "x" * 200)
    assert "\x1b" not in "".join(lines)


def test_a_message_is_sent_again_and_withdrawn(smsd: Smsd, house: House) -> None:
    message = house.queue()
    assert smsd("outbox", "retry", str(message)).exit_code == 2
    assert smsd("outbox", "cancel", str(message)).exit_code == 0
    assert house.state(message) == "cancelled"
    assert smsd("outbox", "retry", str(message)).stdout == f"message {message}: queued again\n"
    assert house.state(message) == "queued"
    assert smsd("outbox", "cancel", "99").exit_code == 1


def test_why_is_told_to_scripts_too(smsd: Smsd, house: House) -> None:
    house.queue()
    claim = house.claim()
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer within 150 s"))])
    life = json.loads(smsd("outbox", "why", "1", "--json").stdout)
    assert (life["id"], life["state"]) == (1, "in_doubt")
    assert any("no answer within 150 s" in sentence for sentence in life["life"])


def test_a_refused_report_is_said_in_words(smsd: Smsd, house: House) -> None:
    house.queue()
    house.send("17")
    house.receive(delivered("17", submitted_at=house.now, report_class=ReportClass.FAILED, code="ST 0x46"))
    told = smsd("outbox", "why", "1").stdout
    assert "validity period expired (ST 0x46)" in told
    assert "smsd outbox retry 1" in told


# --- what holds it ----------------------------------------------------------------------------------------------------


MODEM = '[[modem]]\nname = "modem0"\ndevice = "/dev/smsd/modem"\n'


def life(smsd: Smsd, message_id: int) -> str:
    return smsd("outbox", "why", str(message_id)).stdout


def up(house: House, route: str) -> None:
    house.store.put_route(route, RouteStatus(up=True, state="ready"))


def test_why_names_the_limit_that_holds_it(smsd: Smsd, house: House, config: Path, daemon: None) -> None:
    """Not only that it waits: at which limit, and what is kept for whom."""
    up(house, "modem0")
    with config.open("a", encoding="utf-8") as file:
        file.write(f"{MODEM}[limits]\nsim_parts_per_day = 5\nreserve_percent = 40\n")
    notification = house.queue(MessageClass.NOTIFICATION)
    assert "It waits for its turn." in life(smsd, notification)
    house.rows("INSERT INTO tally (route, minute, class, parts) VALUES ('modem0', ?, 'manual', 3)", house.now // 60)
    assert "It waits: modem0: 3 of 5 parts in 24 hours, the last 2 kept for answers." in life(smsd, notification)
    assert "It waits for its turn." in life(smsd, house.queue(MessageClass.MANUAL))


def test_why_says_that_no_route_is_up(smsd: Smsd, house: House, daemon: None) -> None:
    assert "It waits: no route is up." in life(smsd, house.queue())


def test_why_says_that_its_alert_is_paused_or_it_is_quiet(smsd: Smsd, house: House, config: Path, daemon: None) -> None:
    up(house, "modem0")
    alert_id = house.store.alerts.prepare(NewAlert("Работы.", house.now))
    house.store.alerts.append(alert_id, 1, [Recipient(PHONE, None, 1, None)])
    house.store.alerts.publish(alert_id, Summary(recipients=1, parts=1))
    house.store.alerts.feed()
    house.store.alerts.pause(alert_id)
    assert "It waits: a person has paused it." in life(smsd, 1)
    house.store.alerts.resume(alert_id)
    local = datetime.fromtimestamp(house.now, ZoneInfo("Europe/Moscow"))
    hours = f"{local - timedelta(hours=1):%H:%M}-{local + timedelta(hours=1):%H:%M}"
    with config.open("a", encoding="utf-8") as file:
        file.write(f'{MODEM}[limits]\nquiet_hours = "{hours}"\n')
    assert "It waits: quiet hours, until " in life(smsd, 1)
