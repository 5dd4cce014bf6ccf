"""Status reports find their part: days later, after a restart, past the wrap of TP-MR, before the answer."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from smsd.rules.outbox import MessageClass
from smsd.sms import InDoubt, NotSent, Received, ReportClass, Sent, StatusReport, Verdict
from smsd.store import Diversion, Ways
from smsd.store.claims import NO_OTHER_WAY
from tests.store.house import JUDGE, OTHER, PHONE, House, at, claimant, delivered

DAY = 86400.0


def doubtful(house: House, **witness: int | bool) -> int:
    """Queue a message whose part gets no answer; return its id."""
    message_id = house.queue(MessageClass.ACK)
    claim = house.claim(witness=witness)
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer"))])
    return message_id


def test_a_report_after_a_restart_and_days_finds_its_part(house: House) -> None:
    message_id = house.queue()
    house.send("17")
    sent_at = house.now
    house.now += 3 * DAY
    house.crash()
    house.receive(delivered("17", submitted_at=sent_at))
    shown = house.store.outbox.show(message_id)
    assert (shown["state"], shown["sent_at"], shown["delivered_at"]) == ("delivered", sent_at, house.now)
    assert [report["code"] for report in shown["report_list"]] == ["ST 0x00"]


def test_a_report_in_another_time_zone_is_the_same_moment(house: House) -> None:
    """Two messages with one reference lie three hours apart; the zone alone tells which of them is meant."""
    first = house.queue()
    house.send("17")
    sent_at = house.now
    house.now += 3 * 3600
    second = house.queue()
    house.send("17")
    report = delivered("17", submitted_at=sent_at)
    moscow = datetime.fromtimestamp(sent_at, timezone(timedelta(hours=3)))
    assert moscow.replace(tzinfo=None) == at(house.now).replace(tzinfo=None)
    house.receive(type(report)("17", PHONE, moscow, moscow, ReportClass.DELIVERED, "ST 0x00"))
    assert (house.state(first), house.state(second)) == ("delivered", "submitted")


def test_references_return_after_256_parts_and_each_report_finds_its_own(house: House) -> None:
    """600 parts to one recipient, five seconds apart; their reports come in disorder at the very end."""
    ids, moments = [], []
    for n in range(600):
        ids.append(house.queue())
        moments.append(house.now)
        house.send(str(n % 256))
        house.now += 5
    for n in sorted(range(600), key=lambda n: (n * 7919) % 600):
        receipt = house.receive(delivered(str(n % 256), submitted_at=moments[n] + 2))
        assert receipt.attempt_id is not None
        assert house.state(ids[n]) == "delivered"


def test_a_repeated_report_harms_nobody_who_got_its_reference_later(house: House) -> None:
    house.queue()
    house.send("17")
    sent_at = house.now
    house.receive(delivered("17", submitted_at=sent_at))
    house.now += DAY
    later = house.queue()
    house.send("17")
    house.receive(delivered("17", submitted_at=sent_at))
    assert house.state(later) == "submitted"


def test_the_same_octets_again_are_a_repeat(house: House) -> None:
    house.queue()
    house.send("17")
    report = delivered("17", submitted_at=house.now)
    assert not house.receive(report, octets=b"report").repeated
    before = house.dump()
    assert house.receive(report, octets=b"report").repeated
    assert house.dump() == before


def test_a_report_of_one_part_is_not_taken_for_the_next_that_is_in_the_air(house: House) -> None:
    """The service centre's clock is some seconds fast; what is in the air to the same recipient is nearer to it."""
    message_id = house.queue(parts=2)
    house.send("17")
    house.now += 4
    second = house.claim()
    house.receive(delivered("17", submitted_at=house.now + 1))
    house.store.outbox.record([(second.attempt_id, NotSent(Verdict.SOON, "CMS 42"))])
    assert house.part_states(message_id) == ["delivered", "unsent"]


def test_trying_is_not_final(house: House) -> None:
    message_id = house.queue()
    house.send("17")
    trying = delivered("17", submitted_at=house.now, report_class=ReportClass.TRYING, code="ST 0x20")
    house.receive(trying)
    assert house.state(message_id) == "submitted"
    assert house.store.outbox.show(message_id)["part_list"][0]["report"] == "ST 0x20"
    house.receive(delivered("17", submitted_at=house.now))
    assert house.state(message_id) == "delivered"
    house.receive(trying)
    assert house.state(message_id) == "delivered"


