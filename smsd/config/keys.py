# ruff: noqa: RUF009  key() is a dataclasses.field(), called anew for every key
"""Every key of the configuration file: the one table of them.

Each field is a key, with its sentence, unit, default and check; the reader and the reference in the documentation are
both made from here. Knows values and what follows from them; refuses to know files and environment.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from smsd.config import checks
from smsd.config.alarms import Alarms
from smsd.config.api import Api, Templates, Webhook
from smsd.config.directory import Directory
from smsd.config.http import ByClass, Http
from smsd.config.key import key
from smsd.config.metrics import Metrics
from smsd.config.quota import Quota
from smsd.config.retention import Retention
from smsd.config.selftest import SelfTest
from smsd.config.sim import Sim
from smsd.errors import ConfigError
from smsd.rules import replies
from smsd.rules.alerts import NumberPolicy, Treatment

if typing.TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DEFAULT_PATH = Path("/etc/smsd/smsd.toml")

_PORT = checks.between(1, 65535)
_ANY = checks.between(0, 10**6)
_DAY = checks.between(1, 24 * 3600)
_OCTET = checks.between(0, 255)
_FORTNIGHT = checks.between(1, 14 * 24 * 60)


@dataclass(frozen=True, slots=True)
class Database:
    """Where everything is kept."""

    url: str = key(
        "sqlite:////var/lib/smsd/smsd.db", "The database file, as a URL with four slashes.", checks.database_url
    )

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return Path(self.url.removeprefix("sqlite:///"))


@dataclass(frozen=True, slots=True)
class Service:
    """What this service is to its clients."""

    number: str = key("+79086228779", "The number clients write to; shown in the status.")
    sender: str = key("SCSERV", "The name messages come from; the operator's route only.", checks.sender)
    timezone: str = key(
        "Europe/Moscow", "The zone in which times are shown and quiet hours are meant.", checks.time_zone
    )
    region: str = key("RU", "The country (ISO 3166) whose habits a phone without `+` is written by.", checks.region)
    lenient_commands: bool = key(
        default=False, doc="Whether a text that nearly is a command is carried out as the one it resembles."
    )

    @property
    def zone(self) -> "ZoneInfo":
        """The time zone itself."""
        from zoneinfo import ZoneInfo  # noqa: PLC0415  start-up time

        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which modem and which SIM are meant, whatever port they are at today; another one is left alone."""

    imei: str = key("", "The modem's IMEI, 15 digits.", checks.imei)
    imsi: str = key("", "The SIM's IMSI, 15 digits; alone, it may be in any modem.", checks.imsi)


@dataclass(frozen=True, slots=True)
class Modem:
    """A SIM in a modem; one table each. `device` or `identity` must be given; with both, `device` says where it is."""

    name: str = key(
        "", "What the route is called in `routing.order`, in status and in logs.", checks.route_name, shown="`modem0`…"
    )
    device: Path | None = key(None, "The serial port.", checks.absolute, shown="must be given, or `identity`")
    identity: Identity | None = key(
        None, "The only modem, or SIM, that is used; without `device` it is sought at every port a modem may have."
    )
    baud: int = key(
        115200, "Speed of the serial port; a USB modem does not care.", checks.between(1200, 4_000_000), unit="bit/s"
    )
    rtscts: bool = key(default=False, doc="Hardware flow control; only where the two lines are wired.")
    pin_file: Path | None = key(
        None, "File with the SIM's PIN; without it a SIM that asks for a PIN is not used.", checks.filled, secret=True
    )
    smsc: str = key("", "The service centre to submit through; empty: the one on the SIM.", checks.e164_phone)
    poll_seconds: int = key(30, "How often the SIM is swept for messages even without a hint.", _DAY, unit="s")
    settle_seconds: int = key(
        60,
        "How long a modem may go on transmitting what a dead process gave it; until then an unchanged SIM proves "
        "nothing. Shorter than 60: a message may be sent twice.",
        checks.between(1, 3600),
        unit="s",
    )
    result_timeout_seconds: int = key(
        150, "How long the network's answer to a submitted part is awaited; then it is in doubt.",
        checks.between(10, 600), unit="s",
    )  # fmt: skip
    delivery_reports: bool = key(default=True, doc="Whether status reports are asked for.")
    limits: Quota = key(Quota(), "Limits of its own.", shown="none")


