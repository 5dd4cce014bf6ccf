"""Our PDU codec and python-gsmmodem-new's on the same public PDUs: what each reads right, refuses, and how fast.

``python -m benchmarks.codec_witness`` reads the corpus that ``SMSD_PDU_CORPUS`` names, or the one beside the checkout,
and prints the numbers of docs/decisions/0003-own-pdu-codec.md. A field that a codec does not show is not held against
it; where the corpus only says that a PDU parses, any answer without an exception is right. Damage is one to three
octets of a valid PDU changed, and its end cut off in half of the cases, always the same by a fixed seed.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from gsmmodem import pdu as gsmmodem_pdu
from gsmmodem.exceptions import EncodingError

from smsd.errors import PduError
from smsd.wire.tpdu import Deliver, StatusReport, Submit, decode

CORPUS = Path(os.environ.get("SMSD_PDU_CORPUS") or Path(__file__).parents[1] / "../shared/corpus/pdu.jsonl")

Entry = dict[str, Any]
Reader = Callable[[Entry], dict[str, Any]]


def ours(entry: Entry) -> dict[str, Any]:
    """Read an entry with our codec, leniently where the corpus asks for it, in the words of the corpus."""
    outgoing = entry["direction"] == "submit"
    frame = decode(entry["pdu"], outgoing=outgoing, lenient=entry["mode"] == "lenient")
    said: dict[str, Any] = {"smsc": frame.smsc.text if frame.smsc else None, "tpdu_length": frame.tpdu_length}
    tpdu = frame.tpdu
    match tpdu:
        case Deliver(tp_oa=address):
            said |= {"timestamp": tpdu.tp_scts}
        case Submit(tp_da=address):
            said |= {"mr": tpdu.tp_mr, "vp": tpdu.tp_vp}
        case StatusReport(tp_ra=address):
            said |= {"mr": tpdu.tp_mr, "status": tpdu.tp_st, "timestamp": tpdu.tp_scts, "discharge": tpdu.tp_dt}
    said |= {"number": address.text, "pid": tpdu.tp_pid}
    if tpdu.tp_dcs is not None:
        said |= {"dcs": tpdu.tp_dcs.raw, "class": tpdu.tp_dcs.message_class}
    if tpdu.user_data is not None:
        place = tpdu.user_data.concatenation
        said |= {
            "concat": place and [place.reference, place.total, place.sequence],
            "ports": tpdu.user_data.ports and list(tpdu.user_data.ports),
            "text": tpdu.user_data.text,
            "data": tpdu.user_data.data.hex().upper(),
            "alphabet": {"octets": "8bit"}.get(tpdu.user_data.alphabet, str(tpdu.user_data.alphabet)),
        }
    return said


def gsmmodem(entry: Entry) -> dict[str, Any]:
    """Read an entry with python-gsmmodem-new, in the words of the corpus."""
    read = gsmmodem_pdu.decodeSmsPdu(entry["pdu"])
    names = {"reference": "mr", "time": "timestamp", "validity": "vp", "protocol_id": "pid"}
    said = {names.get(name, name): value for name, value in read.items()}
    for element in read.get("udh", ()):
        if isinstance(element, gsmmodem_pdu.Concatenation):
            said["concat"] = [element.reference, element.parts, element.number]
    return said


def is_right(entry: Entry, said: dict[str, Any]) -> bool:
    """Compare every expected field that is shown."""
    for field, expected in entry["expected"].items():
        match field:
            case "text_prefix":
                right = said["text"].startswith(expected)
            case "text_contains":
                right = expected in said["text"]
            case "dangling_surrogate":
                right = "\ufffd" in said["text"]
            case "timestamp_local":
                right = said["timestamp"].replace(tzinfo=None).isoformat() == expected
            case "timestamp" | "discharge":
                right = said[field] == datetime.fromisoformat(expected)
            case "vp":
                right = "vp" not in said or is_validity(expected, said["vp"])
            case _:
                right = said.get(field, expected) == expected
        if not right:
            return False
    return True


def is_validity(expected: dict[str, Any], said: object) -> bool:
    """Compare a validity period; of the enhanced format only that it is neither of the others."""
    if "relative_s" in expected:
        return said == timedelta(seconds=expected["relative_s"])
    if "absolute" in expected:
        return said == datetime.fromisoformat(expected["absolute"])
    return not isinstance(said, timedelta | datetime)


def judge(entries: list[Entry], read: Reader, documented: type[Exception]) -> Counter[str]:
    """Count how a codec fares: every entry ends in exactly one of the counts."""
    counts: Counter[str] = Counter()
    for entry in entries:
        valid = entry["mode"] != "invalid"
        try:
            said = read(entry)
        except documented:
            counts["refused, though valid" if valid else "refused with its one error"] += 1
        except Exception as error:  # noqa: BLE001  which ones leave is the question
            counts[f"{'valid' if valid else 'invalid'}: another exception"] += 1
            counts[f"  {type(error).__name__}"] += 1
        else:
            if not valid:
                counts["taken for a message, though invalid"] += 1
            else:
                counts["read right" if is_right(entry, said) else "read wrong"] += 1
    return counts


def damaged(entries: list[Entry], count: int) -> list[Entry]:
    """Spoil ``count`` PDUs, the same ones each time."""
    chance = random.Random(23040)
    spoilt = []
    for _ in range(count):
        entry = chance.choice(entries)
        octets = bytearray.fromhex(entry["pdu"])
        for _ in range(chance.randint(1, 3)):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        end = chance.randrange(len(octets)) if chance.random() < 0.5 else len(octets)
        spoilt.append({**entry, "pdu": octets[:end].hex().upper()})
    return spoilt


def endings(entries: list[Entry], read: Reader) -> Counter[str]:
    """Count how reading ends, by the name of the exception."""
    counts: Counter[str] = Counter()
    for entry in entries:
        try:
            read(entry)
            counts["a value"] += 1
        except Exception as error:  # noqa: BLE001  which ones leave is the question
            counts[type(error).__name__] += 1
    return counts


def speed(entries: list[Entry], read: Reader) -> float:
    """Count the PDUs a second, over those that are read at all, the best of five rounds."""
    readable = []
    for entry in entries:
        try:
            read(entry)
        except Exception:  # noqa: BLE001, S112  counted by judge
            continue
        readable.append(entry)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for entry in readable:
            read(entry)
        best = min(best, time.perf_counter() - start)
    return len(readable) / best


def main() -> int:
    """Print the table."""
    if not CORPUS.is_file():
        print("no corpus of PDUs: set SMSD_PDU_CORPUS to its path", file=sys.stderr)
        return 1
    entries = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    asked = [entry for entry in entries if entry["mode"] != "skip"]
    codecs: list[tuple[str, Reader, type[Exception]]] = [
        ("smsd.wire", ours, PduError),
        ("python-gsmmodem-new", gsmmodem, EncodingError),
    ]
    print(f"{sum(entry['mode'] != 'invalid' for entry in asked)} valid PDUs, ", end="")
    print(f"{sum(entry['mode'] == 'invalid' for entry in asked)} invalid ones")
    valid = [entry for entry in asked if entry["mode"] != "invalid"]
    spoilt = damaged(valid, 4000)
    for name, read, documented in codecs:
        print(f"\n{name}")
        for what, count in judge(asked, read, documented).items():
            print(f"  {what:<40}{count:>6}")
        for what, count in endings(spoilt, read).most_common():
            print(f"  {'damaged: ' + what:<40}{count:>6}")
        print(f"  {'PDUs a second':<40}{speed(valid, read):>6.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
