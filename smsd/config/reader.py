"""Reading the configuration file, the secrets it names and the environment.

Knows TOML and what a line about a mistake must say: the file, the key, what is wrong and what would be right. Refuses
to guess: whatever is not understood is refused.
"""

import dataclasses
import stat
import tomllib
import types
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from smsd.config import checks
from smsd.config.alarms import Alarms
from smsd.config.directory import Directory
from smsd.config.keys import ARRAYS, DEFAULT_PATH, TABLES, Config, Identity, Service, kind_of
from smsd.config.quota import Quota
from smsd.config.selftest import SelfTest
from smsd.config.sim import Sim
from smsd.credential import is_encrypted, opened
from smsd.errors import ConfigError, UsageError

REFERENCE = "docs/reference/configuration.md"
S = TypeVar("S")

_KINDS = {str: "a string", int: "a whole number", bool: "true or false", Path: "a path, as a string", dict: "a table"}


class SecretFileWarning(UserWarning):
    """A file with a secret can be read by everybody on this host."""


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read the file named by ``path``, else ``$SMSD_CONFIG``, else ``/etc/smsd/smsd.toml``.

    Raises ``ConfigError``, one line, for the first thing that is not understood, a missing file among them.
    """
    chosen = path or Path(environ.get("SMSD_CONFIG") or DEFAULT_PATH)
    try:
        text = chosen.read_text("utf-8-sig")  # some editors put a mark before the first line
    except FileNotFoundError:
        raise ConfigError(
            f"{chosen}: no such file; write it ({REFERENCE} has every key), or name another by --config or $SMSD_CONFIG"
        ) from None
    except OSError as error:
        raise ConfigError(f"{chosen}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{chosen}: octet {error.start} is not UTF-8: save the file as UTF-8") from error
    return parse(text, chosen, environ)


def parse(text: str, path: Path = DEFAULT_PATH, environ: Mapping[str, str] = types.MappingProxyType({})) -> Config:
    """Read the text of a configuration file. ``path`` is what errors name and relative paths start from.

    Raises ``ConfigError``.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    return _Reader(path, environ).whole(tables)


def read_secret(path: Path) -> str:
    """Return the one line a secret file holds, in the clear or encrypted to this host.

    A byte order mark is no part of it. Raises ``ConfigError`` naming the file; warns (``SecretFileWarning``) when
    everybody on this host can read it.
    """
    try:
        secret = _secret_octets(path).decode("utf-8-sig").rstrip("\r\n")
    except PermissionError as error:
        raise ConfigError(
            f"{path}: the secret cannot be read: {error.strerror}; under systemd: it has handed over none of this name "
            "(is the file there, and was the service restarted since?)"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path}: the secret cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: the secret is not UTF-8 text") from None
    if not secret or "\n" in secret:
        raise ConfigError(f"{path}: the secret must be one line that is not empty")
    return secret


def _secret_octets(path: Path) -> bytes:
    if is_encrypted(path):
        return opened(path)
    with path.open("rb") as file:
        if stat.S_IMODE(path.stat().st_mode) & stat.S_IROTH:
            warnings.warn(f"{path}: everybody can read this secret: chmod 600 {path}", SecretFileWarning, 3)
        return file.read()


_WITH_HOST = frozenset({"smsc-ru", "sms-aero"})
"""Profiles of binds that name their host."""