def test_one_part_that_never_arrives_makes_the_whole_undeliverable(house: House) -> None:
    message_id = house.queue(parts=2)
    house.send("17")
    house.send("18")
    house.receive(delivered("17", submitted_at=house.now))
    assert house.state(message_id) == "submitted"
    house.receive(delivered("18", submitted_at=house.now, report_class=ReportClass.FAILED, code="ST 0x46"))
    shown = house.store.outbox.show(message_id)
    assert (shown["state"], shown["error"]) == ("undeliverable", "ST 0x46")
    house.receive(delivered("18", submitted_at=house.now))
    assert house.state(message_id) == "undeliverable"


@pytest.mark.parametrize("recipient", [PHONE, ""])
def test_a_report_before_the_answer_waits_for_it(house: House, recipient: str) -> None:
    """Its time tells nothing, and no reference is expected: only the answer can say whose it is."""
    message_id = house.queue()
    claim = house.claim()
    receipt = house.receive(delivered("17", submitted_at=house.now - DAY, recipient=recipient))
    assert (receipt.attempt_id, house.state(message_id)) == (None, "submitting")
    house.store.outbox.record([(claim.attempt_id, Sent("17"))])
    assert house.state(message_id) == "delivered"


def test_a_report_before_the_answer_that_fits_settles_the_attempt(house: House) -> None:
    message_id = house.queue()
    claim = house.claim(witness={"smss": 16, "in_step": True})
    house.receive(delivered("17", submitted_at=house.now + 2))
    assert house.state(message_id) == "delivered"
    house.store.outbox.record([(claim.attempt_id, Sent("17"))])
    assert house.state(message_id) == "delivered"


def test_a_report_from_before_the_attempt_is_not_taken_for_it(house: House) -> None:
    """A report that matched nothing months ago is no news of a part that gets its reference now."""
    house.receive(delivered("17", submitted_at=house.now))
    house.now += 30 * DAY
    message_id = house.queue()
    house.send("17")
    assert house.state(message_id) == "submitted"


def test_a_report_settles_a_doubt_that_expected_its_reference(house: House) -> None:
    """In step the SIM's clock of references says it, however wrong the service centre's own clock is."""
    message_id = doubtful(house, smss=255, in_step=True)
    house.receive(delivered("0", submitted_at=house.now - DAY))
    assert house.state(message_id) == "delivered"
    assert house.store.outbox.show(message_id)["attempt_list"][0]["evidence"] == "status report"


def test_a_report_does_not_settle_a_doubt_that_expected_another_reference(house: House) -> None:
    message_id = doubtful(house, smss=16, in_step=True)
    assert house.receive(delivered("18", submitted_at=house.now)).attempt_id is None
    assert house.state(message_id) == "in_doubt"


@pytest.mark.parametrize(("late", "settled"), [(599, True), (601, False)])
def test_without_step_only_the_time_can_settle_a_doubt(house: House, late: float, settled: bool) -> None:
    message_id = doubtful(house)
    house.receive(delivered("99", submitted_at=house.now + late))
    assert house.state(message_id) == ("delivered" if settled else "in_doubt")


def test_a_report_of_failure_settles_a_doubt_as_undeliverable(house: House) -> None:
    message_id = doubtful(house)
    house.receive(delivered("99", submitted_at=house.now, report_class=ReportClass.FAILED))
    assert house.state(message_id) == "undeliverable"


def test_a_report_spares_the_second_sending(house: House) -> None:
    message_id = doubtful(house)
    [doubt] = house.store.outbox.doubts("modem0")
    house.store.outbox.apply_policy(doubt.attempt_id)
    house.receive(delivered("99", submitted_at=house.now))
    assert house.state(message_id) == "delivered"
    assert house.store.outbox.claim(claimant()) == []


