"""A conversation with one invented person in every coding there is: nothing of hers may be left in any of them."""

import re

import pytest

from smsd.wire.alphabet import pack, septets
from smsd.wire.anonymity import Anonymiser
from smsd.wire.transcript import Line, lines_of
from tests.wire.test_anonymity import ICCID, IMEI, IMSI, PHONE, anonymous, deliver

NAME, LATIN, TEXT = "Ольга Петрова", "OLGA PETROVA", "Ваш баланс 482.15, Ольга"
CENTRE = "79168999100"


def ucs2(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


def semi_octets(digits: str) -> str:
    padded = digits + "F" * (len(digits) % 2)
    return "".join(padded[at + 1] + padded[at] for at in range(0, len(padded), 2))


def utf8(text: str) -> str:
    return text.encode("utf-8").decode("latin-1")


TRACES = [
    *(piece for whole in (PHONE[1:], CENTRE[1:], IMEI[8:], IMSI[5:], ICCID[6:]) for piece in (whole, whole[-6:])),
    *(semi_octets(each)[2:] for each in (PHONE, CENTRE)),
    *(ucs2(each) for each in (PHONE[-6:], "Ольга", "Петр", "OLGA", "482")),
    *(utf8(each) for each in ("Оль", "Петр", "льг", "бал", "тр")),
    *("OLGA", "PETR", "482", "BALANS", "916 123", "916) 123", "916-123", pack(septets("PETROVA")).hex().upper()[:8]),
]


def left_of(told: str) -> list[str]:
    plain = told.upper()
    return [trace for trace in TRACES if trace.upper() in plain]


SAID = {
    "a name in capitals": ("AT+CNUM", f'+CNUM: "{LATIN}","+{PHONE}",145'),
    "a name in UCS2": ("AT+CNUM", f'+CNUM: "{ucs2("Ольга")}","+{PHONE}",145'),
    "a short name in UCS2": ("AT+CNUM", f'+CNUM: "{ucs2("Ян")}","+{PHONE}",145'),
    "a name in UTF-8": ("AT+CNUM", f'+CNUM: "{utf8(NAME)}","+{PHONE}",145'),
    "a number in UCS2": ("AT+CSCA?", f'+CSCA: "{ucs2("+" + CENTRE)}",145'),
    "the directory": ("AT+CPBR=1,9", f'+CPBR: 1,"+{PHONE}",145,"{LATIN}"'),
    "the directory, searched": ("AT+CPBF", f'+CPBF: 1,"{PHONE}",129,"{NAME.encode("utf-8").decode("latin-1")}"'),
    "a call": ("AT+CLCC", f'+CLCC: 1,1,4,0,0,"+{PHONE}",145,"{LATIN}"'),
    "a call while the modem lists what it can": ("AT+CLAC", f'+CLIP: "+{PHONE}",145,"",0,"{LATIN}",0'),
    "a call while the modem is asked what it knows": ("AT+CNMI=?", f'+CLIP: "{PHONE}",129'),
    "a call waiting": ("AT", f'+CCWA: "{PHONE}",129,1,"{LATIN}"'),
    "a call forwarded": ("AT+CCFC=0,2", f'+CCFC: 1,1,"+{PHONE}",145'),
    "USSD as it is": ("AT", f'+CUSD: 0,"{utf8(TEXT)}",15'),
    "USSD in Latin": ("AT", '+CUSD: 0,"Vash balans 482.15, OLGA PETROVA, tel. 916 123-45-67",15'),
    "USSD in UCS2": ("AT", f'+CUSD: 0,"{ucs2(TEXT)}",72'),
    "USSD packed": ("AT", f'+CUSD: 0,"{pack(septets("482.15 PETROVA")).hex().upper()}",15'),
    "USSD without quotes": ("AT", "+CUSD: 0,482.15 rub OLGA"),
    "an IMEI in groups": ("ATI", f"IMEI: {IMEI[:6]}-{IMEI[6:8]}-{IMEI[8:14]}-{IMEI[14:]}"),
    "ICCID with nibbles swapped": ("AT+CRSM=176,12258,0,0,10", f'+CRSM: 144,0,"{semi_octets(ICCID)}"'),
    "IMSI with nibbles swapped": ("AT+CRSM=176,28423,0,0,9", f'+CRSM: 144,0,"08{semi_octets("9" + IMSI)}"'),
    "a PDU in its own line": ("AT+CMGR=1", f"+CMGR: 1,,30,{deliver(LATIN)}"),
    "a PDU that something is glued to": ("AT", f"{deliver(LATIN)}OK"),
    "USSD in UCS2 without quotes": ("AT", f"+CUSD: 0,{ucs2(TEXT)},72"),
    "USSD with quotes in it": ("AT", '+CUSD: 0,"Vash "balans" 482.15 OLGA",15'),
    "a call, told in a maker's own way": ("AT+CSQ", f'^CLIP: "+{PHONE}",145,"{LATIN}"'),
    "a name that nobody asked for": ("AT+CSQ", f'*PSNAME: "{LATIN}"'),
    "a name between single quotes": ("AT+CSQ", f"+CLIP: '+{PHONE}',145,'{LATIN}'"),
    "a line that says not what it is": ("AT+CSQ", f'1,"{LATIN}","+{PHONE}"'),
    "small letters": ("AT", f'+clip: "+{PHONE}",145,"{LATIN}"'),
    "a space too many": ("AT", f' +CLIP : "+{PHONE}",145,"{LATIN}"'),
    "a number while the IMEI is awaited": ("AT+CGSN", f"^NUMBER: {PHONE}"),
    "a number while the maker is awaited": ("ATI", f"^NUMBER: {PHONE}"),
    "a number as people write it": ("AT+CSQ", "^NUMBER: +7 916 123-45-67, 8 (916) 123-45-67, 8-916-1234567"),
    "a PDU in small letters": ("AT+CMGR=1", f"+CMGR: 1,,30,{deliver(LATIN).lower()}"),
    "a position": ("AT", "$GPGGA,123519,5545.4821,N,03737.4829,E,1,08,0.9,545.4,M,46.9,M,,*47"),
}  # fmt: skip


@pytest.mark.parametrize(("command", "said"), SAID.values(), ids=SAID.keys())
def test_nothing_of_hers_is_left(command: str, said: str) -> None:
    [told] = anonymous(said, command=command)
    assert left_of(told) == []
    assert len(told) == len(said)


@pytest.mark.parametrize(
    "text", ["Vash balans 482.15", "OLGA PETROVA\r\n+482", ucs2("Ольга"), utf8(TEXT), f"tel {PHONE}"],
)  # fmt: skip
@pytest.mark.parametrize("head", ['+CMT: "+79161234567",,"26/03/01,08:30:00+12"', '+CMGR: "REC READ","OLGA",,""'])
def test_a_message_in_text_mode_says_nothing(head: str, text: str) -> None:
    told = "\n".join(anonymous(head, *text.split("\r\n"), "OK"))
    assert left_of(told) == []
    assert told.endswith("OK")


def test_a_message_that_the_program_cut_into_says_nothing() -> None:
    """What is typed while a PDU is coming cuts it in two lines."""
    pdu = deliver(LATIN + " 482.15 " + PHONE)
    for at in range(2, len(pdu), 7):
        pieces = [
            ("<", b"\r\n+CMT: ,40\r\n" + pdu[:at].encode()), (">", b"AT\r"), ("<", pdu[at:].encode() + b"\r\nOK\r\n"),
        ]  # fmt: skip
        told = b"".join(line.octets for line in Anonymiser().lines(lines_of(pieces))).decode("latin-1")
        assert left_of(told) == []
        assert not re.search(r"[0-9A-F]{6,}", told.replace("0", " "))


CUT = [
    f'+CLIP: "+{PHONE}",145,"",0,"{LATIN}",0', f'+CNUM: "{LATIN}","{PHONE}",129', '+CUSD: 0,"Balans 482.15 OLGA",15',
    f'+CSCA: "+{CENTRE}",145', IMEI, ICCID, IMSI, f"^NUMBER: {PHONE}", f'+CUSD: 0,"{ucs2(TEXT)}",72',
    f'+CRSM: 144,0,"{semi_octets(ICCID)}"',
]  # fmt: skip


@pytest.mark.parametrize("said", CUT)
def test_a_line_that_the_program_cut_into_says_nothing(said: str) -> None:
    """It is what it would have been whole, cut at the same place."""
    [whole] = anonymous(said, command="AT+CGSN")
    for at in range(1, len(said)):
        began, ended = f"\r\n{said[:at]}".encode(), f"{said[at:]}\r\n".encode()
        pieces = [(">", b"AT+CGSN\r"), ("<", began), (">", b"AT+CSQ\r"), ("<", ended)]
        told = b"".join(line.octets for line in Anonymiser().lines(lines_of(pieces)) if line.mark == "<")
        assert told.decode("ascii").strip() == whole


@pytest.mark.parametrize("first", ["1234", "BEEF", "0482"])
def test_a_text_that_begins_like_a_pdu_says_nothing(first: str) -> None:
    told = "\n".join(
        anonymous(f'+CMT: "+{PHONE}",,"26/03/01,08:30:00+12"', first, "OLGA PETROVA", "#BALANS: 482", "OK")
    )
    assert left_of(told) == []
    assert told.endswith("OK")


@pytest.mark.parametrize("sender", [f"+{PHONE}", "OLGA"])
@pytest.mark.parametrize("text", [LATIN, NAME, TEXT, f"482 {PHONE}", f"{LATIN} " * 10])
def test_a_pdu_says_nothing_in_any_alphabet(sender: str, text: str) -> None:
    told = "\n".join(anonymous("+CMGL: 1,1,,40", deliver(text[:70], sender), "OK"))
    assert left_of(told) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("AT+COPS?", '+COPS: 0,0,"MegaFon"'),
        ("AT+CPMS=?", '+CPMS: ("ME","SM"),("ME","SM"),("ME","SM")'),
        ("AT+CSCS=?", '+CSCS: ("GSM","UCS2","8859-1")'),
        ("AT+CMGL=4", '+CMGL: 1,"REC UNREAD"'),
        ("ATI", "Revision: 21.180.01.00.00"),
        ("AT+CPINR", '+CPINR: "SIM PIN",3,3'),
        ('AT+QCFG="usbcfg"', '+QCFG: "usbcfg",0x2C7C,0x125,1,1,1,1,1,0,0'),
        ("AT+CSQ", '+CMTI: "SM",3'),
        ("AT+CSQ", "^RSSI: 17"),
        ("ATI", "Manufacturer: huawei"),
        ("AT^GETPORTMODE", "^GETPORTMODE:TYPE:WCDMA:huawei,pcui:1,mdm:0"),
    ],
)
def test_what_tells_of_the_modem_is_kept(command: str, said: str) -> None:
    assert anonymous(said, command=command) == [said]


def test_a_line_is_masked_octet_by_octet() -> None:
    """Whatever character set a name is in, none of its octets above ASCII is kept."""
    octets = bytes(range(0x80, 0x100))
    [line] = Anonymiser().lines([Line("<", b'+CPBR: 1,"",129,"' + octets + b'"\r\n')])
    assert not set(line.octets) & set(octets)
