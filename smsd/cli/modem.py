"""``smsd modem``: what is plugged into this host, and what the daemon knows of it, as it last wrote it down."""

from collections.abc import Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Any

import click

from smsd.cli.app import App, pass_app
from smsd.cli.output import Clock, dry_run_option, json_option, limit_option, print_json, print_pairs, print_table, tell
from smsd.cli.record import record
from smsd.cli.simlife import balance_fields, balance_words, life_fields, life_pairs, with_lives
from smsd.cli.usbreset import PLACES, reset_usb
from smsd.errors import ConfigError, NotFoundError, SmsdError, StoreError, UsageError
from smsd.speech import N_, _, said

if TYPE_CHECKING:
    from smsd.cli.plugged import Plugged

__all__ = ["modem", "route_fields"]

LAST_SEEN = N_("no daemon runs: this is what the last one saw")
FACTS = (
    N_("manufacturer"), N_("revision"), N_("imei"), N_("iccid"), N_("quirks"), N_("slots used"), N_("slots total"),
    N_("delivery reports"), N_("hints"), N_("service centre"), N_("registration"), N_("host"), N_("system id"),
    N_("window"), N_("in flight"), N_("profile"), N_("seen model"), N_("seen imei"), N_("seen iccid"), N_("seen imsi"),
    N_("troubles"), N_("cures"), N_("next cure"), N_("alarm"),
)  # fmt: skip
"""What a route tells of itself by name, where no table has it as its heading."""
UNUSED: dict[str, Any] = {
    "name": None, "up": False, "state": "plugged-in", "detail": "", "since": None, "changed_at": None, "facts": {},
    "self_test": None,
    "balance": None,
}  # fmt: skip


@click.group(epilog="Example: smsd modem list")
def modem() -> None:
    """See what is plugged in and what the daemon knows of its modems."""


modem.add_command(record)
modem.add_command(reset_usb)


@modem.command("list", epilog="Example: smsd modem list --json")
@limit_option
@json_option
@pass_app
def list_(app: App, *, limit: int, as_json: bool) -> None:
    """List modems: how those of the daemon are, and what is plugged into this host.

    As root it also says who holds a port. What is plugged in is shown without a configuration, too.
    """
    rows, clock, daemon, trouble = _routes(app)
    rows = rows[: limit or None]
    there = _plugged()
    if as_json:
        print_json(_listed(rows, there, clock, daemon=daemon))
        _raise(trouble)
        return
    print_table(
        ("name", "state", "since", "model", "device", "operator", "signal", "detail"),
        [
            (
                row["name"], _state(row, daemon=daemon), clock.day(row["since"]), row["facts"].get("model"),
                row["facts"].get("device"), row["facts"].get("operator"), signal(row["facts"]), said(row["detail"]),
            )
            for row in rows
        ],
        flexible="detail",
        empty=_("nothing known yet; the daemon ('smsd run') looks after the modems of the configuration"),
    )  # fmt: skip
    click.echo()
    click.echo(_("plugged in") if there else _("plugged in: no modem that a rule or a maker's number tells"))
    print_table(
        ("USB", "ids", "what", "AT port", "held by", "route"),
        [(each.usb, each.ids, each.what, each.at, each.held_by, _route_of(each, rows)) for each in there],
        flexible="held by",
        indent="  ",
    )
    if rows and not daemon:
        click.echo(_(LAST_SEEN), err=True)
    _raise(trouble)


@modem.command(epilog="Example: smsd modem show modem0")
@click.argument("name")
@json_option
@pass_app
def show(app: App, name: str, *, as_json: bool) -> None:
    """Show all that is known of a modem, by the name it has in the configuration or by its USB device."""
    rows, clock, daemon, trouble = _routes(app)
    there = _plugged()
    row = next((row for row in rows if row["name"] == name), None)
    host = next((each for each in there if each.usb == name or (row is not None and _route_of(each, [row]))), None)
    if row is None and host is None:
        _raise(trouble)
        raise NotFoundError(f"no modem {name!r} is known; 'smsd modem list' shows which are")
    if as_json:
        print_json(_fields(row, host, clock, daemon=daemon))
        _raise(trouble)
        return
    if row is not None:
        facts = {**row["facts"], "signal": signal(row["facts"])}
        print_pairs(
            [
                ("name", row["name"]),
                ("state", _state(row, daemon=daemon)),
                ("detail", said(row["detail"])),
                ("since", clock.full(row["since"])),
                ("seen", clock.full(row["changed_at"])),
                *((fact.replace("_", " "), _word(value)) for fact, value in facts.items()),
                *life_pairs(row, clock),
            ]
        )
    if host is not None:
        _show_host(host)
    if row is not None and not daemon:
        click.echo(_(LAST_SEEN), err=True)
    _raise(trouble)


