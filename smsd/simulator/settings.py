"""The settings of a terminal adaptor: what commands change and power-off forgets (27.005, 27.007).

Refuses to know the commands, and what follows from a setting.
"""

from dataclasses import dataclass, field

__all__ = ["REPORT_ROUTED", "REPORT_STORED", "ROUTED", "Settings"]

ROUTED = 2
REPORT_ROUTED = 1
REPORT_STORED = 2
"""<mt> and <ds> of +CNMI (27.005 §3.4.1)."""


@dataclass(slots=True)
class Settings:
    """What commands change and power-off forgets.

    ``indications`` are the five values of +CNMI, ``memories`` <mem1>, <mem2>, <mem3> of +CPMS.
    """

    text_mode: bool = False
    service: int = 0
    character_set: str = "IRA"
    more_messages: int = 0
    operator_format: int = 0
    functionality: int = 1
    registration_urcs: dict[str, int] = field(default_factory=dict)
    indications: list[int] = field(default_factory=lambda: [0, 0, 0, 0, 0])
    memories: list[str] = field(default_factory=lambda: ["SM", "SM", "SM"])
