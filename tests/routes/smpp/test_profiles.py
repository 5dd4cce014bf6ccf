"""Profiles are settings, each with its source, and whatever is configured goes before them."""

import pytest

from smsd.routes.http.profile import shipped
from smsd.routes.smpp import PROFILES, Action, Profile
from smsd.rules.routing import Block


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_makes_settings_and_names_its_source(name: str) -> None:
    profile = PROFILES[name]
    settings = profile.apply(host="smsc.example.net", window=7)
    assert (settings.host, settings.window) == ("smsc.example.net", 7)
    assert name == "generic" or profile.page
    assert settings.timings.session.enquire >= 10, "several ask not to be asked more often"


def test_what_is_configured_goes_before_what_is_published() -> None:
    profile = Profile("x", "y", {"host": "a", "rate": 30.0, "statuses": {0x0A: Action.SENDER, 0x500: Action.TEXT}})
    settings = profile.apply(rate=10.0, statuses={0x500: Action.ROUTE})
    assert (settings.host, settings.rate) == ("a", 10.0)
    assert settings.statuses == {0x0A: Action.SENDER, 0x500: Action.ROUTE}


def test_a_swapped_sim_is_told_from_a_refused_name() -> None:
    table = PROFILES["smsc-ru"].apply().receipt_errors
    assert (table["219"], table["254"]) == (Block.SIM_SWAPPED, Block.SENDER)


def test_one_provider_means_the_same_by_a_code_whichever_way_it_is_reached() -> None:
    """And a refusal that says no more than *refused* sends nothing again under another sender."""
    by_smpp = PROFILES["smsc-ru"].apply().receipt_errors
    assert dict(by_smpp) == dict(shipped("smsc-ru").errors)
    assert "255" not in by_smpp