class _Reader:
    """One reading of one file: knows its name for the errors, and where its relative paths lead."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self._path = path
        self._credentials = Path(directory) if (directory := environ.get("CREDENTIALS_DIRECTORY")) else None

    def whole(self, tables: Mapping[str, Any]) -> Config:
        made: dict[str, Any] = {}
        for name, value in tables.items():
            if name not in TABLES:
                hint = _elsewhere(name) or checks.perhaps(name, TABLES)
                table = isinstance(value, dict | list)
                raise self._wrong("", name, f"unknown table{hint}" if table else f"unknown key{hint}")
            made[ARRAYS.get(name, name)] = self._routes(name, value) if name in ARRAYS else self._one(name, value)
        return self._agreed(Config(path=self._path, **made))

    def _one(self, name: str, value: Any) -> Any:
        if not isinstance(value, dict):
            raise self._wrong("", name, f"must be a table: write [{name}] once")
        return self.section(TABLES[name], value, f"[{name}]")

    def _routes(self, name: str, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self._wrong("", name, f"must be a list of tables: write [[{name}]] with double brackets")
        named = ({"name": f"{name}{number}"} | each for number, each in enumerate(value))
        return tuple(self.section(TABLES[name], each, f"[[{name}]] {each['name']}") for each in named)

    def section(self, cls: type[S], table: Mapping[str, Any], where: str) -> S:
        """Return a table of the file as its dataclass."""
        fields = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for name in table:
            if name not in fields:
                hint = checks.perhaps(name, fields) or _elsewhere(name) or f"; known here: {', '.join(fields)}"
                raise self._wrong(where, name, f"unknown key{hint}")
        return cls(**{name: self._value(fields[name], value, where) for name, value in table.items()})

    def _value(self, field: "dataclasses.Field[Any]", value: Any, where: str) -> Any:
        kind = kind_of(field)
        if dataclasses.is_dataclass(kind):
            if not isinstance(value, dict):
                hint = {Identity: '{ imei = "…" }', Quota: "{ parts_per_day = 500 }"}.get(
                    kind
                ) or f"[{where.strip('[]')}.{field.name}]"
                raise self._wrong(where, field.name, f"must be a table: write {hint}")
            return self.section(kind, value, f"{where} {field.name}")
        if kind is tuple:
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise self._wrong(where, field.name, 'must be a list of strings: write ["…", "…"]')
            return self._checked(field, tuple(value), where)
        if kind is dict and not (isinstance(value, dict) and all(isinstance(each, str) for each in value.values())):
            raise self._wrong(where, field.name, 'must be a table of strings: write { "code" = "meaning" }')
        # type(), not isinstance(): in Python true is an int, in TOML it is not.
        if type(value) is not (str if kind is Path else kind):
            raise self._wrong(where, field.name, f"must be {_KINDS[kind]}, not {value!r}")
        checked = self._checked(field, value, where)
        return self._resolved(str(checked)) if kind is Path else checked

    def _checked(self, field: "dataclasses.Field[Any]", value: Any, where: str) -> Any:
        try:
            return check(value) if (check := field.metadata["check"]) else value
        except ValueError as error:
            raise self._wrong(where, field.name, str(error)) from None

    def _resolved(self, name: str) -> Path:
        """Return the file a path means: a relative one is a credential handed by systemd, or beside this file."""
        return self._handed(name) or self._path.parent / name

    def _handed(self, name: str) -> Path | None:
        """Return a credential; one of a directory is called ``directory_file`` (LoadCredential=, systemd.exec(5))."""
        if self._credentials is None or name.startswith("/"):
            return None
        return next(
            (file for each in (name, name.replace("/", "_")) if (file := self._credentials / each).exists()), None
        )

    def _agreed(self, config: Config) -> Config:
        """Check what concerns several keys at a time, and fill in what depends on others."""
        names = list(config.routes)
        for name in names:
            if names.count(name) > 1:
                raise self._wrong("", name, "two routes have this name: give each its own")
        self._agree_routes(config)
        self._agree_http(config)
        self._agree_webhooks(config)
        self._agree_order("order", config.routing.order, names)
        for each in dataclasses.fields(config.routing.by_class):
            self._agree_order(f"by_class {each.name}", getattr(config.routing.by_class, each.name), names)
        return dataclasses.replace(
            config,
            service=self._service(config.service),
            directory=self._directory(config),
            alarms=self._alarms(config.alarms, config.service.region),
            selftest=self._selftest(config.selftest, config.service.region, names),
            sims=self._sims(config),
        )

    def _agree_routes(self, config: Config) -> None:
        for modem in config.modems:
            known = modem.identity is not None and (modem.identity.imei or modem.identity.imsi)
            if modem.device is None and not known:
                raise self._wrong(
                    f"[[modem]] {modem.name}", "device", 'missing: write device = "/dev/smsd/modem", or identity = '
                    '{ imei = "…" }',
                )  # fmt: skip
        devices = [modem.device for modem in config.modems if modem.device]
        for device in devices:
            if devices.count(device) > 1:
                raise self._wrong("[[modem]]", "device", f"two modems have {device}: give each its own")
        identities = [modem.identity for modem in config.modems if modem.identity]
        if len(set(identities)) < len(identities):
            raise self._wrong("[[modem]]", "identity", "two modems have the same: give each its own")
        for bind in config.smpp:
            if not bind.host and bind.profile not in _WITH_HOST:
                raise self._wrong(f"[[smpp]] {bind.name}", "host", 'missing: write host = "smsc.example.net"')
            for spare in bind.spare or ():
                try:
                    checks.host_and_port(spare)
                except ValueError as error:
                    raise self._wrong(f"[[smpp]] {bind.name}", "spare", str(error)) from None

    def _agree_http(self, config: Config) -> None:
        for each in config.http:
            where = f"[[http]] {each.name}"
            if bool(each.profile) == bool(each.profile_file):
                raise self._wrong(where, "profile", "either this or profile_file must say what the interface is like")
            if each.webhook_port and each.webhook_token_file is None:
                raise self._wrong(where, "webhook_token_file", "missing: anybody could tell what became of messages")
            if each.webhook_port and each.profile and not checks.http_tells(each.profile):
                raise self._wrong(
                    where, "webhook_port", f"nothing comes there: {each.profile} tells no receipts by itself"
                )

    def _agree_webhooks(self, config: Config) -> None:
        names = [each.name for each in config.webhooks]
        for each in config.webhooks:
            where = f"[[webhook]] {each.name}"
            if names.count(each.name) > 1:
                raise self._wrong(where, "name", "two webhooks have it: give each its own")
            if not each.url:
                raise self._wrong(where, "url", 'missing: write url = "https://ccs.example.net/hooks/sms"')
            if each.secret_file is None:
                raise self._wrong(where, "secret_file", "missing: nobody could tell its events from invented ones")

    def _agree_order(self, key: str, order: tuple[str, ...], names: list[str]) -> None:
        for name in order:
            if name not in names:
                known = f"; there are: {', '.join(names)}" if names else "; there is no route at all"
                raise self._wrong("[routing]", key, f"{name!r} is no route{checks.perhaps(name, names) or known}")
        if len(set(order)) < len(order):
            raise self._wrong("[routing]", key, "a route is named twice")

    def _service(self, service: Service) -> Service:
        if service == Service() or not service.number:
            return service
        number = self._phone("[service]", "number", service.number, service.region)
        return dataclasses.replace(service, number=number)

    def _alarms(self, alarms: Alarms, region: str) -> Alarms:
        if alarms.command and not alarms.command[0].startswith("/"):
            raise self._wrong("[alarms]", "command", f"{alarms.command[0]!r} is no whole path: it must begin with /")
        phones = tuple(self._phone("[alarms]", "phones", phone, region) for phone in alarms.phones)
        return dataclasses.replace(alarms, phones=phones) if phones else alarms

    def _selftest(self, tests: SelfTest, region: str, names: list[str]) -> SelfTest:
        for name in tests.routes:
            if name not in names:
                raise self._wrong("[selftest]", "routes", f"{name!r} is no route{checks.perhaps(name, names)}")
        if not tests.number:
            return tests
        return dataclasses.replace(tests, number=self._phone("[selftest]", "number", tests.number, region))

    def _sims(self, config: Config) -> tuple[Sim, ...]:
        modems = [modem.name for modem in config.modems]
        made: list[Sim] = []
        for sim in config.sims:
            where = f"[[sim]] {sim.name}"
            if sim.name not in modems:
                raise self._wrong(where, "name", f"no modem is called so{checks.perhaps(sim.name, modems)}")
            if sim.name in [each.name for each in made]:
                raise self._wrong(where, "name", "two tables for one modem")
            for name in ("number", "keepalive_number"):
                if written := getattr(sim, name):
                    number: Any = {name: self._phone(where, name, written, config.service.region)}
                    sim = dataclasses.replace(sim, **number)  # noqa: PLW2901  the same, written better
            made.append(sim)
        return tuple(made)

    def _phone(self, where: str, name: str, written: str, region: str) -> str:
        from smsd.rules.phones import e164  # noqa: PLC0415  start-up time

        try:
            return e164(written, region)
        except UsageError as error:
            raise self._wrong(where, name, str(error)) from None

    def _directory(self, config: Config) -> Directory:
        if wrong := config.directory.disagreement():
            raise self._wrong("[directory]", *wrong)
        names = ("smsd.key", "credentials/smsd.key", "encrypted/smsd.key")
        handed = next((file for name in names if (file := self._handed(name))), None)
        if config.directory.key_file is None and handed:
            return dataclasses.replace(config.directory, key_file=handed)
        return config.directory

    def _wrong(self, where: str, name: str, problem: str) -> ConfigError:
        place = f"{where} {name}" if where else name
        return ConfigError(f"{self._path}: {place}: {problem}".replace("\n", " "))


def _elsewhere(name: str) -> str:
    homes = [table for table, cls in TABLES.items() for field in dataclasses.fields(cls) if field.name == name]
    return f"; it belongs in [{homes[0]}]" if len(homes) == 1 else ""
