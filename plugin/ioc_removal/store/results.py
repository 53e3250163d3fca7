"""Read what came of a run: outcomes, sums, rows that were read."""

from collections.abc import Iterator
from typing import Any

from ..outcome import DONE, OUTCOMES, PLANNED, Summary, ordered
from .columns import parsed
from .database import Database
from .lineage import THEN
from .outcome_rows import OUTCOME_COLUMNS, outcome_of
from .runs import UNDO

AT_ONCE = 2_000  # rows read together
WORST_FIRST = " ".join(f"WHEN '{name}' THEN {rank}" for rank, name in enumerate(OUTCOMES))
# An id that a search of this run found is known by the values that it was found for.
KNOWN = "outcomes o LEFT JOIN resolved r ON o.value IS NULL AND r.run = o.run AND r.id = o.id"
VALUE = "coalesce(o.value, r.value)"
# What follows on a call counts with it.
FOLLOWED = f"substr(o.call, 1, length(o.call) - {len(THEN)})"
ROW_OF_UNDO = (
    f"CASE WHEN o.call LIKE '%{THEN}' THEN {FOLLOWED} ELSE o.call END, o.batch, o.position"
)
REMOVAL = (
    "coalesce((SELECT c.action FROM calls c WHERE c.run = o.run AND c.call = o.call), '')"
    " || '\n' || coalesce(o.value, '') || '\n' || coalesce(o.id, '') || '\n' || o.target"
)
DONE_ROWS = ", ".join(f"'{name}'" for name in sorted(DONE))
# A refusal does not count of what the run did by another call.
COUNTS = (
    f"(o.outcome != 'refused' OR {REMOVAL} NOT IN (SELECT {REMOVAL} FROM outcomes o"  # noqa: S608
    f" WHERE o.run = ? AND o.outcome IN ({DONE_ROWS})))"
)
PLACE = "o.call, o.batch, o.position, coalesce(r.value, '')"
BEGUN = "b.finished = 0 AND b.tries > 0"
CALLS = (
    "SELECT c.call, c.action, c.connection, c.target, c.duplicates, c.filled, count(b.batch),"  # noqa: S608
    " coalesce(sum(b.finished), 0), coalesce(sum(b.tries), 0),"
    f" coalesce(sum(CASE WHEN {BEGUN} THEN 1 END), 0), min(CASE WHEN {BEGUN} THEN b.at END)"
    " FROM calls c LEFT JOIN batches b ON b.run = c.run AND b.call = c.call"
    " WHERE c.run = ? GROUP BY c.run, c.call ORDER BY c.call"
)


def run_summary(database: Database, run: str, call: str | None = None) -> Summary:
    """Sum up the outcomes of a run or of one of its calls: the worst for a value and target.

    What was done is not undone by a later refusal of the same. Of an undo: for a row that is put
    back, with what follows on it.
    """
    where, values = _where(run, call)
    [(kind,)] = database.rows("SELECT coalesce(max(kind), '') FROM runs WHERE run = ?", (run,))
    one = ROW_OF_UNDO if kind == UNDO else f"coalesce({VALUE}, o.id), o.target"
    lines = database.rows(
        f"SELECT rank, count(*) FROM (SELECT min(CASE o.outcome {WORST_FIRST} END) AS rank"  # noqa: S608
        f" FROM {KNOWN} {where} AND {COUNTS} GROUP BY {one}) ranks GROUP BY rank",
        (*values, run),
    )
    counts = {OUTCOMES[rank]: count for rank, count in lines}
    [(sent, unreachable)] = database.rows(
        "SELECT coalesce(max(CASE WHEN o.attempts > 0 THEN 1 END), 0),"  # noqa: S608
        " coalesce(max(CASE WHEN o.outcome = 'failed' AND o.http_status IS NULL"
        f" AND o.settled = 0 THEN 1 END), 0) FROM outcomes o {where}",
        values,
    )
    return Summary(ordered(counts), bool(sent), bool(unreachable))


def outcome_rows(database: Database, run: str, call: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the outcomes of a run or of one of its calls as flat rows, in order."""
    where, values = _where(run, call)
    columns = ", ".join(
        VALUE if name == "value" else f"o.{name}" for name in OUTCOME_COLUMNS.split(", ")
    )
    query = (
        f"SELECT {PLACE}, c.action, {columns} FROM {KNOWN}"  # noqa: S608
        f" JOIN calls c ON c.run = o.run AND c.call = o.call {where}"
        f" AND ({PLACE}) > (?, ?, ?, ?) ORDER BY {PLACE} LIMIT ?"
    )
    after: tuple[Any, ...] = ("", -1, -1, "")
    while rows := database.rows(query, (*values, *after, AT_ONCE)):
        after = rows[-1][:4]
        for _, _, _, _, action, *row in rows:
            yield {"action": action} | outcome_of(tuple(row), run).row() | {"action": action}


def output_rows(database: Database, run: str, call: str) -> list[dict[str, Any]]:
    """Return the rows that a read returned."""
    query = "SELECT row FROM outputs WHERE run = ? AND call = ? ORDER BY batch, position"
    return [parsed(row, "outputs.row", run) for (row,) in database.rows(query, (run, call))]


def call_rows(database: Database, run: str) -> list[dict[str, Any]]:
    """Return the calls of a run: what each is, its batches, and what came of them.

    finished: how many batches are; tries: how often any was about to be sent; in_flight: how many
    were, and are not finished; since: when the first of these was, seconds since 1970; began: ISO
    8601, None before the journal was; counts: of outcomes, one a row.
    """
    names = (
        *("call", "action", "connection", "target", "duplicates", "filled", "batches"),
        *("finished", "tries", "in_flight", "since"),
    )
    rows = [dict(zip(names, row, strict=True)) for row in database.rows(CALLS, (run,))]
    query = "SELECT call, at FROM links WHERE run = ? AND kind = 'call'"
    began: dict[str, str] = dict(database.rows(query, (run,)))
    counts: dict[str, dict[str, int]] = {}
    query = "SELECT call, outcome, count(*) FROM outcomes WHERE run = ? GROUP BY call, outcome"
    for call, outcome, count in database.rows(query, (run,)):
        counts.setdefault(call, {})[outcome] = count
    for row in rows:
        for name, form in (("target", dict), ("filled", list)):
            row[name] = parsed(row[name], f"calls.{name}", run, form)
        row["began"] = began.get(row["call"])
        row["counts"] = ordered(counts.get(row["call"], {}))
    return rows


def reasons(database: Database, run: str, most: int) -> list[tuple[str, str, int]]:
    """Return why most of what is not done is not: outcome, reason, and of how many rows."""
    query = (
        "SELECT outcome, reason, count(*) FROM outcomes WHERE run = ? AND reason IS NOT NULL"  # noqa: S608
        f" AND outcome NOT IN ({DONE_ROWS}, '{PLANNED}') GROUP BY outcome, reason"
        " ORDER BY count(*) DESC, outcome, reason LIMIT ?"
    )
    return [
        (outcome, reason, count) for outcome, reason, count in database.rows(query, (run, most))
    ]


def _where(run: str, call: str | None) -> tuple[str, tuple[str, ...]]:
    if call is None:
        return "WHERE o.run = ?", (run,)
    return "WHERE o.run = ? AND o.call = ?", (run, call)
