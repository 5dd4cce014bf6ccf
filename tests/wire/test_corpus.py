"""Public PDUs with the decode their own sources state; the file is handed in from outside, not kept here.

``SMSD_PDU_CORPUS`` names it (one JSON object a line); otherwise it is looked for beside the checkout.
"""

import json
import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from smsd.errors import PduError
from smsd.wire.alphabet import Alphabet
from smsd.wire.tpdu import Deliver, EnhancedValidity, Frame, StatusReport, Submit, Validity, decode
from smsd.wire.userdata import UserData

CORPUS = Path(os.environ.get("SMSD_PDU_CORPUS") or Path(__file__).parents[2] / "../shared/corpus/pdu.jsonl")


def entries(mode: str) -> list[Any]:
    """Give the corpus entries of ``mode`` as parameters, or one that is skipped and says why."""
    if not CORPUS.is_file():
        reason = "no corpus of PDUs: set SMSD_PDU_CORPUS to its path"
        return [pytest.param({}, id="absent", marks=pytest.mark.skip(reason=reason))]
    found = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    return [pytest.param(entry, id=entry["id"]) for entry in found if entry["mode"] == mode]


def reading(frame: Frame) -> dict[str, Any]:
    """Say a decoded PDU in the words of the corpus."""
    tpdu = frame.tpdu
    said: dict[str, Any] = {"smsc": frame.smsc.text if frame.smsc else None, "tpdu_length": frame.tpdu_length}
    match tpdu:
        case Deliver(tp_oa=address, tp_scts=moment):
            said |= {"timestamp": moment, "timestamp_local": moment and moment.replace(tzinfo=None)}
        case Submit(tp_da=address, tp_mr=reference, tp_vp=validity):
            said |= {"mr": reference, "vp": said_validity(validity)}
        case StatusReport(tp_ra=address, tp_mr=reference):
            said |= {"mr": reference, "status": tpdu.tp_st, "timestamp": tpdu.tp_scts, "discharge": tpdu.tp_dt}
    said |= {"number": address.text, "pid": tpdu.tp_pid, "valid": True, "parses": True}
    if tpdu.tp_dcs is not None:
        said |= {"dcs": tpdu.tp_dcs.raw, "class": tpdu.tp_dcs.message_class}
    return said | (said_user_data(tpdu.user_data) if tpdu.user_data else {})


def said_validity(validity: Validity | None) -> dict[str, Any] | None:
    match validity:
        case timedelta():
            return {"relative_s": validity.total_seconds()}
        case datetime():
            return {"absolute": validity.isoformat()}
        case EnhancedValidity():
            return {"enhanced": True}
    return None


def said_user_data(user_data: UserData) -> dict[str, Any]:
    place = user_data.concatenation
    return {
        "text": user_data.text,
        "data": user_data.data.hex().upper(),
        "alphabet": "8bit" if user_data.alphabet is Alphabet.OCTETS else str(user_data.alphabet),
        "concat": place and [place.reference, place.total, place.sequence],
        "multipart": place is not None,
        "ports": user_data.ports and list(user_data.ports),
        "dangling_surrogate": "\ufffd" in (user_data.text or ""),
    }


def compare(entry: dict[str, Any], *, lenient: bool) -> None:
    frame = decode(entry["pdu"], outgoing=entry["direction"] == "submit", lenient=lenient)
    expected = dict(entry["expected"])
    said = reading(frame)
    for field, test in (("text_prefix", str.startswith), ("text_contains", str.__contains__)):
        if field in expected:
            assert test(said["text"], expected.pop(field))
    for field in {"timestamp", "timestamp_local", "discharge"} & expected.keys():
        expected[field] = datetime.fromisoformat(expected[field])  # the moment counts: some sources state it in UTC
    assert {field: said.get(field) for field in expected} == expected
    (said.get("text") or "").encode("utf-8")


@pytest.mark.parametrize("entry", entries("strict"))
@pytest.mark.parametrize("lenient", [False, True])
def test_a_valid_pdu_is_read_as_its_source_states(entry: dict[str, Any], lenient: bool) -> None:
    compare(entry, lenient=lenient)


@pytest.mark.parametrize("entry", entries("lenient"))
def test_a_damaged_pdu_is_read_leniently(entry: dict[str, Any]) -> None:
    compare(entry, lenient=True)


@pytest.mark.parametrize("entry", entries("invalid"))
def test_an_invalid_pdu_is_refused_with_the_one_error(entry: dict[str, Any]) -> None:
    with pytest.raises(PduError):
        decode(entry["pdu"], outgoing=entry["direction"] == "submit")
    with suppress(PduError):
        decode(entry["pdu"], outgoing=entry["direction"] == "submit", lenient=True)
