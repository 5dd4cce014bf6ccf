"""The life of a message that came in: why it was answered, or why not."""

import re
from datetime import UTC, timedelta

import pytest

from smsd.cli.arrival import arrival_life, resemblance
from smsd.cli.output import Clock
from smsd.rules.reception import InboxState
from smsd.sms import Deliver
from tests.store.house import House, at

DAY = timedelta(hours=24)


def told(house: House, inbox_id: int = 1, *, lenient: bool = False) -> str:
    """Tell the life of a message."""
    row = house.store.inbox.show(inbox_id)
    if row["request_id"] is not None:
        row["request"] = house.store.requests.show(row["request_id"])
    return "\n".join(arrival_life(row, Clock(UTC, house.now), incomplete=DAY, lenient=lenient))


def test_a_command_leads_to_its_request(house: House) -> None:
    house.text("CLIENT info")
    life = told(house)
    assert "it came from +79160000001 by modem0" in life
    assert "It is the command 'info', so it was acknowledged and carried out." in life
    assert "It made request 1, which is accepted, with 1 answer; 'smsd request why 1'" in life


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("СLIENT info", "CLIENT info"),
        ("клиент смс стоп", "CLIENT sms stop"),
        ("CLIENT  sms start.", "CLIENT sms start"),
    ],
)
def test_a_near_miss_says_what_it_resembles_and_what_would_accept_it(house: House, text: str, meant: str) -> None:
    house.text(text)
    life = told(house)
    assert f"It resembles '{meant}'." in life
    assert "only with service.lenient_commands = true" in life
    assert "are carried out now" in told(house, lenient=True)
    assert resemblance(house.store.inbox.show(1)) == meant


def test_what_is_no_command_resembles_none(house: House) -> None:
    house.text("Спасибо!")
    assert "It is not answered: not a command." in told(house)
    assert resemblance(house.store.inbox.show(1)) is None


def test_a_robot_and_a_flood_are_told_with_their_reasons(house: House) -> None:
    house.receive(Deliver("SCSERV", "CLIENT info", at(house.now), sender_is_number=False))
    assert "not answered: the sender is a name in letters" in told(house)
    for _ in range(11):
        house.text("CLIENT info")
    life = told(house, 12)
    assert "too many had come: more than 10 commands within an hour" in life
    assert "It joined request 1" in life


def test_a_message_in_parts_says_which_are_missing(house: House) -> None:
    house.text("Длинное", reference=7, total=3, sequence=1)
    house.text("конец", reference=7, total=3, sequence=3)
    life = told(house)
    assert "It has 3 parts." in life
    assert "missing: 2." in life
    assert re.search(r"It waits for the rest until .* \(in (1 d|23 h 59 min)\); then", life)
    house.text("ное", reference=7, total=3, sequence=2)
    assert "; all of them." in told(house)


def test_what_could_not_be_read_is_told(house: House) -> None:
    house.receive(None, fault="TP-UDL at octet 12: too short")
    life = told(house)
    assert "somebody whose number could not be read" in life
    assert "TP-UDL at octet 12: too short." in life
    assert "'smsd inbox show 1'" in life


@pytest.mark.parametrize(
    ("seconds", "words"), [(7230, "had had it for 2 h"), (-7230, "it was sent 2 h later than that"), (5, "by modem0.")]
)
def test_a_delay_on_the_way_is_told(house: House, seconds: float, words: str) -> None:
    house.text("Спасибо!", sent_at=house.now - seconds)
    assert words in told(house)


def test_every_state_has_its_words(house: House) -> None:
    house.text("Спасибо!")
    row = house.store.inbox.show(1)
    for state in InboxState:
        life = arrival_life({**row, "state": state.value, "command": "info"}, Clock(UTC, house.now), incomplete=DAY,
                            lenient=False)  # fmt: skip
        assert len(life) >= 2, state


def test_a_request_that_is_forgotten_is_said_to_be(house: House) -> None:
    house.text("CLIENT info")
    row = house.store.inbox.show(1)
    life = arrival_life(row, Clock(UTC, house.now), incomplete=DAY, lenient=False)
    assert life[-1] == "It belongs to request 1, which has been forgotten since."
