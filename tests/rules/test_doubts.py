"""Doubt settled by the SIM's last used TP-MR: every case that proves something, and those that must not."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.rules.doubts import EVIDENCE, GAP, Present, settle
from smsd.sms import Doubt, NotSent, Sent, Verdict, Witness

STARTED = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)


def witness(smss: int | None, *, imei: str = "1", iccid: str = "2", in_step: bool = True) -> Witness:
    return {"imei": imei, "iccid": iccid, "smss": smss, "in_step": in_step}


def doubt(before: Witness, *later: tuple[Witness, str], between: int = 0) -> Doubt:
    return Doubt(1, 1, "+79160000001", STARTED, before, later, between)


def present(smss: int | None, *, imei: str = "1", iccid: str = "2", in_step: bool = True, idle: bool = True) -> Present:
    return Present(imei, iccid, smss, in_step, idle)


def later(*references: int) -> tuple[tuple[Witness, str], ...]:
    return tuple((witness(None), str(reference % 256)) for reference in references)


SENT = [
    ("one further", doubt(witness(16)), present(17), 0, Sent("17", EVIDENCE)),
    ("one further over the top", doubt(witness(255)), present(0), 0, Sent("0", EVIDENCE)),
    ("one further after days", doubt(witness(16)), present(17), 1e6, Sent("17", EVIDENCE)),
    ("a gap of one", doubt(witness(16), *later(18)), present(18), 0, Sent("17", GAP)),
    ("a gap of one over the top", doubt(witness(254), *later(256)), present(0), 0, Sent("255", GAP)),
    ("one further, seen in step only since", doubt(witness(16, in_step=False)), present(17), 0, Sent("17", EVIDENCE)),
    (
        "a gap of one, seen in step only since",
        doubt(witness(16, in_step=False), (witness(None, in_step=False), "18")),
        present(18),
        0,
        Sent("17", GAP),
    ),
    ("a gap of one, more sent since", doubt(witness(16), *later(18, 19, 20)), present(20), 0, Sent("17", GAP)),
]
UNSENT = [
    ("unchanged for a minute", doubt(witness(16)), present(16), 60),
    ("unchanged, and so are others after it", doubt(witness(16), between=2), present(16), 60),
    ("no gap", doubt(witness(16), *later(17)), present(17), 60),
    ("no gap over the top", doubt(witness(255), *later(256)), present(0), 60),
    ("no gap, whatever lies between", doubt(witness(16), *later(17), between=3), present(17), 60),
    ("no gap, young, but out of the air by then", doubt(witness(16), (witness(16), "17")), present(17), 0),
]
OPEN = [
    ("unchanged, but too young", doubt(witness(16)), present(16), 59.9),
    ("unchanged, but the modem is at work", doubt(witness(16)), present(16, idle=False), 600),
    ("no gap, but it may have been in the air", doubt(witness(16), *later(17)), present(17), 59),
    ("no gap after another count", doubt(witness(16), (witness(17), "17")), present(17), 59),
    ("one further, but the modem is at work", doubt(witness(16)), present(17, idle=False), 600),
    ("one further, but another doubt follows", doubt(witness(16), between=1), present(17), 600),
    ("two further", doubt(witness(16)), present(18), 600),
    ("one back", doubt(witness(16)), present(15), 600),
    ("not read now", doubt(witness(16)), present(None), 600),
    ("not known then", doubt(witness(None)), present(17), 600),
    ("true is not a number", doubt({"imei": "1", "iccid": "2", "smss": True, "in_step": True}), present(2), 600),
    ("out of range then", doubt(witness(256)), present(1), 600),
    ("never seen in step, then or now", doubt(witness(16, in_step=False)), present(17, in_step=False), 600),
    ("out of step now", doubt(witness(16)), present(17, in_step=False), 600),
    ("out of step now, unchanged", doubt(witness(16)), present(16, in_step=False), 600),
    ("another SIM", doubt(witness(16)), present(17, iccid="3"), 600),
    ("another modem", doubt(witness(16)), present(17, imei="3"), 600),
    ("SIM unknown both times", doubt(witness(16, iccid="")), present(17, iccid=""), 600),
    ("an empty witness", doubt({}), present(17), 600),
    ("a gap, but another doubt lies in it", doubt(witness(16), *later(18), between=1), present(18), 600),
    ("a gap of two", doubt(witness(16), *later(19)), present(19), 600),
    ("a step back", doubt(witness(16), *later(16)), present(16), 600),
    ("no gap, but the count moved since", doubt(witness(16), *later(17)), present(18), 600),
    ("a gap, but the count moved since", doubt(witness(16), *later(18)), present(19), 600),
    ("no gap, but the modem is at work", doubt(witness(16), *later(17)), present(17, idle=False), 600),
    ("later under another SIM", doubt(witness(16), (witness(None, iccid="3"), "17")), present(17), 600),
    ("a reference that is no number", doubt(witness(16), (witness(None), "x")), present(17), 600),
    ("a reference of another kind", doubt(witness(16), (witness(None), "4097")), present(1), 600),
]


@pytest.mark.parametrize(("case", "open_doubt", "now", "age", "verdict"), SENT, ids=[row[0] for row in SENT])
def test_what_proves_that_it_left(case: str, open_doubt: Doubt, now: Present, age: float, verdict: Sent) -> None:
    assert settle(open_doubt, now, age) == verdict


@pytest.mark.parametrize(("case", "open_doubt", "now", "age"), UNSENT, ids=[row[0] for row in UNSENT])
def test_what_proves_that_it_did_not_leave(case: str, open_doubt: Doubt, now: Present, age: float) -> None:
    outcome = settle(open_doubt, now, age)
    assert isinstance(outcome, NotSent)
    assert (outcome.verdict, outcome.evidence) == (Verdict.SOON, EVIDENCE)


@pytest.mark.parametrize(("case", "open_doubt", "now", "age"), OPEN, ids=[row[0] for row in OPEN])
def test_what_proves_nothing(case: str, open_doubt: Doubt, now: Present, age: float) -> None:
    assert settle(open_doubt, now, age) is None


def test_the_waiting_time_is_the_callers() -> None:
    """A slower network is given longer before silence counts as proof."""
    assert settle(doubt(witness(16)), present(16), 299, settle_after_seconds=300) is None
    assert isinstance(settle(doubt(witness(16)), present(16), 300, settle_after_seconds=300), NotSent)


@given(st.integers(0, 255), st.booleans(), st.integers(0, 4), st.booleans())
def test_an_honest_modem_is_never_misjudged(before: int, left: bool, after: int, waited: bool) -> None:
    """Whatever a modem that counts in step did, the verdict is the truth or none."""
    count = (before + left) % 256
    references = [(count + number + 1) % 256 for number in range(after)]
    now = present(references[-1] if references else count)
    outcome = settle(doubt(witness(before), *later(*references)), now, 60 if waited else 0)
    assert outcome is None or isinstance(outcome, Sent) is left
    assert outcome is not None or not (waited or left)
