"""Find runs: by how they stand, by what they run, by who wanted them, by when they began."""

from collections.abc import Collection, Iterable, Iterator
from heapq import merge
from itertools import groupby, islice
from typing import NamedTuple

from ..outcome import FAILED, PARTIAL, SUCCEEDED
from .database import Database
from .journal import CANCEL, now
from .runs import CALL, CANCELLED, COLUMNS, ENDED, INTERRUPTED, PRUNE, RUNNING, WAITING, Run, run_of

STOPPED = "stopped"  # without a process, and without an end
AT_ONCE = 200  # runs read together
AFTER_ALL = "~"  # any moment is before it
NEWEST_FIRST = "ORDER BY started DESC, run DESC"
# By each word, the columns that tell it; whether a run is alive, its lease tells.
STATES = {
    RUNNING: f"status = '{RUNNING}'",
    STOPPED: f"status = '{RUNNING}'",
    WAITING: f"status = '{WAITING}'",
    INTERRUPTED: f"status = '{INTERRUPTED}'",
    ENDED: f"status = '{ENDED}'",
    SUCCEEDED: f"result = '{SUCCEEDED}'",
    PARTIAL: f"result = '{PARTIAL}'",
    FAILED: f"result = '{FAILED}'",
    CANCELLED: f"run IN (SELECT run FROM links WHERE kind = '{CANCEL}')",  # noqa: S608
}
# What they waited for, if anything, was decided, or nobody did in time.
OPEN = (
    f"SELECT run FROM runs WHERE status != '{ENDED}'"  # noqa: S608
    f" AND kind != '{PRUNE}' AND (kind != '{CALL}' OR {STATES[CANCELLED]})"
    f" AND (status != '{WAITING}' OR NOT EXISTS (SELECT 1 FROM approvals a WHERE a.run = runs.run"
    " AND a.used IS NULL AND a.decision IS NULL AND a.expires > ?))"
)


class RunsWanted(NamedTuple):
    """Which runs are wanted: all that is given must hold.

    states: some of STATES, any of which will do; name: of the playbook or action, or the run that
    an undo undoes; requester: who wanted it; since, until: when it began, from and before, ISO 8601
    in UTC.
    """

    states: Collection[str] = ()
    name: str | None = None
    requester: str | None = None
    since: str | None = None
    until: str | None = None


def find_runs(database: Database, wanted: RunsWanted, limit: int) -> list[tuple[Run, str]]:
    """Return the newest runs that are wanted, newest first, each with how it stands."""
    walks = (_walk(database, wanted, state) for state in wanted.states or (None,))
    ordered = merge(*walks, key=lambda pair: (pair[0].started, pair[0].run), reverse=True)
    each = (next(same) for _, same in groupby(ordered, key=lambda pair: pair[0].run))
    return list(islice(each, limit))


def states_of(database: Database, runs: Iterable[Run]) -> dict[str, str]:
    """Return how runs stand, by run: its result, or how far it came when it has none."""
    runs = list(runs)
    held = database.holders([run.run for run in runs if run.status == RUNNING])
    return {run.run: _state(run, held) for run in runs}


def open_runs(database: Database) -> list[str]:
    """Return the ids of the runs that have not ended and wait for nobody, newest first.

    Of single calls, which nobody goes on with, only those that were cancelled and have to be ended.
    """
    return [run for (run,) in database.rows(f"{OPEN} {NEWEST_FIRST}", (now(),))]


def _walk(database: Database, wanted: RunsWanted, state: str | None) -> Iterator[tuple[Run, str]]:
    """Yield the runs that are wanted in one state, None for any."""
    given = {
        "name = ?": wanted.name,
        "requester = ?": wanted.requester,
        "started >= ?": wanted.since,
    }
    asked = {condition: value for condition, value in given.items() if value is not None}
    conditions = [*asked, "(started, run) < (?, ?)", *([STATES[state]] if state else ())]
    query = f"SELECT {COLUMNS} FROM runs WHERE {' AND '.join(conditions)} {NEWEST_FIRST} LIMIT ?"  # noqa: S608
    after = (wanted.until or AFTER_ALL, "")
    while rows := database.rows(query, (*asked.values(), *after, AT_ONCE)):
        runs = [run_of(row) for row in rows]
        states = states_of(database, runs)
        for run in runs:
            if state not in {RUNNING, STOPPED} or states[run.run] == state:
                yield run, states[run.run]
        after = (runs[-1].started, runs[-1].run)


def _state(run: Run, held: Collection[str]) -> str:
    if run.status == RUNNING and run.run not in held:
        return STOPPED
    return run.result if run.status == ENDED and run.result else run.status
