"""The doctor says when nobody would hear of trouble."""

from pathlib import Path

import pytest

from smsd.config import parse
from smsd.doctor.alarms import alarms
from smsd.doctor.finding import Check, Severity

MODEM = '[[modem]]\ndevice = "/dev/smsd/modem"\n'


@pytest.mark.parametrize(
    ("lines", "severity", "what"),
    [
        ("", Severity.WARNING, "nobody is told"),
        ('phones = ["+79990000001"]', Severity.OK, "told by 1 phones"),
        ('command = ["/bin/true"]', Severity.OK, "and a command"),
        ('command = ["/absent/program"]', Severity.ERROR, "is not there"),
    ],
)
def test_who_is_told_is_looked_at(lines: str, severity: Severity, what: str) -> None:
    [finding] = alarms(parse(f"[alarms]\n{lines}\n{MODEM}"))
    assert (finding.check, finding.severity) == (Check.ALARMS, severity)
    assert what in finding.what


def test_a_command_that_may_not_be_run_is_told(tmp_path: Path) -> None:
    (tmp_path / "tell").touch(0o600)
    [finding] = alarms(parse(f'[alarms]\ncommand = ["{tmp_path}/tell"]\n{MODEM}'))
    assert "may not be run" in finding.what
