"""Metrics of a gateway at work: what is counted, timed and shown, on loopback and in a file."""

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from smsd.config import parse
from smsd.daemon.figures import FIGURES
from smsd.daemon.metrics import Metrics, serving
from smsd.errors import ConfigError, SmsdError, StoreFullError
from smsd.rules.alarms import Condition, Standing
from smsd.rules.outbox import MessageClass
from smsd.sms import InDoubt, NotSent, Outcome, RouteStatus, Sent, Verdict
from smsd.store.simlife import Balance
from tests.gateway.conftest import start
from tests.gateway.house import House, ScriptedRoute, Start

__all__ = ["start"]  # the fixture of the gateway's tests

Values = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Modem(ScriptedRoute):
    """A modem with facts."""

    @property
    def status(self) -> RouteStatus:
        facts: dict[str, str | int | bool | None] = {
            "signal": -71,
            "slots_used": 3,
            "slots_total": 20,
            "cures": "radio 2, restart 1",
        }
        return RouteStatus(up=self.up, state="ready" if self.up else "away", facts=facts)


@pytest.fixture
async def measured(start: Start) -> tuple[House, Metrics]:
    """Start a gateway that is measured."""
    house = await start(Modem())
    metrics = Metrics(house.gateway, house.gateway._thread)
    house.gateway.counter = metrics
    return house, metrics


async def read(metrics: Metrics) -> Values:
    """Return every sample of the page by its name and labels."""
    page = (await metrics.page()).decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def counted(metrics: Metrics) -> float:
    """Return how many parts have been counted: that is told a moment after they are recorded."""
    samples = [sample for family in metrics._parts.collect() for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name == "smsd_parts_total")


def value(values: Values, name: str, **labels: str) -> float | None:
    return values.get((name, tuple(sorted(labels.items()))))


async def test_parts_are_counted_by_their_end_and_timed_when_they_leave(measured: tuple[House, Metrics]) -> None:
    house, metrics = measured
    ends: Iterator[Outcome] = iter([Sent("1"), NotSent(Verdict.NEVER, "CMS 21"), InDoubt("no answer")])
    house.route.answer = lambda _: next(ends)
    for number in range(3):
        house.enqueue(str(number))
        await house.until(lambda number=number: len(house.route.submits) == number + 1)  # type: ignore[misc]
        await house.until(lambda number=number: counted(metrics) == number + 1)  # type: ignore[misc]
    values = await read(metrics)
    for outcome in ("sent", "not_sent", "in_doubt"):
        labels = {"route": "scripted", "class": "manual", "outcome": outcome}
        assert value(values, "smsd_parts_total", **labels) == 1
    assert value(values, "smsd_answer_seconds_count", route="scripted") == 1
    assert value(values, "smsd_wait_seconds_count", **{"class": "manual"}) == 1
    assert value(values, "smsd_queue_messages", **{"class": "manual", "state": "in_doubt"}) == 1
    again = await read(metrics)
    assert value(again, "smsd_answer_seconds_count", route="scripted") == 1, "nothing is timed twice"


async def test_a_command_is_timed_until_its_acknowledgement_has_left(measured: tuple[House, Metrics]) -> None:
    house, metrics = measured
    house.route.hold = asyncio.Event()
    await house.text("CLIENT sms stop")
    await house.until(lambda: len(house.route.submits) == 1)
    house.clock.now += 7
    house.route.hold.set()
    await house.until(lambda: counted(metrics) > 0)
    values = await read(metrics)
    assert value(values, "smsd_wait_seconds_sum", **{"class": "ack"}) == 7
    assert value(values, "smsd_received_total", route="scripted", state="command") == 1


async def test_how_the_routes_are_is_shown(measured: tuple[House, Metrics]) -> None:
    values = await read(measured[1])
    assert value(values, "smsd_route_up", route="scripted", kind="sim") == 1
    assert value(values, "smsd_route_state", route="scripted", state="ready") == 1
    assert value(values, "smsd_modem_signal_dbm", route="scripted") == -71
    assert value(values, "smsd_sim_slots", route="scripted") == 20
    assert value(values, "smsd_cures", route="scripted", cure="radio") == 2
    assert value(values, "smsd_cures", route="scripted", cure="restart") == 1


async def test_alarms_and_self_tests_are_shown(measured: tuple[House, Metrics]) -> None:
    house, metrics = measured
    standing = Standing(Condition.BALANCE_LOW, "scripted", house.clock.now, raised_at=house.clock.now)
    house.store.alarms.tell([], keep=[standing], words=lambda *_: [])
    house.store.engine._connection.execute(
        "INSERT INTO self_test (route, token, message_id, begun_at, deadline, outcome, ended_at, round_trip)"
        " VALUES ('scripted', '', 0, 1, 2, 'ok', 1700000000, 9)"
    )
    house.store.engine._connection.commit()
    metrics.came_back("scripted", 9.0)
    values = await read(metrics)
    assert value(values, "smsd_alarm", condition="balance_low", about="scripted") == 1
    assert value(values, "smsd_self_test_last_success_timestamp_seconds", route="scripted") == 1_700_000_000
    assert value(values, "smsd_self_test_round_trip_seconds_sum", route="scripted") == 9


