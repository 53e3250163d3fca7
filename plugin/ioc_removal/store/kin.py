"""Runs that belong together: an undo and what it undoes, a plan and the run that applied it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .columns import parsed
from .database import Database
from .retries import RETRY_OF
from .sets import references

NAMED = ("undo_of", RETRY_OF, "plan", "read_by")  # of details: other runs, by their id
_EDGES = (
    "SELECT DISTINCT run, undo FROM undone",
    "SELECT run, retried FROM retries",
    "SELECT DISTINCT run, plan FROM uses",
)


@dataclass(frozen=True)
class Kept:
    """What tells of a run whether it may go; plan: that it applied. Moments are ISO 8601 in UTC."""

    run: str
    kind: str
    name: str
    status: str
    started: str
    ended: str | None
    dry_run: bool
    plan: str | None


def kin(database: Database) -> tuple[dict[str, Kept], list[list[str]]]:
    """Return all runs, and them in groups that belong together, each in the order of their ids."""
    runs: dict[str, Kept] = {}
    edges: list[tuple[str, str]] = []
    query = (
        "SELECT run, kind, name, status, started, ended, dry_run, details FROM runs ORDER BY run"
    )
    for one, kind, name, status, started, ended, dry_run, text in database.walk(query):
        details = parsed(text, "runs.details", one, dict)
        plan = str(details["plan"]) if "plan" in details else None
        run = Kept(one, kind, name, status, started, ended, bool(dry_run), plan)
        runs[run.run] = run
        edges += [(run.run, str(details[name])) for name in NAMED if name in details]
        edges += [(run.run, owner) for owner, _ in references(details.get("inputs"))]
    for query in _EDGES:
        edges += [(run, other) for run, other in database.walk(query)]
    return runs, _groups(runs, edges)


def _groups(runs: Mapping[str, Kept], edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    first: dict[str, str] = {run: run for run in runs}

    def found(run: str) -> str:
        while first[run] != run:
            first[run] = first[first[run]]
            run = first[run]
        return run

    for one, other in edges:
        if one in first and other in first:
            first[found(one)] = found(other)
    groups: dict[str, list[str]] = {}
    for run in runs:
        groups.setdefault(found(run), []).append(run)
    return list(groups.values())
