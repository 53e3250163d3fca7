"""How far a run is, for a person: its tasks, and why it is not done."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ..handlers.report import target_of
from ..outcome import DONE, SUCCEEDED
from ..store.runs import CALL, CANCELLED, DETACHED, PLAYBOOK, UNDO, WAITING, Run
from .output import Output
from .sums import counts_line
from .table import Cell

MOST_TASKS = 50
MOST_REASONS = 3
COLUMNS = (
    *("call", "action", "target", "connection", "batches", "tries", "outcomes"),
    *("in flight since", "given twice"),
)
Task = Mapping[str, Any]


def show_tasks(output: Output, tasks: Sequence[Task]) -> None:
    """Print the tasks of a run; of many, those that are not done first."""
    if not tasks:
        return
    shown = tasks
    if len(tasks) > MOST_TASKS:
        shown = sorted(tasks, key=lambda task: task["finished"] == task["batches"])[:MOST_TASKS]
    output.table(COLUMNS, [_cells(task) for task in shown])
    if len(tasks) > MOST_TASKS:
        output.say(f"… and {len(tasks) - MOST_TASKS:,} more calls; --json has all")
    output.say()


def why_not_done(
    run: Run,
    state: str,
    now: Mapping[str, Any] | None,
    reasons: Sequence[tuple[str, str, int]],
    *,
    shared: bool,
) -> Iterator[str]:
    """Yield why a run is not done, a line each; nothing of one that did all.

    now: what it is at, None when it has ended; reasons: of what is not done: outcome, reason, and
    of how many; one more than are shown when there are more; shared: whether workers share the
    store.
    """
    cancelled = run.details.get(CANCELLED, {})
    if now is None:
        if cancelled:
            yield f"cancelled by {cancelled['actor']} at {cancelled['at']}: {cancelled['reason']}"
        for outcome, reason, count in reasons[:MOST_REASONS]:
            yield f"not done: {count:,} {outcome}: {reason}"
        if len(reasons) > MOST_REASONS:
            yield "not done: others, for other reasons; --json has all"
        return
    holder = now.get("held_by")
    if cancelled:
        ends = f"{holder} ends it" if holder else f"`ioc-removal cancel {run.run}` ends it"
        who, at = cancelled["actor"], cancelled["at"]
        yield f"cancelled by {who} at {at}; it has not ended yet: {ends}"
    elif holder:
        yield f"it runs, in {holder}"
    elif run.status != WAITING:
        yield from _stopped(run, state, now, shared=shared)
    yield from _at_work(now)


def next_step(run: Run, counts: Mapping[str, int], retries: Sequence[str] = ()) -> str | None:
    """Return how to go on after a run that ended and did not do all; None when nothing is to do.

    counts: of its outcomes; retries: the runs that tried it again.
    """
    if run.dry_run or CANCELLED in run.details or run.result in {None, SUCCEEDED}:
        return None
    if not counts.keys() - DONE:
        return None  # what was asked for was wrong, or only read
    if run.kind == UNDO:
        return f"`ioc-removal undo {run.name}` tries again what was not put back"
    if retries:
        return f"run {retries[-1]} tried again what it did not do: `ioc-removal show {retries[-1]}`"
    command = f"ioc-removal retry {run.run} --not-done"
    return f"`{command}` tries again what it did not do, and nothing else (--dry-run shows it)"


def _at_work(now: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is done now, by whom, and what is waited for."""
    for row in now.get("in_flight", ()):
        begun = f"{row['batches']:,} {_plural(row['batches'], 'batch', 'batches')} of {row['call']}"
        if now.get("held_by") or now.get("chunks"):
            yield f"in flight: {begun}, since {row['since']} ({_ago(row['since'])})"
        else:
            yield f"in doubt: {begun}, sent at {row['since']} or later, and no answer was recorded"
    if row := now.get("begun"):
        since = f"{row['since']} ({_ago(row['since'])})"
        yield f"last begun: {row['call']}, at {since}; nothing of it is recorded yet"
    for row in now.get("chunks", ()):
        part = f"batches {row['first']} to {row['stop'] - 1} of {row['call']}"
        yield f"shared: {part}, in {row['held_by']}"
    for row in now.get("pauses", ()):
        yield f"it waits ({row['what']}, until {row['until']}): {row['why']}"


def resumed_text(rows: Sequence[Mapping[str, str]]) -> str | None:
    """Return when a run was gone on with, the last time first; None when it was not."""
    if not rows:
        return None
    last = rows[-1]
    more = f", and {len(rows) - 1} times before" if len(rows) > 1 else ""
    return f"{last['at']} by {last['user']}{more}"


def _stopped(run: Run, state: str, now: Mapping[str, Any], *, shared: bool) -> Iterator[str]:
    since = f"since {now['last']} ({_ago(now['last'])})"
    if run.details.get(DETACHED):
        yield f"it was left to a worker, and none has it: it waits for one {since}"
    else:
        yield f"{state}: no process has it, and nothing was recorded {since}"
    then = f"`ioc-removal cancel {run.run} --reason TEXT` ends it"
    if run.kind == CALL:
        yield f"a single call is not gone on with: call it again; {then}"
    elif run.kind == PLAYBOOK and "inputs" not in run.details:
        yield f"it stopped while its input was read, and sent nothing: start it anew; {then}"
    elif shared and run.kind == PLAYBOOK:
        yield f"{workers_of(run)} goes on with it, as `ioc-removal resume {run.run}` does; {then}"
    else:
        yield f"`ioc-removal resume {run.run}` goes on; {then}"


def workers_of(run: Run) -> str:
    """Return which workers go on with a run."""
    names = ", ".join(sorted(run.details.get("addresses", {}))) or "nothing"
    return f"a worker that has its connections ({names})"


def _cells(task: Task) -> tuple[Cell, ...]:
    in_flight = task.get("in_flight")
    return (
        task["call"],
        task["action"],
        target_of(task["target"]),
        task.get("connection"),
        f"{task['finished']:,} of {task['batches']:,}",
        task["tries"] or None,
        counts_line(task["counts"]),
        f"{in_flight['since']} ({in_flight['batches']:,})" if in_flight else None,
        task.get("duplicates"),
    )


def _ago(moment: str) -> str:
    """Return how long ago a moment was, in words."""
    then = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    seconds = max(0, int((datetime.now(timezone.utc) - then).total_seconds()))
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds // unit} {name} ago"
    return f"{seconds} s ago"


def _plural(count: int, one: str, several: str) -> str:
    return one if count == 1 else several
