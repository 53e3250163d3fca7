"""`prune`: take old runs away."""

import re
from collections import Counter
from datetime import timedelta

from ..errors import ArgumentError
from ..operations.prune import LEAST, Choice, Forget, Taken, choose, prune
from ..store.database import Database
from ..store.engine_place import engine_is_there
from ..store.pruned import pruned_rows
from ..store.runs import Run
from .extras import needed_by
from .interruption import interruption
from .output import Output
from .progress import Watch
from .session import Session
from .sums import counts_line
from .table import Cell

UNITS = {"h": "hours", "d": "days", "w": "weeks"}
MOST = 50  # lines


def prune_runs(session: Session) -> int:
    """Take runs away that ended long ago, or list them."""
    options, output, database = session.options, session.output, session.database
    text = options.given("older_than")
    if text is None:
        raise ArgumentError("--older-than is missing: how long ago a run must have ended: 365d")
    age = _age(text)
    if age < LEAST and not options.given("recent"):
        raise ArgumentError(
            f"--older-than {text}: that is less than {LEAST.days} days: what was removed lately "
            "could not be accounted for, or put back; --recent says that it is meant"
        )
    before = database.moment() - age
    if options.given("dry_run"):
        _show_choice(output, choose(database, before))
        return 0
    forget = _forgetting(database)
    watch = Watch(wanted=not output.quiet, color=output.color)
    with interruption(database, output) as began, watch:
        run, taken, choice = prune(
            database,
            before,
            text,
            requester=session.requester,
            former=session.settings.journal.get("former_keys", ()),
            forget=forget,
            progress=lambda done, total: watch.tell("pruning", done, total),
            began=began,
        )
    _show_taken(session, run, taken, choice)
    return 1 if taken.left else 0


def show_pruned(output: Output, database: Database, run: Run) -> None:
    """Print what a prune took away."""
    rows = pruned_rows(database, run.run)
    table: list[list[Cell]] = [
        [
            row["run"], row.get("name"), row.get("ended"), row.get("result"),
            counts_line(row.get("counts", {})), row.get("actor"),
        ]
        for row in rows[:MOST]
    ]  # fmt: skip
    output.table(("run", "what", "ended", "result", "outcomes", "by"), table)
    if len(rows) > MOST:
        output.say(f"… and {len(rows) - MOST:,} more; --json has all")
    output.say(f"{len(rows):,} runs were pruned · run {run.run}")


def _age(text: str) -> timedelta:
    found = re.fullmatch(r"([0-9]{1,5})([hdw])", text.strip())
    if not found:
        raise ArgumentError(f"--older-than: {text!r} is no duration: write 365d, 52w or 12h")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _forgetting(database: Database) -> Forget:
    """Return what takes away what the engine keeps of runs; it needs an extra, if there is any."""
    if not engine_is_there(database):
        return lambda _database, _runs: 0
    with needed_by("prune"):
        from ..playbooks.engine_rows import forget_workflows
    return forget_workflows


def _show_choice(output: Output, choice: Choice) -> None:
    """List what would be taken away, and what would stay though it is as old."""
    if output.json:
        found = [{"run": one.run, "kind": one.kind, "name": one.name, "ended": one.ended}
                for one in choice.chosen]  # fmt: skip
        output.print_json({"runs": found, "kept": choice.kept})
        return
    if choice.chosen:
        rows: list[list[Cell]] = [
            [one.run, one.kind, one.name, one.ended, "dry run" * one.dry_run]
            for one in choice.chosen[:MOST]
        ]
        output.table(("run", "kind", "what", "ended", ""), rows)
        if len(choice.chosen) > MOST:
            output.say(f"… and {len(choice.chosen) - MOST:,} more; --json has all")
    _show_kept(output, choice)
    output.say(f"dry run: {len(choice.chosen):,} runs would be pruned, none was")


def _show_kept(output: Output, choice: Choice) -> None:
    """Say which runs stay though they are as old, and why."""
    kept = list(choice.kept.items())
    for run, why in kept[:MOST]:
        output.note(f"run {run} stays: {why}")
    if len(kept) > MOST:
        output.note(f"and {len(kept) - MOST:,} more stay")


def _show_taken(session: Session, run: str | None, taken: Taken, choice: Choice) -> None:
    output = session.output
    if output.json:
        record = {"run": run, **taken.row(), "left": taken.left, "kept": choice.kept}
        output.print_json(record)
    _show_kept(output, choice)
    for why, count in Counter(taken.left.values()).items():
        output.warn(f"{count:,} run{'s' if count > 1 else ''} not pruned: {why}")
    if run is None:
        output.say("nothing to prune: no run is as old and over") if not output.json else None
        return
    if not output.json:
        parts = [f"{taken.runs:,} runs with {taken.rows:,} rows pruned"]
        parts += [f"{taken.workflows:,} workflows"] if taken.workflows else []
        parts += [f"{taken.bytes:,} bytes free in the file"] if taken.bytes is not None else []
        output.say(" · ".join([*parts, f"run {run}"]))
    if taken.bytes:
        output.note(
            "the file does not shrink: new runs use what is free; `sqlite3 FILE VACUUM`, while "
            "nothing else uses it, makes it small"
        )
