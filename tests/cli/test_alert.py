"""``smsd alert``: looked at, asked about, queued, followed, paused, withdrawn."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from smsd.sms import Sent
from tests.store.house import PHONE, House, claimant

Smsd = Callable[..., Result]
TEXT = "Работы. Отказ: CLIENT sms stop"
TO = ("--to", PHONE, "--text", TEXT)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits there and can be asked."""
    monkeypatch.setattr("smsd.cli.alert._on_a_terminal", lambda: True)


@pytest.fixture
def many(tmp_path: Path) -> tuple[str, ...]:
    """An alert to 1,001 people."""
    path = tmp_path / "many.csv"
    path.write_text("phone\n" + "".join(f"+7916{number:07d}\n" for number in range(1001)), "utf-8")
    return ("--csv", str(path), "--text", TEXT)


def alerts(house: House) -> list[dict[str, Any]]:
    return house.store.alerts.recent(limit=0)


def feed(house: House, away: int) -> None:
    """Do the daemon's work for so many messages."""
    house.now += 1
    house.store.alerts.feed()
    for claim in house.store.outbox.claim(claimant(), away):
        house.store.outbox.record([(claim.attempt_id, Sent("1"))])
    house.store.alerts.feed()


# --- before -----------------------------------------------------------------------------------------------------------


def test_a_preview_queues_nothing(smsd: Smsd, house: House, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("phone,name\n89160000001,Оля\n89160000001,Оля\n+74951234567,Кто\n", "utf-8")
    result = smsd("alert", "preview", "--csv", str(path), "--text", "{name}, привет")
    assert result.exit_code == 0
    for words in ("recipients  1\n", "dropped     2: 1 named twice, 1 no mobile's number\n", "Оля, привет",
                  "such as     no mobile's number: +74951234567\n",
                  "how to get no more of these"):  # fmt: skip
        assert words in result.stdout
    found = json.loads(smsd("alert", "preview", "--csv", str(path), "--text", "{name}, привет", "--json").stdout)
    assert (found["recipients"], found["dropped"], found["drops"]) == (1, 2, {"duplicate": 1, "not_mobile": 1})
    assert alerts(house) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--text", TEXT), "one of --all, --csv FILE and --to PHONE"),
        (("--all", "--to", PHONE, "--text", TEXT), "one of --all, --csv FILE and --to PHONE"),
        (("--to", PHONE), "--text TEXT or --text-file FILE"),
        (("--to", PHONE, "--text", "{name}"), "{name} is no column"),
        (("--to", "8916", "--text", TEXT), "phone number"),
        ((*TO, "--at", "завтра"), "is no time"),
        ((*TO, "--until", "2020-01-01"), "deadline is past"),
        ((*TO, "--at", "2020-01-01"), "start is past"),
        (("--to", PHONE, "--text-file", "/nowhere/text"), "No such file"),
    ],
)
def test_what_does_not_agree_is_refused_in_a_line(smsd: Smsd, words: tuple[str, ...], why: str) -> None:
    for verb in ("preview", "send"):
        result = smsd("alert", verb, *words)
        assert result.exit_code in (1, 2)
        assert why in result.stderr
        assert result.stderr.count("\n") == 1


def test_everybody_is_not_nobody_where_the_clients_are_elsewhere(smsd: Smsd, config: Path) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write('\n[directory]\nurl = "https://ssk.example.net/smsd"\n')
    result = smsd("alert", "preview", "--all", "--text", TEXT)
    assert result.exit_code == 2
    assert "the clients are in the client-support system" in result.stderr


# --- sending ----------------------------------------------------------------------------------------------------------


def test_where_nobody_can_be_asked_nothing_is_queued(smsd: Smsd, house: House) -> None:
    result = smsd("alert", "send", *TO)
    assert result.exit_code == 1
    assert "With --yes it is" in result.stderr
    assert alerts(house) == []


def test_yes_queues_at_once_and_says_so(smsd: Smsd, house: House) -> None:
    result = smsd("alert", "send", *TO, "--yes")
    assert result.stdout == "alert 1: queued, 1 recipient, 1 part\n"
    assert result.stderr == "no daemon runs: it will leave when one is started\n"
    [row] = alerts(house)
    assert (row["state"], row["text"], row["counts"]) == ("running", TEXT, {"queued": 1})


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("answer", "queued"), [("y\n", True), ("n\n", False), ("", False)])
def test_on_a_terminal_a_person_decides(smsd: Smsd, house: House, answer: str, queued: bool) -> None:
    result = smsd("alert", "send", *TO, stdin=answer)
    assert "Send it to 1 recipient?" in result.output
    assert bool(alerts(house)) == queued
    assert (result.exit_code == 0) == queued


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("answer", "queued"), [("1001\n", True), ("1,001\n", True), ("y\n", False), ("1000\n", False), ("\n", False)]
)
def test_over_a_thousand_the_number_is_typed(
    smsd: Smsd, house: House, many: tuple[str, ...], answer: str, queued: bool
) -> None:
    smsd("alert", "send", *many, stdin=answer)
    assert bool(alerts(house)) == queued


