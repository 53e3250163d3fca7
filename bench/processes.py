"""Processes that are measured: how long they take, what they compute, how much memory they need."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from subprocess import PIPE, Popen
from time import perf_counter

ROOT = Path(__file__).parents[1]
PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class Spent:
    """What a process took: wall and CPU time in seconds, peak memory in MB, and what it said.

    kernel: of the CPU time, what the operating system took for it.
    """

    wall: float
    cpu: float
    peak: float
    said: str = ""
    kernel: float = 0.0


def spent(command: Sequence[str], more: Mapping[str, str] | None = None) -> Spent:
    """Run a command to its end, and return what it took; raises RuntimeError when it fails.

    more: environment variables.
    """
    outside = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}
    begun = perf_counter()
    process = Popen(command, stdout=PIPE, env={**outside, "PYTHONHASHSEED": "0", **(more or {})})
    said = process.stdout.read().decode() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    wall = perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.stdout:
        process.stdout.close()
    if process.returncode:
        raise RuntimeError(f"exit status {process.returncode}: {' '.join(command)[:300]}\n{said}")
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    return Spent(wall, cpu, peak, said, usage.ru_stime)


def alternated(times: int, *what: Callable[[], Spent]) -> list[Spent]:
    """Do several things in turns, so that a busy machine is busy for all; return the medians."""
    rows = [[one() for one in what] for _ in range(times)]
    return [
        Spent(
            median(one.wall for one in column),
            median(one.cpu for one in column),
            median(one.peak for one in column),
            column[-1].said,
        )
        for column in zip(*rows, strict=True)
    ]


def peer(name: str, *words: object) -> list[str]:
    """Return the command of a script in bench/peers/."""
    return [sys.executable, str(PEERS / f"{name}.py"), *map(str, words)]


def ours(*words: object) -> list[str]:
    """Return the command of the plugin."""
    return [str(Path(sys.executable).with_name("ioc-removal")), *map(str, words)]


@contextmanager
def serving(pause: float = 0.0, there: int = 0) -> Iterator[str]:
    """Run the server in a process of its own, and yield its address.

    pause: seconds; there: how many indicators SecMaster has.
    """
    command = [sys.executable, "-m", "bench.server", str(pause), str(there)]
    process = Popen(command, stdout=PIPE, text=True, cwd=ROOT)
    try:
        port = process.stdout.readline().strip() if process.stdout else ""
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
