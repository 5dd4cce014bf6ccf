"""What is only tried changes nothing: not a row, not a file, and no daemon is woken."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from smsd.errors import StoreError
from smsd.rules.outbox import MessageClass
from smsd.sms import InDoubt, RouteStatus, Sent
from tests.cli.test_help import EVERY
from tests.store.house import OTHER, PHONE, House, claimant, new

Smsd = Callable[..., Result]

READING = {"list", "show", "why", "preview", "check", "status", "doctor", "held", "completion", "balance"}
"""Commands that change nothing by what they are."""
WITHOUT = {
    "run": "it is the daemon",
    "demo": "it works on a database of its own, which it removes",
    "simulate": "it is a modem of its own, and keeps nothing",
    "database backup": "it writes one new file, and refuses one that exists",
    "database restore": "it only reads until it puts the copy in place, and never removes the database that was there",
    "modem record": "it writes one new file, refuses one that exists, and sends nothing",
    "modem reset-usb": "it changes nothing that is kept: the device is plugged out and in",
}
"""Commands without --dry-run, each with its reason; docs/reference/cli.md says the same."""
CHANGING: list[tuple[str, ...]] = [
    ("send", OTHER, "TEXT"),
    ("notify", OTHER, "TEXT", "--key", "k"),
    ("notify", PHONE, "TEXT"),
    ("alert", "send", "--to", OTHER, "--text", "TEXT"),
    ("alert", "pause", "1"),
    ("alert", "resume", "2"),
    ("alert", "cancel", "1"),
    ("outbox", "retry", "1"),
    ("outbox", "cancel", "1"),
    ("request", "retry", "2"),
    ("request", "fail", "1"),
    ("client", "add", PHONE, "--code", "2", "--login", "l", "--no-password"),
    ("client", "import", "clients.csv"),
    ("client", "remove", OTHER),
    ("client", "forget", OTHER),
    ("client", "release", "+79160000003"),
    ("alarm", "silence", "modem_away"),
    ("alarm", "test"),
    ("modem", "adopt", "modem0"),
    ("token", "add", "other", "--scope", "view"),
    ("token", "revoke", "ccs"),
    ("webhook", "retry", "--all"),
    ("optout", "set", OTHER, "--cause", "asked"),
    ("optout", "lift", PHONE, "--cause", "asked"),
    ("database", "migrate"),
    ("install",),
]


def test_every_command_that_changes_something_can_be_tried() -> None:
    lacking = set()
    for path, command in EVERY:
        options = {option for parameter in command.params for option in parameter.opts}
        if not hasattr(command, "commands") and path[-1] not in READING and "--dry-run" not in options:
            lacking.add(" ".join(path))
    assert lacking == set(WITHOUT)
    page = " ".join((Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text("utf-8").split())
    for name, reason in WITHOUT.items():
        assert f"`{name}`: {reason}" in page


def test_every_trial_is_tried_here() -> None:
    trials = {
        " ".join(path)
        for path, command in EVERY
        if "--dry-run" in {option for parameter in command.params for option in parameter.opts}
    }
    assert trials == {" ".join(path) for path, _ in EVERY for words in CHANGING if words[: len(path)] == path} & trials


@pytest.fixture
def filled(house: House, tmp_path: Path, config: Path, smsd: Smsd) -> House:
    """A store in which each of these commands has something to do."""
    with config.open("a", encoding="utf-8") as file:
        file.write('[alarms]\nphones = ["+79160000009"]\n')
        file.write('[[modem]]\nname = "modem0"\nidentity = { imei = "490154203237518" }\n')
    house.queue(MessageClass.ALERT, text="C")  # 1: in doubt, held
    [claim] = house.store.outbox.claim(claimant())
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer"))])
    house.store.outbox.apply_policy(claim.attempt_id)
    house.text("CLIENT info", sender=OTHER)
    house.text("CLIENT info", sender=PHONE)
    house.store.requests.fail(2, lambda phone: new(MessageClass.RESULT, recipient=phone))
    for message_id in (3, 4):
        house.store.outbox.cancel(message_id)
    (tmp_path / "clients.csv").write_text(f"phone,code,login,password\n{PHONE},1,a,secret\n", "utf-8")
    assert smsd("client", "add", OTHER, "--code", "1", "--login", "x", "--no-password").exit_code == 0
    assert smsd("token", "add", "ccs", "--scope", "view").exit_code == 0
    for _ in range(2):
        assert smsd("alert", "send", "--to", "+79160000005", "--text", "T", "--yes").exit_code == 0
    assert smsd("alert", "pause", "2").exit_code == 0
    house.store.put_route("modem0", RouteStatus(False, "foreign-modem", "", {"seen_imei": "356938035643809"}))
    house.rows("INSERT INTO replaced_sim VALUES (?, ?, ?, ?, ?)", "+79160000003", 0, 0, "operator", "219")
    return house


def files(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Return what is in a directory, but for the database, which is compared by what it holds."""
    for path in sorted(directory.rglob("*")):
        if path.is_file() and not path.name.startswith("smsd.db"):
            yield str(path), path.read_bytes()


@pytest.mark.parametrize("words", CHANGING, ids=" ".join)
def test_what_is_only_tried_changes_nothing(
    smsd: Smsd, filled: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("smsd.cli.install.HIDDEN", ())
    monkeypatch.setattr("smsd.store.bell.ring", lambda _: pytest.fail("a daemon is woken"))
    before, there = filled.dump(), list(files(tmp_path))
    result = smsd(*words, "--dry-run")
    assert (result.exit_code, result.stdout != "") == (0, True), result.output
    assert (filled.dump(), list(files(tmp_path))) == (before, there)


def test_a_trial_refuses_what_the_command_would_refuse(smsd: Smsd, filled: House) -> None:
    assert smsd("outbox", "cancel", "99", "--dry-run").exit_code == 1
    assert smsd("alert", "resume", "1", "--dry-run").exit_code == 2
    assert smsd("send", "12", "TEXT", "--dry-run").exit_code == 2


def test_what_was_tried_can_then_be_done(smsd: Smsd, filled: House) -> None:
    assert smsd("outbox", "cancel", "1", "--dry-run").stdout == "only tried, nothing is changed: message 1: withdrawn\n"
    assert filled.state(1) == "in_doubt"
    assert smsd("outbox", "cancel", "1").stdout == "message 1: withdrawn\n"
    assert filled.state(1) == "cancelled"


def test_a_rehearsal_is_undone_whatever_happens_in_it(house: House) -> None:
    def fail() -> None:
        with house.store.engine.rehearsal():
            house.queue()
            raise StoreError("something")

    with pytest.raises(StoreError):
        fail()
    with house.store.engine.rehearsal():
        house.queue()
        house.send()
        assert house.state(1) == "submitted"
    assert house.store.outbox.recent(limit=0) == []
    house.queue()
    house.store.outbox.record([(house.claim().attempt_id, Sent("1"))])
    assert house.crash() == 0
    assert house.state(1) == "submitted"
