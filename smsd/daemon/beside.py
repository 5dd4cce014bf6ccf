"""What works beside the gateway in a daemon: self-tests, SIMs' lives, metrics."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from smsd.config import Config
from smsd.gateway import Gateway, Route
from smsd.gateway.selftest import SelfTests, SelfTestSettings
from smsd.gateway.simlife import SimLife, SimSettings
from smsd.store.thread import StoreThread

if TYPE_CHECKING:
    from smsd.daemon.metrics import Metrics

__all__ = ["face", "put_beside", "self_test_settings", "sim_settings"]


def put_beside(
    config: Config, gateway: Gateway, thread: StoreThread, routes: Sequence[Route], clock: Callable[[], float]
) -> "Metrics | None":
    """Have everything that the configuration asks for work beside a gateway, before it runs; return what it counts."""
    metrics = _metrics(config, gateway, thread)
    self_tests = SelfTests(
        thread,
        routes,
        self_test_settings(config),
        clock,
        gateway.alarms,
        token=lambda: secrets.token_hex(8),  # nobody shall be able to say that a test came back
        message=gateway.to_admin,
        ring=gateway.look,
        measured=metrics.came_back if metrics is not None else _nobody,
    )
    gateway.beside("self-tests", self_tests.run)
    if config.sims:
        lives = SimLife(
            thread,
            routes,
            sim_settings(config),
            config.alarms.phones,
            clock,
            gateway.alarms,
            busy=gateway.busy,
            message=gateway.to_admin,
            ring=gateway.look,
        )
        gateway.beside("SIMs' lives", lives.run)
    return metrics


def _metrics(config: Config, gateway: Gateway, thread: StoreThread) -> "Metrics | None":
    """Have somebody count, where that is asked for."""
    if not config.metrics.wanted:
        return None
    from smsd.daemon.metrics import Metrics  # noqa: PLC0415  only who has metrics pays for them

    tests = self_test_settings(config)
    periods = dict.fromkeys(tests.numbers, tests.period) if tests.period > 0 else {}
    gateway.counter = metrics = Metrics(gateway, thread, periods)
    return metrics


@contextlib.asynccontextmanager
async def face(config: Config, metrics: "Metrics | None") -> AsyncIterator[None]:
    """Show the metrics, if there are any, while the body runs. Raises ``SmsdError`` where they cannot be served."""
    if metrics is None:
        yield
        return
    from smsd.daemon.metrics import serving  # noqa: PLC0415

    wanted = config.metrics
    async with serving(metrics, wanted.listen, wanted.textfile, float(wanted.every_seconds)):
        yield


def _nobody(_route: str, _seconds: float) -> None:
    pass


def self_test_settings(config: Config) -> SelfTestSettings:
    """Gather what the configuration decides for self-tests."""
    tests = config.selftest
    names = tests.routes or tuple(modem.name for modem in config.modems)
    own = {sim.name: sim.number for sim in config.sims if sim.number}
    return SelfTestSettings(
        numbers={name: tests.number or own.get(name, config.service.number) for name in names},
        period=3600.0 * tests.hours,
        timeout=float(tests.timeout_seconds),
    )


def sim_settings(config: Config) -> dict[str, SimSettings]:
    """Gather what the configuration decides for each SIM."""
    return {
        sim.name: SimSettings(
            number=sim.number or config.service.number,
            code=sim.balance_ussd,
            pattern=sim.balance_pattern,
            period=3600.0 * sim.balance_hours,
            low=float(sim.balance_low),
            keep_alive=timedelta(days=sim.keepalive_days) if sim.keepalive_days else None,
            keep_alive_number=sim.keepalive_number or sim.number or config.service.number,
            senders=sim.operator_senders,
        )
        for sim in config.sims
    }
