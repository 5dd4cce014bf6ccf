"""No command shows a password that was not asked for by name, whatever it is asked and however it fails."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from smsd.desk import Desk, NewClient, Terms
from smsd.desk.keys import ensure_key
from smsd.rules.outbox import MessageClass
from smsd.rules.requests import RequestState
from smsd.sms import InDoubt, Sent
from smsd.vault import seal
from tests.store.house import PHONE, House, new

PASSWORD = "Xq7vRk29"
FORMS = (PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), PASSWORD.encode("utf-16-be").hex())


@pytest.fixture
def lived(house: House, tmp_path: Path) -> House:
    """A store in which a client has been answered with his password, once in doubt and once for good."""
    public = ensure_key(house.store, tmp_path / "smsd.key")
    desk = Desk(house.store, Terms(), clock=house.clock, public_key=lambda: public, ring=lambda: None)
    desk.add_client(NewClient(PHONE, "1733", "ivanov", PASSWORD, "И. Иванов"))
    for outcome in (Sent("17"), InDoubt("no answer")):
        house.text("CLIENT info")
        house.send("16")
        request = house.store.requests.take()
        assert request is not None
        result = new(MessageClass.RESULT, sealed=seal(public, f"пароль: {PASSWORD}", associated=b"text of a message"))
        house.store.requests.finish(request.id, RequestState.DONE, result)
        house.store.outbox.record([(house.claim().attempt_id, outcome)])
    return house


def questions(house: House) -> Iterator[list[str]]:
    """Yield every way to read what is there."""
    for noun in ("client", "outbox", "inbox", "request", "modem"):
        yield [noun, "list"]
    yield from (["status"], ["client", "show", PHONE], ["database", "check"])
    for row in house.store.outbox.recent(limit=0):
        yield from (["outbox", verb, str(row["id"])] for verb in ("show", "why"))
    for row in house.store.requests.recent(limit=0):
        yield from (["request", verb, str(row["id"])] for verb in ("show", "why"))
    for row in house.store.inbox.recent(limit=0):
        yield ["inbox", "show", str(row["id"])]


def test_no_answer_holds_a_password(smsd: Callable[..., Result], lived: House) -> None:
    asked = list(questions(lived))
    assert len(asked) > 15
    for words in asked:
        for output in (smsd(*words).output, smsd(*words, "--json").output):
            assert not any(form in output for form in FORMS), words


def test_no_complaint_holds_a_password(smsd: Callable[..., Result], lived: House, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    for line in (f"12,1,a,{PASSWORD}", f'{PHONE},1,a,"{PASSWORD}', f"{PHONE},,a,{PASSWORD}", f"{PHONE},{PASSWORD}"):
        file.write_text(f"phone,code,login,password\n{line}\n", "utf-8")
        result = smsd("client", "import", str(file))
        assert result.exit_code == 1
        assert PASSWORD not in result.output
    file.write_text(f"{PHONE},1,a,{PASSWORD}\n", "utf-8")
    assert PASSWORD not in smsd("client", "import", str(file)).output
    (tmp_path / "smsd.key").write_text(PASSWORD)
    (tmp_path / "smsd.key").chmod(0o600)
    result = smsd("client", "show", PHONE, "--reveal")
    assert result.exit_code == 1
    assert PASSWORD not in result.output
