"""``python -m benchmarks [NAME...]``: measure all the figures, or those named, and print one table."""

import platform
import sys
import time
from collections.abc import Sequence

from benchmarks import alerts, hint_to_answer, idle, long_queue, parts_per_second, send_to_wire, use_of_air
from benchmarks.figures import Figure, progress, table

PROGRAMS = {
    module.NAME: module
    for module in (parts_per_second, use_of_air, send_to_wire, hint_to_answer, long_queue, alerts, idle)
}


def main(names: Sequence[str]) -> int:
    """Return 0 when every bar is reached."""
    unknown = set(names) - set(PROGRAMS)
    if unknown:
        sys.stderr.write(f"no figure {', '.join(sorted(unknown))}; there are {', '.join(PROGRAMS)}\n")
        return 2
    figures: list[Figure] = []
    for name in names or PROGRAMS:
        started = time.monotonic()
        progress(name)
        figures += PROGRAMS[name].measure()
        progress(f"  {time.monotonic() - started:.0f} s")
    print(f"\n{platform.machine()}, {platform.system()} {platform.release()}, Python {platform.python_version()}\n")
    print(table(figures))
    return 0 if all(figure.met for figure in figures) else 1


sys.exit(main(sys.argv[1:]))
