"""Widths, times, ages, and what a terminal is never sent."""

import io
import json
import os
import sys
import unicodedata
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.cli.output import Clock, _columns, age, cut, one_line, plural, print_json, print_pairs, print_table, progress

MOSCOW = timezone(timedelta(hours=3), "MSK")


class Terminal(io.StringIO):
    """A terminal to print to."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"), (59.9, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (3600, "1 h"), (7265, "2 h 1 min"),
        (86400 * 3 + 60, "3 d"), (86400 * 3 + 7200, "3 d 2 h"), (-5, "0 s"),
    ],
)  # fmt: skip
def test_an_age_is_said_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert age(seconds) == words


def test_times_are_shown_in_the_zone() -> None:
    clock = Clock(MOSCOW, 1000.0)
    assert clock.iso(0.0) == "1970-01-01T03:00:00.000+03:00"
    assert clock.full(940.0) == "1970-01-01 03:15:40 MSK (1 min ago)"
    assert clock.full(1060.0) == "1970-01-01 03:17:40 MSK (in 1 min)"
    assert clock.full(1000.5) == "1970-01-01 03:16:40 MSK (0 s ago)", "it happened while we were looking"
    assert clock.day(0.0) == "1970-01-01 03:00:00"
    assert (clock.iso(None), clock.day(None), clock.full(None)) == (None, "", "")
    assert (clock.until(1060.0), clock.until(1000.0), clock.until(None)) == ("1 min", "", "")


def test_one_is_not_many() -> None:
    assert (plural(1, "part"), plural(2, "part"), plural(0, "part")) == ("1 part", "2 parts", "0 parts")


@given(st.text())
def test_no_text_reaches_a_terminal_that_is_more_than_a_line(text: str) -> None:
    shown = one_line(text)
    assert len(shown.splitlines()) <= 1
    assert {unicodedata.category(character)[0] for character in shown.replace("\u200d", "")} <= set("LMNPSZ")


@given(st.text(alphabet="aЫ你😀e\u0301 "), st.integers(1, 30))
def test_a_cut_text_fits(text: str, width: int) -> None:
    shortened = cut(text, width)
    assert _columns(shortened) <= width
    assert shortened == text or shortened.endswith("…")


def test_a_row_is_a_line_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((40, 24)))
    print_table(("id", "text", "state"), [(1, "х" * 100, "queued"), (2, "你好" * 30, "queued")], flexible="text")
    lines = terminal.getvalue().splitlines()
    assert [_columns(line) for line in lines[1:]] == [40, 40]
    assert all(line.endswith("queued") for line in lines[1:])


def test_nothing_is_cut_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("id", "text"), [(1, "х" * 300)], flexible="text")
    assert "х" * 300 in capsys.readouterr().out


def test_an_empty_table_says_so_or_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("id",), [], empty="nothing here")
    print_table(("id",), [])
    assert capsys.readouterr().out == "nothing here\n"


def test_pairs_without_a_value_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_pairs([("name", "modem0"), ("detail", ""), ("slots", 0), ("since", None), ("up", False)])
    assert capsys.readouterr().out == "name   modem0\nslots  0\nup     False\n"


@pytest.mark.parametrize(("encoding", "kept"), [("utf-8", "Привет 😀"), ("ascii", "\\u041f")])
def test_json_can_be_read_wherever_it_is_printed(monkeypatch: pytest.MonkeyPatch, encoding: str, kept: str) -> None:
    octets = io.BytesIO()
    stream = io.TextIOWrapper(octets, encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    print_json({"text": "Привет 😀"})
    stream.flush()
    assert json.loads(octets.getvalue().decode(encoding)) == {"text": "Привет 😀"}
    assert kept in octets.getvalue().decode(encoding)


def test_a_bar_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, terminal = io.StringIO(), Terminal()
    for stream in (pipe, terminal):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress("sealing", 10) as more:
            more(10)
    assert pipe.getvalue() == ""
    assert "sealing" in terminal.getvalue()


@pytest.mark.parametrize("columns", [80, 60, 40, 20])
def test_a_table_fits_whatever_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((columns, 24)))
    rows = [(12345, "29.11.2026 18:51:34", "+79160000001", "notification", "undeliverable", "Текст, 你好, " * 9)]
    print_table(("id", "created", "to", "class", "state", "text"), rows, flexible="text")
    print_table(("created", "detail"), [("29.11.2026 18:51:34", "без гибкого столбца " * 9)], indent="  ")
    lines = terminal.getvalue().splitlines()
    assert len(lines) == 4
    assert max(map(_columns, lines)) <= columns
    assert all(line.startswith(("12345", "id", "  ")) for line in lines)
