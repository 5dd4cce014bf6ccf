"""How alerts are shown: what a preview says in words, what a program reads."""

from collections import Counter
from dataclasses import replace
from datetime import UTC

import pytest

from smsd.cli.alertview import REASONS, alert_fields, hold_words, preview_fields, print_alert, print_preview
from smsd.cli.output import Clock
from smsd.desk.alerts import Hold, Preview
from smsd.rules.alerts import Drop, Summary
from smsd.rules.limits import Limits, Spent, hold
from smsd.rules.outbox import MessageClass
from smsd.rules.routing import Kind
from smsd.speech import speak

CLOCK = Clock(UTC, 1000.0)


def looked(summary: Summary, *, price: int | None = 250) -> Preview:
    return Preview(summary, "operator", "SCSERV", Kind.BIND, price, 1000.0, 1060.0, 5000.0, ("think",))


def test_every_reason_has_its_words() -> None:
    assert set(REASONS) == set(Drop)


def test_a_preview_names_the_character_that_costs_money(capsys: pytest.CaptureFixture[str]) -> None:
    summary = Summary(recipients=1200, parts=2400, ucs2=1200, character="—", sample="Hello — world")
    summary.by_parts[2] = 1200
    summary.dropped[Drop.OPTED_OUT] = 3
    print_preview(looked(summary), CLOCK)
    printed = capsys.readouterr().out
    assert "recipients  1,200\n" in printed
    assert "dropped     3: 3 opted out\n" in printed
    assert "alphabet    UCS2, forced by '—' (U+2014, EM DASH)\n" in printed
    assert "parts       2,400 in all, 2 each\n" in printed
    assert "route       operator, as SCSERV\n" in printed
    assert "price       2.50 roubles\n" in printed
    assert "warning: think\n" in printed


def test_parts_that_differ_are_listed_and_a_price_that_is_not_known_is_not_guessed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    summary = Summary(recipients=3, parts=4, ucs2=1, character="Ж", sample="Ж")
    summary.by_parts.update({1: 2, 2: 1})
    print_preview(looked(summary, price=None), CLOCK)
    printed = capsys.readouterr().out
    assert "parts       4 in all, 2 × 1, 1 × 2\n" in printed
    assert "UCS2 for 1 of them" in printed
    assert "not known" in printed
    fields = preview_fields(looked(summary, price=None), CLOCK)
    assert (fields["price_kopecks"], fields["recipients_by_parts"]) == (None, {"1": 2, "2": 1})


def test_the_price_of_nobody_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    print_preview(looked(Summary(dropped=Counter({Drop.OPTED_OUT: 1})), price=0), CLOCK)
    assert "price       0.00 roubles\n" in capsys.readouterr().out


def test_a_hold_is_told_with_its_end() -> None:
    assert hold_words(None, CLOCK) == ""
    assert hold_words(Hold("at a limit"), CLOCK) == "at a limit"
    assert hold_words(Hold("quiet hours", 1090.0), CLOCK).endswith("until 1970-01-01 00:18:10 UTC (in 1 min 30 s)")


def test_the_holds_of_several_ways_are_all_said_in_russian() -> None:
    speak({"LANG": "ru_RU.UTF-8"})
    try:
        limits, spent = Limits(per_minute=60, reserve_percent=20, budget_per_day=2000), Spent(minute=48, money=3500)
        words = [hold(each, spent, MessageClass.ALERT, 250) for each in (limits, replace(limits, per_minute=0))]
        said = hold_words(Hold("; ".join(f"modem{n}: {why}" for n, why in enumerate(words))), CLOCK)
    finally:
        speak({})
    assert said == (
        "modem0: частей за эту минуту: 48 из 60, последние 12 оставлены для ответов; "
        "modem1: рублей за 24 часа: 35.00 из 20.00"
    )


def test_one_alert_is_told_with_rate_time_left_and_causes(capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "id": 3, "created_at": 1000.0, "state": "running", "text": "Работы", "starts_at": 1000.0, "expires_at": None,
        "may_fall_back": 0, "overrides": "outage", "overrode": 4,
        "recipients": 1000, "parts": 1000, "dropped": 0, "done_at": None, "idempotency_key": None,
        "counts": {"queued": 500, "submitted": 498, "rejected": 2}, "drops": {},
        "causes": [{"state": "rejected", "error": "CMS 1", "count": 2}],
        "span": {"first": 1000.0, "last": 1100.0, "sent": 500, "lately": 500, "seconds": 300.0},
    }  # fmt: skip
    print_alert(row, CLOCK, "", daemon=True)
    printed = capsys.readouterr().out
    assert "rate        100.0 messages a minute of late\n" in printed
    assert "time left   about 5 min at this rate\n" in printed
    assert "2           rejected  CMS 1" in printed
    assert "overrides   outage: 4 had opted out\n" in printed
    assert alert_fields(row, CLOCK, None)["sent_per_minute"] == 100.0
