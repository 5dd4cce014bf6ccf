"""What a modem's refusals mean, code by code."""

import pytest

from smsd.routes.modem.health import Health
from smsd.routes.modem.quirks import GENERIC, QUIRKS, quirks_of
from smsd.routes.modem.results import CME, CMS, PRIVATE, Action, Family, Refusal, classify
from smsd.sms import Verdict
from smsd.wire.at import Result


@pytest.mark.parametrize(
    ("code", "verdict", "action", "duplicate"),
    [
        (1, Verdict.NEVER, Action.CONFIGURATION, False),
        (8, Verdict.ROUTE, Action.SIM, False),
        (21, Verdict.ONCE_MORE, Action.SIM, False),
        (27, Verdict.LATER, Action.NONE, False),
        (28, Verdict.ROUTE, Action.SIM, False),
        (38, Verdict.LATER, Action.MODEM, False),
        (41, Verdict.SOON, Action.NONE, False),
        (42, Verdict.LATER, Action.NONE, False),
        (50, Verdict.ROUTE, Action.SIM, False),
        (69, Verdict.ONCE_MORE, Action.NONE, False),
        (96, Verdict.NEVER, Action.NONE, False),
        (111, Verdict.LATER, Action.NONE, False),
        (145, Verdict.ONCE_MORE, Action.NONE, False),
        (193, Verdict.ROUTE, Action.SIM, False),
        (195, Verdict.NEVER, Action.NONE, False),
        (208, Verdict.SOON, Action.MEMORY, False),
        (210, Verdict.ROUTE, Action.MODEM, False),
        (300, Verdict.ROUTE, Action.MODEM, False),
        (304, Verdict.ONCE_MORE, Action.MODEM, False),
        (310, Verdict.ROUTE, Action.SIM, False),
        (322, Verdict.SOON, Action.MEMORY, False),
        (330, Verdict.ROUTE, Action.CONFIGURATION, False),
        (331, Verdict.ROUTE, Action.NETWORK, False),
        (332, Verdict.LATER, Action.NONE, True),
        (500, Verdict.SOON, Action.MODEM, True),
        (512, Verdict.SOON, Action.NONE, True),
        (513, Verdict.SOON, Action.NONE, True),
    ],
)
def test_a_cms_error_has_its_verdict(code: int, verdict: Verdict, action: Action, duplicate: bool) -> None:
    name, refusal = classify(Result("CMS", code))
    assert name == f"CMS {code}"
    assert (refusal.verdict, refusal.action, refusal.may_be_duplicate) == (verdict, action, duplicate)


@pytest.mark.parametrize(
    ("family", "code", "verdict", "duplicate"),
    [
        (Family.WAVECOM, 513, Verdict.LATER, True),
        (Family.WAVECOM, 515, Verdict.ROUTE, False),
        (Family.CINTERION, 513, Verdict.SOON, False),
        (Family.CINTERION, 521, Verdict.LATER, True),
        (Family.MEDIATEK, 513, Verdict.NEVER, False),
        (Family.MEDIATEK, 529, Verdict.ROUTE, False),
        (Family.WAVECOM, 38, Verdict.LATER, False),
    ],
)
def test_a_makers_own_code_is_read_in_its_makers_table(
    family: Family, code: int, verdict: Verdict, duplicate: bool
) -> None:
    refusal = classify(Result("CMS", code), family)[1]
    assert (refusal.verdict, refusal.may_be_duplicate) == (verdict, duplicate)


def test_an_rp_cause_or_tp_fcs_means_that_nothing_was_accepted() -> None:
    """1 to 255 come from the network, which refused: sending again doubles nothing."""
    assert not any(classify(Result("CMS", code))[1].may_be_duplicate for code in range(1, 256))


def test_every_code_has_a_meaning_in_every_family() -> None:
    for family in Family:
        for code in range(1024):
            assert classify(Result("CMS", code), family)[1].meaning
            assert classify(Result("CME", code), family)[1].meaning


def test_a_fault_of_the_sim_costs_the_message_no_attempt() -> None:
    for table in (CMS, CME, *PRIVATE.values()):
        for refusal in table.values():
            if refusal.action is Action.SIM and refusal.after == 1:
                assert refusal.verdict is Verdict.ROUTE


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (Result("CMS", None, "Network timeout"), "CMS 332 Network timeout"),
        (Result("CMS", None, "no network service"), "CMS 331 no network service"),
        (Result("CMS", None, "SMSC address unknown"), "CMS 330 SMSC address unknown"),
        (Result("CME", None, "SIM busy"), "CMS 314 SIM busy"),
        (Result("CMS", None, "what a surprise"), "CMS what a surprise"),
        (Result("ERROR"), "ERROR"),
    ],
)
def test_errors_in_words_are_found_in_the_same_table(said: Result, name: str) -> None:
    assert classify(said)[0] == name


def test_unknown_words_may_mean_anything() -> None:
    assert classify(Result("CMS", None, "what a surprise"))[1].may_be_duplicate


@pytest.mark.parametrize(
    ("maker", "model", "name"),
    [
        ("huawei", "E173", "Huawei"),
        ("Manufacturer: ZTE INCORPORATED", "MF180", "ZTE"),
        ("Quectel", "EC25", "Quectel"),
        ("Quectel_Ltd", "Quectel_M66", "Quectel GSM"),
        ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "SIMCom 7x00"),
        ("SIMCOM_Ltd", "SIMCOM_SIM800L", "SIM800/900"),
        ("NEOWAY", "M590", "Neoway M590"),
        ("Telit", "LE910", "Telit"),
        ("Sierra Wireless, Incorporated", "MC7455", "Sierra"),
        ("u-blox", "SARA-U201", "u-blox"),
        ("Cinterion", "MC75i", "Cinterion"),
        ("", "", "generic"),
        ("Acme", "Modem 5", "generic"),
    ],
)
def test_a_modem_is_known_by_what_it_says_of_itself(maker: str, model: str, name: str) -> None:
    assert quirks_of(maker, model).name == name


def test_each_family_has_one_row() -> None:
    names = [row.name for row in (*QUIRKS, GENERIC)]
    assert len(names) == len(set(names))


# --- whose fault ------------------------------------------------------------------------------------------------------


def refusal(code: int) -> Refusal:
    return classify(Result("CMS", code))[1]


def test_three_in_a_row_are_the_routes_fault_and_one_sent_message_clears_it() -> None:
    health = Health()
    actions = [health.refused("CMS 21", refusal(21), "a") for _ in range(2)]
    health.sent()
    actions += [health.refused("CMS 21", refusal(21), "a") for _ in range(3)]
    assert actions == [Action.NONE] * 4 + [Action.SIM]


def test_another_code_begins_another_row() -> None:
    health = Health()
    codes = [21, 21, 29, 21, 21, 21]
    actions = [health.refused(f"CMS {code}", refusal(code), "a") for code in codes]
    assert actions == [Action.NONE] * 5 + [Action.SIM]


def test_a_barred_destination_is_the_sims_fault_only_when_another_is_barred_too() -> None:
    health = Health()
    assert [health.refused("CMS 10", refusal(10), to) for to in "aaab"] == [Action.NONE] * 3 + [Action.SIM]


def test_faults_of_the_modem_are_counted_for_the_ladder() -> None:
    health = Health()
    for _ in range(2):
        assert health.refused("CMS 300", refusal(300), "a") is Action.MODEM
    assert health.silent() is Action.MODEM
    assert health.modem_faults == 3
    health.sent()
    assert health.modem_faults == 0
