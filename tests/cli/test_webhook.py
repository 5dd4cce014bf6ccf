"""What was not heard: listed with masked numbers, and told again on demand."""

import json
from collections.abc import Callable

from click.testing import Result

from tests.store.house import PHONE, House

Smsd = Callable[..., Result]


def test_what_was_not_heard_is_listed_and_told_again(smsd: Smsd, house: House) -> None:
    empty = smsd("webhook", "list")
    assert empty.stdout == "everything was heard\n"
    assert empty.stderr.startswith("nobody is told anything")
    house.store.events.listeners({"ccs": ["opt-out"]})
    house.text("CLIENT sms stop")
    [event] = house.store.events.due("ccs", 10)
    house.store.events.settle([], {event["id"]: (60.0, "ccs.example.net: HTTP 500")})
    shown = smsd("webhook", "list").stdout
    assert shown.startswith("ccs: 1 event waiting, the oldest of ")
    assert "opt-out stopped" in shown
    assert "HTTP 500" in shown
    assert PHONE not in shown
    assert json.loads(smsd("webhook", "list", "--json").stdout)[0]["phone"] == PHONE
    house.now += 100
    house.store.events.care("ccs", give_up=50, keep=1000, most=100)
    assert json.loads(smsd("webhook", "list", "--given-up", "--json").stdout)[0]["state"] == "given_up"
    assert "webhooks     ccs 1 given_up\n" in smsd("status").stdout
    [warned] = [each for each in json.loads(smsd("status", "--json").stdout)["warnings"] if "webhook" in each]
    assert warned == "1 event never heard by a webhook: 'smsd webhook list --given-up' shows which"
    assert smsd("webhook", "retry", "--all").stdout == "1 event to be told again\n"
    assert json.loads(smsd("webhook", "list", "--json").stdout)[0]["state"] == "waiting"
    assert smsd("webhook", "retry", str(event["id"])).exit_code == 0
    assert smsd("webhook", "retry", "99").exit_code == 1
    for words in ((), ("1", "--all")):
        assert smsd("webhook", "retry", *words).exit_code == 2
