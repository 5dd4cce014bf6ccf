"""``smsd alarm``: what stands, what was told, and a test of every way."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from smsd.rules.alarms import Change, Condition, Event, Standing
from tests.store.house import House

Smsd = Callable[..., Result]
ADMIN = "+79990000001"
DEAD = Standing(Condition.MODEM_DEAD, "modem1", 1_700_000_000.0, "dead: no answer", raised_at=1_700_000_180.0)
LATE = Standing(Condition.ACKNOWLEDGEMENT_LATE, "", 1_700_000_100.0, raised_at=1_700_000_100.0)
YOUNG = Standing(Condition.NOT_REGISTERED, "modem0", 1_700_000_000.0)


@pytest.fixture
def alarmed(house: House) -> House:
    """A house in which two alarms stand and one is too young."""
    events = [
        Event(Change.RAISED, house.now, each.condition, each.about, each.since, each.detail) for each in (DEAD, LATE)
    ]
    house.store.alarms.tell(events, keep=[DEAD, LATE, YOUNG], words=lambda *_: [])
    return house


def test_what_stands_is_listed_the_worst_first_with_its_cure(smsd: Smsd, alarmed: House) -> None:
    shown = smsd("alarm", "list").stdout.splitlines()
    assert [line.split()[1] for line in shown[1:]] == ["acknowledgement_late", "modem_dead"]
    assert "smsd modem show NAME" in shown[2]
    [late, dead] = json.loads(smsd("alarm", "list", "--json").stdout)
    assert (late["condition"], late["severity"]) == ("acknowledgement_late", "critical")
    assert (dead["about"], dead["detail"]) == ("modem1", "dead: no answer")
    assert dead["since"].startswith("2023-11-15T01:13:20")


def test_where_nothing_is_wrong_it_says_so(smsd: Smsd, house: House) -> None:
    assert smsd("alarm", "list").stdout == "nothing is wrong\n"
    assert smsd("alarm", "list", "--json").stdout == "[]\n"
    assert smsd("alarm", "list", "--all").stdout == "nothing has been told yet\n"


def test_what_was_told_is_listed_newest_first(smsd: Smsd, alarmed: House) -> None:
    shown = json.loads(smsd("alarm", "list", "--all", "--json").stdout)
    assert [(each["change"], each["condition"]) for each in shown] == [
        ("raised", "acknowledgement_late"), ("raised", "modem_dead"),
    ]  # fmt: skip
    assert "modem_dead" in smsd("alarm", "list", "--all").stdout


def test_status_shows_what_stands(smsd: Smsd, alarmed: House) -> None:
    assert "acknowledgement_late" in smsd("status").stdout
    assert [each["condition"] for each in json.loads(smsd("status", "--json").stdout)["alarms"]] == [
        "acknowledgement_late", "modem_dead",
    ]  # fmt: skip


def test_what_is_gone_and_not_cleared_yet_is_said_to_be_gone(smsd: Smsd, house: House) -> None:
    """An all-clear waits for two minutes, of what comes and goes for two hours: nobody may hunt for the cause then."""
    away = replace(DEAD, gone_at=house.now - 65)
    house.store.alarms.tell([], keep=[away, LATE], words=lambda *_: [])
    for words in (("status",), ("alarm", "list")):
        [line] = [line for line in smsd(*words).stdout.splitlines() if "modem_dead" in line]
        assert "gone for" in line
        assert "the all-clear follows" in line
    [late, dead] = json.loads(smsd("alarm", "list", "--json").stdout)
    assert (late["gone_at"], dead["gone_at"] is not None) == (None, True)


def test_what_an_alarm_is_about_in_detail_is_told_in_russian(
    smsd: Smsd, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = replace(DEAD, detail="refused: SMPP 0x0E: invalid password (is it the right name and password?)")
    event = Event(Change.RAISED, house.now, refused.condition, refused.about, refused.since, refused.detail)
    house.store.alarms.tell([event], keep=[refused], words=lambda *_: [])
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    for words in (("status",), ("alarm", "list", "--all")):
        assert "refused: SMPP 0x0E: неверный пароль (те ли имя и пароль?)" in smsd(*words).stdout


def test_a_test_queues_its_messages_and_says_that_no_daemon_runs(smsd: Smsd, house: House, config: Path) -> None:
    with config.open("a") as file:
        file.write(f'[alarms]\nphones = ["{ADMIN}"]\ncommand = ["/bin/true"]\n')
    done = smsd("alarm", "test")
    assert done.exit_code == 69
    assert "no daemon runs" in done.stdout
    [row] = house.store.outbox.recent(limit=0)
    assert (row["class"], row["recipient"]) == ("admin", ADMIN)
    assert row["text"].startswith("ПРОВЕРКА")
    [told] = house.store.alarms.uncarried()
    assert told.event.change is Change.TEST


def test_a_test_that_a_daemon_has_carried_tells_what_the_command_said(
    smsd: Smsd, house: House, config: Path, daemon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with config.open("a") as file:
        file.write('[alarms]\ncommand = ["/bin/true"]\n')

    def ring(_: Path) -> None:
        [told] = house.store.alarms.uncarried()
        house.store.alarms.carried(told.id, "exit 0")

    monkeypatch.setattr("smsd.store.bell.ring", ring)
    done = smsd("alarm", "test", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["outcome"] == "exit 0"


def test_a_test_that_nobody_would_hear_is_refused(smsd: Smsd, house: House) -> None:
    done = smsd("alarm", "test")
    assert done.exit_code == 2
    assert "[alarms]" in done.stderr


def test_a_silence_is_kept_and_ended(smsd: Smsd, house: House) -> None:
    assert smsd("alarm", "silence", "modem-away", "modem1", "--hours", "2").exit_code == 0
    [row] = house.store.alarms.silences()
    assert (row["condition"], row["about"]) == ("modem_away", "modem1")
    assert row["until"] == pytest.approx(house.now + 7200, abs=60)
    assert "told again" in smsd("alarm", "silence", "modem_away", "modem1", "--hours", "0").stdout
    assert house.store.alarms.silences() == []
    assert [each["what"] for each in house.store.audit.recent(limit=0)] == ["alarm silence"] * 2


def test_an_alarm_that_is_none_is_refused_with_those_there_are(smsd: Smsd, house: House) -> None:
    done = smsd("alarm", "silence", "modem_asleep")
    assert done.exit_code == 1
    assert "modem_away" in done.stderr
