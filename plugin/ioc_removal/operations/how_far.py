"""How far a run is: its tasks, what is in flight, who is at it, and what it waits for."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from ..store.columns import parsed
from ..store.database import Database
from ..store.journal import RESUME
from ..store.pauses import pauses_of
from ..store.runs import ENDED, Run


def task_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the calls of a run as its record shows them; rows: as the store has them."""
    return [_task(row) for row in rows]


def resumed_rows(database: Database, run: str) -> list[dict[str, str]]:
    """Return when a run was gone on with, and by which user, as its chain tells."""
    query = "SELECT at, facts FROM links WHERE run = ? AND kind = ? ORDER BY link"
    rows = database.rows(query, (run, RESUME))
    return [
        {"at": at, "user": parsed(facts, "links.facts", run, dict)["user"]} for at, facts in rows
    ]


def now_of(
    database: Database, run: Run, tasks: Iterable[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Return what a run is at now, None when it has ended.

    tasks: its calls, as its record has them. in_flight: batches that were begun and are not
    finished: of a run that nobody holds they may have been sent; begun: the last call that began,
    if nothing of it is recorded yet; chunks: what workers, or the run's own process, are at;
    pauses: before another try, or for a turn.
    """
    if run.status == ENDED:
        return None
    from ..store.chunks import chunks_at_work  # most runs that are shown have ended

    holder = database.holders((run.run,)).get(run.run)
    now = {
        "held_by": holder,
        "last": _last(database, run),
        "in_flight": [
            {"call": task["call"], **task["in_flight"]} for task in tasks if "in_flight" in task
        ],
        "begun": _begun(tasks) if holder else None,
        "chunks": [
            {"call": chunk.call, "first": chunk.first, "stop": chunk.stop, "held_by": by}
            for chunk, by in chunks_at_work(database, run.run)
        ],
        "pauses": [
            {"what": what, "until": _moment(until), "why": why}
            for what, until, why in (pauses_of(database, run.run) if holder else ())
        ],
    }
    return {name: value for name, value in now.items() if value}


def _begun(tasks: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the call that began last, as a read that is under way; None when it has batches."""
    last = max((task for task in tasks if "began" in task), key=_began, default=None)
    return {"call": last["call"], "since": last["began"]} if last and not last["batches"] else None


def _began(task: Mapping[str, Any]) -> str:
    return str(task["began"])


def _task(row: Mapping[str, Any]) -> dict[str, Any]:
    in_flight = {"batches": row["in_flight"], "since": _moment(row["since"] or 0)}
    known = {
        "call": row["call"],
        "action": row["action"],
        "connection": row["connection"],
        "target": row["target"],
        "began": row["began"],
        "batches": row["batches"],
        "finished": row["finished"],
        "tries": row["tries"],
        "counts": row["counts"],
        "duplicates": row["duplicates"] or None,
        "in_flight": in_flight if row["in_flight"] else None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _last(database: Database, run: Run) -> str:
    """Return when something of a run was recorded last."""
    query = "SELECT at FROM links WHERE run = ? ORDER BY link DESC LIMIT 1"
    rows = database.rows(query, (run.run,))
    return str(rows[0][0]) if rows else run.started


def _moment(seconds: int) -> str:
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
