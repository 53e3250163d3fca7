"""Make the lines of a plan: from the outcomes of a dry run, a row each."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..outcome import PLANNED, Outcome
from .columns import parsed
from .database import Database
from .plans import PlannedLine
from .recorder import OUTCOME_COLUMNS, outcome_of

AT_ONCE = 2_000  # rows read together
TARGET = OUTCOME_COLUMNS.split(", ").index("target")


@dataclass(frozen=True)
class DryOutcome:
    """An outcome of a dry run, with its call.

    place: one text for all that have the same action, connection, arguments and target; arguments:
    without the batch argument, sets by reference; filled: those from the connection's defaults;
    assumed: whether it depends on what is only assumed; values: for which a search found the id.
    """

    place: str

    action: str
    connection: str | None
    arguments: Any
    filled: list[str]
    assumed: bool
    outcome: Outcome
    values: list[str]


def dry_outcomes(database: Database, run: str) -> Iterator[list[DryOutcome]]:
    """Yield the outcomes of a run in portions, in order."""
    columns = ", ".join(f"o.{name}" for name in OUTCOME_COLUMNS.split(", "))
    query = (
        "SELECT o.call, o.batch, o.position, c.action, c.connection, c.arguments, c.filled,"  # noqa: S608
        f" c.assumed, {columns} FROM outcomes o JOIN calls c ON c.run = o.run AND c.call = o.call"
        " WHERE o.run = ? AND (o.call, o.batch, o.position) > (?, ?, ?)"
        " ORDER BY o.call, o.batch, o.position LIMIT ?"
    )
    after: tuple[Any, ...] = ("", -1, -1)
    while rows := database.rows(query, (run, *after, AT_ONCE)):
        after = rows[-1][:3]
        yield [_dry_outcome(database, run, row[3:]) for row in rows]


def forget_plan(database: Database, plan: str) -> None:
    """Take away a plan that was not finished."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM planned WHERE plan = ?", (plan,))
        connection.execute("DELETE FROM plans WHERE plan = ?", (plan,))


def keep_lines(database: Database, plan: str, lines: Iterable[PlannedLine]) -> None:
    """Add lines to a plan; what comes again counts once, and as certain if it once was."""
    with database.transaction() as connection:
        connection.executemany(
            "INSERT INTO planned VALUES (?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET"
            " times = times + excluded.times, assumed = min(assumed, excluded.assumed)",
            (
                (
                    plan, line.key, line.section, line.outcome, line.assumed, line.times,
                    json.dumps(line.line, sort_keys=True),
                )
                for line in lines
            ),
        )  # fmt: skip


def move_lines(database: Database, draft: str, plan: str) -> None:
    """Give the lines of a draft to a plan."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM planned WHERE plan = ?", (plan,))
        connection.execute("UPDATE planned SET plan = ? WHERE plan = ?", (plan, draft))


def lacking(database: Database, plan: str, other: str) -> tuple[int, str]:
    """Return how many lines of a plan another one has not, and the first of them."""
    where = (
        "FROM planned p WHERE p.plan = ? AND NOT EXISTS"
        " (SELECT 1 FROM planned q WHERE q.plan = ? AND q.key = p.key)"
    )
    found = database.rows(
        f"SELECT count(*) OVER (), p.line {where} ORDER BY p.line LIMIT 1",
        (plan, other),
    )
    return found[0] if found else (0, "")


def sums_of_lines(database: Database, plan: str) -> list[tuple[int, str, int, int, int]]:
    """Return (section, outcome, lines, of them assumed, of them met more than once)."""
    query = (
        "SELECT section, outcome, count(*), sum(assumed), sum(times > 1) FROM planned"
        " WHERE plan = ? GROUP BY section, outcome ORDER BY section, outcome"
    )
    return [(s, o, n, a, t) for s, o, n, a, t in database.rows(query, (plan,))]


def told_lines(database: Database, plan: str) -> Iterator[tuple[int, bool, str]]:
    """Yield each line as its section, whether it would be done, and a text, in order of keys."""
    query = (
        "SELECT section, outcome, key || ' ' || assumed || ' ' || times || ' ' || line"
        " FROM planned WHERE plan = ? ORDER BY key"
    )
    for section, outcome, text in database.walk(query, (plan,)):
        yield section, outcome == PLANNED, text


def _dry_outcome(database: Database, run: str, row: tuple[Any, ...]) -> DryOutcome:
    action, connection, arguments, filled, assumed, *columns = row
    outcome = outcome_of(tuple(columns), run)
    values: list[tuple[str]] = []
    if outcome.value is None:
        query = "SELECT value FROM resolved WHERE run = ? AND id = ? ORDER BY value"
        values = database.rows(query, (run, outcome.id))
    return DryOutcome(
        "\n".join((action, str(connection), arguments, columns[TARGET])),
        action,
        connection,
        parsed(arguments, "calls.arguments", run, dict),
        parsed(filled, "calls.filled", run, list),
        bool(assumed),
        outcome,
        [value for (value,) in values],
    )