@dataclass(frozen=True, slots=True)
class Smpp:
    """A bind to an operator's service centre (SMPP 3.4); one table each. `host` must be given, by the profile or here.

    A key without a default is the profile's affair; what is said here goes before it.
    """

    name: str = key(
        "", "What the route is called in `routing.order`, in status and in logs.", checks.route_name, shown="`smpp0`…"
    )
    profile: str = key(
        "generic", "Where the settings begin: what an operator publishes of its own.", checks.smpp_profile
    )
    host: str | None = key(None, "Name or address of the service centre.", checks.host, shown="the profile's")
    port: int | None = key(None, "Its TCP port.", _PORT, shown="the profile's, else `2775`")
    spare: tuple[str, ...] | None = key(
        None, 'Further centres as `"host:port"`, tried in order.', shown="the profile's, else none"
    )
    system_id: str = key("smsd", "The name to bind as.", checks.short_string(15, "§5.2.1"))
    password_file: Path | None = key(
        None, "File with the bind's password; without it the password is empty.", checks.filled, secret=True
    )
    system_type: str | None = key(
        None, "What kind of system we are; few ask.", checks.short_string(12, "§5.2.3"),
        shown="the profile's, else empty",
    )  # fmt: skip
    bind_as: str | None = key(
        None, "How it binds: as `transceiver`, or as a `pair` of transmitter and receiver.",
        checks.one_of("transceiver", "pair"), shown="the profile's, else `transceiver`",
    )  # fmt: skip
    window: int = key(10, "How many submits may wait for their answers at a time.", checks.between(1, 1000))
    rate: int | None = key(
        None, "Submits a second by the contract; 0: no limit.", checks.between(0, 10_000), unit="1/s",
        shown="the profile's, else `30`",
    )  # fmt: skip
    tls: bool | None = key(
        None, "Whether the connection is made by TLS; the certificate and its name are verified.",
        shown="the profile's, else `false`",
    )  # fmt: skip
    ca_file: Path | None = key(None, "Certificates to trust instead of the system's.", checks.filled)
    tls_name: str | None = key(None, "The name the certificate bears where it is not `host`.", shown="`host`")
    source_ton: int | None = key(None, "Type of number of the sender.", _OCTET, shown="the profile's, else `5`")
    source_npi: int | None = key(None, "Numbering plan of the sender.", _OCTET, shown="the profile's, else `0`")
    destination_ton: int | None = key(None, "Type of number of a recipient.", _OCTET, shown="the profile's, else `1`")
    destination_npi: int | None = key(None, "Numbering plan of a recipient.", _OCTET, shown="the profile's, else `1`")
    service_type: str | None = key(
        None, "What kind of service.", checks.short_string(5, "§5.2.11"), shown="the profile's, else empty"
    )
    long_form: str | None = key(
        None, "How a part says that it is one of several: `udh`, `sar` or `payload`.",
        checks.one_of("udh", "sar", "payload"), shown="the profile's, else `udh`",
    )  # fmt: skip
    default_alphabet: str | None = key(
        None, "What data_coding 0 means there: `gsm7` or `latin1`; Cyrillic is UCS2 (8) whatever it is.",
        checks.one_of("gsm7", "latin1"), shown="the profile's, else `gsm7`",
    )  # fmt: skip
    receipts: bool | None = key(None, "Whether receipts are asked for.", shown="the profile's, else `true`")
    validity: bool | None = key(
        None, "Whether the centre is told how long a message is worth delivering.", shown="the profile's, else `true`"
    )
    more_messages: bool | None = key(
        None, "Whether more_messages_to_send is said of a part that another follows.",
        shown="the profile's, else `false`",
    )  # fmt: skip
    clock_zone: str = key("UTC", "The zone of the centre's clock: receipts do not say.", checks.time_zone)
    statuses: dict[str, str] | None = key(
        None, 'What answers mean: `"0x0A" = "sender"`; retry, throttle, sender, recipient, text, route, sim swapped.',
        checks.smpp_statuses, shown="the profile's, then the standard's",
    )  # fmt: skip
    receipt_errors: dict[str, str] | None = key(
        None, 'What error codes in failed receipts block: `"254" = "sender"`; sender, recipient, text or sim swapped.',
        checks.smpp_receipt_errors, shown="the profile's",
    )  # fmt: skip
    limits: Quota = key(Quota(), "Limits of its own.", shown="none")


