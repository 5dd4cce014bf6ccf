"""How alerts are shown: a preview, a list, one with all that is known of it; to people and to programs."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from smsd.cli.output import Clock, age, plural, print_pairs, print_table
from smsd.speech import N_, _, language, said

if TYPE_CHECKING:
    from smsd.desk.alerts import Hold, Preview
    from smsd.rules.alerts import Summary

__all__ = ["alert_fields", "hold_words", "preview_fields", "print_alert", "print_alerts", "print_preview", "to_go"]

OVER = (
    "submitted",
    "delivered",
    "undeliverable",
    "rejected",
    "failed",
    "expired",
    "suppressed",
    "in_doubt",
    "cancelled",
)
REASONS = {
    "opted_out": N_("opted out"),
    "duplicate": N_("named twice"),
    "invalid": N_("no phone number"),
    "not_mobile": N_("no mobile's number"),
    "foreign": N_("of another country"),
    "no_consent": N_("without proof of consent"),
    "no_value": N_("without a value for the text"),
    "too_long": N_("too long a text"),
}
"""Why somebody is dropped, in words."""
COUNTED = (
    N_("{n} opted out"), N_("{n} duplicate"), N_("{n} invalid"), N_("{n} not mobile"), N_("{n} foreign"),
    N_("{n} no consent"), N_("{n} no value"), N_("{n} too long"), N_("{first}, {rest}"),
)  # fmt: skip
"""The same as the desk counts them where nobody is left."""


# --- a preview --------------------------------------------------------------------------------------------------------


def print_preview(looked: "Preview", clock: Clock) -> None:
    """Print what an alert would be, warnings last."""
    summary = looked.summary
    consent = _("{n} of {all} with date and source") if summary.consented else ""
    price = _("not known: [tariff] says nothing") if looked.price is None else _("{roubles} roubles")
    print_pairs(
        [
            ("recipients", grouped(summary.recipients)),
            ("dropped", _drops({why.value: count for why, count in summary.dropped.items()})),
            ("such as", _examples(summary)),
            ("consent", consent.format(n=summary.consented, all=summary.recipients)),
            ("text", summary.sample),
            ("alphabet", _alphabet(looked)),
            ("parts", _in_all(looked)),
            ("route", _route(looked)),
            ("price", price.format(roubles=grouped((looked.price or 0) / 100, 2))),
            ("starts", clock.full(looked.starts_at)),
            ("ends about", clock.full(looked.ends_at) if looked.route and summary.recipients else ""),
            ("too late", clock.full(looked.expires_at)),
            ("key", _existing(looked)),
        ]
    )
    for warning in looked.warnings:
        click.echo(_("warning: {what}").format(what=said(warning)))


def _examples(summary: "Summary") -> str:
    """Name the first numbers of each mistake: where to look in a list of a hundred thousand."""
    return "; ".join(f"{_(REASONS[why.value])}: {', '.join(written)}" for why, written in summary.examples.items())


def _in_all(looked: "Preview") -> str:
    summary = looked.summary
    if not summary.recipients:
        return ""
    return _("{n} in all, {each}").format(n=grouped(summary.parts), each=_each(summary.by_parts))


def _route(looked: "Preview") -> str:
    if not looked.route:
        return _("none is configured")
    return _("{route}, as {sender}").format(route=looked.route, sender=looked.sender)


def _existing(looked: "Preview") -> str:
    return "" if looked.existing is None else _("stands for alert {id} already").format(id=looked.existing)


def grouped(number: float, digits: int = 0) -> str:
    """Say a number as it is written in the language that is spoken: 1,234.50, or 1 234,50."""
    written = f"{number:,.{digits}f}"
    return written if language() == "en" else written.translate(str.maketrans(",.", "\u00a0,"))


def preview_fields(looked: "Preview", clock: Clock) -> dict[str, Any]:
    """Return a preview as scripts see it."""
    summary = looked.summary
    return {
        "recipients": summary.recipients,
        "dropped": summary.dropped_count,
        "drops": {why.value: count for why, count in summary.dropped.items()},
        "examples": {why.value: written for why, written in summary.examples.items()},
        "consented": summary.consented,
        "overridden": summary.overridden,
        "sample": summary.sample,
        "alphabet": "UCS2" if summary.ucs2 else "GSM7",
        "forced_by": summary.character,
        "parts": summary.parts,
        "recipients_by_parts": {str(parts): count for parts, count in sorted(summary.by_parts.items())},
        "route": looked.route or None,
        "sender": looked.sender or None,
        "price_kopecks": looked.price,
        "starts_at": clock.iso(looked.starts_at),
        "ends_at": clock.iso(looked.ends_at) if looked.route else None,
        "expires_at": clock.iso(looked.expires_at),
        "alert_id": looked.existing,
        "warnings": list(looked.warnings),
    }


def _alphabet(looked: "Preview") -> str:
    summary = looked.summary
    if not summary.recipients:
        return ""
    if summary.character is None:
        return _("GSM 7 bit")
    name = unicodedata.name(summary.character, "")
    code = f"U+{ord(summary.character):04X}{f', {name}' if name else ''}"
    forced = {"character": repr(summary.character), "code": code, "n": grouped(summary.ucs2)}
    if summary.ucs2 == summary.recipients:
        return _("UCS2, forced by {character} ({code})").format(**forced)
    return _("UCS2 for {n} of them, forced by {character} ({code})").format(**forced)


def _each(by_parts: Mapping[int, int]) -> str:
    if len(by_parts) == 1:
        return _("{n} each").format(n=next(iter(by_parts)))
    return ", ".join(f"{grouped(count)} × {parts}" for parts, count in sorted(by_parts.items()))


def _drops(drops: Mapping[str, int]) -> str:
    words = ", ".join(
        _("{n} {why}").format(n=grouped(count), why=_(REASONS.get(why, why))) for why, count in drops.items() if count
    )
    return f"{grouped(sum(drops.values()))}: {words}" if words else _("nobody")


# --- alerts -----------------------------------------------------------------------------------------------------------


def hold_words(hold: "Hold | None", clock: Clock) -> str:
    """Say why an alert is held, and until when."""
    if hold is None:
        return ""
    reason = "; ".join(map(said, hold.reason.split("; ")))  # one for each way it has
    if hold.until is None:
        return reason
    return _("{reason}, until {time}").format(reason=reason, time=clock.full(hold.until))


def print_alerts(rows: Sequence[dict[str, Any]], clock: Clock, holds: Mapping[int, str]) -> None:
    """Print alerts as a table for people."""
    print_table(
        ("id", "created", "state", "recipients", "sent", "to go", "text"),
        [
            (
                row["id"], clock.day(row["created_at"]), row["state"], row["recipients"], _sent(row), to_go(row),
                row["text"],
            )
            for row in rows
        ],
        flexible="text",
        empty=_("no alerts yet; 'smsd alert preview' shows what one would be"),
    )  # fmt: skip
    for alert_id, words in holds.items():
        if words:
            click.echo(_("alert {id} is held: {why}").format(id=alert_id, why=words))


def print_alert(row: dict[str, Any], clock: Clock, held: str, *, daemon: bool) -> None:
    """Print one alert with all that is known of it."""
    print_pairs(
        [
            ("alert", row["id"]),
            ("state", row["state"]),
            ("held", held),
            ("daemon", "" if daemon or row["state"] != "running" else _("none runs: nothing leaves")),
            ("text", row["text"]),
            ("created", clock.full(row["created_at"])),
            ("starts", clock.full(row["starts_at"]) if row["starts_at"] > row["created_at"] else ""),
            ("too late", clock.full(row["expires_at"]) if row["state"] in ("running", "paused") else ""),
            ("ended", clock.full(row["done_at"])),
            ("overrides", _overrides(row)),
            ("fallback", _("may leave by the SIM while no bind is up") if row["may_fall_back"] else ""),
            ("key", row["idempotency_key"]),
            ("recipients", f"{grouped(row['recipients'])} ({plural(row['parts'], 'part')})"),
            ("dropped", _drops(row["drops"])),
            ("rate", _rate(row)),
            ("time left", "" if held else _time_left(row)),
        ]
    )
    click.echo()
    print_table(("state", "recipients"), sorted(row["counts"].items()), indent="  ", empty=f"  {_('nobody yet')}")
    if row["causes"]:
        click.echo(f"\n{_('failures by cause')}")
    print_table(
        ("recipients", "state", "cause"),
        [(each["count"], each["state"], said(each["error"] or "")) for each in row["causes"]],
        flexible="cause",
        indent="  ",
    )


def _overrides(row: Mapping[str, Any]) -> str:
    if not row["overrides"]:
        return ""
    return _("{kind}: {n} had opted out").format(kind=row["overrides"], n=row["overrode"])


def alert_fields(row: dict[str, Any], clock: Clock, hold: "Hold | None") -> dict[str, Any]:
    """Return an alert as scripts see it; ``show`` tells more than a list."""
    fields = {
        "id": row["id"],
        "created_at": clock.iso(row["created_at"]),
        "state": row["state"],
        "text": row["text"],
        "recipients": row["recipients"],
        "dropped": row["dropped"],
        "counts": row["counts"],
        "parts": row["parts"],
        "starts_at": clock.iso(row["starts_at"]),
        "expires_at": clock.iso(row["expires_at"]),
        "done_at": clock.iso(row["done_at"]),
        "may_fall_back": bool(row["may_fall_back"]),
        "overrides": row["overrides"],
        "key": row["idempotency_key"],
        "held": None if hold is None else hold.reason,
        "held_until": None if hold is None else clock.iso(hold.until),
    }
    if "drops" in row:
        fields["drops"] = row["drops"]
        fields["causes"] = row["causes"]
        fields["overrode"] = row["overrode"]
        fields["sent_per_minute"] = _per_minute(row)
    return fields


def _sent(row: Mapping[str, Any]) -> int:
    return sum(row["counts"].get(state, 0) for state in ("submitted", "delivered"))


def to_go(row: Mapping[str, Any]) -> int:
    """Count the recipients to whom it is not yet settled whether anything leaves."""
    return int(row["recipients"] - sum(row["counts"].get(state, 0) for state in (*OVER, "forgotten")))


def _per_minute(row: Mapping[str, Any]) -> float:
    return float((row["span"]["lately"] or 0) / (row["span"]["seconds"] / 60))


def _rate(row: Mapping[str, Any]) -> str:
    rate = _per_minute(row)
    return _("{n} messages a minute of late").format(n=grouped(rate, 1)) if rate else ""


def _time_left(row: Mapping[str, Any]) -> str:
    rate, waiting = _per_minute(row), to_go(row)
    if row["state"] != "running" or not rate or not waiting:
        return ""
    return _("about {age} at this rate").format(age=age(waiting / rate * 60))
