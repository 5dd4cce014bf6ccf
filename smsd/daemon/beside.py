"""What works beside the gateway in a daemon: self-tests."""

import secrets
from collections.abc import Callable, Sequence

from smsd.config import Config
from smsd.gateway import Gateway, Route
from smsd.gateway.selftest import SelfTests, SelfTestSettings
from smsd.store.thread import StoreThread

__all__ = ["put_beside", "self_test_settings"]


def put_beside(
    config: Config, gateway: Gateway, thread: StoreThread, routes: Sequence[Route], clock: Callable[[], float]
) -> None:
    """Have everything that the configuration asks for work beside a gateway, before it runs."""
    self_tests = SelfTests(
        thread,
        routes,
        self_test_settings(config),
        clock,
        gateway.alarms,
        token=lambda: secrets.token_hex(8),  # nobody shall be able to say that a test came back
        message=gateway.to_admin,
        ring=gateway.look,
    )
    gateway.beside("self-tests", self_tests.run)


def self_test_settings(config: Config) -> SelfTestSettings:
    """Gather what the configuration decides for self-tests."""
    tests = config.selftest
    names = tests.routes or tuple(modem.name for modem in config.modems)
    return SelfTestSettings(
        numbers=dict.fromkeys(names, tests.number or config.service.number),
        period=3600.0 * tests.hours,
        timeout=float(tests.timeout_seconds),
    )
