"""What came in, for scripts and people, ignored texts included."""

import json
from collections.abc import Callable
from datetime import datetime

from click.testing import Result

from tests.store.house import OTHER, PHONE, House

Smsd = Callable[..., Result]

FIELDS = {"id", "received_at", "sender", "text", "route", "state", "request_id"}


def test_what_came_in_is_listed_ignored_texts_included(smsd: Smsd, house: House) -> None:
    house.text("CLIENT info")
    house.text("Спасибо!", sender=OTHER)
    result = smsd("inbox", "list", "--json")
    assert result.exit_code == 0
    ignored, command = json.loads(result.stdout)
    assert set(command) >= FIELDS
    assert (command["sender"], command["text"], command["state"]) == (PHONE, "CLIENT info", "command")
    assert (command["route"], command["request_id"]) == ("modem0", 1)
    assert (ignored["text"], ignored["state"], ignored["request_id"]) == ("Спасибо!", "ignored", None)
    assert datetime.fromisoformat(command["received_at"]).tzinfo is not None
    assert "Спасибо!" in smsd("inbox", "list").stdout


def test_it_is_filtered(smsd: Smsd, house: House) -> None:
    house.text("CLIENT info")
    house.text("Спасибо!", sender=OTHER)
    for words, ids in ((("--state", "ignored"), [2]), (("--phone", "89160000001"), [1]), (("--limit", "1"), [2])):
        assert [row["id"] for row in json.loads(smsd("inbox", "list", "--json", *words).stdout)] == ids


def test_octets_that_are_no_longer_kept_are_said_to_be_so(smsd: Smsd, house: House) -> None:
    house.text("hello", octets=b"\x07\x91")
    house.store.retention.octets(house.now + 1, 0, 10)
    assert "no longer kept ([retention] pdu_days)" in smsd("inbox", "show", "1").stdout
    assert json.loads(smsd("inbox", "show", "1", "--json").stdout)["pdus"][0]["octets"] is None


def test_one_message_is_shown_with_its_octets(smsd: Smsd, house: House) -> None:
    house.text("hello", octets=b"\x07\x91")
    shown = json.loads(smsd("inbox", "show", "1", "--json").stdout)
    assert set(shown) >= FIELDS
    assert [pdu["octets"] for pdu in shown["pdus"]] == ["0791"]
    assert "0791" in smsd("inbox", "show", "1").stdout
    assert smsd("inbox", "show", "2").exit_code == 1


def test_what_could_not_be_read_says_why(smsd: Smsd, house: House) -> None:
    house.receive(None, fault="TP-UDL at octet 12: too long")
    assert "TP-UDL at octet 12" in smsd("inbox", "list").stdout
    assert json.loads(smsd("inbox", "list", "--json").stdout)[0]["state"] == "quarantined"


def test_nothing_is_said_in_words(smsd: Smsd) -> None:
    assert smsd("inbox", "list").stdout == "nothing has come in\n"
    assert json.loads(smsd("inbox", "list", "--json").stdout) == []


def test_a_text_cannot_move_the_cursor(smsd: Smsd, house: House) -> None:
    house.text("\x1b[2Jgone\u202e")
    for words in (["list"], ["show", "1"]):
        output = smsd("inbox", *words).stdout
        assert "\x1b" not in output
        assert "\u202e" not in output


def test_its_life_is_told_in_sentences_or_as_json(smsd: Smsd, house: House) -> None:
    house.text("СLIENT info")
    assert "It resembles 'CLIENT info'." in smsd("inbox", "why", "1").stdout
    told = json.loads(smsd("inbox", "why", "1", "--json").stdout)
    assert (told["id"], told["state"]) == (1, "lookalike")
    assert smsd("inbox", "why", "99").exit_code == 1


def test_a_near_miss_is_shown_with_what_it_resembles(smsd: Smsd, house: House) -> None:
    house.text("клиент инфо")
    assert "resembles  CLIENT info" in smsd("inbox", "show", "1").stdout
    assert json.loads(smsd("inbox", "show", "1", "--json").stdout)["resembles"] == "CLIENT info"