def test_a_failed_report_of_the_first_sending_does_not_end_the_second(house: House) -> None:
    message_id = doubtful(house)
    [doubt] = house.store.outbox.doubts("modem0")
    house.store.outbox.apply_policy(doubt.attempt_id)
    house.now += 3600
    house.send("18")
    house.store.outbox.record([(doubt.attempt_id, Sent("17"))])
    house.receive(delivered("17", submitted_at=house.now - 3600, report_class=ReportClass.FAILED))
    assert house.state(message_id) == "submitted"
    house.receive(delivered("18", submitted_at=house.now))
    assert house.state(message_id) == "delivered"


def test_a_failed_report_of_an_earlier_sending_does_not_end_a_retry(house: House) -> None:
    message_id = house.queue()
    house.send("17")
    house.receive(delivered("17", submitted_at=house.now, report_class=ReportClass.FAILED))
    house.store.outbox.retry(message_id)
    house.receive(delivered("17", submitted_at=house.now, report_class=ReportClass.FAILED, code="again"))
    assert house.claim().message_id == message_id


def test_a_report_for_nobody_we_wrote_to_is_kept_and_changes_nothing(house: House) -> None:
    message_id = house.queue()
    house.send("17")
    assert house.receive(delivered("17", submitted_at=house.now, recipient=OTHER)).attempt_id is None
    assert house.state(message_id) == "submitted"
    assert house.rows("SELECT recipient, attempt_id FROM report") == [(OTHER, None)]


def test_a_report_that_does_not_tell_the_recipient_is_known_by_its_route(house: House) -> None:
    first, second = house.queue(), house.queue()
    house.send("a1", "bind0", sim=None)
    house.send("a1", "bind1", sim=None)
    house.receive(delivered("a1", submitted_at=None, recipient=""), route="bind1", sim=None)
    assert (house.state(first), house.state(second)) == ("submitted", "delivered")


def test_two_sims_with_one_reference_are_told_apart(house: House) -> None:
    first, second = house.queue(), house.queue()
    house.send("17", "modem0", sim="A")
    house.send("17", "modem1", sim="B")
    house.receive(delivered("17", submitted_at=house.now), route="modem1", sim="B")
    assert (house.state(first), house.state(second)) == ("submitted", "delivered")


def test_a_sim_moved_to_another_modem_brings_its_reports_along(house: House) -> None:
    message_id = house.queue()
    house.send("17", "modem0", sim="A")
    house.receive(delivered("17", submitted_at=house.now), route="modem1", sim="A")
    assert house.state(message_id) == "delivered"


def test_two_modems_whose_sims_are_not_known_are_told_apart(house: House) -> None:
    first, second = house.queue(), house.queue()
    house.send("17", "modem0", sim=None)
    house.send("17", "modem1", sim=None)
    house.receive(delivered("17", submitted_at=house.now), route="modem1", sim=None)
    assert (house.state(first), house.state(second)) == ("submitted", "delivered")


def test_a_receipt_that_overtakes_its_answer_settles_nobody_elses_submit(house: House) -> None:
    """Two messages to one client unanswered: the receipt for the second waits; the first is refused and stays so."""
    bind = claimant("operator", sim=None)
    first, second = house.queue(), house.queue()
    one, two = house.store.outbox.claim(bind, limit=2)
    report = delivered("BBB222", submitted_at=house.now)
    house.store.inbox.receive(Received("operator", b"receipt", report), JUDGE)
    house.store.outbox.record([(one.attempt_id, NotSent(Verdict.NEVER, "SMPP 0x0B")), (two.attempt_id, Sent("BBB222"))])
    assert house.state(first) == "rejected"
    assert house.state(second) == "delivered"


# --- a receipt that says what is blocked, or bears our mark -----------------------------------------------------------

BY_SIM = Diversion("modem0", "the operator blocks the sender's name")


def blocked(reference: str, *, refused: str | None = "sender") -> StatusReport:
    """Make a final receipt that says what is blocked."""
    failed = delivered(reference, submitted_at=None, report_class=ReportClass.FAILED, code="UNDELIV 254")
    return replace(failed, refused=refused)


