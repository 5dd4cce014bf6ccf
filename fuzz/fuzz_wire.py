"""Feed the PDU decoder what a coverage-guided fuzzer invents.

With atheris installed: ``python fuzz/fuzz_wire.py [libFuzzer options] [corpus directory]``; the seeds beside this file
are always part of the corpus. Without it, or to try single inputs: ``python fuzz/fuzz_wire.py FILE...``, where a
``.txt`` file holds one PDU in hex a line and any other file is one input, as the fuzzer writes them.

The one exception a decoder or an encoder may raise is ``PduError``; anything else that leaves ``one_input`` is a bug:

* strict reading gives a value or ``PduError``, lenient reading at least as much, and the same where strict reads;
* no text holds half a surrogate pair; any part can be joined or is 8-bit data;
* what was read can be written, and read again as the same value, unless it was damaged (then: ``PduError``).
"""

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

SEEDS = Path(__file__).with_name("seeds.txt")

try:
    import atheris
except ImportError:
    atheris = None

with atheris.instrument_imports(include=["smsd.wire"]) if atheris else contextlib.nullcontext():
    from smsd.errors import PduError
    from smsd.wire.alphabet import Alphabet
    from smsd.wire.tpdu import Frame, StatusReport, decode, encode, status_class, status_words
    from smsd.wire.userdata import UserData, join, split


def one_input(data: bytes) -> None:
    """Read ``data`` in every way there is and check what must hold."""
    for outgoing in (False, True):
        strict = read(data, outgoing=outgoing, lenient=False)
        lenient = read(data, outgoing=outgoing, lenient=True)
        assert strict is None or strict == lenient
        assert strict == read(data.hex(), outgoing=outgoing, lenient=False)
        if lenient is not None:
            check(lenient, outgoing=outgoing)
    text = data.decode("utf-16-be", "replace")
    assert join(split(text[:500])) == text[:500]
    read(data.decode("latin-1"), outgoing=False, lenient=True)


def read(pdu: bytes | str, *, outgoing: bool, lenient: bool) -> Frame | None:
    """Give the frame, or ``None`` for the one error that is allowed."""
    try:
        return decode(pdu, outgoing=outgoing, lenient=lenient)
    except PduError:
        return None


def check(frame: Frame, *, outgoing: bool) -> None:
    """Use all that can be asked of a frame, and write it again."""
    tpdu = frame.tpdu
    if tpdu.user_data is not None:
        check_user_data(tpdu.user_data)
    if isinstance(tpdu, StatusReport):
        assert status_class(tpdu.tp_st)
        assert status_words(tpdu.tp_st)
    else:
        _ = tpdu.tp_dcs.indication, tpdu.tp_dcs.message_class
    try:
        octets, _ = encode(tpdu)
    except PduError:
        assert frame.warnings, "what strict reading accepts without a word can be written"
        return
    again = read(octets, outgoing=outgoing, lenient=True)
    assert again is not None
    assert again.tpdu == tpdu


def check_user_data(user_data: UserData) -> None:
    """Use all that can be asked of user data."""
    _ = user_data.concatenation, user_data.ports, user_data.octets
    if user_data.alphabet is Alphabet.OCTETS:
        assert user_data.text is None
        return
    assert user_data.text is not None
    user_data.text.encode("utf-8")
    assert join([user_data]) == user_data.text


def inputs(path: Path) -> Iterator[bytes]:
    """Give the inputs a file holds."""
    if path.suffix == ".txt":
        lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
        yield from (bytes.fromhex(line) for line in lines if line)
    else:
        yield path.read_bytes()


def main(arguments: list[str]) -> None:
    """Try the files named, or fuzz."""
    files = [Path(argument) for argument in arguments if not argument.startswith("-") and Path(argument).is_file()]
    if files or atheris is None:
        tried = [data for path in files or [SEEDS] for data in inputs(path)]
        for data in tried:
            one_input(data)
        print(f"{len(tried)} inputs, no bug" + ("" if atheris else "; atheris is not installed, so none were invented"))
        return
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(inputs(SEEDS)):
            Path(folder, f"seed{number}").write_bytes(data)
        atheris.Setup([sys.argv[0], *arguments, folder], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