@dataclass(frozen=True, slots=True)
class Routing:
    """Which way a message leaves."""

    order: tuple[str, ...] = key(
        (), "Names of the routes; the first that can take a message does. A route not named sends nothing.",
        shown="all binds, all operators by HTTP, all modems",
    )  # fmt: skip
    by_class: ByClass = key(ByClass(), "Orders that differ by class.", shown="none")
    fallback_after_seconds: int = key(
        30,
        "How long answers, alarms, messages by hand, and alerts that may fall back, wait for first routes that are "
        "down before they take the next.",
        checks.between(0, 110),
        unit="s",
    )
    fallback_prefix: str = key("", "Put before the text when the SIM's number, not the name, is the sender.")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is too much."""

    commands_per_hour: int = key(
        10, "Commands a phone may give in an hour; a repeat beyond joins the open request, unacknowledged. "
        "`sms stop` is always carried out and acknowledged.", checks.between(1, 10**4),
    )  # fmt: skip
    sim_alerts_per_day: int = key(
        200, "Alerts one modem sends in a day, the rest waits: bulk from one SIM gets it blocked.", _ANY
    )
    sim_parts_per_minute: int = key(0, "Parts of all classes one modem sends in a minute of the clock; 0: any.", _ANY)
    sim_parts_per_hour: int = key(0, "Parts one modem sends in an hour; 0: any number.", _ANY)
    sim_parts_per_day: int = key(0, "Parts one modem sends in 24 hours; 0: any number.", _ANY)
    sim_recipients_per_day: int = key(0, "Numbers one modem writes to in 24 hours; 0: any number.", _ANY)
    bind_parts_per_minute: int = key(0, "Parts of all classes one bind sends in a minute of the clock; 0: any.", _ANY)
    bind_parts_per_hour: int = key(0, "Parts one bind sends in an hour; 0: any number.", _ANY)
    bind_parts_per_day: int = key(0, "Parts one bind sends in 24 hours; 0: any number.", _ANY)
    bind_recipients_per_day: int = key(0, "Numbers one bind writes to in 24 hours; 0: any number.", _ANY)
    reserve_percent: int = key(
        20, "How much of each of these limits notifications and alerts leave to answers.", checks.between(0, 99),
        unit="%",
    )  # fmt: skip
    budget_roubles_per_day: int = key(
        0, "What 24 hours may cost by the tariff before notifications and alerts wait; 0: any amount.", _ANY
    )
    quiet_hours: str = key(
        "", 'When no alert is sent, like `"21:00-09:00"`; empty: sent at any hour.', checks.quiet_hours
    )

    @property
    def quiet_span(self) -> tuple[time, time] | None:
        """First minute of the quiet hours and first after them, in the service's zone; ``None`` when there are none."""
        return checks.span(self.quiet_hours) if self.quiet_hours else None


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a part costs: for previews and for the day's budget."""

    sim_part_kopecks: int = key(0, "A part by a modem's SIM; 0: it costs nothing, or is not known.", _ANY)
    bind_part_kopecks: int = key(0, "A part by a bind.", _ANY)


