"""The requests that profiles make, and the answers as operators' public texts and programs show them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.routes.http.profile import Action, State, shipped
from smsd.routes.http.translate import (
    Answer,
    fill,
    judge,
    key_of,
    look,
    minutes,
    recipient_of,
    report_in,
    report_of,
    state_of,
)
from smsd.rules.routing import Block
from smsd.sms import InDoubt, NotSent, ReportClass, Sent, Verdict
from tests.routes.http.house import CLIENT, profile

TEXT = 'Код {text} и "кавычки" & 100%'
"""Places of a profile in a text of ours are a text like any other."""


def request(name: str, call: str = "submit") -> Any:
    chosen = shipped(name)
    values: dict[str, str | int] = {
        "login": "scserv", "password": "p{key}", "sender": "SCSERV", "text": TEXT, "key": "k1", "reference": "r1",
        "minutes": 5, "recipient": recipient_of(chosen, CLIENT),
    }  # fmt: skip
    return fill(getattr(chosen, call), values)


def test_the_submits_of_the_shipped_profiles() -> None:
    assert request("mts-exolve").json == {"number": "SCSERV", "destination": CLIENT[1:], "text": TEXT}
    assert request("t2-target").json == {"msisdn": CLIENT[1:], "shortcode": "SCSERV", "text": TEXT}
    assert request("megafon-a2p").json == {"from": "SCSERV", "to": 79161234567, "message": TEXT}
    assert request("sms-aero").json == {"number": CLIENT[1:], "sign": "SCSERV", "text": TEXT}
    beeline = request("beeline-a2p").form
    assert (beeline["user"], beeline["pass"], beeline["target"]) == ("scserv", "p{key}", CLIENT)
    assert (beeline["action"], beeline["message"]) == ("post_sms", TEXT)
    smsc = request("smsc-ru").form
    assert (smsc["phones"], smsc["sender"], smsc["mes"], smsc["id"]) == (CLIENT[1:], "SCSERV", TEXT, "k1")


def test_the_questions_of_the_shipped_profiles() -> None:
    assert request("beeline-a2p", "status").form["sms_id"] == "r1"
    assert request("smsc-ru", "status").form["id"] == "k1"
    assert request("sms-aero", "status").json == {"id": "r1"}


BEELINE_OK = (
    '<?xml version="1.0" encoding="UTF-8"?><output><result sms_group_id="77"><sms id="99991" smstype="SENDSMS" '
    'phone="+79161234567" sms_res_count="1"><![CDATA[Привет]]></sms></result></output>'
)
BEELINE_ERROR = "<output><errors><error>Неправильный номер телефона</error></errors></output>"

ANSWERS: list[tuple[str, int, str, Any]] = [
    ("mts-exolve", 200, '{"message_id": "439166538239448558"}', Sent("439166538239448558")),
    ("mts-exolve", 401, "{}", (Verdict.ROUTE, Block.ROUTE)),
    ("t2-target", 200, '{"status": "ok", "result": {"uid": "u-1"}}', Sent("u-1")),
    ("t2-target", 200, '{"status": "error", "reason": "wrong_ip"}', (Verdict.ROUTE, Block.ROUTE)),
    ("t2-target", 200, '{"status": "error", "reason": "invalid_field_shortcode"}', (Verdict.NEVER, Block.SENDER)),
    ("t2-target", 200, '{"status": "error", "reason": "invalid_field_msisdn"}', (Verdict.NEVER, Block.RECIPIENT)),
    ("t2-target", 200, '{"status": "error", "reason": "system_error"}', (Verdict.SOON, None)),
    ("megafon-a2p", 200, '{"result": {"msg_id": "m", "status": {"code": 0, "description": "ok"}}}', Sent("m")),
    ("megafon-a2p", 200, '{"result": {"msg_id": "m", "status": {"code": 1}}}', (Verdict.ONCE_MORE, None)),
    ("beeline-a2p", 200, BEELINE_OK, Sent("99991")),
    ("beeline-a2p", 200, BEELINE_ERROR, (Verdict.ONCE_MORE, None)),
    ("smsc-ru", 200, '{"id": 1234, "cnt": 1}', Sent("k1")),
    ("smsc-ru", 200, '{"error": "no money", "error_code": 3}', (Verdict.ROUTE, Block.ROUTE)),
    ("smsc-ru", 200, '{"error": "denied", "error_code": 6, "id": 12}', (Verdict.NEVER, Block.SENDER)),
    ("smsc-ru", 200, '{"error": "duplicate", "error_code": 9}', (Verdict.ROUTE, None)),
    ("sms-aero", 200, '{"success": true, "data": {"id": 1, "status": 0}, "message": null}', Sent("1")),
    ("sms-aero", 400, '{"success": false, "data": null, "message": "Validation error."}', (Verdict.ONCE_MORE, None)),
    ("sms-aero", 402, '{"success": false, "message": "No money."}', (Verdict.ROUTE, Block.ROUTE)),
]


@pytest.mark.parametrize(("name", "status", "body", "end"), ANSWERS)
def test_the_answers_of_operators_as_they_are_public(name: str, status: int, body: str, end: Any) -> None:
    found = judge(shipped(name), Answer(status, body.encode()), "k1").outcome
    if isinstance(end, Sent):
        assert found == end
    else:
        assert isinstance(found, NotSent)
        assert (found.verdict, found.refused) == end


STATUSES = [
    (301, Verdict.ROUTE, Action.ROUTE),
    (404, Verdict.ROUTE, Action.ROUTE),
    (413, Verdict.NEVER, Action.TEXT),
    (429, Verdict.ROUTE, Action.THROTTLE),
    (418, Verdict.ONCE_MORE, None),
]


@pytest.mark.parametrize(("status", "verdict", "action"), STATUSES)
def test_a_status_of_http_without_a_code(status: int, verdict: Verdict, action: Action | None) -> None:
    found = judge(profile(), Answer(status, b"<html>"), "k")
    assert isinstance(found.outcome, NotSent)
    assert (found.outcome.verdict, found.action, found.outcome.code) == (verdict, action, f"HTTP {status}")


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_status_that_leaves_it_open_is_a_doubt(status: int) -> None:
    assert isinstance(judge(profile(), Answer(status, b""), "k").outcome, InDoubt)


def test_a_code_that_is_known_counts_whatever_the_status() -> None:
    found = judge(profile(), Answer(500, b'{"error": {"code": 19}}'), "k").outcome
    assert isinstance(found, NotSent)
    assert found.refused is Block.TEXT


def test_a_replaced_sim_may_be_told_by_a_refusal() -> None:
    from tests.routes.http.house import PROFILE

    told = profile(PROFILE.replace("[codes]", '[codes]\n219 = "sim swapped"'))
    found = judge(told, Answer(200, b'{"error": {"code": 219}}'), "k").outcome
    assert isinstance(found, NotSent)
    assert (found.verdict, found.refused) == (Verdict.NEVER, Block.SIM_SWAPPED)


def test_a_profile_may_say_otherwise_of_a_status() -> None:
    from tests.routes.http.house import PROFILE

    busy = profile(PROFILE + '\n[http]\n503 = "later"\n')
    found = judge(busy, Answer(503, b""), "k").outcome
    assert isinstance(found, NotSent)
    assert found.verdict is Verdict.LATER


@given(st.binary(max_size=200), st.integers(100, 599))
def test_no_answer_whatever_it_is_breaks_anything(body: bytes, status: int) -> None:
    for name in ("beeline-a2p", "smsc-ru"):
        chosen = shipped(name)
        judge(chosen, Answer(status, body), "k")
        state_of(chosen, Answer(status, body))
        report_in(chosen, Answer(status, body), "r", CLIENT)


def test_brackets_without_an_end_are_no_answer() -> None:
    assert isinstance(judge(profile(), Answer(200, b"[" * 100_000), "k").outcome, InDoubt)


def test_paths() -> None:
    document = json.loads('{"a": [{"b": 0}, {"b": true}], "c": null, "d": "", "e": {"f": 1.5}}')
    found = {path: look(document, path) for path in ("a.0.b", "a.1.b", "a.2.b", "c", "d", "e", "e.f", "e.f.g", "")}
    assert found == {
        "a.0.b": "0", "a.1.b": "true", "a.2.b": None, "c": None, "d": None, "e": None, "e.f": "1.5", "e.f.g": None,
        "": None,
    }  # fmt: skip


def test_half_a_surrogate_pair_is_a_value_that_can_be_kept() -> None:
    document = json.loads(r'{"id": "m\ud800", "error": "\udfff", "text": "\ud83d\ude00"}')
    assert [look(document, path) for path in ("id", "error", "text")] == ["m?", "?", "😀"]


def test_recipients_keys_and_minutes() -> None:
    assert recipient_of(shipped("beeline-a2p"), CLIENT) == "+79161234567"
    assert key_of(shipped("smsc-ru"), "ab12", 17) == "ab1217"
    assert [minutes(None), minutes(timedelta(0)), minutes(timedelta(hours=2))] == [1440, 1, 120]


SMSC = shipped("smsc-ru")


def test_the_states_of_smsc_ru() -> None:
    states = [state_of(SMSC, Answer(200, b'{"status": %d}' % code))[0] for code in (-3, -1, 1, 20, 77)]
    assert states == [State.ABSENT, State.TRYING, State.DELIVERED, State.FAILED, None]
    assert state_of(SMSC, Answer(500, b'{"status": 1}'))[0] is None


def test_a_report_tells_what_is_blocked_only_when_it_failed() -> None:
    failed = report_in(SMSC, Answer(200, b'{"status": 20, "err": 254}'), "k1", CLIENT)
    assert failed is not None
    assert (failed.report_class, failed.code, failed.refused) == (ReportClass.FAILED, "20 254", Block.SENDER)
    delivered = report_in(SMSC, Answer(200, b'{"status": 1, "err": 254}'), "k1", CLIENT)
    assert delivered is not None
    assert (delivered.report_class, delivered.refused) == (ReportClass.DELIVERED, None)


def test_a_receipt_says_its_own_reference_and_an_unknown_state_is_not_the_last() -> None:
    told = SMSC.receipt
    assert told is not None
    report = report_of(SMSC, {"id": "k9", "status": "99"}, told)
    assert report is not None
    assert (report.reference, report.report_class) == ("k9", ReportClass.TRYING)
    assert report_of(SMSC, {"status": "1"}, told) is None
    assert report_of(SMSC, ["1"], told) is None


@pytest.mark.parametrize(
    ("status", "error", "refused"),
    [("0", "219", Block.SIM_SWAPPED), ("1", "219", Block.SIM_SWAPPED), ("0", "254", None), ("20", "254", Block.SENDER)],
)
def test_a_replaced_sim_is_heard_of_in_any_state(status: str, error: str, refused: Block | None) -> None:
    body = f'{{"status": "{status}", "err": "{error}"}}'.encode()
    report = report_in(SMSC, Answer(200, body), "6", CLIENT)
    assert report is not None
    assert report.refused == refused


def test_the_states_of_beeline() -> None:
    body = "<output><MESSAGES><MESSAGE SMS_ID='6'><SMSSTC_CODE> {} </SMSSTC_CODE></MESSAGE></MESSAGES></output>"
    found = [
        report_in(shipped("beeline-a2p"), Answer(200, body.format(code).encode()), "6", CLIENT)
        for code in ("wait", "delivered", "not_delivered")
    ]
    assert [each and each.report_class.value for each in found] == ["trying", "delivered", "failed"]
