"""Every metric there is, by name: the one table of them, compared with documents, dashboard and rules by a test.

Knows names, labels and sentences. Refuses to know how they are got (``metrics``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["ANSWER_BUCKETS", "FIGURES", "TRIP_BUCKETS", "WAIT_BUCKETS", "Figure"]

ANSWER_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 150.0)
"""Seconds in which a network answers: a bind in tenths, a modem in seconds, at most 150."""
WAIT_BUCKETS = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 90.0, 120.0, 300.0, 1800.0, 7200.0, 43_200.0)
"""Seconds a message waits for its last part to leave: 120 are promised for an acknowledgement."""
TRIP_BUCKETS = (2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds a message to ourselves is under way."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric: ``kind`` as Prometheus calls it, its labels, what it says."""

    kind: str
    labels: tuple[str, ...]
    doc: str


FIGURES: Mapping[str, Figure] = {
    "smsd_info": Figure("gauge", ("version",), "1, with the version of the program"),
    "smsd_queue_messages": Figure("gauge", ("class", "state"), "messages that have not come to rest"),
    "smsd_queue_oldest_seconds": Figure("gauge", ("class", "state"), "age of the oldest of them"),
    "smsd_parts_total": Figure(
        "counter", ("route", "class", "outcome"), "attempts that ended, as `sent`, `not_sent` or `in_doubt`"
    ),
    "smsd_received_total": Figure("counter", ("route", "state"), "messages that came in, by the state of the inbox"),
    "smsd_answer_seconds": Figure(
        "histogram", ("route",), "from an attempt's start to the network's answer, of parts that left"
    ),
    "smsd_wait_seconds": Figure(
        "histogram", ("class",), "from the queue to the last part's departure; for `ack`: from the command's receipt"
    ),
    "smsd_doubts_held": Figure("gauge", (), "messages in doubt for ten minutes: a person decides"),
    "smsd_swapped_sims": Figure("gauge", (), "numbers whose SIM was replaced: passwords to them are held"),
    "smsd_requests": Figure("gauge", ("state",), "clients' requests that are open"),
    "smsd_route_up": Figure("gauge", ("route", "kind"), "1 where a message given now is tried at once"),
    "smsd_route_state": Figure("gauge", ("route", "state"), "1 for the state the route is in"),
    "smsd_modem_signal_dbm": Figure("gauge", ("route",), "strength of the signal"),
    "smsd_sim_slots_used": Figure("gauge", ("route",), "places of the SIM's and modem's store that are taken"),
    "smsd_sim_slots": Figure("gauge", ("route",), "places there are"),
    "smsd_sim_balance": Figure("gauge", ("route",), "the SIM's balance as its operator last told it"),
    "smsd_sim_balance_timestamp_seconds": Figure("gauge", ("route",), "when that was, in Unix time"),
    "smsd_cures": Figure("gauge", ("route", "cure"), "cures taken since the daemon's start, by step"),
    "smsd_self_test_round_trip_seconds": Figure("histogram", ("route",), "how long self-tests took that came back"),
    "smsd_self_test_last_success_timestamp_seconds": Figure(
        "gauge", ("route",), "when a self-test last came back, in Unix time: the dead man's switch"
    ),
    "smsd_self_test_failures": Figure("gauge", ("route",), "self-tests that have failed since one came back"),
    "smsd_self_test_period_seconds": Figure("gauge", ("route",), "every how many seconds it is tested"),
    "smsd_alarm": Figure("gauge", ("condition", "about"), "1 for each alarm that stands, until its all-clear"),
    "smsd_looked_timestamp_seconds": Figure("gauge", (), "when the daemon last looked whether something is wrong"),
    "smsd_webhook_events": Figure("gauge", ("webhook", "state"), "events that webhooks are to be told, or were not"),
    "smsd_webhook_oldest_seconds": Figure("gauge", ("webhook", "state"), "age of the oldest of them"),
    "smsd_disk_free_bytes": Figure("gauge", (), "room on the database's disk"),
}