@dataclass(frozen=True, slots=True)
class Alerts:
    """What holds for alerts, and for numbers that are probably a mistake."""

    require_consent: bool = key(
        default=False, doc="Whether only those are written to whose `consent_at` and `consent_source` the file tells."
    )
    override_opt_out: tuple[str, ...] = key(
        (), "Kinds of alerts, like `outage`, that go to those as well who want none (`--override`); recorded each time."
    )
    not_mobile: str = key(
        "refuse", "What is done with a number that no mobile has: `refuse`, `warn` or `accept`; by hand too.",
        checks.one_of(*Treatment),
    )  # fmt: skip
    foreign: str = key(
        "warn", "What is done with a number of another country than `service.region`: `refuse`, `warn` or `accept`.",
        checks.one_of(*Treatment),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReplyTexts:
    """The texts clients are answered with; `info` may hold `{code}`, `{login}` and `{password}`."""

    accepted: str = key(replies.ACCEPTED, "A command has been taken into the queue.", checks.reply("accepted"))
    info: str = key(replies.INFO, "The result of `CLIENT info`.", checks.reply("info"))
    stop: str = key(replies.STOP, "The result of `CLIENT sms stop`.", checks.reply("stop"))
    start: str = key(replies.START, "The result of `CLIENT sms start`.", checks.reply("start"))
    unknown: str = key(replies.UNKNOWN, "The phone is not a client's.", checks.reply("unknown"))
    failed: str = key(replies.FAILED, "The request could not be carried out.", checks.reply("failed"))

    def texts(self) -> replies.Replies:
        """Return the replies in force."""
        return replies.Replies.of(dataclasses.asdict(self))


@dataclass(frozen=True, slots=True)
class Messages:
    """How long a message is worth sending; past that it expires, here and, by TP-VP, in the network."""

    ack_expires_minutes: int = key(1440, "An acknowledgement.", _FORTNIGHT, unit="min")
    result_expires_minutes: int = key(1440, "The result of a command.", _FORTNIGHT, unit="min")
    admin_expires_minutes: int = key(1440, "An alarm to the administrators, or a self-test.", _FORTNIGHT, unit="min")
    manual_expires_minutes: int = key(1440, "A message sent by hand.", _FORTNIGHT, unit="min")
    notification_expires_minutes: int = key(720, "A notification.", _FORTNIGHT, unit="min")
    alert_expires_minutes: int = key(720, "An alert.", _FORTNIGHT, unit="min")
    incomplete_hours: int = key(
        24, "How long a part of an incoming message waits for the others.", checks.between(1, 24 * 14), unit="h"
    )

    def expires(self, message_class: str) -> timedelta:
        """Return how long a message of an outbox class (``ack``, ``result``…) is worth sending."""
        return timedelta(minutes=getattr(self, f"{message_class}_expires_minutes"))

    @property
    def incomplete(self) -> timedelta:
        """How long a part of an incoming message waits for the others."""
        return timedelta(hours=self.incomplete_hours)


@dataclass(frozen=True, slots=True)
class Log:
    """What the daemon writes to its standard error. Neither texts nor whole phone numbers, at any level."""

    level: str = key("info", "The least that is written: `debug`, `info`, `warning` or `error`.",
                     checks.one_of("debug", "info", "warning", "error"))  # fmt: skip
    format: str = key("auto", "How a line looks: `json`, `console`, or `auto`: console on a terminal, else JSON.",
                      checks.one_of("auto", "json", "console"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file, checked. ``path`` is where it came from; without arguments, the defaults and no route."""

    path: Path = DEFAULT_PATH
    database: Database = Database()
    service: Service = Service()
    modems: tuple[Modem, ...] = ()
    smpp: tuple[Smpp, ...] = ()
    http: tuple[Http, ...] = ()
    routing: Routing = Routing()
    limits: Limits = Limits()
    tariff: Tariff = Tariff()
    alerts: Alerts = Alerts()
    alarms: Alarms = Alarms()
    selftest: SelfTest = SelfTest()
    sims: tuple[Sim, ...] = ()
    metrics: Metrics = Metrics()
    directory: Directory = Directory()
    replies: ReplyTexts = ReplyTexts()
    messages: Messages = Messages()
    templates: Templates = Templates()
    api: Api = Api()
    webhooks: tuple[Webhook, ...] = ()
    retention: Retention = Retention()
    log: Log = Log()

    @property
    def key_file(self) -> Path:
        """Where the private key is: as configured, or beside the database."""
        return self.directory.key_file or self.database.path.with_name("smsd.key")

    @property
    def secret_files(self) -> tuple[tuple[str, Path], ...]:
        """Every file with a secret that is named, with the name of what has it: a route, a webhook, a table."""
        tables = {name: getattr(self, ARRAYS.get(name, name)) for name in TABLES}
        return tuple(
            (getattr(table, "name", name), file)
            for name, written in tables.items()
            for table in (written if name in ARRAYS else (written,))
            for field in dataclasses.fields(table)
            if field.metadata["secret"] and (file := getattr(table, field.name)) is not None
        )

    @property
    def route_order(self) -> tuple[str, ...]:
        """Names of the routes a message may leave by, the first to be tried first."""
        return self.routing.order or self.routes

    @property
    def routes(self) -> tuple[str, ...]:
        """Names of all routes there are."""
        binds, operators = (bind.name for bind in self.smpp), (each.name for each in self.http)
        return (*binds, *operators, *(modem.name for modem in self.modems))

    @property
    def alert_order(self) -> tuple[str, ...]:
        """Names of the routes an alert may leave by."""
        return self.routing.by_class.alert or self.route_order

    @property
    def number_policy(self) -> NumberPolicy:
        """What is done with numbers that are probably a mistake."""
        return NumberPolicy(self.service.region, Treatment(self.alerts.not_mobile), Treatment(self.alerts.foreign))

    def require_routes(self) -> None:
        """Raise ``ConfigError`` when there is neither a modem nor a bind: nothing for a daemon to do."""
        if not self.modems and not self.smpp and not self.http:
            raise ConfigError(f'{self.path}: no modem and no bind: write [[modem]] with device = "/dev/smsd/modem"')


TABLES: Mapping[str, type] = {
    "database": Database,
    "service": Service,
    "modem": Modem,
    "smpp": Smpp,
    "http": Http,
    "routing": Routing,
    "limits": Limits,
    "tariff": Tariff,
    "alerts": Alerts,
    "alarms": Alarms,
    "selftest": SelfTest,
    "sim": Sim,
    "metrics": Metrics,
    "directory": Directory,
    "replies": ReplyTexts,
    "messages": Messages,
    "templates": Templates,
    "api": Api,
    "webhook": Webhook,
    "retention": Retention,
    "log": Log,
}
ARRAYS: Mapping[str, str] = {"modem": "modems", "smpp": "smpp", "http": "http", "webhook": "webhooks", "sim": "sims"}
"""Tables that may stand several times, and the field of ``Config`` they make."""
NESTED: Mapping[str, type] = {
    "modem.identity": Identity,
    "modem.limits": Quota,
    "smpp.limits": Quota,
    "http.limits": Quota,
    "routing.by_class": ByClass,
}
"""Tables within tables."""


@dataclass(frozen=True, slots=True)
class KeyDoc:
    """One key as the reference shows it: ``table`` without brackets (``modem.identity``), ``default`` as TOML."""

    table: str
    name: str
    kind: str
    default: str
    unit: str
    doc: str
    repeats: bool
    secret: bool


def describe() -> list[KeyDoc]:
    """Return every key there is, in the order of the reference."""
    tables: dict[str, type] = {}
    for name, cls in TABLES.items():
        tables |= {name: cls} | {inner: NESTED[inner] for inner in NESTED if inner.startswith(f"{name}.")}
    return [
        KeyDoc(
            table=table,
            name=field.name,
            kind=kind_of(field).__name__,
            default=_default(field),
            unit=field.metadata["unit"],
            doc=field.metadata["doc"],
            repeats=table in ARRAYS,
            secret=field.metadata["secret"],
        )
        for table, cls in tables.items()
        for field in dataclasses.fields(cls)
    ]


def kind_of(field: "dataclasses.Field[Any]") -> type:
    """Return the type a key's value has, without its ``| None`` and its brackets."""
    whole: Any = field.type
    choices = [each for each in typing.get_args(whole) if each is not types.NoneType]
    found = choices[0] if isinstance(whole, types.UnionType) else whole
    kind: type = typing.get_origin(found) or found
    return kind


def _default(field: "dataclasses.Field[Any]") -> str:
    import json  # noqa: PLC0415  a string of JSON is one of TOML

    if field.metadata["shown"] or field.default is None:
        return field.metadata["shown"] or "none"
    return f"`{json.dumps(field.default, ensure_ascii=False)}`"
