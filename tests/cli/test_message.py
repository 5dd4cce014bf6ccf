"""One message by hand, one notification: queued, counted, repeated without harm, and asked about."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from tests.store.house import PHONE, House, claimant

Smsd = Callable[..., Result]


def test_a_message_is_queued_and_its_id_comes_first(smsd: Smsd, house: House) -> None:
    result = smsd("send", "8 (916) 000-00-01", "Привет")
    assert result.exit_code == 0
    assert result.stdout == "message 1: queued, 1 part to +79160000001\n"
    assert result.stderr == "no daemon runs: it will leave when one is started\n"
    row = house.store.outbox.show(1)
    assert (row["class"], row["recipient"], row["text"], row["parts"]) == ("manual", PHONE, "Привет", 1)


@pytest.mark.usefixtures("daemon")
def test_with_a_daemon_nothing_is_said_of_it(smsd: Smsd) -> None:
    assert smsd("send", PHONE, "text").stderr == ""


def test_parts_are_counted(smsd: Smsd) -> None:
    assert json.loads(smsd("send", PHONE, "ы" * 100, "--json").stdout) == {
        "id": 1, "recipient": PHONE, "parts": 2, "new": True,
    }  # fmt: skip


@pytest.mark.parametrize("command", ["send", "notify"])
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "an empty text cannot be sent"),
        (" \n", "an empty text cannot be sent"),
        ("ы" * 671, "the text makes 11 parts; at most 10 are sent"),
        ("ы" * 20000, "the text makes more than 255 parts; at most 10 are sent"),
    ],
)
def test_a_text_that_is_no_message_is_refused(smsd: Smsd, house: House, command: str, text: str, why: str) -> None:
    result = smsd(command, PHONE, text)
    assert (result.exit_code, result.stderr) == (2, f"smsd: {why}\n")
    assert house.store.outbox.recent(limit=0) == []


@pytest.mark.parametrize("command", ["send", "notify"])
def test_a_phone_that_is_none_is_refused_and_not_repeated(smsd: Smsd, command: str) -> None:
    result = smsd(command, "8916123456", "text")
    assert result.exit_code == 2
    assert "8916123456" not in result.output


def test_who_opted_out_is_asked_about_first(smsd: Smsd, house: House) -> None:
    """Nobody can be asked in a pipe: nothing is sent."""
    house.text("CLIENT sms stop")
    result = smsd("send", PHONE, "text")
    assert result.exit_code == 1
    assert "opted out" in result.stderr
    assert "--yes" in result.stderr
    assert [row["class"] for row in house.store.outbox.recent(limit=0)] == ["ack"]
    assert smsd("send", "--yes", PHONE, "text").exit_code == 0


@pytest.mark.parametrize(("answer", "exit_code"), [(True, 0), (False, 1)])
def test_on_a_terminal_a_person_decides(
    smsd: Smsd, house: House, monkeypatch: pytest.MonkeyPatch, answer: bool, exit_code: int
) -> None:
    house.text("CLIENT sms stop")
    monkeypatch.setattr("smsd.cli.message._on_a_terminal", lambda: True)
    monkeypatch.setattr("click.confirm", lambda *_, **__: answer)
    assert smsd("send", PHONE, "text").exit_code == exit_code
    assert len(house.store.outbox.recent(limit=0, message_class="manual")) == int(answer)


def test_a_notification_obeys_the_opt_out_when_it_is_sent(smsd: Smsd, house: House) -> None:
    house.text("CLIENT sms stop")
    result = smsd("notify", PHONE, "text")
    assert result.exit_code == 0
    assert "opted out" in result.stderr
    house.now += 60
    house.send()  # the acknowledgement
    assert house.store.outbox.claim(claimant()) == []
    assert house.state(2) == "suppressed"


def test_a_repeat_with_its_key_prints_the_same_id(smsd: Smsd, house: House) -> None:
    first = json.loads(smsd("notify", "--key", "order-7", PHONE, "text", "--json").stdout)
    again = json.loads(smsd("notify", "--key", "order-7", "8 916 000 00 01", "text", "--json").stdout)
    assert (first["new"], again["new"]) == (True, False)
    assert first["id"] == again["id"]
    assert smsd("notify", "--key", "order-7", PHONE, "text").stdout.startswith(f"message {first['id']}: ")
    assert len(house.store.outbox.recent(limit=0)) == 1


def test_a_key_is_not_lent_to_another_message(smsd: Smsd) -> None:
    smsd("notify", "--key", "order-7", PHONE, "text")
    result = smsd("notify", "--key", "order-7", PHONE, "another text")
    assert result.exit_code == 2
    assert "message 1" in result.stderr