async def test_what_is_tested_no_longer_or_is_gone_is_not_shown_for_ever(start: Start) -> None:
    """A mark that nothing renews grows old and wakes somebody; a route that never came back is there from the start."""
    house = await start(Modem())
    metrics = Metrics(house.gateway, house.gateway._thread, {"scripted": 3600.0})
    connection = house.store.engine._connection
    connection.execute(
        "INSERT INTO self_test (route, token, message_id, begun_at, deadline, outcome, ended_at, round_trip)"
        " VALUES ('sold', '', 0, 1, 2, 'ok', 1700000000, 9)"
    )
    connection.commit()
    for route in ("scripted", "sold"):
        house.store.simlife.put_balance(route, Balance(1.0, 1.0, "7", 7.0))
    values = await read(metrics)
    assert {labels for name, labels in values if name.startswith("smsd_self_test_") and "round" not in name} == {
        (("route", "scripted"),)
    }
    assert value(values, "smsd_self_test_failures", route="scripted") == 0
    assert value(values, "smsd_self_test_period_seconds", route="scripted") == 3600
    assert value(values, "smsd_sim_balance", route="scripted") == 7
    assert value(values, "smsd_sim_balance", route="sold") is None


async def test_the_page_is_what_the_table_says(measured: tuple[House, Metrics]) -> None:
    house, metrics = measured
    house.enqueue("one", MessageClass.RESULT)
    page = (await metrics.page()).decode()
    shown = {family.name: family for family in text_string_to_metric_families(page)}
    for name, family in shown.items():
        figure = FIGURES.get(name) or FIGURES[f"{name}_total"]
        assert (family.type, family.documentation) == (figure.kind, figure.doc)
    assert not any(phone in page for phone in ("+7916", "7916123"))


async def ask(port: int, request: bytes) -> bytes:
    """Ask the listener something and return all it says."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    said = b""
    with contextlib.suppress(ConnectionError):  # who hangs up on what he has not read resets the connection
        async with asyncio.timeout(60):
            said = await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return said


async def test_it_is_served_and_nonsense_is_hung_up_on(
    measured: tuple[House, Metrics], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, metrics = measured
    monkeypatch.setattr("smsd.daemon.metrics.REQUEST_SECONDS", 60.0)
    async with serving(metrics, "127.0.0.1:0", None, 15.0) as port:
        said = await ask(port(), b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4")
        assert b"smsd_info{" in said
        assert (await ask(port(), b"GET / HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 404 ")
        assert (await ask(port(), b"POST /metrics HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 405 ")
        assert await ask(port(), b"x" * 20_000) == b"", "endless"
        with monkeypatch.context() as hurry:
            hurry.setattr("smsd.daemon.metrics.REQUEST_SECONDS", 0.3)
            assert await ask(port(), b"GET /metrics") == b"", "slow"

        async def full(*_: object) -> object:
            raise StoreFullError("no room left on the disk")

        monkeypatch.setattr(house.gateway._thread, "call", full)
        assert (await ask(port(), b"GET /metrics HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 503 ")


async def test_a_port_that_is_taken_is_one_line(measured: tuple[House, Metrics]) -> None:
    async with contextlib.AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving(measured[1], "127.0.0.1:0", None, 15.0))
        with pytest.raises(SmsdError, match=r"^\[metrics\] listen 127.0.0.1:\d+: "):
            await stack.enter_async_context(serving(measured[1], f"127.0.0.1:{port()}", None, 15.0))


async def test_a_file_is_always_whole_and_readable_by_all(measured: tuple[House, Metrics], tmp_path: Path) -> None:
    file = tmp_path / "smsd.prom"
    async with serving(measured[1], "", file, 0.01):
        for text in await asyncio.to_thread(_read_often, file):
            assert text.startswith("# HELP")
            assert text.endswith("\n")
    assert os.stat(file).st_mode & 0o777 == 0o644  # noqa: PTH116
    assert [name for name in os.listdir(tmp_path) if name.endswith(".prom")] == ["smsd.prom"]  # noqa: PTH208


def _read_often(file: Path) -> list[str]:
    """Read a file again and again from when it is there; in a thread, while it is written anew."""
    until = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < until
        time.sleep(0.005)
    texts = []
    for _ in range(50):
        texts.append(file.read_text("utf-8"))
        time.sleep(0.002)
    return texts


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('listen = "0.0.0.0:9155"', r"\[metrics\] listen: "),
        ('listen = "192.0.2.1:9155"', r"\[metrics\] listen: "),
        ('textfile = "/tmp/smsd.txt"', r"end in \.prom"),
        ("every_seconds = 1", "out of range"),
    ],
)
def test_what_would_be_seen_from_afar_or_not_at_all_is_refused(line: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse(f'[metrics]\n{line}\n[[modem]]\ndevice = "/dev/smsd/modem"\n')
