"""Put texts in their order when they are too many for memory."""

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice

from ..spool import Spool

IN_MEMORY = 50_000  # texts that are sorted together


def ordered(texts: Iterable[str], size: int) -> Iterator[str]:
    """Yield texts by their code points; size: how many there are. Raises StoreError."""
    walk = islice(texts, size)
    if size <= IN_MEMORY:
        yield from sorted(walk)
        return
    parts = -(-size // IN_MEMORY)
    spool = Spool(parts)
    for part in range(parts):
        for text in sorted(islice(walk, IN_MEMORY)):
            spool.add(text, part)
    yield from merge(*map(spool.values, range(parts)))
