"""What modems of one make say about themselves, and where they differ in word though not in kind.

Knows names, revisions and a few vendor words; refuses to know behaviour, which is the modem's. The revisions are of
the form the makers use; the devices named are the ones the driver's quirks table knows.
"""

from dataclasses import dataclass

__all__ = ["FAMILIES", "Family"]


@dataclass(frozen=True, slots=True)
class Family:
    """One make of modems.

    ``full_urc`` is said when the message store is full; ``boot_urcs`` after power-on; ``report_hint`` is what +CDSI
    announces instead of the true memory and index (Quectel EC25); ``first_index`` numbers the first slot of a memory;
    ``memories`` are offered by +CPMS, with the slots of those that are not on the SIM.
    """

    name: str
    manufacturer: str
    model: str
    revision: str
    full_urc: str = ""
    boot_urcs: tuple[str, ...] = ()
    report_hint: str = ""
    first_index: int = 0
    memories: tuple[tuple[str, int], ...] = (("SM", 0), ("ME", 50), ("SR", 10))
    report_modes: tuple[int, ...] = (0, 1, 2)


FAMILIES = {
    family.name: family
    for family in (
        Family("generic", "Simulated", "SIM-1", "1.0"),
        Family(
            "huawei",
            "huawei",
            "E173",
            "11.126.16.00.00",
            full_urc='^SMMEMFULL: "SM"',
            boot_urcs=("^SRVST:2", "^SIMST:1"),
            memories=(("SM", 0), ("ME", 255)),
        ),
        Family("zte", "ZTE INCORPORATED", "MF180", "BD_MF180V1.0.0B01", memories=(("SM", 0), ("ME", 100), ("SR", 10))),
        Family(
            "quectel",
            "Quectel",
            "EC25",
            "EC25EFAR06A01M4G",
            full_urc='+QIND: "smsfull","SM"',
            boot_urcs=("RDY", "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE"),
            report_hint='"SM",0',
            memories=(("SM", 0), ("ME", 255), ("SR", 20)),
        ),
        Family(
            "simcom",
            "SIMCOM INCORPORATED",
            "SIMCOM_SIM7600E-H",
            "SIM7600M22_V2.0.1",
            full_urc="+SMS FULL",
            boot_urcs=("RDY", "+CPIN: READY", "SMS DONE", "PB DONE"),
            memories=(("SM", 0), ("ME", 23), ("SR", 20)),
        ),
        Family(
            "neoway",
            "NEOWAY",
            "M590",
            "V1.0",
            full_urc='+CMTI: "SM",FULL',
            boot_urcs=("MODEM:STARTUP", "+PBREADY"),
            first_index=1,
            memories=(("SM", 0),),
        ),
    )
}
"""By the name that ``--family`` takes."""
