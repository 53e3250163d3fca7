"""`runs`: what was done, newest first."""

from dataclasses import asdict

from ..errors import ArgumentError
from ..operations.history import is_stopped
from ..operations.journal import asked
from ..store.database import Database
from ..store.runs import ENDED, RUNNING, UNDO, Run, list_runs
from .session import Session
from .sums import counts_line

LIMIT = 20


def show_runs(session: Session) -> int:
    """List the runs."""
    options, output = session.options, session.output
    limit = options.given("limit")
    limit = LIMIT if limit is None else limit
    if limit < 1:
        raise ArgumentError(f"--limit: {limit} is not 1 or more")
    runs = list_runs(session.database, limit)
    if output.json:
        output.print_json([_known(run) for run in runs])
    elif runs:
        columns = ("run", "what", "result", "outcomes", "by", "ticket", "")
        output.table(columns, [_row(session.database, run) for run in runs])
    else:
        output.say("no runs yet")
    return 0


def state_of(database: Database, run: Run) -> str:
    """Return its result, or how far it came when it has none."""
    if run.result and run.status == ENDED:
        return run.result
    return "stopped" if run.status == RUNNING and is_stopped(database, run) else run.status


def _row(database: Database, run: Run) -> tuple[str, ...]:
    counts = counts_line(run.details.get("counts", {}))
    return (
        run.run,
        f"undo of {run.name}" if run.kind == UNDO else run.name,
        state_of(database, run),
        counts,
        run.requester,
        asked(run)["ticket"] or "",
        "dry run" * run.dry_run,
    )


def _known(run: Run) -> dict[str, object]:
    row = asdict(run)
    row["counts"] = row.pop("details").get("counts", {})
    about = asked(run)
    row |= {"user": about["user"], "ticket": about["ticket"], "reason": about["why"]}
    row["result"] = run.result if run.status != RUNNING else None
    return row
