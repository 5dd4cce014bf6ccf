"""Figures for Prometheus, in its text format: served on loopback, written for node_exporter, or both.

Knows how what the gateway counts and what the store holds become metrics. Refuses to be asked from afar, and to know
what is good or bad: that is the rules' of whoever watches. Imported only where metrics are configured, for its library
costs 14 MB.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from pathlib import Path

import prometheus_client
import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

from smsd import __version__
from smsd.daemon.figures import ANSWER_BUCKETS, FIGURES, TRIP_BUCKETS, WAIT_BUCKETS
from smsd.errors import SmsdError, StoreError
from smsd.gateway import Gateway
from smsd.rules.conditions import RouteLook
from smsd.sms import InDoubt, Outcome, Sent
from smsd.store import Claim
from smsd.store.measures import Reading
from smsd.store.selftests import Past
from smsd.store.thread import StoreThread

__all__ = ["Metrics", "serving"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
REQUEST_SECONDS = 5.0
REQUEST_OCTETS = 8192
MOST_LANDED = 20_000
"""Attempts whose times are remembered between two readings; the rest is counted and not timed."""

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, of no use to anybody here

log = structlog.get_logger("smsd.daemon")


class Metrics:
    """The metrics of one daemon. ``page`` reads the store anew.

    ``periods``: every how many seconds each route that is tested is; ``None``: all that the store knows of is shown.
    """

    def __init__(self, gateway: Gateway, thread: StoreThread, periods: Mapping[str, float] | None = None) -> None:
        self._gateway = gateway
        self._thread = thread
        self._periods = periods
        self._registry = CollectorRegistry(auto_describe=False)
        self._parts = self._counter("smsd_parts_total")
        self._received = self._counter("smsd_received_total")
        self._answers = self._histogram("smsd_answer_seconds", ANSWER_BUCKETS)
        self._waits = self._histogram("smsd_wait_seconds", WAIT_BUCKETS)
        self._trips = self._histogram("smsd_self_test_round_trip_seconds", TRIP_BUCKETS)
        self._landed: list[int] = []
        self._turn = asyncio.Lock()

    # --- what the house tells -----------------------------------------------------------------------------------------

    def landed(self, route: str, claim: Claim, outcome: Outcome) -> None:
        """Count an attempt that has ended."""
        name = "sent" if isinstance(outcome, Sent) else "in_doubt" if isinstance(outcome, InDoubt) else "not_sent"
        self._parts.labels(route, claim.message_class.value, name).inc()
        if name == "sent" and len(self._landed) < MOST_LANDED:
            self._landed.append(claim.attempt_id)

    def received(self, route: str, state: str) -> None:
        """Count a message that came in."""
        self._received.labels(route, state).inc()

    def came_back(self, route: str, seconds: float) -> None:
        """Time a self-test that came back."""
        self._trips.labels(route).observe(seconds)

    # --- the page -----------------------------------------------------------------------------------------------------

    async def page(self) -> bytes:
        """Return everything as it is now. Raises ``StoreError``."""
        async with self._turn:
            landed, self._landed = self._landed, []
            try:
                reading = await self._thread.call(self._thread.store.measures.read, landed)
            except BaseException:
                self._landed = landed + self._landed
                raise
            for row in reading.landed:
                self._time(row["route"], row["class"], row["answered"], row["queued"])
            looks = self._gateway.looks()
            lives = [*self._of_self_tests(reading), *_of_balances(reading, {look.name for look in looks})]
            gauges = _Gauges([*self._of_store(reading), *lives, *self._of_routes(looks), *self._of_host()])
            return bytes(generate_latest(self._registry)) + bytes(generate_latest(gauges.registry))

    def _time(self, route: str, message_class: str, answered: float | None, queued: float | None) -> None:
        if answered is not None:
            self._answers.labels(route).observe(max(0.0, answered))
        if queued is not None:
            self._waits.labels(message_class).observe(max(0.0, queued))

    def _of_store(self, reading: Reading) -> "Iterator[Sample]":
        for row in reading.queue:
            yield "smsd_queue_messages", (row["class"], row["state"]), row["count"]
            yield "smsd_queue_oldest_seconds", (row["class"], row["state"]), reading.at - row["oldest"]
        for row in reading.requests:
            yield "smsd_requests", (row["state"],), row["count"]
        for row in reading.webhooks:
            yield "smsd_webhook_events", (row["webhook"], row["state"]), row["count"]
            yield "smsd_webhook_oldest_seconds", (row["webhook"], row["state"]), reading.at - row["oldest"]
        for condition, about in reading.alarms:
            yield "smsd_alarm", (condition, about), 1
        yield "smsd_doubts_held", (), reading.held
        yield "smsd_swapped_sims", (), reading.swapped
        if reading.looked_at is not None:
            yield "smsd_looked_timestamp_seconds", (), reading.looked_at

    def _of_self_tests(self, reading: Reading) -> "Iterator[Sample]":
        """Say how the routes fare that are tested now; one that no longer is would grow old, and wake somebody."""
        for route in sorted(reading.self_tests if self._periods is None else self._periods):
            past = reading.self_tests.get(route, Past())
            yield "smsd_self_test_failures", (route,), past.failures
            if past.last_ok_at is not None:
                yield "smsd_self_test_last_success_timestamp_seconds", (route,), past.last_ok_at
            if self._periods is not None:
                yield "smsd_self_test_period_seconds", (route,), self._periods[route]

    def _of_routes(self, looks: list[RouteLook]) -> "Iterator[Sample]":
        for look in looks:
            yield "smsd_route_up", (look.name, look.kind.value), int(look.up)
            yield "smsd_route_state", (look.name, look.state), 1
            for fact, name in _FACTS.items():
                value = look.facts.get(fact)
                if isinstance(value, int) and not isinstance(value, bool):
                    yield name, (look.name,), value
            for cure, count in re.findall(r"([\w-]+) (\d+)", str(look.facts.get("cures") or "")):
                yield "smsd_cures", (look.name, cure), int(count)

    def _of_host(self) -> "Iterator[Sample]":
        yield "smsd_info", (__version__,), 1
        with contextlib.suppress(OSError):
            room = os.statvfs(self._thread.store.path.parent)
            yield "smsd_disk_free_bytes", (), room.f_bavail * room.f_frsize

    def _counter(self, name: str) -> Counter:
        figure = FIGURES[name]
        return Counter(name, figure.doc, figure.labels, registry=self._registry)

    def _histogram(self, name: str, buckets: tuple[float, ...]) -> Histogram:
        figure = FIGURES[name]
        return Histogram(name, figure.doc, figure.labels, buckets=buckets, registry=self._registry)


def _of_balances(reading: Reading, routes: Collection[str]) -> "Iterator[Sample]":
    for route, balance in reading.balances.items():
        if route in routes and balance.value is not None and balance.answered_at is not None:
            yield "smsd_sim_balance", (route,), balance.value
            yield "smsd_sim_balance_timestamp_seconds", (route,), balance.answered_at


Sample = tuple[str, tuple[str, ...], float]
_FACTS = {"signal": "smsd_modem_signal_dbm", "slots_used": "smsd_sim_slots_used", "slots_total": "smsd_sim_slots"}


class _Gauges:
    """What holds at one moment only."""

    def __init__(self, samples: list[Sample]) -> None:
        self._samples = samples
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return every gauge with its samples."""
        families: dict[str, GaugeMetricFamily] = {}
        for name, labels, value in self._samples:
            figure = FIGURES[name]
            family = families.setdefault(name, GaugeMetricFamily(name, figure.doc, labels=figure.labels))
            family.add_metric(labels, float(value))
        yield from families.values()


