"""Take runs away: first that they were, in the journal, and then their rows, portion by portion.

Whatever ends the process between leaves a run that is there as a whole, or one that is gone whose
rows are left; sweep() takes these away the next time.
"""

from collections.abc import Collection, Mapping, Sequence
from time import time
from typing import Any

from ..trust.caps import AN_HOUR
from .columns import parsed
from .database import Database
from .found import OF_RUN, keyed_places
from .journal import BEFORE, add_head, add_link
from .pruned import PRUNED
from .sets import references
from .statements import Transaction

AT_ONCE = 5_000  # rows taken away in one transaction
ALIKE_AT_ONCE = 5  # of `alike`, each of which may hold a thousand outcomes
# What tells of a run as of one that is there, taken away together with it.
_TOLD = (
    "DELETE FROM approvals WHERE run = ?",
    "DELETE FROM undone WHERE run = ?",
    "DELETE FROM undone WHERE undo = ?",
    "DELETE FROM uses WHERE run = ?",
    "DELETE FROM plans WHERE plan = ?",
    "DELETE FROM retries WHERE run = ?",
    "DELETE FROM requests WHERE run = ?",
    "DELETE FROM indexed WHERE run = ?",
    "DELETE FROM links WHERE run = ?",
    "DELETE FROM runs WHERE run = ?",
)
# The other rows of a run, by the columns of their key after it, in the order in which they go.
_ROWS: Mapping[str, tuple[str, ...]] = {
    "pieces": ("name", "position"),
    "sets": ("name",),
    "unused": ("position",),
    "alike": ("call", "batch", "part"),
    "outputs": ("call", "batch", "position"),
    "snapshots": ("call", "batch", "item"),
    "let_through": ("call", "batch"),
    "pauses": ("what",),
    "resolved": ("id", "value"),
    "batches": ("call", "batch"),
    "chunks": ("call", "first"),
    "calls": ("call",),
    "steps": ("step",),
    "planned": ("key",),
    "uses": ("key",),
}
_OF_PLAN = frozenset({"planned", "uses"})
_COUNTED = ("reserved", "sent", "going")  # by the guards, for an hour

# What forbids to take runs away, though it was not so when they were chosen.
_BELONGING = (
    "SELECT 1 FROM runs WHERE run IN ({runs}) AND status != 'ended'",
    "SELECT 1 FROM runs WHERE kind = 'undo' AND name IN ({runs}) AND run NOT IN ({runs})",
    "SELECT 1 FROM undone WHERE run IN ({runs}) AND undo NOT IN ({runs})",
    "SELECT 1 FROM retries WHERE retried IN ({runs}) AND run NOT IN ({runs})",
    "SELECT 1 FROM uses WHERE plan IN ({runs}) AND run NOT IN ({runs})",
    "SELECT 1 FROM schedules WHERE run IN ({runs})",
)


class Changed(Exception):  # noqa: N818  # nothing went wrong
    """A run began to belong to those that were to be taken away, or one of these is not over."""


def described(database: Database, run: str) -> dict[str, Any]:
    """Return what the journal tells of a run that is taken away."""
    query = "SELECT kind, name, requester, started, ended, result, details FROM runs WHERE run = ?"
    [(*columns, text)] = database.rows(query, (run,))
    names = ("kind", "name", "actor", "started", "ended", "result")
    facts: dict[str, Any] = dict(zip(names, columns, strict=True))
    facts["counts"] = parsed(text, "runs.details", run, dict).get("counts", {})
    query = "SELECT links, rows, last FROM heads WHERE run = ? ORDER BY links DESC LIMIT 1"
    links, rows, last = next(iter(database.rows(query, (run,))), (0, 0, None))
    query = "SELECT facts FROM links WHERE run = ? AND link = 0 AND kind = 'begin'"
    begun = [parsed(text, "links.facts", run, dict) for (text,) in database.rows(query, (run,))]
    query = "SELECT coalesce(sum(rows), 0) FROM alike WHERE run = ? AND hashes IS NULL"
    [(uncovered,)] = database.rows(query, (run,))
    facts |= {"links": links, "rows": rows, "last": last}
    facts |= {"covered": bool(begun), "uncovered": uncovered}
    for one in begun:
        facts |= {BEFORE: one[BEFORE]} if BEFORE in one else {}
    return facts


