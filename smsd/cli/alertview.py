"""How alerts are shown: a preview, a list, one with all that is known of it; to people and to programs."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from smsd.cli.output import Clock, age, plural, print_pairs, print_table

if TYPE_CHECKING:
    from smsd.desk.alerts import Hold, Preview

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
LATELY_MINUTES = 5
"""As ``smsd.store.alerts`` counts what left lately."""
REASONS = {
    "opted_out": "opted out",
    "duplicate": "named twice",
    "invalid": "no phone number",
    "not_mobile": "no mobile's number",
    "foreign": "of another country",
    "no_consent": "without proof of consent",
    "no_value": "without a value for the text",
    "too_long": "too long a text",
}
"""Why somebody is dropped, in words."""


# --- a preview --------------------------------------------------------------------------------------------------------


def print_preview(looked: "Preview", clock: Clock) -> None:
    """Print what an alert would be, warnings last."""
    summary = looked.summary
    consent = f"{summary.consented} of {summary.recipients} with date and source" if summary.consented else ""
    print_pairs(
        [
            ("recipients", f"{summary.recipients:,}"),
            ("dropped", _drops({why.value: count for why, count in summary.dropped.items()})),
            ("consent", consent),
            ("text", summary.sample),
            ("alphabet", _alphabet(looked)),
            ("parts", f"{summary.parts:,} in all, {_each(summary.by_parts)}" if summary.recipients else ""),
            ("route", f"{looked.route}, as {looked.sender}" if looked.route else "none is configured"),
            ("price", f"{looked.price / 100:,.2f} roubles" if looked.price else "not known: [tariff] says nothing"),
            ("starts", clock.full(looked.starts_at)),
            ("ends about", clock.full(looked.ends_at) if looked.route and summary.recipients else ""),
            ("too late", clock.full(looked.expires_at)),
            ("key", f"stands for alert {looked.existing} already" if looked.existing is not None else ""),
        ]
    )
    for warning in looked.warnings:
        click.echo(f"warning: {warning}")


def preview_fields(looked: "Preview", clock: Clock) -> dict[str, Any]:
    """Return a preview as scripts see it."""
    summary = looked.summary
    return {
        "recipients": summary.recipients,
        "dropped": summary.dropped_count,
        "drops": {why.value: count for why, count in summary.dropped.items()},
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
        return "GSM 7 bit"
    name = unicodedata.name(summary.character, "")
    code = f"U+{ord(summary.character):04X}{f', {name}' if name else ''}"
    some = "" if summary.ucs2 == summary.recipients else f" for {summary.ucs2:,} of them"
    return f"UCS2{some}, forced by {summary.character!r} ({code})"


def _each(by_parts: Mapping[int, int]) -> str:
    if len(by_parts) == 1:
        return f"{next(iter(by_parts))} each"
    return ", ".join(f"{count:,} × {parts}" for parts, count in sorted(by_parts.items()))


def _drops(drops: Mapping[str, int]) -> str:
    words = ", ".join(f"{count:,} {REASONS.get(why, why)}" for why, count in drops.items() if count)
    return f"{sum(drops.values()):,}: {words}" if words else "nobody"


# --- alerts -----------------------------------------------------------------------------------------------------------


def hold_words(hold: "Hold | None", clock: Clock) -> str:
    """Say why an alert is held, and until when."""
    if hold is None:
        return ""
    return hold.reason if hold.until is None else f"{hold.reason}, until {clock.full(hold.until)}"


def print_alerts(rows: Sequence[dict[str, Any]], clock: Clock, holds: Mapping[int, str]) -> None:
    """Print alerts as a table for people."""
    print_table(
        ("id", "created", "state", "recipients", "left", "to go", "text"),
        [
            (
                row["id"], clock.day(row["created_at"]), row["state"], row["recipients"], _left(row), to_go(row),
                row["text"],
            )
            for row in rows
        ],
        flexible="text",
        empty="no alerts yet; 'smsd alert preview' shows what one would be",
    )  # fmt: skip
    for alert_id, words in holds.items():
        if words:
            click.echo(f"alert {alert_id} is held: {words}")


def print_alert(row: dict[str, Any], clock: Clock, held: str, *, daemon: bool) -> None:
    """Print one alert with all that is known of it."""
    print_pairs(
        [
            ("alert", row["id"]),
            ("state", row["state"]),
            ("held", held),
            ("daemon", "" if daemon or row["state"] != "running" else "none runs: nothing leaves"),
            ("text", row["text"]),
            ("created", clock.full(row["created_at"])),
            ("starts", clock.full(row["starts_at"]) if row["starts_at"] > row["created_at"] else ""),
            ("too late", clock.full(row["expires_at"]) if row["state"] in ("running", "paused") else ""),
            ("ended", clock.full(row["done_at"])),
            ("overrides", f"{row['overrides']}: {row['overrode']} had opted out" if row["overrides"] else ""),
            ("fallback", "may leave by the SIM while no bind is up" if row["may_fall_back"] else ""),
            ("key", row["idempotency_key"]),
            ("recipients", f"{row['recipients']:,} ({plural(row['parts'], 'part')})"),
            ("dropped", _drops(row["drops"])),
            ("rate", _rate(row)),
            ("time left", "" if held else _time_left(row)),
        ]
    )
    click.echo()
    print_table(("state", "recipients"), sorted(row["counts"].items()), indent="  ", empty="  nobody yet")
    if row["causes"]:
        click.echo("\nfailures by cause")
    print_table(
        ("recipients", "state", "cause"),
        [(each["count"], each["state"], each["error"] or "") for each in row["causes"]],
        flexible="cause",
        indent="  ",
    )


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
        fields["sent_per_minute"] = (row["span"]["lately"] or 0) / LATELY_MINUTES
    return fields


def _left(row: Mapping[str, Any]) -> int:
    return sum(row["counts"].get(state, 0) for state in ("submitted", "delivered"))


def to_go(row: Mapping[str, Any]) -> int:
    """Count the recipients to whom it is not yet settled whether anything leaves."""
    return int(row["recipients"] - sum(row["counts"].get(state, 0) for state in (*OVER, "forgotten")))


def _rate(row: Mapping[str, Any]) -> str:
    lately = row["span"]["lately"] or 0
    return f"{lately / LATELY_MINUTES:.1f} messages a minute of late" if lately else ""


def _time_left(row: Mapping[str, Any]) -> str:
    lately, waiting = row["span"]["lately"] or 0, to_go(row)
    if row["state"] != "running" or not lately or not waiting:
        return ""
    return f"about {age(waiting / lately * LATELY_MINUTES * 60)} at this rate"
