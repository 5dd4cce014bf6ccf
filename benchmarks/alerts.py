"""An alert to 100,000 clients: previewed, queued, and what whoever else uses the store notices of it.

Measured from outside: programs started as an admin starts them, their wall time and peak memory, and a client's command
answered by a real daemon while the alert is being queued.
"""

import os
import subprocess
import threading
import time
from collections.abc import Sequence

from benchmarks.figures import Figure, progress
from benchmarks.rig import Rig, phone
from smsd.store import Client

NAME = "alerts"
CLIENTS = 100_000
TRIES = 3
AT_ONCE = 60
FIRST_PROBE = 9_000_000
IDLE_PROBES = 10
TEXT = "Завтра с 9:00 до 12:00 портал недоступен. Отказ: CLIENT sms stop"
TO_ALL = ("--all", "--text", TEXT)


def filled(rig: Rig) -> None:
    """Have the directory hold so many clients."""
    rig.store.clients.put(
        (Client(phone(number), str(number), f"user{number}", None) for number in range(CLIENTS)), cause="benchmark"
    )


def timed(command: Sequence[str]) -> tuple[float, float]:
    """Run a program; return its seconds and its peak memory in MB. Raises ``RuntimeError`` where it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command}: {complaint.decode()}")
    return time.perf_counter() - started, usage.ru_maxrss * 1024 / 1e6


def crowd(commands: Sequence[Sequence[str]]) -> tuple[float, int]:
    """Start programs at once; return how long the whole crowd takes and how many failed or complained of a lock."""
    started = time.perf_counter()
    running = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for command in commands
    ]
    ends = [(process.communicate()[1], process.returncode) for process in running]
    seconds = time.perf_counter() - started
    return seconds, sum(code != 0 or "locked" in complaint or "busy" in complaint for complaint, code in ends)


def answer(rig: Rig, number: int) -> float:
    """Have somebody give a command; return the seconds until its acknowledgement has left."""
    started = time.perf_counter()
    rig.ask("text", phone(FIRST_PROBE + number), "CLIENT sms start")
    rig.ask("wait", phone(FIRST_PROBE + number), 1, 60)
    return time.perf_counter() - started


def answers() -> tuple[list[float], list[float]]:
    """Measure a command's answer on an idle daemon, and while an alert is being queued."""
    with Rig() as rig:
        filled(rig)
        with rig.daemon():
            idle = [answer(rig, number) for number in range(IDLE_PROBES)]
            busy: list[float] = []
            done = threading.Event()

            def queue() -> None:
                for _ in range(TRIES):
                    timed(rig.command("alert", "send", *TO_ALL, "--at", "2099-01-01", "--until", "2099-01-02", "--yes"))
                done.set()

            writer = threading.Thread(target=queue)
            writer.start()
            while not done.is_set():
                busy.append(answer(rig, IDLE_PROBES + len(busy)))
            writer.join()
    return idle, busy


def measure() -> list[Figure]:
    """Measure."""
    with Rig() as rig:
        filled(rig)
        progress("  preview")
        previews = [timed(rig.command("alert", "preview", *TO_ALL)) for _ in range(TRIES)]
        progress("  queue")
        queues = [timed(rig.command("alert", "send", *TO_ALL, "--yes")) for _ in range(TRIES)]
        progress("  a crowd")
        idle_words, sends = rig.command("outbox", "show", "1"), []
        rig.run("send", phone(1), "x")
        crowds = []
        for _ in range(TRIES):
            idle = crowd([idle_words] * AT_ONCE)[0]
            sends = [rig.command("send", phone(number), "Перезвоните нам.") for number in range(AT_ONCE)]
            crowds.append((idle, *crowd(sends)))
    progress("  answers")
    idle_answers, busy_answers = answers()
    base = sorted(idle_answers)[len(idle_answers) // 2]
    return [
        Figure(f"preview of an alert to {CLIENTS:,} clients", "s", tuple(each[0] for each in previews), 3),
        Figure("queueing it, the start of the program included", "s", tuple(q[0] for q in queues), 5),
        Figure("peak memory of that", "MB", tuple(each[1] for each in queues), 150, worst=True),
        Figure(f"{AT_ONCE} smsd send at once", "s", tuple(each[1] for each in crowds)),
        Figure(
            "the same against as many starts that write nothing", "x", tuple(each[1] / each[0] for each in crowds), 1.5
        ),
        Figure("errors among them", "", tuple(float(each[2]) for each in crowds), 0, worst=True),
        Figure(
            "a command's answer while an alert is being queued, later than otherwise", "s",
            tuple(each - base for each in busy_answers), 0.3, worst=True,
            note=f"otherwise {base:.2f} s; {len(busy_answers)} commands, the slowest {max(busy_answers):.2f} s",
        ),
    ]  # fmt: skip