def test_a_repeat_with_its_key_prints_the_same_alert(smsd: Smsd, house: House) -> None:
    first = json.loads(smsd("alert", "send", *TO, "--yes", "--key", "march", "--json").stdout)
    again = json.loads(smsd("alert", "send", *TO, "--key", "march", "--json").stdout)
    assert (first["id"], first["new"], first["state"], first["counts"]) == (1, True, "running", {"queued": 1})
    assert (again["id"], again["new"]) == (1, False)
    assert smsd("alert", "send", *TO, "--key", "march").stdout.startswith("alert 1: ")
    assert len(alerts(house)) == 1


def test_to_all_clients_from_a_file_with_a_text_from_a_file(smsd: Smsd, house: House, tmp_path: Path) -> None:
    smsd("client", "add", PHONE, "--code", "17", "--login", "ivanov", "--name", "Иван", "--no-password")
    path = tmp_path / "text.txt"
    path.write_text("{name} ({code}), работы.\nОтказ: CLIENT sms stop\n", "utf-8")
    assert smsd("alert", "send", "--all", "--text-file", str(path), "--yes").exit_code == 0
    feed(house, 0)
    assert house.store.outbox.show(1)["text"] == "Иван (17), работы.\nОтказ: CLIENT sms stop"


def test_consent_is_required_where_configured(smsd: Smsd, config: Path, tmp_path: Path) -> None:
    config.write_text(config.read_text("utf-8") + "[alerts]\nrequire_consent = true\n", "utf-8")
    path = tmp_path / "list.csv"
    path.write_text("phone,consent_at,consent_source\n89160000001,2026-01-05,договор 7\n89160000002,,\n", "utf-8")
    result = smsd("alert", "preview", "--csv", str(path), "--text", TEXT)
    assert "dropped     1: 1 without proof of consent\n" in result.stdout
    assert "consent     1 of 1 with date and source\n" in result.stdout
    assert "nobody is left to write to" in smsd("alert", "send", *TO, "--yes").stderr


def test_an_opt_out_is_overridden_only_by_a_kind_that_is_configured(smsd: Smsd, house: House, config: Path) -> None:
    house.text("CLIENT sms stop")
    result = smsd("alert", "send", *TO, "--override", "outage", "--yes")
    assert (result.exit_code, "alerts.override_opt_out names: none" in result.stderr) == (2, True)
    config.write_text(config.read_text("utf-8") + '[alerts]\noverride_opt_out = ["outage"]\n', "utf-8")
    assert "nobody is left to write to" in smsd("alert", "send", *TO, "--yes").stderr
    result = smsd("alert", "send", *TO, "--override", "outage", "--yes")
    assert "people who have opted out are written to all the same, as outage: 1" in result.stderr
    assert json.loads(smsd("alert", "list", "--json").stdout)[0]["overrides"] == "outage"


# --- waiting ----------------------------------------------------------------------------------------------------------


def test_a_key_stands_for_one_alert_and_not_for_another_list(smsd: Smsd, house: House, tmp_path: Path) -> None:
    """Silence would be taken for a second alert that was queued."""
    people = tmp_path / "people.csv"
    people.write_text("phone\n+79160000001\n", "utf-8")
    words = ("alert", "send", "--csv", str(people), "--text", "Работы", "--yes", "--key", "march")
    assert smsd(*words).exit_code == 0
    again = smsd(*words)
    assert (again.exit_code, again.stdout) == (0, "alert 1: this key stands for it already, nothing is added\n")
    people.write_text("phone\n+79160000001\n+79160000002\n", "utf-8")
    for other in (words, (*words, "--at", "23:59"), ("alert", "send", *TO[:2], *words[4:])):
        refused = smsd(*other)
        assert refused.exit_code == 2
        assert "this key stands for alert 1 already, which was asked for otherwise" in refused.stderr
    assert len(house.store.alerts.recent(limit=0)) == 1


