"""Where families of modems differ in kind, one row each; everything else is the standard (27.005, 27.007, V.250).

Knows what to say to whom beside the standard. Refuses to hold code: a difference that cannot be told as a value in this
table is a difference in the driver.
"""

from dataclasses import dataclass

from smsd.routes.modem.results import Family

__all__ = ["GENERIC", "QUIRKS", "Quirks", "quirks_of"]


@dataclass(frozen=True, slots=True)
class Quirks:
    """One family of modems.

    ``makers`` and ``models`` are sought, in lower case, in what +CGMI and +CGMM answer. ``codes`` tells whose private
    error codes it speaks. ``set_up`` are commands said once after the PIN, their refusal ignored; each has its ground
    beside it. ``iccid`` asks for the card's number where +CRSM cannot. ``stored_reports`` says that reports announced
    by +CDSI are really found where they are announced. ``keep_link`` lets +CMMS be tried. ``radio_off``, ``radio_on``
    and ``restart`` are cures (27.007 §8.2 +CFUN, or the maker's own words); empty: not to be tried.
    """

    name: str
    makers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    codes: Family = Family.UNKNOWN
    set_up: tuple[str, ...] = ()
    iccid: tuple[str, ...] = ("AT+CCID", "AT+ICCID")
    stored_reports: bool = False
    keep_link: bool = True
    radio_off: str = "AT+CFUN=4"
    radio_on: str = "AT+CFUN=1"
    restart: str = "AT+CFUN=1,1"


QUIRKS: tuple[Quirks, ...] = (
    Quirks(
        "Huawei",
        makers=("huawei",),
        # ^CURC=0: unread chatter on the other port fills buffers until the stick stops. ^PORTSEL=0: hints on this one.
        set_up=("AT^CURC=0", "AT^PORTSEL=0"),
        iccid=("AT^ICCID?", "AT+CCID"),
        # Every one of them knows 0, not all know 4. ^RESET restarts the sticks that take CFUN=1,1 for CFUN=1.
        radio_off="AT+CFUN=0",
        restart="AT^RESET",
    ),
    Quirks(
        "ZTE",
        makers=("zte",),
        # Asking for the store is what stops the endless +ZUSIMR:2 after start.
        set_up=("AT+CPMS?",),
        iccid=("AT+ZGETICCID", "AT+CCID"),
    ),
    Quirks(
        "Quectel",
        makers=("quectel",),
        # Some units send hints to the modem port. Reports: announced as "SM",0 and kept in "SR", hence not stored.
        set_up=('AT+QURCCFG="urcport","usbat"', 'AT+QINDCFG="smsfull",1'),
        iccid=("AT+QCCID", "AT+CCID"),
    ),
    Quirks("Quectel GSM", makers=("quectel",), models=("m66", "m95", "m35", "m26"), codes=Family.MEDIATEK),
    # Announces stored reports as "SR",n and then denies the slot, hence not stored.
    Quirks("SIMCom 7x00", makers=("simcom",), models=("7100", "7500", "7600", "7670", "7672"), iccid=("AT+CICCID",)),
    Quirks("SIM800/900", makers=("simcom",), models=("sim800", "sim900", "sim8", "sim9"), codes=Family.MEDIATEK),
    # Stops talking when the radio is off, and does not find a SIM that comes later.
    Quirks("Neoway M590", makers=("neoway",), codes=Family.MEDIATEK, keep_link=False, radio_off=""),
    # No other command until +CMGS has answered: true of every modem here.
    Quirks("Telit", makers=("telit",), iccid=("AT#CCID", "AT+CCID")),
    Quirks(
        "Sierra",
        makers=("sierra", "wavecom"),
        codes=Family.WAVECOM,
        iccid=("AT!ICCID?", "AT+CCID"),
        radio_on="AT+CFUN=1,0",
    ),
    Quirks("u-blox", makers=("u-blox",), restart="AT+CFUN=16"),
    Quirks("Cinterion", makers=("cinterion", "siemens", "gemalto"), codes=Family.CINTERION, iccid=("AT^SCID",)),
)
"""A row with a matching model goes before one with a matching maker alone."""

GENERIC = Quirks("generic")


def quirks_of(manufacturer: str, model: str) -> Quirks:
    """Choose the row for a modem by what it says of itself."""
    maker, type_ = manufacturer.lower(), model.lower()
    fitting = [row for row in QUIRKS if any(name in maker or name in type_ for name in row.makers)]
    by_model = [row for row in fitting if any(name in type_ for name in row.models)]
    by_maker = [row for row in fitting if not row.models]
    return (by_model or by_maker or [GENERIC])[0]
