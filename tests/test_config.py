"""A file is understood whole or refused in one line; every default is the documented one; secrets come from files."""

import dataclasses
import os
import subprocess
import sys
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.config import (
    ByClass,
    Config,
    Identity,
    Log,
    Modem,
    SecretFileWarning,
    Smpp,
    describe,
    load,
    parse,
    read_secret,
)
from smsd.daemon.settings import gateway_settings
from smsd.errors import ConfigError, UsageError
from smsd.rules.outbox import MessageClass
from smsd.rules.replies import Replies

CONTRACT = """
[database]
url = "sqlite:////var/lib/smsd/smsd.db"

[service]
number = "+79086228779"
sender = "SCSERV"
timezone = "Europe/Moscow"

[[modem]]
name = "modem0"
device = "/dev/smsd/modem"
pin_file = "/etc/smsd/pin"
poll_seconds = 30
delivery_reports = true

[[smpp]]
name = "operator"
host = "smsc.example.net"
port = 2775
system_id = "scserv"
password_file = "/etc/smsd/operator"
window = 10
tls = false

[routing]
order = ["operator", "modem0"]
fallback_after_seconds = 30
fallback_prefix = ""

[limits]
commands_per_hour = 10
sim_alerts_per_day = 200
quiet_hours = ""
"""
MODEM = '[[modem]]\ndevice = "/dev/smsd/modem"\n'


def test_the_whole_interface_is_understood() -> None:
    config = parse(CONTRACT)
    assert config.modems == (Modem(name="modem0", device=Path("/dev/smsd/modem"), pin_file=Path("/etc/smsd/pin")),)
    assert config.smpp == (
        Smpp(
            name="operator",
            host="smsc.example.net",
            port=2775,
            system_id="scserv",
            password_file=Path("/etc/smsd/operator"),
            tls=False,
        ),
    )
    assert config.route_order == config.routing.order == ("operator", "modem0")
    assert dataclasses.replace(config, modems=(), smpp=(), routing=Config().routing) == Config()


def test_an_empty_file_is_all_defaults() -> None:
    assert parse("") == Config()


def test_every_default_passes_its_own_check() -> None:
    """What is written out as the default must be what is meant without it."""
    tables = {"modem", "smpp", "http", "modem.identity", "webhook", "sim"}  # with these alone a file is not whole
    written = [key for key in describe() if key.table not in tables and key.default.startswith("`")]
    assert len(written) > 25
    for key in written:
        if key.kind != "Path":
            assert parse(f"[{key.table}]\n{key.name} = {key.default.strip('`')}\n") == Config(), key


def test_the_database_is_a_path() -> None:
    assert Config().database.path == Path("/var/lib/smsd/smsd.db")
    assert parse('[database]\nurl = "sqlite:////tmp/a b.db"').database.path == Path("/tmp/a b.db")


def test_without_an_order_binds_come_first() -> None:
    routes = '[[modem]]\ndevice = "/dev/a"\n[[modem]]\ndevice = "/dev/b"\n[[smpp]]\nhost = "h"\n'
    assert parse(routes).route_order == ("smpp0", "modem0", "modem1")


def test_a_modem_may_be_known_by_its_imei() -> None:
    (modem,) = parse('[[modem]]\nidentity = { imei = "867459040000007" }').modems
    assert modem.identity == Identity(imei="867459040000007")
    assert modem.device is None


def test_the_number_is_kept_as_e164_in_the_habits_of_the_region() -> None:
    assert parse('[service]\nnumber = "8 (908) 622-87-79"').service.number == "+79086228779"
    assert parse('[service]\nnumber = "8 029 1234567"\nregion = "BY"').service.number == "+375291234567"


def test_quiet_hours_are_a_span() -> None:
    assert Config().limits.quiet_span is None
    assert parse('[limits]\nquiet_hours = "21:00-09:30"').limits.quiet_span == (time(21), time(9, 30))


def test_times_are_values_with_their_units() -> None:
    config = parse("[messages]\nack_expires_minutes = 90\nincomplete_hours = 48")
    assert config.messages.expires("ack") == timedelta(minutes=90)
    assert config.messages.incomplete == timedelta(days=2)
    assert str(config.service.zone) == "Europe/Moscow"


@pytest.mark.parametrize("message_class", ["ack", "result", "admin", "manual", "notification", "alert"])
def test_every_class_of_message_expires(message_class: str) -> None:
    assert timedelta(hours=1) <= Config().messages.expires(message_class) <= timedelta(days=1)


