"""What each route of the configuration is made of: its settings, its memory, its clock and its chance.

What the configuration says goes before what a profile says. Only who has a bind or an operator by HTTP pays for it:
their modules are imported where they are first needed.
"""

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from smsd import config as configuration
from smsd.config import Config
from smsd.daemon.usbreset import usb_reset
from smsd.errors import ConfigError
from smsd.gateway import Route
from smsd.routes.modem import Host, ModemRoute, ModemSettings, Ports, Seeker, Timings, Wanted
from smsd.rules.routing import Block
from smsd.store.thread import StoreThread

if TYPE_CHECKING:
    from smsd.routes.overdue import Unreported
    from smsd.routes.smpp import SmppSettings

__all__ = ["RouteMemory", "make_routes", "smpp_settings"]


class RouteMemory:
    """What one route must find again after a restart, kept in the store."""

    def __init__(self, thread: StoreThread, route: str) -> None:
        self._thread = thread
        self._route = route

    async def recall(self, key: str) -> str | None:
        """Return what was remembered under ``key``."""
        return await self._thread.call(self._thread.store.recall, self._route, key)

    async def remember(self, key: str, value: str | None) -> None:
        """Keep ``value`` under ``key``; on disk when this returns."""
        await self._thread.call(self._thread.store.remember, self._route, key, value)


def make_routes(
    config: Config,
    thread: StoreThread,
    clock: Callable[[], float],
    timings: Timings,
    host: tuple[Path, ...] = (),
    environ: Mapping[str, str] = MappingProxyType({}),
) -> list[Route]:
    """Make every route of the configuration: binds first, then operators by HTTP, then modems.

    ``host`` is where /sys and /dev are, if not there; ``environ`` tells whether systemd runs this.
    """
    seeker = Seeker(Ports(Host(*host)), timings, time.monotonic)
    reset = usb_reset(environ)
    modems = [_modem(each, config, RouteMemory(thread, each.name), timings, seeker, reset) for each in config.modems]
    binds = [_bind(each, config, thread, clock) for each in config.smpp]
    operators = [_operator(each, config, thread, clock) for each in config.http]
    return [*binds, *operators, *modems]


def _modem(
    modem: configuration.Modem,
    config: Config,
    memory: RouteMemory,
    timings: Timings,
    seeker: Seeker,
    reset_usb: Callable[[str], Awaitable[None]] | None,
) -> Route:
    """Make the route over a modem."""
    file = modem.pin_file
    return ModemRoute(
        modem.name,
        ModemSettings(
            device=str(modem.device or ""),
            wanted=Wanted(modem.identity.imei, modem.identity.imsi) if modem.identity else Wanted(),
            sender=config.service.number,
            poll_seconds=modem.poll_seconds,
            delivery_reports=modem.delivery_reports,
            service_centre=modem.smsc,
            baud=modem.baud,
            rtscts=modem.rtscts,
            timings=replace(
                timings, settle_after=float(modem.settle_seconds), submission=float(modem.result_timeout_seconds)
            ),
        ),
        memory=memory,
        clock=time.monotonic,
        # Read anew at each need: the file may be mended while the daemon runs.
        pin=lambda: None if file is None else configuration.read_secret(file),
        seeker=seeker,
        reset_usb=reset_usb,
    )


def _bind(bind: configuration.Smpp, config: Config, thread: StoreThread, clock: Callable[[], float]) -> Route:
    """Make the route over a bind: what the configuration says goes before what its profile says."""
    from smsd.routes.smpp import SmppRoute  # noqa: PLC0415  only who has a bind pays for it

    file = bind.password_file
    return SmppRoute(
        bind.name,
        smpp_settings(bind),
        memory=RouteMemory(thread, bind.name),
        clock=time.monotonic,
        chance=random.random,
        sender=config.service.sender,
        password=lambda: "" if file is None else configuration.read_secret(file),
        unreported=_unreported(bind.name, thread, clock, overdue=OVERDUE_SECONDS),
    )


