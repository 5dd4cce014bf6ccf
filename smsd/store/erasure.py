"""A person erased: every row that holds the number, or was made because of it, in every table.

Knows where numbers stand and what hangs on the rows they stand in; a test compares the list with the schema, so that a
new table cannot be forgotten. What is deleted is overwritten in the file (``secure_delete``), so that no VACUUM is
needed; the write-ahead log, which holds copies of pages, is emptied afterwards. Refuses to erase while a part to the
number is in the air: its end would have nowhere to go, and its report would bring the number back.

A stop is kept, as a mark without its number (``wishes``). What other people wrote about somebody stays: it is theirs.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from smsd.errors import StoreBusyError
from smsd.store.engine import Engine, Row, Transaction
from smsd.store.wishes import keep_as_mark, recognise

__all__ = ["PLACES", "Erased", "Erasure"]

PLACES = frozenset(
    {
        ("client", "phone"),
        ("subscription", "phone"),
        ("inbox", "sender"),
        ("inbox", "phone"),
        ("request", "phone"),
        ("message", "recipient"),
        ("attempt", "recipient"),
        ("report", "recipient"),
        ("concatenation", "recipient"),
        ("alert_recipient", "phone"),
        ("tally_recipient", "recipient"),
        ("replaced_sim", "phone"),
        ("event", "phone"),
    }
)
"""The columns a number can stand in. It stands in the octets of ``pdu`` as well."""
OTHER = "other rows"


@dataclass(frozen=True, slots=True)
class Erased:
    """The act: what was erased when. ``rows`` counts by kind; ``stop_kept``: the number's stop lives on as a mark.

    ``awaited`` counts erased messages of which the network may still report: such a report would be a new trace.
    ``log_emptied`` tells whether the write-ahead log holds no copy any more.
    """

    at: float
    rows: Mapping[str, int]
    stop_kept: bool
    awaited: int
    log_emptied: bool

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.rows.values())


class _DryRun(Exception):  # noqa: N818  no error: it undoes a transaction that was only to be counted
    pass


class Erasure:
    """Erases people from one store."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def erase(self, phone: str, new_key: bytes, *, dry_run: bool = False) -> Erased:
        """Erase a number (E.164) everywhere, in one transaction; ``dry_run``: count only, and undo.

        ``new_key`` is 32 octets of chance for the marks of stops, used where the store has none yet. Raises
        ``StoreBusyError`` while a part to the number is in the air, or an alert that names it is being written.
        """
        rows: dict[str, int] = {}
        stop_kept, awaited = False, 0
        with suppress(_DryRun), self._engine.write() as tx:
            _refuse_if_under_way(tx, phone)
            recognise(tx, [phone])
            messages = tx.all("erase_find_messages", phone=phone)
            awaited = sum(row["state"] in ("submitted", "in_doubt") for row in messages)
            _erase(tx, phone, messages, rows)
            stop_kept = keep_as_mark(tx, phone, new_key)
            if dry_run:
                raise _DryRun
        emptied = False if dry_run else self._engine.forget_wal()
        return Erased(
            self._clock(), {name: count for name, count in rows.items() if count}, stop_kept, awaited, emptied
        )


def _refuse_if_under_way(tx: Transaction, phone: str) -> None:
    if tx.first("erase_in_air", phone=phone):
        raise StoreBusyError("a part to this number is in the air: try again in a minute or two")
    if tx.first("erase_in_preparation", phone=phone):
        raise StoreBusyError("an alert that names this number is being written: try again when it is")


def _erase(tx: Transaction, phone: str, messages: list[Row], rows: dict[str, int]) -> None:
    """Erase from the leaves to the roots: what refers to a row goes before it."""

    def gone(name: str, step: str, **which: str) -> None:
        rows[name] = rows.get(name, 0) + tx.run(step, **(which or {"phone": phone}))

    message_ids = json.dumps([row["id"] for row in messages])
    inbox_ids = json.dumps([row["id"] for row in tx.all("erase_find_inbox", phone=phone)] + _unreadable(tx, phone))
    report_pdus = json.dumps([row["pdu_id"] for row in tx.all("erase_find_report_pdus", phone=phone)])
    gone("reports", "erase_reports")
    gone("reports", "forget_reports", ids=message_ids)
    gone("attempts", "forget_attempts", ids=message_ids)
    gone("parts", "forget_parts", ids=message_ids)
    gone(OTHER, "erase_alert_counts")
    gone("alert recipients", "erase_alert_recipients")
    tx.run("forget_order", ids=message_ids)
    gone("messages to it", "forget_messages", ids=message_ids)
    tx.run("forget_request_of_messages", ids=inbox_ids)
    tx.run("erase_request_of_messages", phone=phone)
    gone("requests", "forget_requests", ids=inbox_ids)
    gone("requests", "erase_requests")
    gone("PDUs", "erase_pdus", ids=report_pdus)
    gone("PDUs", "forget_pdus", ids=inbox_ids)
    gone("messages from it", "forget_inbox", ids=inbox_ids)
    gone("clients", "client_remove")
    gone(OTHER, "erase_concatenation")
    gone(OTHER, "erase_tally")
    gone(OTHER, "swap_forget")
    gone("webhook events", "event_erase")


def _unreadable(tx: Transaction, phone: str) -> list[int]:
    """Find what could not be read and yet shows the number: in swapped digits (23.040 §9.1.2.3), or as text."""
    forms = _forms(phone)
    rows = tx.all("erase_unreadable")
    return [row["inbox_id"] for row in rows if any(form in row["octets"] for form in forms)]


def _forms(phone: str) -> list[bytes]:
    """Return how a number may stand in octets: with its country's code, and without."""
    whole = phone.removeprefix("+")
    forms = []
    for digits in (whole, whole[1:]):
        padded = digits + "F" * (len(digits) % 2)
        swapped = "".join(padded[at + 1] + padded[at] for at in range(0, len(padded), 2))
        forms += [bytes.fromhex(swapped), digits.encode("ascii"), digits.encode("utf-16-be")]
    return forms
