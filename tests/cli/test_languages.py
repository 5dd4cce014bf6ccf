"""The same store is told of in Russian and in English, never in both at once, and programs read the same octets."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smsd import speech
from smsd.cli import main
from smsd.cli.app import App
from smsd.cli.output import Clock, _columns
from smsd.cli.snapshot import look
from smsd.cli.watch import BARS, History, screen
from smsd.rules.outbox import MessageClass
from smsd.rules.reception import InboxState
from smsd.sms import Deliver, InDoubt, NotSent, ReportClass, RouteStatus, Sent, Verdict
from tests.cli.test_help import EVERY
from tests.store.house import OTHER, PHONE, House, at, claimant, delivered

RUSSIAN = {"LANG": "ru_RU.UTF-8", "LC_ALL": "", "LC_MESSAGES": "", "LANGUAGE": ""}
ENGLISH = {**RUSSIAN, "LANG": "C.UTF-8"}
Speak = Callable[..., Result]

READING: list[tuple[str, ...]] = [
    ("status",),
    ("outbox", "list"),
    *(("outbox", verb, str(number)) for verb in ("show", "why") for number in range(1, 9)),
    ("inbox", "list"),
    *(("inbox", verb, str(number)) for verb in ("show", "why") for number in range(1, 5)),
    ("request", "list"),
    ("request", "show", "1"),
    ("request", "why", "1"),
    ("request", "why", "2"),
    ("client", "list"),
    ("client", "show", OTHER),
    ("alert", "list"),
    ("alert", "show", "1"),
    ("alert", "preview", "--to", PHONE, "--text", "TEXT"),
    ("modem", "list"),
    ("modem", "show", "modem0"),
    ("database", "check"),
]
REFUSED: list[tuple[str, ...]] = [
    ("outbox", "show", "99"),
    ("outbox", "cancel", "1"),
    ("outbox", "list", "--state", "nonsense"),
    ("outbox", "list", "--limit", "many"),
    ("outbox", "show"),
    ("outbox", "list", "--nonsense"),
    ("nonsense",),
    ("client", "show", "12"),
    ("client", "show", PHONE),
    ("client", "add", PHONE, "--code", "1", "--login", "x", "--password-stdin", "--no-password"),
    ("client", "import", "/nowhere/clients.csv"),
    ("alert", "preview"),
    ("alert", "preview", "--to", PHONE, "--text", "{name}"),
    ("alert", "send", "--to", PHONE, "--text", "TEXT"),
    ("alert", "resume", "1"),
    ("request", "fail", "99"),
    ("database", "backup", "/"),
    ("modem", "show", "nothing"),
]


@pytest.fixture
def speak(config: object) -> Speak:
    """The command ``smsd`` in a locale."""

    def run(environ: dict[str, str], *words: str) -> Result:
        return CliRunner().invoke(main, ["--config", str(config), *words], env=environ, prog_name="smsd")

    return run


@pytest.fixture
def filled(house: House, smsd: Callable[..., Result]) -> House:
    """A store in which everything has happened. Texts are in capitals: whatever else is Latin and low is ours."""
    outbox = house.store.outbox
    house.queue(text="A")  # 1: delivered
    house.send("17")
    house.now += 5
    house.receive(delivered("17", submitted_at=house.now - 4))
    house.queue(text="B", parts=2)  # 2: refused for a while, half of it away
    house.send("18")
    outbox.record([(house.claim().attempt_id, NotSent(Verdict.LATER, "CMS 38", "network out of order"))])
    house.queue(MessageClass.ALERT, text="C")  # 3: in doubt, held
    outbox.record([(house.claim().attempt_id, InDoubt("no result in time"))])
    outbox.apply_policy(outbox.show(3)["attempt_list"][0]["id"])
    house.queue(text="D")  # 4: refused for good
    outbox.record(
        [(house.claim().attempt_id, NotSent(Verdict.NEVER, "SMPP 0x0000000B", "invalid destination address"))]
    )
    house.queue(text="E")  # 5: will never arrive
    house.send("19")
    house.receive(delivered("19", submitted_at=house.now, report_class=ReportClass.FAILED, code="ST 0x46"))
    house.text("CLIENT SMS STOP", sender=PHONE)  # request 1, message 6: its acknowledgement
    house.text("CLIENT INFO", sender=OTHER)  # request 2, message 7
    house.queue(MessageClass.NOTIFICATION, text="F", expires_at=house.now + 3600)  # 8: its reader has opted out
    house.text("СLIENT INFO", sender=OTHER)
    house.receive(Deliver("SCSERV", "CLIENT INFO", at(house.now), sender_is_number=False))
    smsd("client", "add", OTHER, "--code", "1", "--login", "LOGIN", "--no-password")
    smsd("alert", "send", "--to", OTHER, "--to", PHONE, "--text", "G", "--yes")
    house.store.put_route(
        "modem0", RouteStatus(False, "not-registered", "not registered and not searching", {"signal": -97})
    )
    return house


def english_in(text: str) -> list[str]:
    """Return what reads like English: two Latin words in a row, but for what is to be typed and names of codes."""
    text = re.sub(r"\b(?:CLIENT )?sms st(?:op|art)\b|systemctl [a-z]+ smsd|[a-z0-9-]+ \(was [a-z0-9-]+\)", " ", text)
    text = re.sub(r"'[^'\n]*'|«[^»]*»|\"[^\"]*\"|https?://\S+", " ", text)
    text = re.sub(r"(?:sudo |\$ ?)?\bsmsd(?: (?:--?)?[a-z-]+)*", " ", text)
    return re.findall(r"(?<![\w./\\-])[A-Za-z]?[a-z]{2,}(?: [a-z]{2,})+(?![\w./-])", text)


def cyrillic_in(text: str) -> list[str]:
    """Return what is in Cyrillic, but for the texts of clients' messages."""
    text = re.sub(r"Ваша заявка[^\n]*|СLIENT INFO|Отказ: [^\n]*", "", text)
    return re.findall(r"[А-Яа-яё]{2,}[^\n]*", text)


