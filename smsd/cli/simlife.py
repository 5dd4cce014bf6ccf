"""What is known of a route beyond its state: whether messages come through it, whether its SIM has money."""

from typing import TYPE_CHECKING, Any

from smsd.cli.output import Clock, age
from smsd.speech import _, ngettext, said

if TYPE_CHECKING:
    from smsd.store import Store
    from smsd.store.selftests import Past
    from smsd.store.simlife import Balance

__all__ = ["balance_fields", "balance_words", "life_fields", "life_pairs", "with_lives"]


def with_lives(store: "Store", rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return routes as the store lists them, each with its self-tests and its SIM's balance."""
    past, balances = store.selftests.all_past(), store.simlife.balances()
    return [{**row, "self_test": past.get(row["name"]), "balance": balances.get(row["name"])} for row in rows]


def life_fields(row: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Return what scripts see of it."""
    past = row.get("self_test")
    tested = past and {
        "ended_at": clock.iso(past.ended_at),
        "last_success_at": clock.iso(past.last_ok_at),
        "round_trip_seconds": past.round_trip,
        "failures": past.failures,
        "reason": past.reason or None,
    }
    return {"self_test": tested, "balance": row.get("balance") and balance_fields(row["balance"], clock)}


def balance_fields(balance: "Balance", clock: Clock) -> dict[str, Any]:
    """Return a balance as scripts see it."""
    return {
        "value": balance.value,
        "answered_at": clock.iso(balance.answered_at),
        "asked_at": clock.iso(balance.asked_at),
        "text": balance.text,
        "failures": balance.failures,
        "trouble": balance.trouble or None,
    }


def balance_words(balance: "Balance", clock: Clock) -> str:
    """Say a balance in a few words: the number, how old it is, and whether it could be asked for since."""
    if balance.value is None or balance.answered_at is None:
        told = _("not told yet")
    else:
        told = _("{value:g}, told {ago} ago").format(value=balance.value, ago=clock.since(balance.answered_at))
    return f"{told}; {said(balance.trouble)}" if balance.failures else told


def life_pairs(row: dict[str, Any], clock: Clock) -> list[tuple[str, Any]]:
    """Return what people see of it."""
    pairs = []
    if row.get("self_test") is not None and row["self_test"].ended_at is not None:
        pairs.append(("self-test", _self_test_words(row["self_test"], clock)))
    if row.get("balance") is not None:
        pairs.append(("balance", balance_words(row["balance"], clock)))
    return pairs


def _self_test_words(past: "Past", clock: Clock) -> str:
    came = _("never came back")
    if past.last_ok_at is not None and past.round_trip is not None:
        came = _("came back {ago} ago, after {seconds}").format(
            ago=clock.since(past.last_ok_at), seconds=age(past.round_trip)
        )
    if past.failures:
        failed = ngettext("{n} has failed since", "{n} have failed since", past.failures).format(n=past.failures)
        came = f"{came}; {failed}: {said(past.reason)}"
    return came