def take(database: Database, prune: str, runs: Mapping[str, Mapping[str, Any]]) -> None:
    """Take runs that belong together away, as one.

    prune: the run that does so; runs: what the journal tells of each. Raises Changed.
    """
    with database.taking_away() as transaction:
        _check(transaction, list(runs))
        for run, facts in runs.items():
            add_link(transaction, database.hashing, prune, PRUNED, call=run, facts=facts)
        add_head(transaction, database.hashing, prune)
        for run in runs:
            for query in _TOLD:
                transaction.execute(query, (run,))


def sweep(database: Database, run: str) -> int:
    """Take away what is left of a run that was taken away; return how many rows that were."""
    taken = 0
    for table, key in _ROWS.items():
        owner = "plan" if table in _OF_PLAN else "run"
        while count := _portion(database, run, table, owner, key):
            taken += count
    database.forget_lease(run)
    return taken


def forget_counts(database: Database) -> None:
    """Take away what the guards counted of runs that are gone, once it does not count any more."""
    since = int(time()) - AN_HOUR
    with database.transaction() as transaction:
        for table in _COUNTED:
            query = f"DELETE FROM {table} WHERE at < ? AND run NOT IN (SELECT run FROM runs)"  # noqa: S608
            transaction.execute(query, (since,))


def forget_plans(database: Database, before: str, now: str, named: Collection[str]) -> int:
    """Take away plans of files that expired, and that no run names; return how many rows.

    before: they were made before it; named: by runs.
    """
    query = (
        "SELECT plan, header FROM plans WHERE created < ? AND expires < ? AND plan NOT IN"
        " (SELECT run FROM runs) AND plan NOT IN (SELECT plan FROM uses) ORDER BY plan"
    )
    taken = 0
    for plan, text in database.rows(query, (before, now)):
        if plan in named:
            continue
        inputs = parsed(text, "plans.header", f"plan {plan}", dict).get("inputs")
        with database.transaction() as transaction:
            taken += transaction.execute("DELETE FROM plans WHERE plan = ?", (plan,)).rowcount
        for owner in {plan, *(owner for owner, _ in references(inputs))}:
            if not database.rows("SELECT 1 FROM runs WHERE run = ?", (owner,)):
                taken += sweep(database, owner)
    return taken


def _portion(database: Database, run: str, table: str, owner: str, key: Sequence[str]) -> int:
    """Take away some rows of a table, those with the first keys; return how many."""
    columns, marks = ", ".join(key), ", ".join("?" * len(key))
    query = f"SELECT {columns} FROM {table} WHERE {owner} = ? ORDER BY {columns} LIMIT 1 OFFSET ?"  # noqa: S608
    most = ALIKE_AT_ONCE if table == "alike" else AT_ONCE
    bound = next(iter(database.rows(query, (run, most - 1))), None)
    within = f" AND ({columns}) <= ({marks})" if bound else ""
    values = (run, *(bound or ()))
    found: list[tuple[Any, ...]] = []
    if table == "alike":  # the index leads to them
        where = OF_RUN + (" AND (o.call, o.batch, o.part) <= (?, ?, ?)" if bound else "")
        found = [(name, run, *place) for name, place in keyed_places(database, where, *values)]
    with database.taking_away() as transaction:
        transaction.executemany(
            "DELETE FROM found WHERE indicator = ? AND run = ? AND call = ? AND batch = ?"
            " AND position = ?",
            found,
        )
        query = f"DELETE FROM {table} WHERE {owner} = ?{within}"  # noqa: S608
        return transaction.execute(query, values).rowcount


def _check(transaction: Transaction, runs: Sequence[str]) -> None:
    """Refuse to take runs away of which one is not over, or to which another one belongs now."""
    marks = ", ".join("?" * len(runs))
    for query in _BELONGING:
        text = query.format(runs=marks)
        values = [*runs] * query.count("{runs}")
        if transaction.execute(f"{text} LIMIT 1", values).fetchone():
            raise Changed
