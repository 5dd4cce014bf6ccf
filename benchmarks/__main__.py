"""``python -m benchmarks [NAME...]``: measure all the figures, or those named, and print one table."""

import argparse
import platform
import sys
import time
from collections.abc import Callable, Sequence

from benchmarks import (
    alerts,
    api,
    hint_to_answer,
    idle,
    long_queue,
    parts_per_second,
    replug,
    retention,
    send_to_wire,
    smpp_killed,
    smpp_limited,
    smpp_mute,
    smpp_outbox,
    smpp_session,
    use_of_air,
)
from benchmarks.bounds import within
from benchmarks.figures import Figure, progress, table
from benchmarks.publish import publish

PROGRAMS: dict[str, Callable[[], list[Figure]]] = {
    module.NAME: module.measure
    for module in (
        parts_per_second,
        use_of_air,
        send_to_wire,
        hint_to_answer,
        replug,
        long_queue,
        alerts,
        api,
        retention,
        idle,
    )
}
OPERATOR: dict[str, Callable[[], list[Figure]]] = {
    module.NAME: module.measure for module in (smpp_session, smpp_outbox, smpp_killed, smpp_limited, smpp_mute)
}
"""The figures of the operator-side route."""
SECTIONS: dict[str, str] = dict.fromkeys(OPERATOR, "the operator-side route") | {replug.NAME: "a modem that comes back"}
"""Into which table of the documentation ``--publish`` writes a program's figures; the others are in none."""

LONGEST_SECONDS = 900.0
"""For one program's figures; the ten minutes of ``--long`` come on top."""


def measured(name: str, *, long: bool) -> list[Figure]:
    """Measure one program's figures; ``long``: those that hold for ten minutes, for ten minutes.

    What fails, or does not end, is a figure that was not measured: the others are measured all the same.
    """
    watched = long and name == smpp_limited.NAME
    try:
        with within(LONGEST_SECONDS + (smpp_limited.LONG_SECONDS if watched else 0), name):
            if watched:
                return smpp_limited.measure(smpp_limited.LONG_SECONDS)
            return (PROGRAMS | OPERATOR)[name]()
    except Exception as error:  # noqa: BLE001  whatever it is, it is told
        return [Figure(name, "", (), note=f"not measured: {type(error).__name__}: {error}")]


def main(arguments: Sequence[str]) -> int:
    """Return 0 when every bar is reached."""
    names = (*PROGRAMS, *OPERATOR)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split(": ", 1)[1])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(names)}; all unless told")
    parser.add_argument("--long", action="store_true", help="a full bind is watched for ten minutes, not for one")
    parser.add_argument(
        "--publish", action="store_true", help=f"write what is measured of {', '.join(SECTIONS)} into the documentation"
    )
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.names) - set(names)):
        parser.error(f"no figure {', '.join(unknown)}; there are {', '.join(names)}")
    figures: list[Figure] = []
    for name in options.names or names:
        started = time.monotonic()
        progress(name)
        found = measured(name, long=options.long)
        if options.publish and name in SECTIONS:
            publish(SECTIONS[name], [figure for figure in found if figure.samples])
        figures += found
        progress(f"  {time.monotonic() - started:.0f} s")
    print(f"\n{platform.machine()}, {platform.system()} {platform.release()}, Python {platform.python_version()}\n")
    print(table(figures))
    return 0 if all(figure.met for figure in figures) else 1


sys.exit(main(sys.argv[1:]))
