"""Verify that a run which is not there was pruned: the journal says so, and as it was."""

from collections.abc import Iterator, Sequence

from .chain import Head
from .database import Database
from .pruned import PrunedRun
from .verdict import Problem

_THERE = (
    "SELECT 1 FROM runs WHERE run = ? UNION ALL SELECT 1 FROM links WHERE run = ?"
    " UNION ALL SELECT 1 FROM indexed WHERE run = ? LIMIT 1"
)
_LEFT = "SELECT coalesce(sum(rows), 0) FROM alike WHERE run = ?"


def verify_pruned(
    database: Database, pruned: PrunedRun, heads: Sequence[Head]
) -> Iterator[Problem]:
    """Yield what is wrong with a run that was taken away; heads: of it, in their order.

    The chain that says so is verified by itself.
    """
    run, by = pruned.run, pruned.by
    status = database.rows("SELECT status FROM runs WHERE run = ? AND kind = 'prune'", (by,))
    if not status:
        yield Problem(f"run {by} is said to have pruned it, and is no prune", run)
    facts = pruned.facts
    said = (facts.get("links"), facts.get("rows"), facts.get("last"))
    last = (heads[-1].links, heads[-1].rows, heads[-1].last) if heads else (0, 0, None)
    if said != last:
        what = f"it was pruned by run {by} as another than its heads tell"
        yield Problem(what, run, head=heads[-1].number if heads else None)
    again = status == [("ended",)] and rows_left(database, pruned)
    if again or database.rows(_THERE, (run, run, run)):
        yield Problem(f"it was pruned by run {by}, and something of it is there again", run)


def rows_left(database: Database, pruned: PrunedRun) -> int:
    """Return how many rows of a run are left that was taken away."""
    [(count,)] = database.rows(_LEFT, (pruned.run,))
    return int(count)
