"""Our codec against libgammu's, the best of the published ones: any text, emoji included."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.wire.address import Address
from smsd.wire.alphabet import DEFAULT, EXTENSION
from smsd.wire.tpdu import Deliver, StatusReport, Submit, decode, encode
from smsd.wire.userdata import UserData, split

witness: Any = pytest.importorskip("gammu", reason="the witness python-gammu is not installed")
pytestmark = pytest.mark.interop

NUMBERS = st.text(st.sampled_from("0123456789"), min_size=3, max_size=15).map("+{}".format)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2089, 12, 31)).map(  # noqa: DTZ001  the zone is put on here
    lambda moment: moment.replace(microsecond=0, tzinfo=timezone(timedelta(hours=3)))
)
GSM7 = st.text(st.sampled_from((DEFAULT + "".join(EXTENSION.values())).replace("\x1b", "")))
# It ends a text at NUL and keeps shorthands of its own behind U+0001 and the tilde.
ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\1~")) | st.text(
    st.sampled_from("Ваш пароль 😀👩‍🚀🇷🇺")
)


def text_read(read: dict[str, Any]) -> str:
    return str(read["Text"]).partition("\0")[0]


def place_read(read: dict[str, Any]) -> tuple[int, int, int] | None:
    header = read["UDH"]
    if header["Type"] == "NoUDH":
        return None
    return max(header["ID8bit"], header["ID16bit"]), header["AllParts"], header["PartNumber"]


def place(part: UserData) -> tuple[int, int, int] | None:
    found = part.concatenation
    return (found.reference, found.total, found.sequence) if found else None


@given(NUMBERS, GSM7 | ANY, st.integers(1, 6), st.integers(0, 255), st.sampled_from([8, 16]), MOMENTS)
def test_it_reads_what_we_write(
    number: str, text: str, times: int, reference: int, width: int, moment: datetime
) -> None:
    for part in split(text * times, reference=reference, width=width):
        octets, _ = encode(Deliver(tp_oa=Address.of_number(number), tp_scts=moment, user_data=part))
        read = witness.DecodePDU(octets, True)
        assert (read["Type"], read["Number"], read["DateTime"]) == ("Deliver", number, moment)
        assert text_read(read) == part.text
        assert place_read(read) == place(part)


@given(NUMBERS, GSM7 | ANY, st.integers(0, 255))
def test_it_reads_our_submit(number: str, text: str, reference: int) -> None:
    for part in split(text, reference=reference):
        tpdu = Submit(tp_da=Address.of_number(number), user_data=part, tp_mr=reference, tp_srr=True)
        read = witness.DecodePDU(encode(tpdu, Address.of_number("+79101199502"))[0], True)
        assert (read["Type"], read["Number"], read["SMSC"]["Number"]) == ("Submit", number, "+79101199502")
        assert text_read(read) == part.text


@given(st.sampled_from(["SCSERV", "Megafon", "sipgate", "Tele2", "A"]), MOMENTS)
def test_it_reads_our_names(name: str, moment: datetime) -> None:
    tpdu = Deliver(tp_oa=Address.of_name(name), tp_scts=moment, user_data=UserData.of_text("да"))
    assert witness.DecodePDU(encode(tpdu)[0], True)["Number"] == name


@given(NUMBERS, st.integers(0, 255), MOMENTS, MOMENTS)
def test_it_reads_our_status_report(number: str, reference: int, sent: datetime, done: datetime) -> None:
    tpdu = StatusReport(tp_mr=reference, tp_ra=Address.of_number(number), tp_scts=sent, tp_dt=done, tp_st=0)
    read = witness.DecodePDU(encode(tpdu)[0], True)
    assert (read["Type"], read["Number"], read["MessageReference"]) == ("Status_Report", number, reference)
    assert {read["DateTime"], read["SMSCDateTime"]} == {sent, done}


@given(st.binary(max_size=180))
def test_what_both_read_is_read_alike(octets: bytes) -> None:
    """Random octets: where both find a message at all, they find the same sender."""
    pdu = b"\x00\x04\x0b\x91\x97\x61\x21\x43\x65\xf7" + octets
    try:
        frame = decode(pdu)
        read = witness.DecodePDU(pdu, True)
    except (ValueError, witness.GSMError):
        return
    assert isinstance(frame.tpdu, Deliver)
    assert read["Number"] == frame.tpdu.tp_oa.text
