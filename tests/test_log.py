"""No text and no whole number reaches the log, whatever is logged and however; a line is what its reader expects."""

import io
import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from smsd import log
from smsd.log import HIDDEN, PLAIN, conceal, mask_phones


class Terminal(io.StringIO):
    """A stream a person reads."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def fail() -> None:
    """Fail with a number in the message and a password among the local variables."""
    password = "d4c3b2a1"[::-1]
    raise ValueError(f"no route to 89086228779{password[:0]}")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Give the root logger and structlog back as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


# --- phones -----------------------------------------------------------------------------------------------------------

phones = st.one_of(
    st.integers(9_000_000_000, 9_999_999_999).map(lambda n: f"+7{n}"),
    st.integers(9_000_000_000, 9_999_999_999).map(lambda n: f"8{n}"),
    st.integers(10**9, 10**15 - 1).map(str),
    st.integers(10**6, 10**15 - 1).map(lambda n: f"+{n}"),
    st.integers(9_000_000_000, 9_999_999_999).map(
        lambda n: "8 ({}) {}-{}-{}".format(*re.findall(r"(...)(...)(..)(..)", str(n))[0])
    ),
    st.integers(9_000_000_000, 9_999_999_999).map(
        lambda n: "+7 {} {} {} {}".format(*re.findall(r"(...)(...)(..)(..)", str(n))[0])
    ),
)
around = st.text(st.characters(exclude_categories=["Nd", "Cs"], exclude_characters="+-()\u00a0•"), max_size=12)


@given(around, phones, around)
def test_a_phone_is_masked_wherever_it_stands(before: str, phone: str, after: str) -> None:
    digits = re.sub(r"\D", "", phone)
    masked = mask_phones(f"{before}{phone}{after}")
    assert digits not in re.sub(r"\D", "", masked)
    assert phone not in masked
    assert masked.endswith(f"•••{digits[-2:]}{after}")


@given(st.text(st.sampled_from("+78903 ()-•x"), max_size=60))
def test_masking_again_changes_nothing(text: str) -> None:
    assert mask_phones(mask_phones(text)) == mask_phones(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T10:34:00.123456+03:00",
        "2026-11-22 10:34:00",
        "message 123456789",
        "ICCID 89701012345678901234",
        "8970101234567890123",
        "21:00-09:00",
        "port 2775, CMS 38, ST 0x46",
        "+CMGS: 17",
        "",
    ],
)
def test_times_ids_and_cards_stay(text: str) -> None:
    assert mask_phones(text) == text


# --- values -----------------------------------------------------------------------------------------------------------

secrets = st.sampled_from(["СЕКРЕТ", "+79086228779", "89086228779", 79086228779, b"89086228779"])
nested = st.recursive(
    secrets,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3),
        st.dictionaries(st.sampled_from(["phone", "to", "n"]), inner, min_size=1, max_size=3),
        st.tuples(inner),
    ),
    max_leaves=6,
)


@given(nested, st.sampled_from(sorted(HIDDEN)))
def test_a_hidden_key_shows_nothing_at_any_depth(value: object, name: str) -> None:
    event = conceal(None, "info", {"event": "x", name: value, "deep": [{name.upper(): value}]})
    assert event == {"event": "x", name: "***", "deep": [{name.upper(): "***"}]}


@given(nested)
def test_a_number_is_masked_at_any_depth(value: object) -> None:
    shown = json.dumps(conceal(None, "info", {"event": str(value), "value": value}), ensure_ascii=False)
    assert "9086228779" not in shown


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_under_a_key_of_its_own_an_identifier_stays(name: str) -> None:
    event: dict[str, object] = {name: "867459040000007"}
    assert conceal(None, "info", dict(event)) == event
    assert conceal(None, "info", {name: 12345678901}) == {name: 12345678901}


def test_what_is_no_text_stays_what_it_is() -> None:
    event: dict[str, object] = {"n": 3, "up": True, "ratio": 0.1234567890123, "none": None, "password": None}
    assert conceal(None, "info", dict(event)) == event


def test_what_json_does_not_know_becomes_text() -> None:
    event = conceal(
        None, "info", {"path": Path("/dev/x"), "at": datetime(2026, 11, 22, tzinfo=UTC), "pdu_of": b"\x00\x01"}
    )
    assert event == {"path": "/dev/x", "at": "2026-11-22T00:00:00+00:00", "pdu_of": "<2 octets>"}


def test_a_number_as_a_key_is_masked_too() -> None:
    assert conceal(None, "info", {"seen": {"+79086228779": 1}}) == {"seen": {"+7908•••79": 1}}


def test_a_value_that_holds_itself_ends() -> None:
    loop: list[object] = []
    loop.append(loop)
    assert "…" in str(conceal(None, "info", {"loop": loop}))


# --- lines ------------------------------------------------------------------------------------------------------------


def test_a_line_of_json_begins_with_time_level_and_event() -> None:
    stream = io.StringIO()
    log.setup(stream=stream)
    structlog.get_logger("smsd.gateway").info("submitted", phone="+79086228779", parts=2)
    (line,) = lines(stream)
    assert list(line)[:3] == ["timestamp", "level", "event"]
    assert datetime.fromisoformat(line.pop("timestamp")).tzinfo is not None
    assert line == {
        "level": "info",
        "event": "submitted",
        "phone": "+7908•••79",
        "parts": 2,
        "logger": "smsd.gateway",
    }


def test_a_logger_without_a_name_bears_that_of_the_module_that_logs() -> None:
    stream = io.StringIO()
    log.setup(stream=stream)
    structlog.get_logger().info("route_state")
    assert lines(stream)[0]["logger"] == __name__


def test_an_exception_is_one_masked_line_without_local_variables() -> None:
    stream = io.StringIO()
    log.setup(stream=stream)
    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines(stream)
    assert "ValueError: no route to 8908•••79" in line["exception"]
    assert "1a2b3c4d" not in line["exception"]


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_a_traceback_for_a_person_is_masked_and_without_local_variables(stream: io.StringIO) -> None:
    log.setup(stream=stream, json=False)
    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "no route to 8908•••79" in stream.getvalue()
    assert "1a2b3c4d" not in stream.getvalue()


def test_what_others_log_looks_the_same_and_is_masked() -> None:
    stream = io.StringIO()
    log.setup(stream=stream)
    logging.getLogger("asyncio").warning("lost %s", "+79086228779", extra={"text": "СЕКРЕТ"})
    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["text"]) == ("lost +7908•••79", "asyncio", "***")


def test_a_warning_of_python_is_a_line() -> None:
    stream = io.StringIO()
    log.setup(stream=stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        log.setup(stream=stream)
        warnings.warn("everybody can read /etc/smsd/pin", UserWarning, stacklevel=1)
    (line,) = lines(stream)
    assert "everybody can read /etc/smsd/pin" in line["event"]


def test_less_than_the_level_is_not_written() -> None:
    stream = io.StringIO()
    log.setup(stream=stream, level="warning")
    structlog.get_logger().info("no")
    structlog.get_logger().warning("yes")
    assert [line["event"] for line in lines(stream)] == ["yes"]


def test_setting_up_again_does_not_write_twice() -> None:
    stream = io.StringIO()
    log.setup(stream=io.StringIO())
    log.setup(stream=stream)
    structlog.get_logger().info("once")
    assert len(lines(stream)) == 1


def test_lines_logged_inside_are_marked_with_what_they_are_about() -> None:
    stream = io.StringIO()
    log.setup(stream=stream)
    with log.bound(message_id=7, request_id=3):
        with log.bound(attempt_id=9):
            structlog.get_logger().info("inner")
        logging.getLogger("other").warning("outer")
    structlog.get_logger().info("outside")
    marks = [{name: value for name, value in line.items() if name.endswith("_id")} for line in lines(stream)]
    assert marks == [{"message_id": 7, "request_id": 3, "attempt_id": 9}, {"message_id": 7, "request_id": 3}, {}]


def test_a_person_gets_colours_and_a_pipe_gets_json() -> None:
    person, pipe = Terminal(), io.StringIO()
    for stream in (person, pipe):
        log.setup(stream=stream)
        structlog.get_logger().info("up")
    assert "\x1b[" in person.getvalue()
    assert lines(pipe)


def test_to_journald_every_line_begins_with_its_priority(tmp_path: Path) -> None:
    with (tmp_path / "journal").open("w+", encoding="utf-8") as stream:
        status = os.fstat(stream.fileno())
        log.setup(stream=stream, environ={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}, level="debug")
        logger = structlog.get_logger()
        for say in (logger.debug, logger.info, logger.warning, logger.error, logger.critical):
            say("x")
        stream.seek(0)
        written = stream.read().splitlines()
    assert [line[:4] for line in written] == ["<7>{", "<6>{", "<4>{", "<3>{", "<2>{"]


def test_another_stream_than_the_journals_gets_no_priority(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w+", encoding="utf-8") as stream:
        log.setup(stream=stream, environ={"JOURNAL_STREAM": "1:2"})
        structlog.get_logger().info("x")
        stream.seek(0)
        assert stream.read().startswith("{")


def test_importing_does_not_import_structlog() -> None:
    """The commands that log nothing do not wait for it."""
    import subprocess

    program = "import sys, smsd.log; sys.exit('structlog' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[1], check=False).returncode == 0


@given(st.text("0123456789", max_size=24))
def test_digits_alone_are_masked_as_the_pattern_says(digits: str) -> None:
    """The short way for them and the pattern agree; between two spaces the pattern is asked."""
    assert mask_phones(f" {digits} ") == f" {mask_phones(digits)} "
