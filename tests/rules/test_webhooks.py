"""What is told: the body of each kind, the signature, and when it is told again."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from smsd.errors import UsageError
from smsd.rules.webhooks import Hearing, body_of, delay, event_id, hearing, secret_of, signature

EVENT: dict[str, Any] = {
    "id": 7, "kind": "delivery", "at": 1_700_000_000.25, "phone": "+79160000001", "subject_id": 3, "word": "delivered",
    "reason": None, "note": "order-17",
}  # fmt: skip


def test_a_delivery_is_told() -> None:
    assert json.loads(body_of(EVENT)) == {
        "type": "notification.delivered",
        "timestamp": "2023-11-14T22:13:20.250+00:00",
        "data": {"number": 7, "phone": "+79160000001", "id": 3, "state": "delivered", "error": None, "key": "order-17"},
    }
    assert event_id(EVENT) == "evt_7_1700000000250"


def test_a_wish_and_a_request_are_told() -> None:
    wish = json.loads(body_of(EVENT | {"kind": "opt-out", "word": "stopped", "reason": "SMS, inbox 2"}))
    assert (wish["type"], wish["data"]["subscribed"]) == ("subscription.stopped", False)
    asked = json.loads(body_of(EVENT | {"kind": "request", "word": "done", "note": "info"}))
    assert (asked["type"], asked["data"]["command"], asked["data"]["state"]) == ("request.done", "info", "done")


def test_the_signature_is_that_of_standard_webhooks() -> None:
    key = secret_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "the specification's own example"
    own = hmac.new(key, b"a.1." + body, hashlib.sha256).digest()
    assert signature(key, "a", 1, body) == "v1," + base64.b64encode(own).decode()


@pytest.mark.parametrize("written", ["short", "whsec_!!", "whsec_" + base64.b64encode(b"x" * 23).decode()])
def test_a_secret_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(UsageError) as wrong:
        secret_of(written)
    assert written.removeprefix("whsec_") not in str(wrong.value)


def test_a_plain_secret_is_taken_as_it_is() -> None:
    assert secret_of("x" * 24) == b"x" * 24


@pytest.mark.parametrize(
    ("status", "meaning"),
    [(200, "heard"), (204, "heard"), (301, "refused"), (400, "refused"), (404, "refused"), (410, "refused"),
     (408, "deaf"), (429, "deaf"), (500, "deaf"), (503, "deaf")],
)  # fmt: skip
def test_an_answer_means(status: int, meaning: str) -> None:
    assert hearing(status) is Hearing(meaning)


def test_tries_grow_rarer_and_are_spread() -> None:
    assert [delay(tries, 1.0) for tries in (0, 1, 5, 100)] == [1, 2, 32, 3600]
    assert delay(5, 0.0) == 16
