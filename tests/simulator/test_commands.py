"""A command line falls into its commands, each with its form and parameters (V.250 §5.2 to §5.4)."""

import pytest

from smsd.simulator.commands import Form, calls
from smsd.simulator.terminal import Refusal
from tests.simulator.conftest import Program


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("E0V1", [("E", Form.SET, ("0",)), ("V", Form.SET, ("1",))]),
        ("S0=0&C1", [("S", Form.SET, ("0",)), ("&C", Form.SET, ("1",))]),
        ("+cmee=1;+CMEE?", [("+CMEE", Form.SET, ("1",)), ("+CMEE", Form.READ, ())]),
        ("E0+CSQ", [("E", Form.SET, ("0",)), ("+CSQ", Form.RUN, ())]),
        ("+CNMI=?", [("+CNMI", Form.TEST, ())]),
        ('+CMGS="+7;916,1",145', [("+CMGS", Form.SET, ("+7;916,1", "145"))]),
        ("+CNMI=2,,0", [("+CNMI", Form.SET, ("2", "", "0"))]),
        ("^CURC=0; ;+CIMI", [("^CURC", Form.SET, ("0",)), ("+CIMI", Form.RUN, ())]),
    ],
)
def test_a_line_falls_into_its_commands(line: str, expected: list[tuple[str, Form, tuple[str, ...]]]) -> None:
    assert [(call.name, call.form, call.values) for call in calls(line)] == expected


@pytest.mark.parametrize("line", ["(", "E0)", "1"])
def test_what_is_no_command_is_refused(line: str) -> None:
    with pytest.raises(Refusal):
        calls(line)


def test_a_parameter_is_a_number_or_its_default() -> None:
    (call,) = calls("+CNMI=2,,x")
    assert (call.number(0), call.number(1, 7), call.number(9, 8)) == (2, 7, 8)
    for place in (1, 2, 9):
        with pytest.raises(Refusal):
            call.number(place)


async def test_a_refused_command_ends_its_line(program: Program) -> None:
    """What stood before it is done and said, what stands behind it is not."""
    assert await program.ask("+CMEE=1;+CSQ;+CMEE=7;+CMEE=2") == ["+CSQ: 21,99", "+CME ERROR: 50"]
    assert await program.ask("+CMEE?") == ["+CMEE: 1", "OK"]