@pytest.mark.parametrize("words", READING, ids=" ".join)
@pytest.mark.usefixtures("filled")
def test_what_is_shown_is_in_one_language(speak: Speak, words: tuple[str, ...]) -> None:
    russian, english = speak(RUSSIAN, *words), speak(ENGLISH, *words)
    assert russian.exit_code == english.exit_code
    assert english_in(russian.output) == []
    assert cyrillic_in(english.output) == []
    assert cyrillic_in(russian.output) != []


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
@pytest.mark.usefixtures("filled")
def test_what_is_refused_is_refused_in_one_language(speak: Speak, words: tuple[str, ...]) -> None:
    russian, english = speak(RUSSIAN, *words), speak(ENGLISH, *words)
    assert (russian.exit_code, english.exit_code) != (0, 0)
    assert russian.exit_code == english.exit_code
    assert english_in(russian.output) == []
    assert cyrillic_in(english.output) == []
    assert cyrillic_in(russian.output) != []


@pytest.mark.parametrize(
    "wrong",
    [
        "[[modem]]",
        "[limits]\nquiet_hours = '21-9'",
        "[limits]\nquiet_hours = 5",
        "[limits]\nsim_alerts_per_day = -1",
        "[alerts]\nforeign = 'maybe'",
        "[alerts]\noverride_opt_out = 'outage'",
        "[alerts]\nsms = {}",
        "[service]\ntimezone = 'Mars/Base'",
        "[service]\ntimezone = 'Europe/Moskow'",
        "[sims]",
        "[nothing]",
        "timezone = 'UTC'",
        "[routing]\norder = ['x']",
        "[api]\nlisten = '0.0.0.0:80'",
    ],
)
def test_a_mistake_in_the_configuration_is_told_in_one_language(speak: Speak, config: Path, wrong: str) -> None:
    config.write_text(wrong, "utf-8")
    russian, english = speak(RUSSIAN, "status"), speak(ENGLISH, "status")
    assert (russian.exit_code, english.exit_code) == (78, 78)
    assert english_in(russian.output.replace("refuse, warn, accept", "")) == []
    assert cyrillic_in(english.output) == []
    key = wrong.rpartition("\n")[2].partition(" ")[0].strip("[]")
    assert key in russian.output