@pytest.mark.usefixtures("daemon")
def test_waiting_ends_with_the_alert(smsd: Smsd, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsd.cli.alert._rest", lambda _: feed(house, 1))
    result = smsd("alert", "send", "--to", PHONE, "--to", "+79160000002", "--text", TEXT, "--yes", "--wait")
    assert result.exit_code == 0
    assert "done, 2 of 2 sent" in result.stderr


@pytest.mark.usefixtures("daemon")
def test_waiting_tells_when_not_all_left(smsd: Smsd, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsd.cli.alert._rest", lambda _: house.store.alerts.cancel(1))
    result = smsd("alert", "send", *TO, "--yes", "--wait")
    assert result.exit_code == 1
    assert "cancelled, 0 of 1 sent" in result.stderr


@pytest.mark.usefixtures("daemon")
def test_waiting_says_once_what_holds_it(smsd: Smsd, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    alerts, looks = house.store.alerts, iter(range(4))

    def rest(_: float) -> None:
        if (look := next(looks)) == 2:
            alerts.pause(1)
        elif look == 3:
            alerts.cancel(1)

    monkeypatch.setattr("smsd.cli.alert._rest", rest)
    told = smsd("alert", "send", *TO, "--yes", "--wait").stderr
    assert told.count("alert 1 is held: no route is up") == 1
    assert told.count("alert 1 is held: a person has paused it") == 1


@pytest.mark.usefixtures("daemon")
def test_who_waits_no_longer_is_told_that_the_alert_goes_on(smsd: Smsd, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("smsd.cli.alert._rest", interrupted)
    result = smsd("alert", "send", *TO, "--yes", "--wait")
    assert result.exit_code == 130
    assert "alert 1 goes on; 'smsd alert show 1' follows it, 'smsd alert cancel 1' withdraws it\n" in result.stderr


def test_waiting_without_a_daemon_would_last_for_ever(smsd: Smsd) -> None:
    assert smsd("alert", "send", *TO, "--yes", "--wait").exit_code == 69


# --- after ------------------------------------------------------------------------------------------------------------


def test_the_list_and_the_view_say_what_holds_it(smsd: Smsd, many: tuple[str, ...]) -> None:
    assert smsd("alert", "list").stdout.startswith("no alerts yet")
    smsd("alert", "send", *many, "--yes")
    assert "alert 1 is held: no route is up" in smsd("alert", "list").stdout
    shown = smsd("alert", "show", "1").stdout
    assert "held        no route is up" in shown
    assert "none runs: nothing leaves" in shown
    [row] = json.loads(smsd("alert", "list", "--json").stdout)
    assert (row["id"], row["recipients"], row["dropped"], row["counts"]) == (1, 1001, 0, {"queued": 1001})
    assert json.loads(smsd("alert", "show", "1", "--json").stdout)["held"] == "no route is up"


def test_every_recipient_is_told_as_csv(smsd: Smsd, house: House) -> None:
    smsd("alert", "send", "--to", PHONE, "--to", "8 916 000 00 01", "--to", "+79160000003", "--text", TEXT, "--yes")
    feed(house, 1)
    rows = list(csv.DictReader(io.StringIO(smsd("alert", "show", "1", "--csv").stdout)))
    assert [(row["phone"], row["state"]) for row in rows] == [
        (PHONE, "submitted"),
        (PHONE, "duplicate"),
        ("+79160000003", "queued"),
    ]
    assert rows[0]["sent_at"].startswith("20")


def test_pause_resume_cancel(smsd: Smsd, house: House) -> None:
    smsd("alert", "send", *TO, "--yes")
    assert smsd("alert", "pause", "1").stdout == "alert 1: paused\n"
    assert alerts(house)[0]["state"] == "paused"
    assert smsd("alert", "resume", "1").stdout == "alert 1: goes on\n"
    assert smsd("alert", "cancel", "1").stdout == "alert 1: cancelled, 1 withdrawn\n"
    result = smsd("alert", "resume", "1")
    assert (result.exit_code, result.stderr) == (2, "smsd: alert 1 is not paused: there is nothing to resume\n")
    assert smsd("alert", "show", "7").exit_code == 1


# --- numbers by hand --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["send", "notify"])
def test_a_landline_is_refused_and_a_foreign_number_warned_of(smsd: Smsd, house: House, command: str) -> None:
    result = smsd(command, "+74951234567", "text")
    assert result.exit_code == 2
    assert result.stderr == "smsd: +7495•••67 is no mobile's number: refused by [alerts] in the configuration\n"
    result = smsd(command, "+77012345678", "text")
    assert result.exit_code == 0
    assert "this is a number of another country (KZ)" in result.stderr
    assert len(house.store.outbox.recent(limit=0)) == 1
