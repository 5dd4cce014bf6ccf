"""The limits of a route: those of its kind, and its own where the file says so."""

import pytest

from smsd.config import parse
from smsd.config.limits import limit_table
from smsd.errors import ConfigError
from smsd.rules.limits import Limits

FILE = """
[[modem]]
name = "old"
device = "/dev/old"

[[modem]]
name = "new"
device = "/dev/new"
limits = { parts_per_day = 0, alerts_per_day = 50 }

[[smpp]]
name = "operator"
host = "smsc.example.net"
[smpp.limits]
parts_per_minute = 600

[[smpp]]
name = "spare"
host = "smsc2.example.net"

[limits]
sim_parts_per_day = 900
sim_alerts_per_day = 100
bind_parts_per_minute = 1000
reserve_percent = 10
budget_roubles_per_day = 5
"""


def test_a_route_has_the_limits_of_its_kind_but_for_its_own() -> None:
    table = limit_table(parse(FILE))
    shared = {"reserve_percent": 10, "budget_per_day": 500}
    assert table.of("old", 0.0) == Limits(per_day=900, alerts_per_day=100, **shared)
    assert table.of("new", 0.0) == Limits(per_day=0, alerts_per_day=50, **shared)
    assert table.of("operator", 0.0) == Limits(per_minute=600, **shared)
    assert table.of("spare", 0.0) == Limits(per_minute=1000, **shared)


def test_its_own_limits_are_quiet_at_the_same_hours() -> None:
    table = limit_table(parse(FILE + 'quiet_hours = "21:00-09:00"'))
    assert table.of("new", 0.0).quiet_until == table.of("old", 0.0).quiet_until == 6 * 3600
    assert table.of("new", 0.0).alerts_per_day == 50


@pytest.mark.parametrize(
    ("limits", "complaint"),
    [
        ("{ parts = 5 }", "[[modem]] m limits parts: unknown key"),
        ("{ parts_per_day = -1 }", "[[modem]] m limits parts_per_day: -1 is out of range"),
        ("5", "[[modem]] m limits: must be a table: write { parts_per_day = 500 }"),
    ],
)
def test_what_cannot_be_is_refused(limits: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(f'[[modem]]\nname = "m"\ndevice = "/dev/m"\nlimits = {limits}')
    assert complaint in str(caught.value)