def test_texts_are_replaced_one_by_one() -> None:
    assert Config().replies.texts() == Replies()
    assert parse('[replies]\ninfo = "{code}"').replies.texts() == Replies(info_template="{code}")


def test_a_daemon_needs_a_route_and_a_reader_of_the_database_does_not() -> None:
    with pytest.raises(ConfigError, match=r"no modem and no bind: write \[\[modem\]\]"):
        parse("").require_routes()
    parse(MODEM).require_routes()
    parse('[[smpp]]\nhost = "h"').require_routes()


HTTP = '[[http]]\nname = "operator2"\nprofile = "smsc-ru"\n'
SMPP = '[[smpp]]\nname = "operator"\n'


def test_an_operator_by_http_is_a_route_of_its_own() -> None:
    config = parse(MODEM + HTTP + 'login = "scserv"\npassword_file = "/etc/smsd/operator2"\nwindow = 2\n')
    [http] = config.http
    assert (http.name, http.profile, http.window, http.timeout_seconds) == ("operator2", "smsc-ru", 2, 20)
    assert config.route_order == ("operator2", "modem0")
    parse(HTTP).require_routes()


def test_a_class_may_have_an_order_of_its_own() -> None:
    config = parse(MODEM + HTTP + '[routing.by_class]\nalert = ["operator2"]\nack = ["modem0", "operator2"]\n')
    assert config.routing.by_class == ByClass(alert=("operator2",), ack=("modem0", "operator2"))
    assert config.route_order == ("operator2", "modem0")
    assert gateway_settings(config).by_class == {
        MessageClass.ALERT: ("operator2",),
        MessageClass.ACK: ("modem0", "operator2"),
    }
    assert gateway_settings(Config()).by_class == {}


# --- refused ----------------------------------------------------------------------------------------------------------

