"""Outcomes as the store had them before version 7: a row each, which can be changed by hand."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from ioc_removal.store.alike_tables import FROM_ROWS

TABLE = """
CREATE TABLE outcomes (
    run TEXT NOT NULL,
    call TEXT NOT NULL,
    batch INTEGER NOT NULL,
    position INTEGER NOT NULL,
    value TEXT,
    id TEXT,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    http_status INTEGER,
    request_id TEXT,
    attempts INTEGER NOT NULL,
    maybe_ours INTEGER NOT NULL,
    response TEXT NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0,
    advice TEXT,
    verified INTEGER NOT NULL DEFAULT 0,
    snapshot TEXT,
    not_restored TEXT,
    hash TEXT,
    PRIMARY KEY (run, call, batch, position)
) WITHOUT ROWID
"""
COLUMNS = (
    "run, call, batch, position, value, id, target, outcome, reason, http_status, request_id,"
    " attempts, maybe_ours, response, settled, advice, verified, snapshot, not_restored, hash"
)


def take_apart(connection: sqlite3.Connection) -> None:
    """Turn the outcomes of a store into the table of version 6."""
    rows = connection.execute(f"SELECT {COLUMNS} FROM outcomes").fetchall()
    connection.execute("DROP VIEW outcomes")
    connection.execute("DROP TABLE alike")
    connection.execute(TABLE)
    places = ", ".join("?" * len(COLUMNS.split(", ")))
    connection.executemany(f"INSERT INTO outcomes VALUES ({places})", rows)


@contextmanager
def one_by_one(connection: sqlite3.Connection) -> Iterator[None]:
    """Let the outcomes be a table, and put them together again."""
    take_apart(connection)
    yield
    for statement in FROM_ROWS.split(";\n"):
        connection.execute(statement)
