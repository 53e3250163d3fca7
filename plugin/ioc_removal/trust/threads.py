"""The threads in which batches are performed, kept from one call to the next.

To start one takes as long as half of a short call.
"""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from os import getpid

MOST = 4  # pools of one size that wait for a call
# By process, as a child has no threads of its parent, and by size.
_IDLE: defaultdict[tuple[int, int], list[ThreadPoolExecutor]] = defaultdict(list)


def pool_of(threads: int) -> ThreadPoolExecutor:
    """Return threads that nobody else uses; as they are lent, they do nothing."""
    try:
        return _IDLE[getpid(), threads].pop()
    except IndexError:
        return ThreadPoolExecutor(threads, thread_name_prefix="perform")


def give_back(pool: ThreadPoolExecutor, threads: int) -> None:
    """Keep threads, which have done all that they were given, for the next who needs as many."""
    idle = _IDLE[getpid(), threads]
    if len(idle) < MOST:
        idle.append(pool)
    else:
        pool.shutdown(wait=False)


def end_idle() -> None:
    """End the threads that wait for a call: who then counts threads counts those at work."""
    for (process, _), idle in [*_IDLE.items()]:
        while idle:
            idle.pop().shutdown(wait=process == getpid())