REFUSED = [
    # unknown
    ("[servise]", "servise: unknown table; did you mean service?"),
    ("colour = 1", "colour: unknown key"),
    ("timezone = 'UTC'", "timezone: unknown key; it belongs in [service]"),
    ("[service]\ntimezon = 'UTC'", "[service] timezon: unknown key; did you mean timezone?"),
    ("[service]\nbaud = 1", "[service] baud: unknown key; it belongs in [modem]"),
    ("[service]\nxyzzy = 1", "[service] xyzzy: unknown key; known here: number, sender"),
    (MODEM + "pin = '1234'", "[[modem]] modem0 pin: unknown key; did you mean pin_file?"),
    (MODEM + "identity = { imeii = '1' }", "[[modem]] modem0 identity imeii: unknown key; did you mean imei?"),
    (HTTP + "profil = 'x'", "[[http]] operator2 profil: unknown key; did you mean profile?"),
    ("[routing.by_class]\nalerts = []", "[routing] by_class alerts: unknown key; did you mean alert?"),
    # of another type
    ("[routing]\nby_class = 1", "[routing] by_class: must be a table: write [routing.by_class]"),
    ("[routing.by_class]\nalert = 'x'", "[routing] by_class alert: must be a list of strings"),
    ("service = 1", "service: must be a table: write [service] once"),
    ("[modem]\ndevice = '/dev/a'", "modem: must be a list of tables: write [[modem]] with double brackets"),
    ("smpp = [1]", "smpp: must be a list of tables"),
    ("[service]\nnumber = 79086228779", "[service] number: must be a string, not 79086228779"),
    (MODEM + "poll_seconds = '30'", "modem0 poll_seconds: must be a whole number, not '30'"),
    (MODEM + "poll_seconds = 30.0", "modem0 poll_seconds: must be a whole number, not 30.0"),
    (MODEM + "poll_seconds = true", "modem0 poll_seconds: must be a whole number, not True"),
    (MODEM + "rtscts = 1", "modem0 rtscts: must be true or false, not 1"),
    (MODEM + "pin_file = 1234", "modem0 pin_file: must be a path, as a string, not 1234"),
    (MODEM + "identity = '1'", 'modem0 identity: must be a table: write { imei = "…" }'),
    ("[routing]\norder = 'modem0'", "[routing] order: must be a list of strings"),
    ("[routing]\norder = [1]", "[routing] order: must be a list of strings"),
    # no such value
    (HTTP.replace("smsc-ru", "smsc"), "[[http]] operator2 profile: must be one of beeline-a2p"),
    (
        HTTP + "url = 'http://smsc.ru'",
        "operator2 url: 'http://smsc.ru' is no address without a path: write it like https",
    ),
    (HTTP + "url = 'https://smsc.ru/sys'", "operator2 url: 'https://smsc.ru/sys' is no address without a path"),
    (HTTP + "profile_file = 'a.toml'", "operator2 profile: either this or profile_file must say"),
    ("[[http]]\nlogin = 'a'", "[[http]] http0 profile: either this or profile_file must say"),
    (SMPP + "host = 'smpp://smsc.example.net'", "operator host: 'smpp://smsc.example.net' is no name and no address"),
    (SMPP + "host = 'smsc.example.net:2775'", "write it like smpp.example.net or 2001:db8::1"),
    (SMPP + "host = '[::1]'", "without brackets; the port has a key of its own"),
    (SMPP + "host = 'smsc..example.net'", "operator host: 'smsc..example.net' is no name"),
    (SMPP + "host = 'smsc example'", "operator host: 'smsc example' is no name"),
    (SMPP + "host = ''", "operator host: it is empty"),
    (SMPP + "host = 'h'\nspare = ['smsc..net:1']", "operator spare: 'smsc..net:1' must be"),
    (SMPP + "host = 'h'\nspare = ['::1']", "operator spare: '::1' must be"),
    (SMPP + "host = 'h'\nsystem_type = 'aaaaaaaaaaaaa'", "at most 12 ASCII characters (SMPP 3.4 §5.2.3)"),
    (SMPP + "host = 'h'\nservice_type = 'aaaaaa'", "at most 5 ASCII characters (SMPP 3.4 §5.2.11)"),
    (SMPP + "host = 'h'\nsystem_id = 'aaaaaaaaaaaaaaaa'", "at most 15 ASCII characters (SMPP 3.4 §5.2.1)"),
    (
        HTTP.replace("smsc-ru", "t2-target") + "webhook_port = 8000\nwebhook_token_file = 'a'",
        "operator2 webhook_port: nothing comes there: t2-target tells no receipts by itself",
    ),
    (HTTP + "webhook_port = 8000", "operator2 webhook_token_file: missing: anybody could tell"),
    (
        HTTP + "[routing.by_class]\nalert = ['operator']",
        "by_class alert: 'operator' is no route; did you mean operator2?",
    ),
    (HTTP + "[routing.by_class]\nalert = ['operator2', 'operator2']", "by_class alert: a route is named twice"),
    (HTTP + MODEM.replace("]]", "]]\nname = 'operator2'"), "operator2: two routes have this name"),
    ("[database]\nurl = 'postgresql://h/d'", "[database] url: 'postgresql' is not supported (yet): write sqlite:////"),
    ("[database]\nurl = 'sqlite:///smsd.db'", "[database] url: 'sqlite:///smsd.db' is not a whole path: four slashes"),
    ("[database]\nurl = 'sqlite:////var/'", "is not a whole path"),
    ("[database]\nurl = 'sqlite:////a?mode=ro'", "is not a whole path"),
    ("[service]\nnumber = '12'", "[service] number: •••12 cannot be a phone number"),
    ("[service]\nsender = 'SCSERVSCSERV'", "[service] sender: 'SCSERVSCSERV' has 12 characters: 1 to 11"),
    ("[service]\nsender = ''", "[service] sender: '' has 0 characters"),
    ("[service]\nsender = 'СCSERV'", "[service] sender: 'С' in 'СCSERV': Latin letters"),
    ("[service]\nsender = 'SC[SERV'", "[service] sender: '[' in"),
    ("[service]\ntimezone = 'Europe/Moskow'", "no time zone of the tz database; did you mean Europe/Moscow?"),
    ("[service]\ntimezone = '../etc/passwd'", "no time zone"),
    ("[service]\ntimezone = ''", "no time zone"),
    ("[service]\nregion = 'ru'", "[service] region: 'ru' is no ISO 3166 code"),
    ("[limits]\nquiet_hours = '21-9'", "[limits] quiet_hours: '21-9' is not hours: write from-to like \"21:00-09:00\""),
    ("[limits]\nquiet_hours = '24:00-09:00'", "is not hours"),
    ("[limits]\nquiet_hours = '09:00-09:00'", "is the whole day or nothing"),
    ("[limits]\ncommands_per_hour = 0", "[limits] commands_per_hour: 0 is out of range: 1 to 10000"),
    ("[limits]\nsim_alerts_per_day = -1", "-1 is out of range"),
    ("[log]\nlevel = 'Info'", "[log] level: 'Info' is not one of debug, info, warning, error; did you mean info?"),
    ("[replies]\ninfo = '{pasword}'", "[replies] info: '{pasword}' is no placeholder"),
    ("[replies]\nstop = ''", "[replies] stop: an empty text cannot be sent"),
    (MODEM + "smsc = '89086228779'", "modem0 smsc: '89086228779' is not E.164"),
    (MODEM + "name = 'a b'", "name: 'a b' is no name"),
    (MODEM + "pin_file = ''", "modem0 pin_file: it is empty"),
    (MODEM + "identity = { imei = '123' }", "modem0 identity imei: '123' is no IMEI"),
    ("[[modem]]\ndevice = 'ttyUSB0'", "modem0 device: 'ttyUSB0' is not a whole path: write it like /dev/smsd/modem"),
    ("[[smpp]]\nhost = 'h'\nport = 0", "smpp0 port: 0 is out of range: 1 to 65535"),
    ("[[smpp]]\nhost = 'h'\nport = 65536", "65536 is out of range"),
    ("[[smpp]]\nhost = 'h'\nsystem_id = 'sixteen-letters!'", "smpp0 system_id: 'sixteen-letters!' does not fit"),
    ("[[smpp]]\nhost = ' '", "smpp0 host: it is empty"),
    # missing, or at odds with each other
    ("[[modem]]", '[[modem]] modem0 device: missing: write device = "/dev/smsd/modem", or identity = { imei = "…" }'),
    ("[[modem]]\nidentity = {}", "[[modem]] modem0 device: missing"),
    ("[[smpp]]\nname = 'operator'", '[[smpp]] operator host: missing: write host = "smsc.example.net"'),
    (MODEM + "name = 'a'\n[[smpp]]\nname = 'a'\nhost = 'h'", "a: two routes have this name"),
    (MODEM + MODEM, "[[modem]] device: two modems have /dev/smsd/modem"),
    ("[routing]\norder = ['modem0']", "[routing] order: 'modem0' is no route; there is no route at all"),
    (MODEM + "[routing]\norder = ['modem1']", "'modem1' is no route; did you mean modem0?"),
    (MODEM + "[routing]\norder = ['operator']", "'operator' is no route; there are: modem0"),
    (MODEM + "[routing]\norder = ['modem0', 'modem0']", "[routing] order: a route is named twice"),
    ("[service", "not TOML: "),
    ("[log]\nlevel = 'info'\nlevel = 'info'", "not TOML: "),
]


