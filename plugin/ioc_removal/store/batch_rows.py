"""The row of a batch, and what was there before it is sent."""

from ..batches import Batch
from .alike import AlikeRows
from .plain_json import list_of
from .statements import Transaction

Key = tuple[str, str, int]  # run, call and number
SNAPSHOTS = AlikeRows(
    "snapshots",
    {"run": "TEXT", "call": "TEXT", "batch": "INTEGER"},
    {"item": "TEXT", "raw": "TEXT"},
    "ON CONFLICT DO NOTHING",
)
_BATCH = "WHERE run = ? AND call = ? AND batch = ?"
_TRY = f"UPDATE batches SET tries = tries + 1, at = ? {_BATCH}"  # noqa: S608
_END = f"UPDATE batches SET finished = 1 {_BATCH} AND finished = 0"  # noqa: S608


def intend(connection: Transaction, key: Key, batch: Batch, at: int, *, is_first: bool) -> None:
    """Note that a batch is about to be sent.

    at: when, seconds since 1970; is_first: whether nothing of its call is kept yet, as far as this
    process knows.
    """
    if is_first and _insert(connection, key, batch, tries=1, finished=0, at=at):
        return
    if not connection.execute(_TRY, (at, *key)).rowcount:
        _insert(connection, key, batch, tries=1, finished=0, at=at)


def end(connection: Transaction, key: Key, batch: Batch) -> bool:
    """Note that a batch is finished; False when it was before, or another process just does so."""
    if connection.execute(_END, key).rowcount:
        return True
    return _insert(connection, key, batch, tries=0, finished=1, at=0)


def _insert(
    connection: Transaction, key: Key, batch: Batch, *, tries: int, finished: int, at: int
) -> bool:
    """Add a batch that plan() did not keep; False when it is there."""
    values = (*key, list_of(batch.items), tries, finished, at)
    query = "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return bool(connection.execute(query, values).rowcount)