@modem.command(epilog="Example: smsd modem balance modem0")
@click.argument("name")
@json_option
@pass_app
def balance(app: App, name: str, *, as_json: bool) -> None:
    """Show what the operator last said of a SIM's balance, word for word.

    The daemon asks by balance_ussd of the table [[sim]], as often as balance_hours says.
    """
    with app.store() as store:
        known = store.simlife.balances().get(name)
    clock = Clock(app.config.service.zone, app.now)
    if known is None:
        raise NotFoundError(f"no balance was ever asked for at {name!r}: [[sim]] balance_ussd says what to dial")
    if as_json:
        print_json({"name": name, **balance_fields(known, clock)})
        return
    print_pairs(
        [
            ("balance", balance_words(known, clock)),
            ("asked", clock.full(known.asked_at)),
            ("answer", known.text),
        ]
    )


@modem.command(epilog="Example: smsd modem adopt modem0")
@click.argument("modem_name", metavar="NAME")
@click.option("--imei", metavar="IMEI", help="The modem to adopt, if it is not the one that the daemon tells of.")
@click.option("--imsi", metavar="IMSI", help="The SIM to adopt, if it is not the one that the daemon tells of.")
@dry_run_option
@json_option
@pass_app
def adopt(app: App, modem_name: str, *, imei: str | None, imsi: str | None, dry_run: bool, as_json: bool) -> None:
    """Use a replaced modem or SIM from now on as NAME of the configuration.

    The daemon leaves alone a modem or a SIM that is not the configured one (states foreign-modem, foreign-sim). This
    says that it is the replacement; a running daemon takes it within a second. It holds until the identity in the
    configuration is changed, which should be done next.
    """
    from smsd.routes.modem.identity import ADOPTED, Card, Wanted, adoption  # noqa: PLC0415  start-up time

    configured = next((each for each in app.config.modems if each.name == modem_name), None)
    if configured is None:
        raise NotFoundError(f"no modem {modem_name!r} in the configuration")
    identity = configured.identity
    if identity is None:
        raise UsageError(f"{modem_name} has no identity in the configuration: whatever is at its device is used")
    _check_named(imei, imsi)
    with app.store(dry_run=dry_run) as store:
        facts: dict[str, Any] = next((row["facts"] for row in store.routes() if row["name"] == modem_name), {})
        if not (imei or imsi or facts.get("seen_imei")):
            raise NotFoundError(
                f"the daemon tells of no stranger at {modem_name}; 'smsd modem list' shows what is plugged in, "
                "--imei and --imsi name one"
            )
        seen_imei, seen_iccid, seen_imsi = _meant(facts, imei, imsi)
        seen_imei = seen_imei or identity.imei
        # Where no card was seen the configured one is wanted still, not any.
        card = Card(seen_iccid, seen_imsi or ("" if seen_iccid else identity.imsi))
        wanted = Wanted(identity.imei, identity.imsi)
        store.remember(modem_name, ADOPTED, adoption(wanted, seen_imei, card))
        app.ring(store)
    if as_json:
        print_json({"name": modem_name, "imei": seen_imei, "imsi": card.imsi or None, "iccid": card.iccid or None})
        return
    sim = card.imsi or card.iccid or "-"
    told = _("{name} is now the modem with IMEI {imei} and SIM {sim}")
    tell(told.format(name=modem_name, imei=seen_imei or "-", sim=sim), dry_run=dry_run)
    if identity.imsi and not card.imsi:
        click.echo(
            _("its IMSI is told after its PIN: leave the identity in {path} as it is").format(path=app.config.path)
        )
    else:
        named = (("imei", seen_imei), ("imsi", card.imsi))
        write = [f'{key} = "{value}"' for key, value in named if getattr(identity, key)]
        line = f"identity = {{ {', '.join(write)} }}"
        click.echo(_("write it down in {path}: {line}").format(path=app.config.path, line=line))
    if configured.pin_file is not None:
        click.echo(_("another SIM has another PIN: see that {path} has it").format(path=configured.pin_file))


