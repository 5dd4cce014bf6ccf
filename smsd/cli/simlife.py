"""What is known of a route beyond its state: whether messages come through it, whether its SIM has money."""

from typing import TYPE_CHECKING, Any

from smsd.cli.output import Clock, age
from smsd.speech import _, ngettext, said

if TYPE_CHECKING:
    from smsd.store import Store

__all__ = ["life_fields", "life_pairs", "with_lives"]


def with_lives(store: "Store", rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return routes as the store lists them, each with its self-tests."""
    past = store.selftests.all_past()
    return [{**row, "self_test": past.get(row["name"])} for row in rows]


def life_fields(row: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Return what scripts see of it."""
    past = row.get("self_test")
    if past is None:
        return {"self_test": None}
    return {
        "self_test": {
            "ended_at": clock.iso(past.ended_at),
            "last_success_at": clock.iso(past.last_ok_at),
            "round_trip_seconds": past.round_trip,
            "failures": past.failures,
            "reason": past.reason or None,
        }
    }


def life_pairs(row: dict[str, Any], clock: Clock) -> list[tuple[str, Any]]:
    """Return what people see of it."""
    past = row.get("self_test")
    if past is None or past.ended_at is None:
        return []
    came = _("never came back")
    if past.last_ok_at is not None and past.round_trip is not None:
        came = _("came back {ago} ago, after {seconds}").format(
            ago=clock.since(past.last_ok_at), seconds=age(past.round_trip)
        )
    if past.failures:
        failed = ngettext("{n} has failed since", "{n} have failed since", past.failures).format(n=past.failures)
        came = f"{came}; {failed}: {said(past.reason)}"
    return [("self-test", came)]
