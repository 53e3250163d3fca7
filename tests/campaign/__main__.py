"""Carry out a campaign, with tests/ on the path.

python -m campaign SCHEDULES SEED removals, or undos.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import active_children, get_context
from os import _exit, cpu_count
from time import monotonic

from .campaign import Found, campaign, shrunk

PORTION = 500  # schedules
SHOWN = 5  # failures


def portions(first: int, schedules: int) -> Iterator[range]:
    """Cut the seeds into portions."""
    for start in range(first, first + schedules, PORTION):
        yield range(start, min(start + PORTION, first + schedules))


def main(schedules: int, seed: int, of: str) -> int:
    """Carry out so many schedules from a seed on; return the exit status."""
    found, begun = Found(), monotonic()
    pool = ProcessPoolExecutor(cpu_count(), mp_context=get_context("spawn"))
    parts = [pool.submit(campaign, part, of) for part in portions(seed, schedules)]
    for part in as_completed(parts):
        found += part.result()
        if found.schedules < schedules:
            print(f"{monotonic() - begun:.0f} s, {found.line()}", file=sys.stderr, flush=True)
    pool.shutdown(wait=not found.hung)
    for schedule, wrong in found.wrong[:SHOWN]:
        print(f"make campaign OF={of} SEED={schedule.seed} SCHEDULES=1", *wrong[:SHOWN], sep="\n  ")
        smaller, wrong = shrunk(schedule)
        print("or, smaller:", *wrong[:SHOWN], sep="\n  ")
        print(smaller.shown())
    for hung in found.hung:
        again = f"make campaign OF={of} SEED={hung} SCHEDULES=1"
        print(f"{again} does not end, or stood beside one that does not")
    print(found.line(), flush=True)
    if found.hung:  # what hangs would be waited for at the end
        for process in active_children():
            process.kill()
        _exit(1)
    return 1 if found.wrong or found.hung else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
