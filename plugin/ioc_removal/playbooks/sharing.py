"""Chunks of a call, performed by whichever process takes them: this one, or a worker."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from ..errors import PluginError
from ..store.cancelling import cancellation
from ..store.chunks import (
    Chunk,
    choice_name,
    done,
    errors_of,
    is_open,
    lease_name,
    open_chunks_of,
    share,
)
from ..store.database import Database
from ..store.statements import Held
from ..trust.record import error_row
from .performing import Performing

Errors = list[dict[str, Any]]
PAUSE = 0.05  # seconds between two looks for what is left
LONGER, FEW = 0.2, 8  # and while so many chunks are left
PATIENCE = 2.0  # seconds in which a worker takes what is left


def perform_chunks(
    performing: Performing, call: str, action: str, batches: int, size: int
) -> dict[str, Any]:
    """Perform the batches of a prepared removal, size at a time, together with workers.

    A process that a worker began leaves them to workers, as long as these are at any. Returns
    {errors}, those of all chunks; what was done before a crash is not done again.
    """
    database, run = performing.database, performing.run
    system = performing.integration.definition(action).system
    queue = performing.connections.fingerprint(system)
    starts = range(0, batches, size)
    cut = (Chunk(run, call, at, min(at + size, batches), action, queue) for at in starts)
    share(database, cut)
    begun, seen = choice_name(run), monotonic()  # when others were at some of them
    while left := open_chunks_of(database, run, call):
        if cancellation(database, run):
            break  # whoever holds some of them ends them
        held = database.holders([begun, *(chunk.name for chunk in left)])
        is_left = held.pop(begun, None) is not None and monotonic() - seen < PATIENCE
        seen = monotonic() if held else seen
        free = (chunk for chunk in left if chunk.name not in held and not is_left)
        if next((True for chunk in free if take(performing, chunk) is not None), False):
            continue  # and look anew which are left
        sleep(PAUSE if len(left) < FEW else LONGER)  # others are at all that is left
    return {"errors": errors_of(database, run, call)}


def perform_alone(performing: Performing, call: str, action: str, batches: int) -> dict[str, Any]:
    """Perform a prepared removal that is but one chunk; return {errors}.

    The lease tells others that this process is at it.
    """
    while True:
        try:
            with performing.database.lease(lease_name(performing.run, call, 0)):
                return performing.perform(call, action, 0, batches)
        except Held:
            sleep(PAUSE)  # the server has not yet noticed that an earlier process died


def take(performing: Performing, chunk: Chunk) -> Errors | None:
    """Perform a chunk, and return the errors that stopped it.

    None when it is done, or another process is at it.
    """

    def performed() -> Errors:
        said = performing.perform(chunk.call, chunk.action, chunk.first, chunk.stop)
        return list(said["errors"])

    return _held(performing.database, chunk, performed)


def give_up(database: Database, chunk: Chunk, error: PluginError) -> None:
    """Let nobody perform a chunk, for an error that enters the record of its run."""
    _held(database, chunk, lambda: [{"call": chunk.call, **error_row(error)}])


def _held(database: Database, chunk: Chunk, do: Callable[[], Errors]) -> Errors | None:
    try:
        with database.lease(chunk.name):
            if not is_open(database, chunk):
                return None
            errors = do()
            done(database, chunk, errors)
            return errors
    except Held:
        return None