@pytest.mark.parametrize("words", [words for words in READING if words[0] != "status"], ids=" ".join)
@pytest.mark.usefixtures("filled")
def test_programs_read_the_same_octets(speak: Speak, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    monkeypatch.setattr(App.__init__, "__defaults__", (lambda: 1_900_000_000.0,))
    russian, english = speak(RUSSIAN, *words, "--json"), speak(ENGLISH, *words, "--json")
    assert russian.stdout_bytes == english.stdout_bytes


@pytest.mark.parametrize("words", [path for path, _ in EVERY], ids=" ".join)
def test_a_help_is_in_one_language(words: tuple[str, ...]) -> None:
    russian = CliRunner().invoke(main, [*words, "--help"], env=RUSSIAN, prog_name="smsd").output
    english = CliRunner().invoke(main, [*words, "--help"], env=ENGLISH, prog_name="smsd").output
    usage = re.sub(r"\[[A-Z]+\]\.*|[A-Z]{2,}", "", russian)
    assert english_in(re.sub(r"Пример: .*\Z", "", usage, flags=re.DOTALL)) == []
    assert cyrillic_in(re.sub(r"Example: .*\Z", "", english, flags=re.DOTALL)) == []
    assert "Использование: smsd" in russian


def test_every_state_of_the_inbox_is_told_in_russian(speak: Speak, filled: House) -> None:
    for state in InboxState:
        filled.rows("UPDATE inbox SET state = ? WHERE id = 1", state.value)
        assert english_in(speak(RUSSIAN, "inbox", "why", "1").output) == []


def test_a_whole_claim_is_told_in_russian(speak: Speak, filled: House) -> None:
    number = filled.queue(MessageClass.RESULT, text="H", parts=2)
    for claim in filled.store.outbox.claim(claimant("operator2", sim=None, whole=True)):
        filled.store.outbox.record([(claim.attempt_id, Sent("20"))])
    assert english_in(speak(RUSSIAN, "outbox", "why", str(number)).output) == []


@pytest.mark.usefixtures("filled")
def test_the_doctor_speaks_one_language(speak: Speak) -> None:
    russian, english = speak(RUSSIAN, "doctor", "--all"), speak(ENGLISH, "doctor", "--all")
    assert russian.exit_code == english.exit_code
    assert english_in(re.sub(r"лечение: [^\n]*", "", russian.output)) == []
    assert cyrillic_in(english.output) == []
    assert "лечение: " in russian.output


def test_the_live_screen_is_in_russian_and_fits(filled: House, config: Path) -> None:
    app = App(config, {})
    speech.speak(RUSSIAN)
    try:
        seen = look(app, filled.store, filled.now)
        clock = Clock(app.config.service.zone, filled.now)
        for columns in (200, 80, 60):
            lines = screen(seen, History(), clock, filled.now, number="+7", columns=columns, lines=24, bars=BARS)
            assert columns < 200 or english_in("\n".join(lines)) == []
            assert max(map(_columns, lines)) <= columns
    finally:
        speech.speak({})


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_a_help_is_coloured_on_a_terminal_only(environ: dict[str, str], coloured: bool) -> None:
    program = "import sys; from smsd.cli import main; main(['outbox', '--help'], prog_name='smsd')"
    command = [sys.executable, "-c", program]
    told = {"PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C.UTF-8", **environ}
    ours, theirs = pty.openpty()
    done = subprocess.run(command, env=told, stdout=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert ("\x1b[" in shown) is coloured
    assert done.returncode == 0
    assert "\x1b[" not in subprocess.run(command, env=told, capture_output=True, text=True, check=True).stdout
