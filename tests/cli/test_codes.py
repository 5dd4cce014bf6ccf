"""Codes in words come from the tables by which the program goes."""

import pytest

from smsd.cli.codes import ACTS, FUTURES, MEANINGS, RECEIPTS, explain, spell
from smsd.routes.modem.results import CME, CMS, Action
from smsd.routes.smpp.settings import ACTIONS
from smsd.routes.smpp.settings import Action as Meaning
from smsd.sms import Verdict
from smsd.wire.smpp.receipt import state_name
from smsd.wire.smpp.tables import MessageState


def test_every_verdict_and_every_action_has_its_words() -> None:
    assert set(FUTURES) == set(Verdict)
    assert set(ACTS) == set(Action)
    assert set(MEANINGS) == set(Meaning)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("CMS 38", "the network's word, RP cause 38 (24.011); passing trouble that may last"),
        ("CMS 28", "the SIM or its contract is at fault"),
        ("CMS 1", "after 2 in a row to different numbers: look at the service centre's number"),
        ("CMS 193", "the service centre's word, TP-FCS 0xC1 (23.040)"),
        ("CMS 304", "the modem's own word (27.005)"),
        ("CMS 332", "a message may have left all the same"),
        ("CMS 517", "a code of the modem's maker"),
        ("CMS 99999", "a code of the modem's maker"),
        ("CME 10", "the modem's own word (27.007)"),
        ("SMPP 0x58", "the service centre's answer: throttling: message limits exceeded; too fast for the contract"),
        ("SMPP 0x0A", "ask the operator to register it"),
        ("SMPP 0x33", "tried once more, then never"),
        ("SMPP 0x400", "an error of the operator's own"),
        ("ERROR", "the modem gives no reason"),
        ("prompt", "nothing of it was written"),
        ("PDU", "its number or text is at fault"),
    ],
)
def test_a_code_is_explained(code: str, words: str) -> None:
    assert words in explain(code)


@pytest.mark.parametrize("code", [None, "", "XYZZY", "HTTP 599", "CMS", "CMS x"])
def test_of_a_code_that_nobody_has_written_down_nothing_is_said(code: str | None) -> None:
    assert explain(code) == ""


def test_every_code_of_the_tables_is_explained() -> None:
    for kind, table in (("CMS", CMS), ("CME", CME)):
        assert all(explain(f"{kind} {number}") for number in table)
    assert all(explain(f"SMPP 0x{status:02X}") for status in ACTIONS)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ST 0x46", "validity period expired (ST 0x46)"),
        ("ST 0x7F", "failed, for a reason of the service centre's own (ST 0x7F)"),
        ("UNDELIV 001", "it will never arrive (UNDELIV 001)"),
        ("DELIVERED", "received by the recipient (DELIVERED)"),
        ("STATE 12", "STATE 12"),
        ("its deadline passed", "its deadline passed"),
    ],
)
def test_a_report_is_spelled_out(code: str, words: str) -> None:
    assert spell(code) == words


def test_every_state_of_a_receipt_has_its_words() -> None:
    assert {state_name(state)[:5] for state in MessageState} == set(RECEIPTS)
