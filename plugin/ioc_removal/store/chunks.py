"""Chunks of removals that whichever process holds the connection may perform."""

import json
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from .columns import parsed
from .database import Database

COLUMNS = "run, call, first, stop, action, queue"
OPEN = (  # not done, and its run has not ended
    "errors IS NULL AND EXISTS (SELECT 1 FROM runs r WHERE r.run = chunks.run"
    " AND r.status = 'running')"
)
AT_ONCE = 100  # open chunks looked at together


class Chunk(NamedTuple):
    """Some batches of a call, from first to before stop; queue: of its connection."""

    run: str
    call: str
    first: int
    stop: int
    action: str
    queue: str

    @property
    def name(self) -> str:
        """The name of its lease."""
        return lease_name(self.run, self.call, self.first)


def lease_name(run: str, call: str, first: int) -> str:
    """Return the name of the lease on some batches of a call; first: the number of the first."""
    return f"chunk {first} of {call} of {run}"


def choice_name(run: str) -> str:
    """Return the name of the lease of a worker for which a process goes on with a run."""
    return f"choice of {run}"


def share(database: Database, chunks: Iterable[Chunk]) -> None:
    """Let chunks be performed; those that are known already stay as they are."""
    with database.transaction() as transaction:
        transaction.executemany(
            "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING", chunks
        )


def open_chunks_of(database: Database, run: str, call: str) -> list[Chunk]:
    """Return the next chunks of a call that are not done, in their order."""
    query = (
        f"SELECT {COLUMNS} FROM chunks WHERE run = ? AND call = ? AND errors IS NULL"  # noqa: S608
        " ORDER BY first LIMIT ?"
    )
    return [Chunk(*row) for row in database.rows(query, (run, call, AT_ONCE))]


def open_chunks(database: Database, queues: Collection[str]) -> list[Chunk]:
    """Return the next chunks of some queues that are not done, the oldest runs first."""
    query = (
        f"SELECT {COLUMNS} FROM chunks WHERE {OPEN} AND queue IN"  # noqa: S608
        f" ({', '.join('?' * len(queues))}) ORDER BY run, call, first LIMIT ?"
    )
    return [Chunk(*row) for row in database.rows(query, (*queues, AT_ONCE))]


def count_open(database: Database, queues: Collection[str]) -> dict[str, int]:
    """Return how many chunks of each of some queues are not done."""
    query = (
        f"SELECT queue, count(*) FROM chunks WHERE {OPEN} AND queue IN"  # noqa: S608
        f" ({', '.join('?' * len(queues))}) GROUP BY queue"
    )
    return dict.fromkeys(queues, 0) | dict(database.rows(query, tuple(queues)))


def is_open(database: Database, chunk: Chunk) -> bool:
    """Tell whether a chunk is not done, and its run has neither ended nor been cancelled."""
    query = (
        "SELECT 1 FROM chunks c JOIN runs r ON r.run = c.run WHERE c.run = ? AND c.call = ?"
        " AND c.first = ? AND c.errors IS NULL AND r.status = 'running' AND NOT EXISTS"
        " (SELECT 1 FROM links l WHERE l.run = c.run AND l.kind = 'cancel')"
    )
    return bool(database.rows(query, chunk[:3]))


def done(database: Database, chunk: Chunk, errors: list[dict[str, Any]]) -> None:
    """Note that a chunk is done; errors: what stopped it."""
    with database.transaction() as transaction:
        transaction.execute(
            "UPDATE chunks SET errors = ? WHERE run = ? AND call = ? AND first = ?"
            " AND errors IS NULL",
            (json.dumps(errors), *chunk[:3]),
        )


def chunks_at_work(database: Database, run: str) -> list[tuple[Chunk, str]]:
    """Return the chunks of a run that processes hold, each with which process."""
    query = f"SELECT {COLUMNS} FROM chunks WHERE run = ? AND errors IS NULL ORDER BY call, first"  # noqa: S608
    chunks = [Chunk(*row) for row in database.rows(query, (run,))]
    held = database.holders([chunk.name for chunk in chunks])
    return [(chunk, held[chunk.name]) for chunk in chunks if chunk.name in held]


def close_chunks(database: Database, run: str) -> None:
    """Let nobody perform what is left of a run."""
    with database.transaction() as transaction:
        transaction.execute(
            "UPDATE chunks SET errors = '[]' WHERE run = ? AND errors IS NULL", (run,)
        )


def errors_of(database: Database, run: str, call: str) -> list[dict[str, Any]]:
    """Return the errors of the chunks of a call, in their order."""
    query = "SELECT errors FROM chunks WHERE run = ? AND call = ? AND errors != '[]' ORDER BY first"
    rows = database.rows(query, (run, call))
    return [row for (text,) in rows for row in parsed(text, "chunks.errors", run, list)]
