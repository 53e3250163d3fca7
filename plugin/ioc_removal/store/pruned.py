"""Runs that were taken away: what the chain of the run that did so tells of each."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .database import Database

PRUNED = "pruned"  # the kind of a link of the journal; its call is the run that was taken away
TOLD = ("kind", "name", "actor", "started", "ended", "result", "counts", "links", "rows")
_COLUMNS = "SELECT call, run, at, facts FROM links WHERE kind = 'pruned'"


class PrunedRun(NamedTuple):
    """A run that was taken away.

    by: the run that did so; at: ISO 8601, UTC; facts: kind, name, actor, started, ended, result,
    counts, and how its chain was: links, rows, last; empty when they cannot be read.
    """

    run: str
    by: str
    at: str
    facts: Mapping[str, Any]


def pruned_runs(database: Database, by: str | None = None) -> Iterator[PrunedRun]:
    """Yield the runs that were taken away; by: only those that a run took, in its order."""
    of, own = ("", ()) if by is None else (" AND run = ? ORDER BY link", (by,))
    for row in database.walk(f"{_COLUMNS}{of}", own):
        yield _pruned(row)


def find_pruned(database: Database, name: str) -> PrunedRun | None:
    """Return a run that was taken away by its id, or the first characters; None for none."""
    where = " AND (call = ? OR substr(call, 1, ?) = ?) ORDER BY call LIMIT 2"
    found = database.rows(_COLUMNS + where, (name, len(name), name))
    return _pruned(found[0]) if len(found) == 1 and name else None


def pruned_rows(database: Database, by: str) -> list[dict[str, Any]]:
    """Return what a run took away, a row a run."""
    return [
        {"run": one.run, **{name: one.facts[name] for name in TOLD if one.facts.get(name)}}
        for one in pruned_runs(database, by)
    ]


def said_of(database: Database, pruned: PrunedRun) -> str:
    """Say of a run that it was taken away, when and by whom."""
    query = "SELECT requester FROM runs WHERE run = ?"
    actor = next((name for (name,) in database.rows(query, (pruned.by,))), "somebody")
    return f"the run {pruned.run} was pruned on {pruned.at[:10]} by {actor} (run {pruned.by})"


def _pruned(row: tuple[Any, ...]) -> PrunedRun:
    run, by, at, text = row
    try:
        facts = json.loads(text)
    except (ValueError, TypeError):
        facts = {}
    return PrunedRun(run, by, at, facts if isinstance(facts, dict) else {})