def test_a_blocked_name_reported_before_the_answer_diverts_once_the_answer_is_recorded(house: House) -> None:
    """By the rules of a receipt in its time: once, and asked with what the receipt said."""
    asked = []

    def reported(message_class: MessageClass, report: StatusReport, diverted: bool, _: str | None) -> Diversion | None:
        asked.append((message_class, report.refused, report.code, diverted))
        return None if diverted else BY_SIM

    house.store.outbox.ways = Ways(refused=lambda *_: None, reported=reported)
    message_id = house.queue(MessageClass.ACK)
    claim = house.claim("operator", sim=None)
    house.receive(blocked("id-000007"), route="operator", sim=None)
    house.store.outbox.record([(claim.attempt_id, Sent("id-000007", "late answer"))])
    assert house.state(message_id) == "queued"
    assert house.claim("modem0").message_id == message_id
    house.store.outbox.record([(claim.attempt_id + 1, Sent("1"))])
    assert asked == [(MessageClass.ACK, "sender", "UNDELIV 254", False)]
    house.receive(blocked("id-000007"), route="operator", sim=None)
    assert house.state(message_id) == "submitted"


def test_a_late_refusal_of_the_name_settles_the_doubt_and_diverts(house: House) -> None:
    refusal = NotSent(Verdict.NEVER, "SMPP 0x0A", evidence="late answer", refused="sender")
    house.store.outbox.ways = Ways(refused=lambda *_: BY_SIM, reported=lambda *_: None)
    message_id = house.queue(MessageClass.ACK)
    claim = house.claim("operator", sim=None)
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer came in time"))])
    assert house.state(message_id) == "in_doubt"
    house.store.outbox.record([(claim.attempt_id, refusal)])
    shown = house.store.outbox.show(message_id)
    assert (shown["state"], shown["attempt_list"][0]["outcome"]) == ("queued", "not_sent")
    assert house.claim("modem0").message_id == message_id


def test_a_refusal_that_comes_when_it_was_to_be_sent_once_more_diverts_as_well(house: House) -> None:
    refusal = NotSent(Verdict.NEVER, "SMPP 0x0A", evidence="late answer", refused="sender")
    house.store.outbox.ways = Ways(refused=lambda *_: BY_SIM, reported=lambda *_: None)
    message_id = house.queue(MessageClass.ACK)
    claim = house.claim("operator", sim=None)
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer came in time"))])
    house.store.outbox.apply_policy(claim.attempt_id)
    house.store.outbox.record([(claim.attempt_id, refusal)])
    assert (house.state(message_id), house.store.outbox.show(message_id)["route"]) == ("queued", "modem0")


def test_a_message_given_up_meanwhile_goes_no_other_way(house: House) -> None:
    house.store.outbox.ways = Ways(refused=lambda *_: BY_SIM, reported=lambda *_: BY_SIM)
    message_id = house.queue(MessageClass.ACK)
    claim = house.claim("operator", sim=None)
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer came in time"))])
    house.store.outbox.cancel(message_id)
    house.store.outbox.record([(claim.attempt_id, NotSent(Verdict.NEVER, "SMPP 0x0A", refused="sender"))])
    assert house.state(message_id) == "cancelled"


def test_our_mark_finds_a_part_in_doubt_though_its_id_belongs_to_another(house: House) -> None:
    """The service centre had given this id before; the receipt comes by another bind, and bears our mark."""
    first, second = house.queue(), house.queue()
    house.send("1F4A", "operator", sim=None)
    claim = house.claim("operator", sim=None)
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer came in time"))])
    told = replace(delivered("8010", submitted_at=None), echo=claim.attempt_id)
    assert house.receive(told, route="spare", sim=None).attempt_id == claim.attempt_id
    assert (house.state(first), house.state(second)) == ("submitted", "delivered")


def test_our_mark_tells_two_bases_of_one_id_apart(house: House) -> None:
    """One part was taken as 16, another as 10 in hexadecimal; a receipt says 16 and means the second."""
    first, second = house.queue(), house.queue()
    house.send("1000", "operator", sim=None)
    claim = house.send("3E8", "operator", sim=None)
    told = replace(delivered("1000", submitted_at=None), echo=claim.attempt_id)
    assert house.receive(told, route="operator", sim=None).attempt_id == claim.attempt_id
    assert (house.state(first), house.state(second)) == ("submitted", "delivered")


