"""Our encoder against the decoder of smspdudecoder, within what it can read."""

from datetime import datetime, timedelta, timezone
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsd.wire.address import Address
from smsd.wire.alphabet import DEFAULT, EXTENSION, Alphabet
from smsd.wire.tpdu import Deliver, Submit, encode
from smsd.wire.userdata import UserData, split

fields: Any = pytest.importorskip(
    "smspdudecoder.fields", reason="the witness smspdudecoder (bitstring<5) is not installed"
)
pytestmark = pytest.mark.interop

NUMBERS = st.text(st.sampled_from("0123456789"), min_size=3, max_size=15)
MOMENTS = st.builds(
    lambda moment, quarters: moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=15 * quarters))),
    st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)),  # noqa: DTZ001  the zone is put on here
    st.integers(-48, 56),
)
GSM7 = st.text(st.sampled_from((DEFAULT + "".join(EXTENSION.values())).replace("\x1b", "")))
TEXTS = GSM7 | st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from("Ваш пароль 😀👩‍🚀"))


def gets_an_at(part: UserData) -> bool:
    """Say whether it would append an ``@``: seven bits are left over and the text holds an escape."""
    septets = len(part.data) + (len(part.header_octets) * 8 + 6) // 7
    return part.alphabet is Alphabet.GSM7 and septets % 8 == 7 and b"\x1b" in part.data


@given(NUMBERS, TEXTS, st.integers(1, 6), st.integers(0, 255), st.sampled_from([8, 16]), MOMENTS)
def test_it_reads_what_we_write(
    number: str, text: str, times: int, reference: int, width: int, moment: datetime
) -> None:
    for part in split(text * times, reference=reference, width=width):
        octets, _ = encode(Deliver(tp_oa=Address.of_number("+" + number), tp_scts=moment, user_data=part))
        read = fields.SMSDeliver.decode(StringIO(octets.hex().upper()))
        assert (read["sender"]["number"], read["sender"]["toa"]["ton"]) == (number, "international")
        assert read["scts"] == moment
        assert (read["user_data"]["header"] is None) == (part.header == ())
        if not gets_an_at(part):
            assert read["user_data"]["data"] == part.text


@given(NUMBERS, TEXTS, st.integers(0, 255))
def test_it_reads_our_submit(number: str, text: str, reference: int) -> None:
    part = split(text)[0]
    tpdu = Submit(tp_da=Address.of_number(number), user_data=part, tp_mr=reference, tp_srr=True, tp_rd=True)
    read = fields.SMSSubmit.decode(StringIO(encode(tpdu)[0].hex().upper()))
    assert (read["recipient"]["number"], read["message-ref"]) == (number, reference)
    assert (read["header"]["srr"], read["header"]["rd"]) == (True, True)
    if not gets_an_at(part):
        assert read["user_data"]["data"] == part.text
