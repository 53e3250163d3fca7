"""Read the calls of a run: how far each is, and what came of it."""

from typing import Any

from ..outcome import ordered
from .columns import parsed
from .database import Database
from .tallies import Tallies, tallies_of

BEGUN = "b.finished = 0 AND b.tries > 0"
CALLS = (
    "SELECT c.call, c.action, c.connection, c.target, c.duplicates, c.filled, count(b.batch),"  # noqa: S608
    " coalesce(sum(b.finished), 0), coalesce(sum(b.tries), 0),"
    f" coalesce(sum(CASE WHEN {BEGUN} THEN 1 END), 0), min(CASE WHEN {BEGUN} THEN b.at END)"
    " FROM calls c LEFT JOIN batches b ON b.run = c.run AND b.call = c.call"
    " WHERE c.run = ? GROUP BY c.run, c.call ORDER BY c.call"
)


def call_rows(database: Database, run: str, tallies: Tallies | None = None) -> list[dict[str, Any]]:
    """Return the calls of a run: what each is, its batches, and what came of them.

    finished: how many batches are; tries: how often any was about to be sent; in_flight: how many
    were, and are not finished; since: when the first of these was, seconds since 1970; began: ISO
    8601, None before the journal was; counts: of outcomes, one a row. tallies: of the run, where
    they are known.
    """
    names = (
        *("call", "action", "connection", "target", "duplicates", "filled", "batches"),
        *("finished", "tries", "in_flight", "since"),
    )
    rows = [dict(zip(names, row, strict=True)) for row in database.rows(CALLS, (run,))]
    query = "SELECT call, at FROM links WHERE run = ? AND kind = 'call'"
    began: dict[str, str] = dict(database.rows(query, (run,)))
    counts = (tallies or tallies_of(database, run)).calls
    for row in rows:
        for name, form in (("target", dict), ("filled", list)):
            row[name] = parsed(row[name], f"calls.{name}", run, form)
        row["began"] = began.get(row["call"])
        row["counts"] = ordered(counts.get(row["call"], {}))
    return rows
