"""The verbs an admin may ask for: normalised, counted, sealed, queued, and the bell rung after each of them."""

from datetime import timedelta

import pytest

from smsd import desk as module
from smsd.desk import Desk, Fault, Imported, NewClient, Terms
from smsd.directory.local import seal_context
from smsd.errors import NotFoundError, UsageError
from smsd.rules.outbox import MessageClass
from smsd.vault import Vault
from tests.store.house import OTHER, PHONE, House

VAULT = Vault(bytes(range(32)))
TERMS = Terms(
    lifetimes={MessageClass.NOTIFICATION: timedelta(hours=12), MessageClass.RESULT: timedelta(hours=1)},
    apology="Не вышло.",
    max_parts=3,
)


class Office:
    """A desk on a house, with a bell that is counted."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.rung = 0
        self.desk = Desk(house.store, TERMS, clock=house.clock, public_key=lambda: VAULT.public, ring=self.ring)

    def ring(self) -> None:
        """Hear the bell."""
        self.rung += 1


@pytest.fixture
def office(house: House) -> Office:
    """A desk over it."""
    return Office(house)


# --- messages ---------------------------------------------------------------------------------------------------------


def test_a_message_by_hand_is_normalised_counted_and_rung_for(office: Office) -> None:
    queued = office.desk.send("8 (916) 000-00-01", "ы" * 71)
    assert (queued.recipient, queued.parts, queued.new, queued.opted_out) == (PHONE, 2, True, False)
    row = office.house.store.outbox.show(queued.id)
    assert (row["class"], row["recipient"], row["parts"], row["expires_at"]) == ("manual", PHONE, 2, None)
    assert office.rung == 1


def test_a_message_lives_as_long_as_its_class(office: Office) -> None:
    queued = office.desk.notify(PHONE, "text")
    assert office.house.store.outbox.show(queued.id)["expires_at"] == office.house.now + 12 * 3600


def test_the_region_says_how_a_number_is_meant(house: House) -> None:
    desk = Desk(house.store, Terms(region="BY"), clock=house.clock, public_key=lambda: VAULT.public, ring=lambda: None)
    assert desk.phone("8 029 1234567") == "+375291234567"


@pytest.mark.parametrize("text", ["", " \n\t", "ы" * 202, "x" * 100_000])
def test_a_text_that_is_no_message_is_refused_before_anything_is_written(office: Office, text: str) -> None:
    for ask in (office.desk.send, office.desk.notify):
        with pytest.raises(UsageError):
            ask(PHONE, text)
    assert office.house.store.outbox.recent(limit=0) == []
    assert office.rung == 0


def test_the_refusal_says_how_many_parts(office: Office) -> None:
    assert office.desk.count_parts("ы" * 201) == 3
    with pytest.raises(UsageError, match="makes 4 parts; at most 3"):
        office.desk.count_parts("ы" * 202)


def test_octets_that_are_no_text_are_refused(office: Office) -> None:
    """A shell in another encoding hands them over so."""
    with pytest.raises(UsageError, match="UTF-8"):
        office.desk.send(PHONE, b"\xcf\xf0".decode("utf-8", "surrogateescape"))


def test_what_a_number_wishes_is_told_with_the_message(office: Office) -> None:
    office.house.text("CLIENT sms stop")
    assert office.desk.opted_out("89160000001")
    assert not office.desk.opted_out(OTHER)
    assert office.desk.notify(PHONE, "text").opted_out
    assert office.desk.send(PHONE, "text").opted_out


def test_a_key_stands_for_one_message(office: Office) -> None:
    first = office.desk.notify(PHONE, "text", key="7")
    again = office.desk.notify("89160000001", "text", key="7")
    assert (again.id, again.new) == (first.id, False)
    for phone, text in ((OTHER, "text"), (PHONE, "another")):
        with pytest.raises(UsageError, match=f"message {first.id} already"):
            office.desk.notify(phone, text, key="7")
    assert office.desk.notify(PHONE, "text", key="8").id != first.id
    assert office.desk.notify(PHONE, "text").new


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_has_a_sensible_length(office: Office, key: str) -> None:
    with pytest.raises(UsageError):
        office.desk.notify(PHONE, "text", key=key)


def test_cancel_and_retry_ring(office: Office) -> None:
    message = office.desk.send(PHONE, "text").id
    office.desk.cancel(message)
    office.desk.retry(message)
    assert office.house.state(message) == "queued"
    assert office.rung == 3
    with pytest.raises(UsageError):
        office.desk.retry(message)
    assert office.rung == 3


# --- requests ---------------------------------------------------------------------------------------------------------


def test_a_request_is_given_up_with_the_apology(office: Office) -> None:
    office.house.text("CLIENT info")
    message = office.house.store.outbox.show(office.desk.fail_request(1))
    assert (message["class"], message["text"], message["request_id"]) == ("result", "Не вышло.", 1)
    assert message["expires_at"] == office.house.now + 3600
    for message_id in (1, message["id"]):
        office.desk.cancel(message_id)
    office.desk.retry_request(1)
    assert office.house.store.requests.show(1)["state"] == "accepted"
    assert office.rung == 4


# --- clients ----------------------------------------------------------------------------------------------------------


def client(phone: str = PHONE, code: str = "1", login: str = "a", password: str | None = "secret") -> NewClient:
    """Write a client down."""
    return NewClient(phone, code, login, password)


def password_of(office: Office, phone: str = PHONE) -> str:
    """Open the password that is recorded."""
    return VAULT.open(office.desk.client(phone)["password"], associated=seal_context(phone))


def test_a_client_is_added_and_changed(office: Office) -> None:
    assert office.desk.add_client(client(" 8 916 000 00 01 ")) is True
    assert password_of(office) == "secret"
    assert office.desk.add_client(client(code="2", password=None)) is False
    assert office.desk.client(PHONE)["code"] == "2"
    assert password_of(office) == "secret", "an absent password leaves the recorded one"
    assert office.desk.remove_client("89160000001") == PHONE
    with pytest.raises(NotFoundError):
        office.desk.client(PHONE)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (client(code=" "), "the code is empty"),
        (client(login=""), "the login is empty"),
        (client(password=""), "the password is empty"),
        (client(password="two\nlines"), "the password holds a line break"),
        (client(code="\x00"), "the code holds"),
        (client(login="x" * 161), "the login has 161 characters"),
        (client(phone="12"), "phone number"),
    ],
)
def test_a_client_that_cannot_be_is_refused(office: Office, entry: NewClient, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        office.desk.add_client(entry)
    assert office.house.store.clients.count() == 0


def test_a_password_is_in_no_repr() -> None:
    assert "secret" not in repr(client())


def test_an_import_adds_all(office: Office) -> None:
    moved: list[int] = []
    entries = [(2, client()), (3, client(OTHER, password=None))]
    assert office.desk.import_clients(entries, cause="test", progress=moved.append) == Imported(2, 1)
    assert password_of(office) == "secret"
    assert sum(moved) == 2


def test_an_import_tells_every_fault_and_adds_nothing(office: Office) -> None:
    entries: list[tuple[int, NewClient | Fault]]
    entries = [(2, client()), (3, client("12")), (4, Fault(4, "not CSV")), (5, client(OTHER, code=""))]
    result = office.desk.import_clients([*entries, (6, client("89160000001"))], cause="test")
    assert [fault.line for fault in result.faults] == [3, 4, 5, 6]
    assert result.faults[3].reason == "this phone is in line 2 already"
    assert office.house.store.clients.count() == 0


def test_progress_counts_every_entry(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROGRESS_ROWS", 2)
    moved: list[int] = []
    entries = [(line, client(f"+7916000000{line}")) for line in range(2, 7)]
    office.desk.import_clients(entries, cause="test", progress=moved.append)
    assert moved == [2, 2, 1]


def test_an_import_stops_and_never_starts(office: Office) -> None:
    for subscribed, wished in ((None, True), (True, True), (False, False), (True, False), (None, False)):
        entry = NewClient(PHONE, "1", "a", subscribed=subscribed)
        office.desk.import_clients([(2, entry)], cause="test")
        assert office.house.store.clients.subscribed(PHONE) is wished


# --- erasing ----------------------------------------------------------------------------------------------------------


def test_a_person_is_erased_by_a_number_in_any_writing(office: Office) -> None:
    office.desk.send(PHONE, "text")
    assert office.desk.forget(PHONE, dry_run=True).total == 1
    assert office.desk.forget("8 (916) 000-00-01").rows == {"messages to it": 1}
    assert office.desk.forget(PHONE).total == 0


def test_an_import_can_be_tried(office: Office) -> None:
    tried = office.desk.import_clients([(2, client())], cause="import", dry_run=True)
    assert (tried.count, office.house.store.clients.count()) == (1, 0)