def test_our_mark_says_that_a_short_id_is_no_tp_mr(house: House) -> None:
    """A service centre that counts from 1 is believed by the mark, whichever bind the receipt comes by."""
    message_id = house.queue()
    claim = house.claim("operator", sim=None)
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer came in time"))])
    told = replace(delivered("17", submitted_at=None), echo=claim.attempt_id)
    assert house.receive(told, route="spare", sim=None).attempt_id == claim.attempt_id
    assert house.state(message_id) == "delivered"


def test_our_mark_settles_a_doubt_though_the_receipt_tells_no_recipient(house: House) -> None:
    """Some centres write the name where the phone should stand, or a national number."""
    message_id = house.queue()
    claim = house.claim("operator", sim=None)
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer came in time"))])
    told = replace(delivered("id-000007", submitted_at=None, recipient=""), echo=claim.attempt_id)
    assert house.receive(told, route="spare", sim=None).attempt_id == claim.attempt_id
    assert house.state(message_id) == "delivered"


@pytest.mark.parametrize("recipient", [PHONE, ""])
def test_our_mark_finds_a_part_that_was_taken_without_an_id(house: House, recipient: str) -> None:
    """From then on the id of the receipt is known as that of the part, should another come without our mark."""
    first, second = house.queue(), house.queue()
    claim = house.send("", "operator", sim=None)
    house.send("", "operator", sim=None)
    trying = delivered("id-000007", submitted_at=None, recipient=recipient, report_class=ReportClass.TRYING)
    told = replace(trying, echo=claim.attempt_id)
    assert house.receive(told, route="spare", sim=None).attempt_id == claim.attempt_id
    assert (house.state(first), house.state(second)) == ("submitted", "submitted")
    assert house.store.outbox.unreported("operator", 0, 1, 0.0) == [(claim.attempt_id, "id-000007", PHONE)]
    house.receive(delivered("id-000007", submitted_at=None), route="operator", sim=None)
    assert (house.state(first), house.state(second)) == ("delivered", "submitted")


def test_our_mark_finds_a_part_whose_receipt_bears_an_id_of_another_making(house: House) -> None:
    """Not where the id is known as another part's: whose of the two it is would be a guess."""
    first, second = house.queue(), house.queue()
    claim = house.send("a-1", "operator", sim=None)
    house.send("a-2", "operator", sim=None)
    told = replace(delivered("smsc7/1", submitted_at=None), echo=claim.attempt_id)
    assert house.receive(told, route="operator", sim=None).attempt_id == claim.attempt_id
    assert (house.state(first), house.state(second)) == ("delivered", "submitted")
    third = house.queue()
    claim = house.send("a-3", "operator", sim=None)
    told = replace(delivered("a-2", submitted_at=None), echo=claim.attempt_id)
    house.receive(told, route="operator", sim=None)
    assert (house.state(second), house.state(third)) == ("delivered", "submitted")


def test_the_same_answer_to_the_same_question_may_speak_of_another_part(house: House) -> None:
    """The service centre has begun its ids again since."""
    for _ in range(2):
        message_id = house.queue()
        house.send("id-1", "operator", sim=None)
        told = delivered("id-1", submitted_at=None)
        house.receive(told, route="operator", sim=None, octets=b"query_sm id-1 DELIVRD", repeats_within=0.0)
        assert house.state(message_id) == "delivered"
        house.now += DAY


def test_without_our_mark_a_doubt_of_another_bind_is_not_guessed(house: House) -> None:
    message_id = house.queue()
    claim = house.claim("operator", sim=None)
    house.store.outbox.record([(claim.attempt_id, InDoubt("no answer came in time"))])
    assert house.receive(delivered("8010", submitted_at=None), route="spare", sim=None).attempt_id is None
    assert house.state(message_id) == "in_doubt"


def test_parts_of_one_message_are_joined_into_one_state(house: House) -> None:
    """Intermediate states change nothing; all parts delivered is delivered, one that failed is undeliverable."""
    good, bad = house.queue(parts=3), house.queue(parts=3)
    for number in range(6):
        house.send(f"id-{number}", "operator", sim=None)
    for number in range(6):
        trying = delivered(f"id-{number}", submitted_at=None, report_class=ReportClass.TRYING, code="ACCEPTD")
        house.receive(trying, route="operator", sim=None)
    assert (house.state(good), house.state(bad)) == ("submitted", "submitted")
    for number in (0, 1, 3, 4):
        house.receive(delivered(f"id-{number}", submitted_at=None), route="operator", sim=None)
    assert (house.state(good), house.state(bad)) == ("submitted", "submitted")
    house.receive(delivered("id-2", submitted_at=None), route="operator", sim=None)
    house.receive(blocked("id-5", refused=None), route="operator", sim=None)
    assert (house.state(good), house.state(bad)) == ("delivered", "undeliverable")