@pytest.mark.parametrize(("text", "complaint"), REFUSED)
def test_a_mistake_is_one_line_that_names_file_key_and_cure(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, Path("/etc/smsd/smsd.toml"))
    line = str(caught.value)
    assert line.startswith("/etc/smsd/smsd.toml: ")
    assert complaint in line
    assert "\n" not in line
    assert caught.value.exit_code == 78


scalars = st.one_of(st.text(max_size=8), st.integers(), st.booleans(), st.floats(allow_nan=False))
keys = st.sampled_from([(key.table, key.name) for key in describe() if "." not in key.table])


@given(keys, scalars)
def test_any_value_of_any_key_is_taken_or_refused(key: tuple[str, str], value: object) -> None:
    table, name = key
    written = str(value).lower() if isinstance(value, bool) else _toml(value)
    brackets = f"[[{table}]]" if table in {"modem", "smpp"} else f"[{table}]"
    try:
        answer: Config | str = parse(f"{brackets}\n{name} = {written}\n")
    except ConfigError as error:
        answer = str(error)
    assert isinstance(answer, Config) or "\n" not in answer


def _toml(value: object) -> str:
    if not isinstance(value, str):
        return repr(value)
    return '"' + "".join(f"\\U{ord(each):08x}" for each in value if not 0xD800 <= ord(each) < 0xE000) + '"'


# --- files and environment --------------------------------------------------------------------------------------------


def test_the_named_file_goes_before_the_environment(tmp_path: Path) -> None:
    named, other = tmp_path / "a.toml", tmp_path / "b.toml"
    named.write_text("[log]\nlevel = 'debug'")
    other.write_text("[log]\nlevel = 'error'")
    environ = {"SMSD_CONFIG": str(other)}
    assert load(named, environ).log == Log(level="debug")
    assert load(named, environ).path == named
    assert load(None, environ).log == Log(level="error")


def test_without_either_the_usual_place_is_named() -> None:
    if Path("/etc/smsd/smsd.toml").exists():
        pytest.skip("this host has a configuration")
    with pytest.raises(ConfigError, match=r"^/etc/smsd/smsd\.toml: no such file; write it .* or name another by"):
        load(None, {"SMSD_CONFIG": ""})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"^{tmp_path}: cannot be read: Is a directory$"):
        load(tmp_path, {})


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "smsd.toml"
    path.write_bytes("[replies]\nstop = 'Отключено'".encode("cp1251"))
    with pytest.raises(ConfigError, match="octet 18 is not UTF-8"):
        load(path, {})


