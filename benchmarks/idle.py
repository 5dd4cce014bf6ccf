"""What the daemon costs while nothing happens, and how long ``smsd --help`` takes."""

import subprocess
import time

from benchmarks.figures import Figure
from benchmarks.rig import Rig, cpu_seconds, memory_megabytes, message, phone

NAME = "idle"
SECONDS = 30.0
HELPS = 15
TRAFFIC = 50


def measure() -> list[Figure]:
    """Measure after some traffic, so that memory is that of a daemon which has worked."""
    with Rig() as rig, rig.daemon() as daemon:
        rig.enqueue(*(message(phone(each), f"Проба {each}") for each in range(TRAFFIC)))
        rig.wait_sent(TRAFFIC, 30)
        time.sleep(2)
        used, started = cpu_seconds(daemon.process.pid), time.perf_counter()
        time.sleep(SECONDS)
        share = 100 * (cpu_seconds(daemon.process.pid) - used) / (time.perf_counter() - started)
        memory = memory_megabytes(daemon.process.pid)
        helps = []
        for _ in range(HELPS):
            started = time.perf_counter()
            subprocess.run(rig.command("--help"), check=True, capture_output=True)
            helps.append(time.perf_counter() - started)
    return [
        Figure("memory of the idle daemon", "MB", (memory,), 60),
        Figure(f"processor use of the idle daemon over {SECONDS:g} s", "%", (share,), 0.5),
        Figure("smsd --help", "s", tuple(helps), 0.3),
    ]
