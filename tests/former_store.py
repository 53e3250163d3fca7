"""Turn a store into one as an earlier version of the program left it."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from ioc_removal.store.database import Database
from ioc_removal.store.keeping_tables import KEEPING
from ioc_removal.store.listing_tables import LISTING
from ioc_removal.store.location import Location
from ioc_removal.store.pieces import texts_in
from ioc_removal.store.sharing_tables import LET_THROUGH, SHARING
from ioc_removal.store.sqlite_schema import TRIGGERS
from ioc_removal.store.trust_tables import TRUST
from one_by_one import COLUMNS, TABLE, take_apart
from stores import change_by_hand

ITEMS = """
CREATE TABLE items (
    run TEXT NOT NULL,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    item TEXT NOT NULL,
    PRIMARY KEY (run, name, position)
) WITHOUT ROWID
"""
VIEW_7 = """
CREATE VIEW outcomes AS
    SELECT a.run, a.call, a.batch, CAST(json_extract(own.value, '$[0]') AS INTEGER) AS position,
        json_extract(own.value, '$[1]') COLLATE BINARY AS value,
        json_extract(own.value, '$[2]') COLLATE BINARY AS id,
        a.target, a.outcome, a.reason, a.http_status, a.request_id, a.attempts, a.maybe_ours,
        a.response, a.settled, a.advice, a.verified, a.not_restored,
        json_extract(own.value, '$[3]') COLLATE BINARY AS snapshot,
        substr(a.hashes, 1 + 64 * own.key, 64) AS hash, a.part
    FROM alike a, json_each(a.own) own
"""
EACH_7 = (
    "CREATE FUNCTION json_each(list text) RETURNS TABLE (key int, value text) IMMUTABLE"
    " LANGUAGE sql AS 'SELECT CAST(at - 1 AS int), CAST(one AS text)"
    " FROM pg_catalog.json_array_elements(CAST(list AS json)) WITH ORDINALITY each (one, at)'"
)
VERBS = ("update", "delete", "truncate")


def take_lists_apart(connection: Any) -> None:
    """Turn the pieces of lists into the table of version 6, a row for each item."""
    pieces = connection.execute("SELECT run, name, position, items FROM pieces").fetchall()
    connection.execute(ITEMS)
    for run, name, first, text in pieces:
        rows = [(run, name, *row) for row in enumerate(texts_in(text), first)]
        connection.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", rows)
    connection.execute("DROP TABLE pieces")


def as_version_2(path: Path) -> None:
    """Turn a store into one of version 2, as it was before the journal."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for kind in ("trigger", "index", "table"):
            made = "\n".join((TRUST, SHARING, LET_THROUGH, LISTING, KEEPING, *TRIGGERS))
            names = re.findall(rf"CREATE (?:UNIQUE )?{kind.upper()} (?:IF NOT EXISTS )?(\w+)", made)
            for name in names:
                connection.execute(f"DROP {kind} {name}")
        take_apart(connection)
        take_lists_apart(connection)
        for column in ("verified", "snapshot", "not_restored", "hash"):
            connection.execute(f"ALTER TABLE outcomes DROP COLUMN {column}")
        connection.execute("ALTER TABLE calls DROP COLUMN assumed")
        connection.execute("ALTER TABLE batches DROP COLUMN at")
        connection.execute("CREATE INDEX runs_started ON runs (started)")
        connection.execute("PRAGMA user_version = 2")


def as_version_7(location: Location) -> None:
    """Turn a store into one of version 7, in which each row of outcomes names its indicators."""
    rows: dict[tuple[Any, ...], list[Any]] = {}
    with closing(Database(location)) as database:
        with database.transaction() as connection:
            for *place, position, value, id_, snapshot in connection.execute(
                "SELECT run, call, batch, part, position, value, id, snapshot FROM outcomes"
                " ORDER BY run, call, batch, part, position"
            ).fetchall():
                rows.setdefault(tuple(place), []).append([position, value, id_, snapshot])
        where = "WHERE run = ? AND call = ? AND batch = ? AND part = ?"
        for place, own in rows.items():
            text = json.dumps(own)
            change_by_hand(database, "alike", f"UPDATE alike SET own = ? {where}", (text, *place))
        with database.transaction() as connection:
            let_batches_change(connection, location)
            connection.execute("DROP VIEW outcomes")
            if isinstance(location, Path):
                connection.execute("PRAGMA user_version = 7")
            else:
                connection.execute("ALTER TABLE alike ENABLE TRIGGER alike_update")
                connection.execute("DROP FUNCTION json_each(text)")
                connection.execute(EACH_7)
                connection.execute("UPDATE version SET version = 7")
            connection.execute(VIEW_7)


def let_batches_change(connection: Any, location: Location) -> None:
    """Let batches be changed, as before version 8."""
    for verb in ("update", "delete") if isinstance(location, Path) else VERBS:
        on = "" if isinstance(location, Path) else " ON batches"
        connection.execute(f"DROP TRIGGER batches_{verb}{on}")


def as_version_6(location: Location, change: str = "") -> None:
    """Turn a store into one of version 6; change: a statement that changes it then."""
    with closing(Database(location)) as database, database.transaction() as connection:
        take_lists_apart(connection)
        let_batches_change(connection, location)
        if isinstance(location, Path):
            take_apart(connection)  # type: ignore[arg-type]  # SQLite's own
            connection.execute("PRAGMA user_version = 6")
        else:
            _take_apart_on_a_server(connection)
            connection.execute("UPDATE version SET version = 6")
        if change:
            connection.execute(change)


def _take_apart_on_a_server(connection: Any) -> None:
    names = COLUMNS.replace("call,", "o.call,")
    connection.execute(TABLE.replace("outcomes", "rows_of_old"))
    connection.execute(f"INSERT INTO rows_of_old SELECT {names} FROM outcomes o")
    connection.execute("DROP VIEW outcomes")
    connection.execute("DROP TABLE alike")
    for function in ("json_each(text)", "json_extract(text, text)"):
        connection.execute(f"DROP FUNCTION {function}")
    connection.execute("ALTER TABLE rows_of_old RENAME TO outcomes")