# --- a message that goes by another route, and late news of the first -------------------------------------------------


def test_news_of_the_first_route_changes_nothing_of_what_goes_by_the_second(house: House) -> None:
    """Neither a late answer that its part had left, nor a late refusal that would divert the message once more."""
    house.store.outbox.ways = Ways(refused=lambda *_: BY_SIM, reported=lambda *_: None)
    refusal = NotSent(Verdict.NEVER, "SMPP 0x0A", evidence="late answer", refused="sender")
    for news in (refusal, Sent("id-000007", "late answer")):
        message_id = house.queue(MessageClass.RESULT, parts=3)
        house.send("id-000001", "operator", sim=None)
        doubt = house.claim("operator", sim=None)
        house.store.outbox.record([(doubt.attempt_id, InDoubt("no answer came in time"))])
        house.store.outbox.apply_policy(doubt.attempt_id)
        assert house.store.outbox.rescue("operator", lambda *_: BY_SIM) == 1
        assert house.send("1").part == 1
        house.store.outbox.record([(doubt.attempt_id, news)])
        assert [house.send(str(number)).part for number in (2, 3)] == [2, 3]
        assert house.state(message_id) == "submitted"


@pytest.mark.parametrize("stands_in", [False, True])
def test_only_what_stands_in_is_let_go_whatever_people_read_of_it(house: House, *, stands_in: bool) -> None:
    """Its column says so, and not the words of its reason; it says so too where the way was noted for later."""
    said = "no words of ours" if stands_in else "operator itself failed (SMPP 0x400)"
    diversion = Diversion("modem0", said, stands_in=stands_in)
    house.store.outbox.ways = replace(NO_OTHER_WAY, refused=lambda *_: diversion, reported=lambda *_: diversion)
    refused = house.queue()
    claim = house.claim("operator", sim=None)
    house.store.outbox.record([(claim.attempt_id, NotSent(Verdict.ROUTE, "SMPP 0x400", refused="route"))])
    blocked = house.queue(parts=2)
    house.send("id-000001", "operator", sim=None)
    second = house.claim("operator", sim=None)
    told = delivered("id-000001", submitted_at=None, report_class=ReportClass.FAILED)
    judge = replace(JUDGE, ways=house.store.outbox.ways)
    house.store.inbox.receive(Received("operator", b"receipt", told), judge)
    assert house.store.outbox.show(blocked)["route"] == "operator", "its second part is in the air"
    house.store.outbox.record([(second.attempt_id, Sent("id-000002"))])
    for message_id in (refused, blocked):
        assert house.store.outbox.show(message_id)["route"] == "modem0"
    assert house.store.outbox.let_go("modem0") == (2 if stands_in else 0)
    for message_id in (refused, blocked):
        assert house.store.outbox.show(message_id)["route"] == (None if stands_in else "modem0")
    assert house.store.outbox.let_go("modem0") == 0


def test_the_rest_follows_a_part_of_which_it_is_known_late_that_it_left(house: House) -> None:
    """By its own route, though it was free to leave by any when it was to be sent once more."""
    message_id = house.queue(MessageClass.RESULT, parts=3)
    doubt = house.claim("operator", sim=None)
    house.store.outbox.record([(doubt.attempt_id, InDoubt("no answer came in time"))])
    house.store.outbox.apply_policy(doubt.attempt_id)
    told = replace(delivered("id-000007", submitted_at=None), echo=doubt.attempt_id)
    house.receive(told, route="operator", sim=None)
    assert (house.state(message_id), house.part_states(message_id)) == (
        "submitting", ["delivered", "unsent", "unsent"],
    )  # fmt: skip
    assert house.store.outbox.claim(claimant("modem0")) == []
    assert house.claim("operator", sim=None).part == 2
