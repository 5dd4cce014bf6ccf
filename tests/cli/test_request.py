"""Clients' requests for scripts and people: listed, told, carried out again, given up."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest
from click.testing import Result

from smsd.rules.outbox import MessageClass
from smsd.rules.replies import FAILED
from smsd.rules.requests import RequestState
from tests.store.house import OTHER, PHONE, House, new

Smsd = Callable[..., Result]

FIELDS = {"id", "received_at", "phone", "command", "state", "done_at", "error"}


def finish(house: House, state: RequestState = RequestState.DONE, error: str | None = None) -> None:
    """Carry out the request that is due."""
    request = house.store.requests.take()
    assert request is not None
    house.store.requests.finish(request.id, state, new(MessageClass.RESULT), error)


def test_requests_have_the_promised_fields(smsd: Smsd, house: House) -> None:
    house.text("CLIENT info")
    finish(house)
    house.text("client sms stop", sender=OTHER)
    open_one, done = json.loads(smsd("request", "list", "--json").stdout)
    assert set(done) >= FIELDS
    assert (done["phone"], done["command"], done["state"], done["error"]) == (PHONE, "info", "done", None)
    assert datetime.fromisoformat(done["done_at"]).tzinfo is not None
    assert (open_one["command"], open_one["state"], open_one["done_at"]) == ("sms stop", "accepted", None)
    assert "sms stop" in smsd("request", "list").stdout
    for words, ids in ((("--state", "done"), [1]), (("--phone", OTHER), [2]), (("--limit", "1"), [2])):
        assert [row["id"] for row in json.loads(smsd("request", "list", "--json", *words).stdout)] == ids


def test_a_request_is_shown_with_its_messages(smsd: Smsd, house: House) -> None:
    house.text("CLIENT info")
    finish(house)
    shown = json.loads(smsd("request", "show", "1", "--json").stdout)
    assert set(shown) >= FIELDS
    assert [(each["class"], each["state"]) for each in shown["messages"]] == [("ack", "queued"), ("result", "queued")]
    assert "result" in smsd("request", "show", "1").stdout
    assert smsd("request", "show", "2").exit_code == 1


def test_a_request_is_carried_out_again(smsd: Smsd, house: House) -> None:
    house.text("CLIENT info")
    assert smsd("request", "retry", "1").exit_code == 2, "it is open"
    finish(house, RequestState.FAILED, "the phone is not a client's")
    assert "smsd request retry 1" in smsd("request", "why", "1").stdout
    assert "wait, or cancel it" in smsd("request", "retry", "1").stderr
    for message_id in ("1", "2"):
        smsd("outbox", "cancel", message_id)
    assert smsd("request", "retry", "1").exit_code == 0
    assert house.store.requests.show(1)["state"] == "accepted"


def test_a_request_is_given_up_with_an_apology(smsd: Smsd, house: House) -> None:
    house.text("CLIENT info")
    assert smsd("request", "fail", "1").stdout == "request 1: given up; message 2 tells the client\n"
    assert house.store.requests.show(1)["state"] == "failed"
    apology = house.store.outbox.show(2)
    assert (apology["class"], apology["text"], apology["recipient"]) == ("result", FAILED, PHONE)
    assert apology["expires_at"] == pytest.approx(house.now + 24 * 3600, abs=60)
    assert smsd("request", "fail", "1").exit_code == 2


def test_why_is_told(smsd: Smsd, house: House) -> None:
    house.text("CLIENT info")
    request = house.store.requests.take()
    assert request is not None
    house.store.requests.postpone(request.id, 300.0, "the directory does not answer")
    told = smsd("request", "why", "1").stdout
    assert "asked for 'info'" in told
    assert "The directory does not answer." in told
    assert "asked again in" in told
    assert "No daemon runs" in told
    life = json.loads(smsd("request", "why", "1", "--json").stdout)
    assert life["life"] == told.splitlines()


def test_without_requests_a_hint_is_given(smsd: Smsd) -> None:
    assert "CLIENT info" in smsd("request", "list").stdout
    assert json.loads(smsd("request", "list", "--json").stdout) == []