def _check_named(imei: str | None, imsi: str | None) -> None:
    """Refuse what no modem or SIM can have: no other would be used until somebody adopts one anew."""
    from smsd.config import checks  # noqa: PLC0415  start-up time

    try:
        checks.imei(imei or "")
        checks.imsi(imsi or "")
    except ValueError as error:
        raise UsageError(str(error)) from None


def _meant(facts: dict[str, Any], imei: str | None, imsi: str | None) -> tuple[str, str, str]:
    """Return IMEI, ICCID and IMSI of who is adopted: as named; the rest is the stranger's, if that one is meant."""
    seen_imei, seen_iccid, seen_imsi = (str(facts.get(f"seen_{name}", "")) for name in ("imei", "iccid", "imsi"))
    if (imei or seen_imei, imsi or seen_imsi) == (seen_imei, seen_imsi):
        return seen_imei, seen_iccid, seen_imsi
    return imei or "", "", imsi or ""


def _routes(app: App) -> tuple[list[dict[str, Any]], Clock, bool, SmsdError | None]:
    """Return what the daemon wrote of its modems; binds and operators by HTTP are no modems.

    Where that cannot be told the reason is returned: what is plugged in can be, and is of use before all is set up.
    """
    try:
        rows = _written(app)
    except (ConfigError, StoreError) as trouble:
        return [], Clock(UTC, app.now), False, trouble
    return rows, Clock(app.config.service.zone, app.now), app.daemon() is not None, None


def _raise(trouble: SmsdError | None) -> None:
    if trouble is not None:
        raise trouble


def _state(row: Mapping[str, Any], *, daemon: bool) -> str:
    state: str = row["state"]
    return state if daemon else _("unknown (was {state})").format(state=state)


def _written(app: App) -> list[dict[str, Any]]:
    others = {bind.name for bind in app.config.smpp} | {operator.name for operator in app.config.http}
    with app.store() as store:
        return [row for row in with_lives(store, store.routes()) if row["name"] not in others]


def _plugged() -> "list[Plugged]":
    from smsd.cli.plugged import plugged  # noqa: PLC0415  start-up time
    from smsd.routes.modem import Host  # noqa: PLC0415

    return plugged(Host(*PLACES))


def _route_of(device: "Plugged", rows: list[dict[str, Any]]) -> str:
    """Name the route that is at a device, by the path it last had."""
    names = {name for port in device.ports for name in (port.path, *port.links)}
    return ", ".join(row["name"] for row in rows if row["facts"].get("device") in names)


def _listed(rows: list[dict[str, Any]], there: "list[Plugged]", clock: Clock, *, daemon: bool) -> list[dict[str, Any]]:
    """Return the daemon's modems, then what is plugged in beside them."""
    told, beside = [], list(there)
    for row in rows:
        host = next((each for each in there if _route_of(each, [row])), None)
        beside = [each for each in beside if each is not host]
        told.append(_fields(row, host, clock, daemon=daemon))
    return told + [_fields(None, each, clock, daemon=daemon) for each in beside]


def _fields(row: dict[str, Any] | None, host: "Plugged | None", clock: Clock, *, daemon: bool) -> dict[str, Any]:
    """Return a modem as scripts see it; ``name`` is null for what is plugged in and no route of the daemon's."""
    known = UNUSED if row is None else route_fields(row, clock, daemon=daemon)
    return {**known, "host": None if host is None else host.fields}


def _show_host(host: "Plugged") -> None:
    fields = host.fields
    print_pairs([("USB device", host.usb), ("ids", host.ids), ("is", host.what), ("serial", fields["serial"])])
    print_table(
        ("port", "interface", "class", "AT", "held by", "names"),
        [
            (port["path"], port["interface"], port["class"], port["at"], port["held_by"], " ".join(port["links"]))
            for port in fields["ports"]
        ],
        flexible="names",
        indent="  ",
    )


def _word(value: object) -> object:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return said(value) if isinstance(value, str) else value


def signal(facts: dict[str, Any]) -> str:
    """Say the strength of the signal with its unit, where it is known."""
    value = facts.get("signal")
    return _("{n} dBm").format(n=value) if isinstance(value, int) else ""


def route_fields(row: dict[str, Any], clock: Clock, *, daemon: bool) -> dict[str, Any]:
    """Return a route as scripts see it; without a daemon none is up, whatever the last one wrote."""
    return {
        "name": row["name"],
        "up": bool(row["up"]) and daemon,
        "state": row["state"],
        "detail": row["detail"],
        "since": clock.iso(row["since"]),
        "changed_at": clock.iso(row["changed_at"]),
        "facts": row["facts"],
        **life_fields(row, clock),
    }