# --- where it is read -------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def serving(
    metrics: Metrics, listen: str, textfile: Path | None, every: float
) -> AsyncIterator[Callable[[], int]]:
    """Serve, and write every so many seconds, while the body runs; yield what tells the port.

    Raises ``SmsdError`` where that cannot be.
    """
    async with contextlib.AsyncExitStack() as stack:
        port = 0
        if listen:
            host, _, written = listen.rpartition(":")
            try:
                server = await asyncio.start_server(
                    lambda reader, writer: _answer(metrics, reader, writer), host.strip("[]"), int(written),
                    limit=REQUEST_OCTETS,
                )  # fmt: skip
            except OSError as error:
                raise SmsdError(f"[metrics] listen {listen}: {error.strerror or error}") from error
            await stack.enter_async_context(server)
            port = server.sockets[0].getsockname()[1]
            log.info("metrics_served", listen=f"{host}:{port}")
        if textfile is not None:
            task = asyncio.create_task(_write_for_ever(metrics, textfile, every))
            stack.callback(task.cancel)
        yield lambda: port


async def _answer(metrics: Metrics, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request and hang up; who is slow or talks nonsense is hung up on."""
    with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        async with asyncio.timeout(REQUEST_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            status, body = await _page(metrics, head.split(b"\r\n", 1)[0])
            told = f"HTTP/1.1 {status}\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n"
            writer.write(told.encode() + b"Connection: close\r\n\r\n" + body)
            await writer.drain()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def _page(metrics: Metrics, request: bytes) -> tuple[str, bytes]:
    method, _, rest = request.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    if path != b"/metrics":
        return "404 Not Found", b"/metrics is here\n"
    if method != b"GET":
        return "405 Method Not Allowed", b"GET\n"
    try:
        return "200 OK", await metrics.page()
    except StoreError as error:
        return "503 Service Unavailable", f"{error}\n".encode()


async def _write_for_ever(metrics: Metrics, path: Path, every: float) -> None:
    """Write the page anew every so many seconds; whoever reads it finds a whole one."""
    troubled = False
    while True:
        try:
            page = await metrics.page()
            await asyncio.to_thread(_replace, path, page)
            troubled = False
        except (OSError, StoreError) as error:
            if not troubled:
                log.warning("metrics_not_written", path=str(path), error=str(error))
            troubled = True
        await asyncio.sleep(every)


def _replace(path: Path, octets: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(octets)
    beside.chmod(0o644)
    beside.replace(path)
