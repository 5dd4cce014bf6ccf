"""``python -m smsd.simulator --link PATH``: a simulated modem in a process of its own."""

import argparse
import asyncio
import sys
from contextlib import suppress

from smsd.errors import SmsdError
from smsd.simulator.equipment import IMEI
from smsd.simulator.family import FAMILIES
from smsd.simulator.serving import serve
from smsd.simulator.sim import ICCID, Smss


def main() -> int:
    """Run until SIGTERM, Ctrl-C, ``quit`` on the control channel, or the end of its standard input."""
    parser = argparse.ArgumentParser(prog="python -m smsd.simulator", description="A simulated modem on a pty.")
    parser.add_argument("--link", required=True, help="where the modem appears")
    parser.add_argument("--number", default="+79086228779", help="the number of its SIM")
    parser.add_argument("--imei", default=IMEI, help="the modem's IMEI")
    parser.add_argument("--iccid", default=ICCID, help="the serial number of its SIM")
    parser.add_argument("--family", default="generic", choices=sorted(FAMILIES), help="which make it says it is")
    parser.add_argument("--slots", type=int, default=20, help="places for messages on the SIM")
    parser.add_argument("--pin", help="the PIN the SIM asks for")
    parser.add_argument("--radio-seconds", type=float, default=0.0, help="how long a part is in the air")
    parser.add_argument("--report-delay", type=float, default=0.0, help="seconds from a part to its status report")
    parser.add_argument("--smss", default=Smss.RIGHT, choices=list(Smss), help="how the last TP-MR is kept on the SIM")
    parser.add_argument("--smsc", type=int, metavar="PORT", help="an operator who takes binds on this port, 0: any")
    parser.add_argument("--log", help="file for every octet that crosses the port")
    parser.add_argument("--control", help="unix socket for the control channel, or - for standard input and output")
    options = parser.parse_args()
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(serve(**vars(options)))
    except (SmsdError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return getattr(error, "exit_code", 1)
    return 0


sys.exit(main())
