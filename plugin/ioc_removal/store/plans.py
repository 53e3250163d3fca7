"""Plans: what a dry run would do, and what was done of it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ArgumentError
from .columns import parsed
from .database import EVERY, Database

COLUMNS = "plan, hash, created, expires, header"
SHORTEST_HASH = 8  # digits by which a plan may be named


@dataclass(frozen=True)
class StoredPlan:
    """A plan without its lines.

    plan: its id, that of the dry run that made it; hash: SHA-256 of what it would do; created,
    expires: ISO 8601 in UTC; header: playbook, texts, inputs, requester, parts of the hash,
    sections (action, connection, arguments, target, effect), counts, warnings and more.
    """

    plan: str
    hash: str
    created: str
    expires: str
    header: Mapping[str, Any]


@dataclass(frozen=True)
class PlannedLine:
    """One line of a plan.

    section: its number in the header; outcome: planned, or why it would not be done; assumed:
    whether it depends on what the plan assumes; times: how often the playbook came to it; line:
    value, id and what is known of it.
    """

    key: str
    section: int
    outcome: str
    assumed: bool
    times: int
    line: Mapping[str, Any]


def get_plan(database: Database, name: str) -> StoredPlan:
    """Return a plan by its id or its hash; the first characters are enough for only one."""
    by_hash = name.lower() if len(name) >= SHORTEST_HASH else "-"
    found = database.rows(
        f"SELECT {COLUMNS} FROM plans WHERE substr(plan, 1, ?) = ?"  # noqa: S608
        " OR substr(hash, 1, ?) = ? LIMIT 3",
        (len(name), name, len(by_hash), by_hash),
    )
    exact = [row for row in found if row[0] == name] or found
    if not name or not exact:
        raise ArgumentError(f"there is no plan {name!r}, nor such a file; `ioc-removal plans`")
    if len(exact) > 1:
        raise ArgumentError(f"several plans begin with {name!r}; name one whole")
    return _plan(exact[0])


def find_plan(database: Database, plan: str) -> StoredPlan | None:
    """Return the plan of an id, None when there is none."""
    found = database.rows(f"SELECT {COLUMNS} FROM plans WHERE plan = ?", (plan,))  # noqa: S608
    return _plan(found[0]) if found else None


def plans_made_at(database: Database, created: str) -> list[StoredPlan]:
    """Return the plans that were made at a moment."""
    query = f"SELECT {COLUMNS} FROM plans WHERE created = ? ORDER BY plan"  # noqa: S608
    return [_plan(row) for row in database.rows(query, (created,))]


def list_plans(database: Database, limit: int = 50) -> list[StoredPlan]:
    """Return the newest plans, newest first."""
    query = f"SELECT {COLUMNS} FROM plans ORDER BY created DESC, plan DESC LIMIT ?"  # noqa: S608
    return [_plan(row) for row in database.rows(query, (limit,))]


def keep_plan(database: Database, plan: StoredPlan) -> None:
    """Keep a plan, whose lines are kept already, for good."""
    values = (plan.plan, plan.hash, plan.created, plan.expires, json.dumps(plan.header))
    with database.transaction() as connection:
        connection.execute("INSERT INTO plans VALUES (?,?,?,?,?)", values)


def planned_lines(
    database: Database, plan: str, section: int, limit: int | None = None
) -> Iterator[PlannedLine]:
    """Yield the lines of a section of a plan, ordered by their texts; limit: at most so many."""
    query = (
        "SELECT line, key, outcome, assumed, times FROM planned WHERE plan = ? AND section = ?"
        " ORDER BY line, key LIMIT ?"
    )
    rows = database.walk(query, (plan, section, EVERY if limit is None else limit))
    for line, key, outcome, assumed, times in rows:
        yield PlannedLine(key, section, outcome, bool(assumed), times, line_of(line, plan))


def line_of(text: str, plan: str) -> Any:
    """Return what a line of a plan says; raises StoreError."""
    return parsed(text, "planned.line", f"plan {plan}", dict)


def uses_of(database: Database, plan: str) -> dict[str, int]:
    """Return the runs that did something of a plan, and how much each did."""
    query = "SELECT run, count(*) FROM uses WHERE plan = ? GROUP BY run ORDER BY run"
    return dict(database.rows(query, (plan,)))


def _plan(row: tuple[Any, ...]) -> StoredPlan:
    plan, hash_, created, expires, header = row
    return StoredPlan(
        plan, hash_, created, expires, parsed(header, "plans.header", f"plan {plan}", dict)
    )