def test_a_relative_secret_is_a_credential_or_beside_the_file(tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "operator").write_text("secret")
    text = MODEM + "pin_file = 'pin'\n[[smpp]]\nhost = 'h'\npassword_file = 'operator'"
    config = parse(text, tmp_path / "smsd.toml", {"CREDENTIALS_DIRECTORY": str(credentials)})
    assert config.smpp[0].password_file == credentials / "operator"
    assert config.modems[0].pin_file == tmp_path / "pin"


def test_the_private_key_is_beside_the_database_unless_handed_or_configured(tmp_path: Path) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert parse("", environ=environ).key_file == Path("/var/lib/smsd/smsd.key")
    (tmp_path / "smsd.key").touch()
    assert parse("", environ=environ).key_file == tmp_path / "smsd.key"
    assert parse("[directory]\nkey_file = '/k'", environ=environ).key_file == Path("/k")


def test_a_file_of_a_directory_of_credentials_is_found_under_the_name_systemd_gives_it(tmp_path: Path) -> None:
    for name in ("credentials_pin", "credentials_smsd.key"):
        (tmp_path / name).touch()
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    config = parse(MODEM + "pin_file = 'credentials/pin'", Path("/etc/smsd/smsd.toml"), environ)
    assert config.modems[0].pin_file == tmp_path / "credentials_pin"
    assert config.key_file == tmp_path / "credentials_smsd.key"
    beside = parse(MODEM + "pin_file = 'credentials/other'", Path("/etc/smsd/smsd.toml"), environ)
    assert beside.modems[0].pin_file == Path("/etc/smsd/credentials/other")


def secret(tmp_path: Path, content: bytes, mode: int = 0o600) -> Path:
    path = tmp_path / "pin"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("content", [b"1234", b"1234\n", b"1234\r\n", b"\xef\xbb\xbf1234\r\n"])
def test_a_secret_is_the_line_of_its_file(tmp_path: Path, content: bytes) -> None:
    assert read_secret(secret(tmp_path, content)) == "1234"


def test_spaces_belong_to_a_secret(tmp_path: Path) -> None:
    assert read_secret(secret(tmp_path, b" a b ")) == " a b "


@pytest.mark.parametrize(
    ("content", "complaint"), [(b"", "one line"), (b"\n", "one line"), (b"1\n2", "one line"), (b"\xff", "not UTF-8")]
)
def test_a_file_without_one_line_is_no_secret(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = secret(tmp_path, content)
    with pytest.raises(ConfigError, match=f"^{path}: .*{complaint}"):
        read_secret(path)


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="pin: the secret cannot be read: No such file"):
        read_secret(tmp_path / "pin")


def test_a_secret_that_is_closed_is_told_with_what_systemd_has_to_do_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the unit a credential that is not there looks closed: the directory behind it is root's."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigError, match="Permission denied; under systemd: it has handed over none of this name"):
        read_secret(tmp_path / "pin")


def test_a_secret_everybody_can_read_is_told(tmp_path: Path) -> None:
    path = secret(tmp_path, b"1234", 0o644)
    with pytest.warns(SecretFileWarning, match=f"chmod 600 {path}"):
        assert read_secret(path) == "1234"


def test_importing_stays_quick() -> None:
    """The help of the command line must not wait for the telephone plans of the world."""
    program = (
        "import sys, smsd.config; sys.exit(any(m in sys.modules for m in ('phonenumbers', 'structlog', 'difflib')))"
    )
    environ = {**os.environ, "PYTHONPATH": ""}
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[1], env=environ, check=False, timeout=100
    )
    assert finished.returncode == 0


def test_a_bad_reply_is_a_matter_of_the_file_not_of_the_caller() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("[replies]\nstop = '{'")
    assert not isinstance(caught.value, UsageError)


@pytest.mark.parametrize("host", ["smsc.example.net", "2001:db8::1", "127.0.0.1", "смс.рф", "smsc"])
def test_a_host_is_a_name_or_an_address_of_either_kind(tmp_path: Path, host: str) -> None:
    file = tmp_path / "smsd.toml"
    file.write_text(f"{SMPP}host = '{host}'\nspare = ['[2001:db8::2]:2775', 'spare.example.net:2776']\n")
    assert load(file, {}).smpp[0].host == host
