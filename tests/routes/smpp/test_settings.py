"""The table of everything a bind can be told."""

import dataclasses

from smsd.routes.smpp.settings import ACTIONS, Action, SmppSettings, Timings
from smsd.rules.routing import Block
from smsd.wire.smpp.tables import STATUS_NAMES


def test_a_bind_is_its_host_and_defaults() -> None:
    settings = SmppSettings("smsc.example.net")
    assert settings.hosts == (("smsc.example.net", 2775),)
    assert (settings.source_ton, settings.source_npi, settings.window) == (5, 0, 10)


def test_spare_hosts_come_after_the_first() -> None:
    settings = SmppSettings("a", spare=(("b", 2776), ("c", 2777)))
    assert settings.hosts == (("a", 2775), ("b", 2776), ("c", 2777))


def test_every_status_in_the_table_is_one_of_the_standards() -> None:
    assert set(ACTIONS) <= set(STATUS_NAMES)


def test_the_binds_own_word_goes_before_the_tables() -> None:
    settings = SmppSettings("a", statuses={0x45: Action.SENDER, 0x401: Action.ROUTE})
    assert settings.action(0x45) is Action.SENDER
    assert settings.action(0x401) is Action.ROUTE
    assert settings.action(0x58) is Action.THROTTLE
    assert settings.action(0x402) is None


def test_a_replaced_sim_counts_wherever_it_stands() -> None:
    """A password must not follow it because another code stands in front."""
    errors = {"219": Block.SIM_SWAPPED, "254": Block.SENDER, "7": Block.RECIPIENT}
    settings = SmppSettings("a", receipt_errors=errors)
    assert settings.block("254", "0219") is settings.block("219", "254") is Block.SIM_SWAPPED
    assert settings.block("1", "254") is settings.block("254", "7") is Block.SENDER
    assert settings.block("1", "") is None


def test_a_dead_link_is_noticed_and_a_client_answered_within_two_minutes() -> None:
    """The promise, from the table alone: the line is asked, does not answer, and the doubt is waited out."""
    timings = Timings()
    noticed = timings.session.enquire + timings.session.enquire_answer
    assert noticed + timings.settle_after < 110
    assert timings.settle_after > timings.session.response


def test_times_are_positive() -> None:
    timings = Timings()
    numbers = [value for part in (timings, timings.session) for value in vars_of(part)]
    assert min(numbers) > 0


def vars_of(table: Timings | object) -> list[float]:
    assert dataclasses.is_dataclass(table)
    values = [getattr(table, field.name) for field in dataclasses.fields(table)]
    return [value for value in values if isinstance(value, float)]