def smpp_settings(bind: configuration.Smpp) -> "SmppSettings":
    """Turn a bind's table of the configuration into the route's settings."""
    from smsd.routes.smpp import PROFILES, Action, BindAs  # noqa: PLC0415  only who has a bind pays for it
    from smsd.wire.smpp.content import DefaultAlphabet, LongForm  # noqa: PLC0415

    said = {
        name: value
        for name in (
            "host", "port", "system_type", "rate", "tls", "ca_file", "tls_name", "source_ton", "source_npi",
            "destination_ton", "destination_npi", "service_type", "receipts", "validity", "more_messages",
        )
        if (value := getattr(bind, name)) is not None
    }  # fmt: skip
    if bind.spare is not None:
        said["spare"] = tuple(_host_and_port(each) for each in bind.spare)
    if bind.bind_as is not None:
        said["bind_as"] = BindAs(bind.bind_as)
    if bind.long_form is not None:
        said["long_form"] = LongForm(bind.long_form)
    if bind.default_alphabet is not None:
        said["default_alphabet"] = DefaultAlphabet(bind.default_alphabet)
    if bind.statuses is not None:
        said["statuses"] = {int(status, 0): Action(action) for status, action in bind.statuses.items()}
    if bind.receipt_errors is not None:
        said["receipt_errors"] = {code: Block(what) for code, what in bind.receipt_errors.items()}
    return PROFILES[bind.profile].apply(
        **said, system_id=bind.system_id, window=bind.window, zone=ZoneInfo(bind.clock_zone)
    )


OVERDUE_SECONDS = 600.0
"""How old a part without a receipt is before a service centre is asked after it: most receipts come within minutes."""
UNREPORTED_SECONDS = 3 * 86_400.0
"""For how long an operator is asked what became of a message."""


def _unreported(name: str, thread: StoreThread, clock: Callable[[], float], *, overdue: float) -> "Unreported":
    """Return what lists the parts a route got away more than ``overdue`` seconds ago and heard nothing of since."""

    async def unreported(after: int, limit: int) -> list[tuple[int, str, str]]:
        now = clock()
        return await thread.call(
            thread.store.outbox.unreported, name, after, limit, now - UNREPORTED_SECONDS, now - overdue
        )

    return unreported


def _operator(http: configuration.Http, config: Config, thread: StoreThread, clock: Callable[[], float]) -> Route:
    """Make the route to an operator's HTTP interface. Raises ``ConfigError`` when its profile cannot be understood."""
    from smsd.routes import http as routes  # noqa: PLC0415  only who has such an operator pays for it

    profile = routes.read_profile(http.profile_file) if http.profile_file else routes.shipped(http.profile)
    if not (url := http.url or profile.url):
        raise ConfigError(f"{config.path}: [[http]] {http.name} url: missing, and its profile has none")
    if http.webhook_port and profile.receipt is None:
        raise ConfigError(f"{config.path}: [[http]] {http.name} webhook_port: {profile.title} sends no receipts")
    password, token = http.password_file, http.webhook_token_file

    return routes.HttpRoute(
        http.name,
        routes.HttpSettings(
            profile,
            url,
            login=http.login,
            window=http.window,
            rate=float(http.rate),
            ca_file=http.ca_file,
            webhook_port=http.webhook_port,
            timings=routes.Timings(answer=float(http.timeout_seconds), poll=float(http.poll_seconds)),
        ),
        memory=RouteMemory(thread, http.name),
        unreported=_unreported(http.name, thread, clock, overdue=0.0),
        clock=time.monotonic,
        chance=random.random,
        sender=config.service.sender,
        password=lambda: "" if password is None else configuration.read_secret(password),
        token=lambda: "" if token is None else configuration.read_secret(token),
    )


def _host_and_port(written: str) -> tuple[str, int]:
    host, _, port = written.rpartition(":")
    return host.strip("[]"), int(port)
