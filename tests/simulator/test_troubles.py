"""Troubles are used up as often as they were injected for, and each belongs to one place."""

from smsd.simulator.troubles import ON_ANSWER, ON_RECEIPT, Injected, Trouble, Troubles


def test_a_trouble_strikes_as_often_as_told() -> None:
    troubles = Troubles()
    troubles.inject(Injected(Trouble.NO_ID, times=2))
    taken = [troubles.take(*ON_ANSWER) is not None for _ in range(3)]
    assert taken == [True, True, False]


def test_a_trouble_from_now_on_lasts_until_it_is_cured() -> None:
    troubles = Troubles()
    troubles.inject(Injected(Trouble.NO_ID, times=0))
    assert all(troubles.take(Trouble.NO_ID) for _ in range(5))
    troubles.cure()
    assert troubles.take(Trouble.NO_ID) is None


def test_a_trouble_waits_for_its_own_place() -> None:
    troubles = Troubles()
    troubles.inject(Injected(Trouble.RECEIPT_SECONDS))
    assert troubles.take(*ON_ANSWER) is None
    assert troubles.take(*ON_RECEIPT) == Injected(Trouble.RECEIPT_SECONDS)


def test_every_trouble_has_one_place() -> None:
    elsewhere = {Trouble.REFUSE_BIND, Trouble.STATUS, Trouble.NACK}
    assert sorted([*ON_ANSWER, *ON_RECEIPT, *elsewhere]) == sorted(Trouble)
