"""How many batches of a call a process takes at a time."""

from ..action import Action

CHUNK_SECONDS = 30  # of work, about; a request is taken to last a second
CHUNKS, LEAST = 64, 8  # of a call that workers may share, about, each of so many batches


def chunk_of(action: Action, batches: int, *, shared: bool) -> int:
    """Return how many batches make a chunk; shared: whether workers may perform some of them."""
    if action.call is None:
        return 1
    limit = action.call.connection.limits.get("per_second", 1e9) * len(action.calls)
    a_second = min(action.in_flight, limit)
    most = max(1, int(CHUNK_SECONDS * a_second))
    return min(most, max(LEAST, -(-batches // CHUNKS))) if shared else most
