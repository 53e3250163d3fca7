"""Chunks of a call, performed by whichever process takes them: this one, or a worker."""

from time import sleep
from typing import Any

from ..store.chunks import Chunk, done, errors_of, is_open, open_chunks_of, share
from ..store.statements import Held
from .performing import Performing

PAUSE = 0.05  # seconds between two looks for what is left


def perform_chunks(
    performing: Performing, call: str, action: str, batches: int, size: int
) -> dict[str, Any]:
    """Perform the batches of a prepared removal, size at a time, together with workers.

    Returns {errors}, those of all chunks; what was done before a crash is not done again.
    """
    database, run = performing.database, performing.run
    system = performing.integration.definition(action).system
    queue = performing.connections.fingerprint(system)
    starts = range(0, batches, size)
    cut = (Chunk(run, call, at, min(at + size, batches), action, queue) for at in starts)
    share(database, cut)
    while left := open_chunks_of(database, run, call):
        if not any(take(performing, chunk) for chunk in left):
            sleep(PAUSE)  # others are at all that is left
    return {"errors": errors_of(database, run, call)}


def take(performing: Performing, chunk: Chunk) -> bool:
    """Perform a chunk, unless it is done or another process is at it; tell whether it was."""
    database = performing.database
    try:
        with database.lease(chunk.name):
            if not is_open(database, chunk):
                return False
            said = performing.perform(chunk.call, chunk.action, chunk.first, chunk.stop)
            done(database, chunk, said["errors"])
    except Held:
        return False
    return True
