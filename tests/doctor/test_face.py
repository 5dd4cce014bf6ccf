"""What the client-support system sees, judged: templates, webhooks that are heard or not."""

from collections.abc import Callable
from pathlib import Path

from smsd.config import Config
from smsd.doctor import face
from smsd.doctor.finding import Severity
from tests.store.house import House

MODEM = '[[modem]]\ndevice = "{place}/modem"\n'
TEMPLATES = MODEM + '[templates]\ndirectory = "{place}/templates"\n'
HOOK = MODEM + '[[webhook]]\nname = "ccs"\nurl = "https://ccs.example.net/"\nsecret_file = "hook"\n'


def test_every_template_that_is_wrong_is_named(configured: Callable[[str], Config], place: Path) -> None:
    config = configured(TEMPLATES)
    [missing] = face.templates(config)
    assert (missing.severity, missing.about) == (Severity.ERROR, f"{place}/templates")
    (place / "templates").mkdir()
    (place / "templates" / "fine.txt").write_text("Hello {name}")
    [fine] = face.templates(config)
    assert (fine.severity, fine.what) == (Severity.OK, "templates that fit: fine")
    (place / "templates" / "a.txt").write_text("{")
    (place / "templates" / "b.txt").write_text("ж" * 500)
    wrong = list(face.templates(config))
    assert [finding.about.rpartition("/")[2] for finding in wrong] == ["a.txt", "b.txt"]
    assert wrong[0].cure == f"smsd template check {place}/templates/a.txt"
    assert list(face.templates(configured(MODEM))) == []


def test_webhooks_that_are_not_heard_are_told(configured: Callable[[str], Config], house: House) -> None:
    config = configured(HOOK)
    house.store.events.listeners({"ccs": ["opt-out"]})
    [fine] = face.webhooks(config, house.store, house.clock)
    assert fine.severity is Severity.OK
    house.text("CLIENT sms stop")
    [fine] = face.webhooks(config, house.store, house.clock)
    assert fine.severity is Severity.OK
    house.now += 4000
    [waiting] = face.webhooks(config, house.store, house.clock)
    assert (waiting.severity, waiting.what) == (Severity.WARNING, "1 events wait, the oldest for more than an hour")
    house.store.events.care("ccs", give_up=10, keep=10_000, most=10)
    [given_up] = face.webhooks(config, house.store, house.clock)
    assert given_up.what == "1 events were never heard"
