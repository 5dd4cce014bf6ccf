"""One line for ``systemctl status``: what is up, what is down and why, what waits, what is or was wrong."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from smsd.daemon.statusline import status_line
from smsd.rules.alarms import Condition, Standing
from smsd.rules.conditions import RouteLook
from smsd.rules.routing import Kind
from smsd.store import Row

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = 1_800_000_000.0  # 2027-01-15 11:00 in Moscow
UP = RouteLook("operator", Kind.BIND, up=True, state="bound")
DOWN = RouteLook("modem0", Kind.SIM, up=False, state="away", detail="no device")
AWAY = Standing(Condition.MODEM_AWAY, "modem0", NOON, raised_at=NOON + 60, told_at=NOON + 60)


def row(state: str, count: int) -> Row:
    return {"class": "alert", "state": state, "count": count, "oldest": NOON}


@pytest.mark.parametrize(
    ("looks", "queue", "ledger", "line"),
    [
        ([UP], [], [], "up: operator; queue: empty"),
        ([UP, DOWN], [row("queued", 7), row("submitting", 1)], [], "up: operator; down: modem0 (away); queue: 8"),
        ([DOWN], [row("in_doubt", 2)], [], "down: modem0 (away); queue: empty; in doubt: 2"),
        ([UP], None, [], "up: operator"),
        ([DOWN], None, [AWAY], "down: modem0 (away); trouble: modem_away modem0 since 2027-01-15 11:00"),
        ([UP], None, [replace(AWAY, raised_at=None)], "up: operator"),
        (
            [UP], None, [replace(AWAY, gone_at=NOON + 600)],
            "up: operator; last trouble: modem_away modem0, over since 2027-01-15 11:10",
        ),
        (
            [UP], None, [replace(AWAY, raised_at=None, gone_at=NOON + 600, flaps=1)],
            "up: operator; last trouble: modem_away modem0, over since 2027-01-15 11:10",
        ),
        ([UP], None, [replace(AWAY, raised_at=None, gone_at=NOON + 5)], "up: operator"),
        (
            [UP], None, [AWAY, Standing(Condition.DISK_LOW, "", NOON - 60, raised_at=NOON)],
            "up: operator; trouble: disk_low since 2027-01-15 10:59 and 1 more",
        ),
    ],
)  # fmt: skip
def test_the_line(looks: list[RouteLook], queue: list[Row] | None, ledger: list[Standing], line: str) -> None:
    assert status_line(looks, queue, ledger, MOSCOW) == line
