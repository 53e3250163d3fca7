"""Make the lines of a plan: from the outcomes of a dry run, a row each."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..outcome import PLANNED, Outcome
from .columns import parsed
from .database import Database
from .found import values_of
from .outcome_rows import OUTCOME_COLUMNS, outcome_of
from .outcome_walk import outcomes_in_order
from .plans import PlannedLine

AT_ONCE = 2_000  # rows read together
PLACE = 3  # columns of a row that is walked through, before those of its outcome
VALUE, ID, TARGET = (OUTCOME_COLUMNS.split(", ").index(name) for name in ("value", "id", "target"))


@dataclass(frozen=True)
class DryCall:
    """A call of a dry run.

    arguments: without the batch argument, sets by reference; filled: those from the connection's
    defaults; assumed: whether it depends on what is only assumed.
    """

    action: str
    connection: str | None
    arguments: Any
    filled: list[str]
    assumed: bool


@dataclass(frozen=True)
class DryOutcome:
    """An outcome of a dry run, with its call.

    place: one text for all that have the same action, connection, arguments and target; values: for
    which a search found the id.
    """

    place: str
    call: DryCall
    outcome: Outcome
    values: list[str]


def dry_outcomes(database: Database, run: str) -> Iterator[list[DryOutcome]]:
    """Yield the outcomes of a run in portions, in order."""
    calls = _calls(database, run)
    walk = outcomes_in_order(database, run)
    while rows := list(islice(walk, AT_ONCE)):
        found = values_of(
            database, run, (row[PLACE + ID] for row in rows if row[PLACE + VALUE] is None)
        )
        portion = []
        for call, _, _, *columns in rows:
            place, known = calls[call]
            outcome = outcome_of(tuple(columns), run)
            values = found.get(str(outcome.id), []) if outcome.value is None else []
            portion.append(DryOutcome(f"{place}\n{columns[TARGET]}", known, outcome, values))
        yield portion


def _calls(database: Database, run: str) -> dict[str, tuple[str, DryCall]]:
    """Return the calls of a run, each with one text for all that do the same."""
    query = "SELECT call, action, connection, arguments, filled, assumed FROM calls WHERE run = ?"
    return {
        call: (
            f"{action}\n{connection}\n{arguments}",
            DryCall(
                action,
                connection,
                parsed(arguments, "calls.arguments", run, dict),
                parsed(filled, "calls.filled", run, list),
                bool(assumed),
            ),
        )
        for call, action, connection, arguments, filled, assumed in database.rows(query, (run,))
    }


def forget_plan(database: Database, plan: str) -> None:
    """Take away a plan that was not finished."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM planned WHERE plan = ?", (plan,))
        connection.execute("DELETE FROM plans WHERE plan = ?", (plan,))


def keep_lines(database: Database, plan: str, lines: Iterable[PlannedLine]) -> None:
    """Add lines to a plan; what comes again counts once, and as certain if it once was."""
    with database.transaction() as connection:
        connection.executemany(
            "INSERT INTO planned VALUES (?,?,?,?,?,?,?) ON CONFLICT (plan, key) DO UPDATE"
            " SET times = planned.times + excluded.times,"
            " assumed = planned.assumed * excluded.assumed",
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
        "SELECT section, outcome, count(*), sum(assumed),"
        " sum(CASE WHEN times > 1 THEN 1 ELSE 0 END) FROM planned WHERE plan = ?"
        " GROUP BY section, outcome ORDER BY section, outcome"
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
