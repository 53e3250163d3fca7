"""`show`: one run, as the store knows it."""

from collections.abc import Iterator
from typing import Any

from ..handlers.local import target_of
from ..operations.call import ONLY
from ..operations.history import run_record, waiting_row
from ..operations.inputs import unused_rows
from ..operations.journal import asked
from ..store.approvals import asks_of
from ..store.database import Database
from ..store.results import call_rows, outcome_rows, output_rows, run_summary
from ..store.run_list import states_of
from ..store.runs import CALL, ENDED, OVERRIDES, PLAYBOOK, UNDO, Run, get_run
from .files import show_input
from .outcomes import show_outcomes, show_rows
from .output import Output
from .session import Session
from .sums import deed_of, effects_of, summary_line
from .table import Cell
from .undo import show_not_restored
from .waiting import show_waiting

MOST_CALLS = 50
KINDS = {CALL: "action", PLAYBOOK: "playbook", UNDO: "undo of"}


def show(session: Session) -> int:
    """Show a run."""
    options, output = session.options, session.output
    run = get_run(session.database, options.given_run)
    if options.given("unused"):
        rows = unused_rows(session.database, run.run)
        if output.json:
            output.print_json(rows)
        else:
            output.table(("unused", "place", "reason"), [tuple(row.values()) for row in rows])
            output.say(f"{len(rows):,} unused · run {run.run}")
    elif output.json:
        output.print_json(run_record(session.database, session.integration.definitions, run))
    else:
        _show(session, output, run)
    return 0


def _show(session: Session, output: Output, run: Run) -> None:
    database = session.database
    calls = call_rows(database, run.run)
    output.facts(_facts(database, run))
    output.say()
    columns = ("call", "action", "target", "connection", "batches", "given twice")
    if calls:
        output.table(columns, [_call(row) for row in calls[:MOST_CALLS]])
        if len(calls) > MOST_CALLS:
            output.say(f"… and {len(calls) - MOST_CALLS:,} more calls")
        output.say()
    action = run.name if run.kind == CALL else ""
    show_outcomes(output, outcome_rows(database, run.run), run.run, action)
    definition = session.integration.definitions.get(run.name)
    if run.kind == CALL and definition and not definition.acts:
        show_rows(output, output_rows(database, run.run, ONLY), definition.context_key)
    if "input" in run.details:
        show_input(output, database, run.run, run.details["input"])
    output.errors(run.details.get("errors", ()))
    if any(row["finished"] < row["batches"] for row in calls):
        output.say("Batches that did not finish: what became of their indicators is not recorded.")
    if waiting := waiting_row(database, run):
        show_waiting(output, run.run, waiting)
    elif run.kind != CALL and run.status != ENDED:
        output.say(f"It has not ended: `ioc-removal resume {run.run}` goes on if it stopped.")
    rows = list(outcome_rows(database, run.run)) if run.dry_run else []
    effects, deed = effects_of(rows), deed_of(rows)
    if run.kind == UNDO:
        show_not_restored(output, outcome_rows(database, run.run))
    output.say(summary_line(run_summary(database, run.run), run.run, effects=effects, deed=deed))


def _facts(database: Database, run: Run) -> Iterator[tuple[str, Cell]]:
    yield "run", run.run
    yield KINDS[run.kind], run.name
    yield "dry run", "yes, nothing was changed" if run.dry_run else None
    yield "result", states_of(database, [run])[run.run]
    about = asked(run)
    same = about["user"] in (None, about["actor"])
    yield "by", run.requester if same else f"{run.requester} (user {about['user']})"
    yield "ticket", about["ticket"]
    yield "reason", about["why"]
    yield "started", run.started
    yield "ended", run.ended
    for guard, reason in run.details.get(OVERRIDES, {}).items():
        yield "override", f"{guard}: {reason}"
    for ask in asks_of(database, run.run):
        if ask.said:
            yield f"asked in {ask.ask}", ask.said
    given = run.details.get("arguments" if run.kind == CALL else "inputs", {})
    for name, value in given.items():
        if isinstance(value, list) and len(value) > 1:
            yield name, f"{len(value):,} given"
        elif not isinstance(value, dict):
            yield name, str(value[0] if isinstance(value, list) and value else value)


def _call(row: dict[str, Any]) -> tuple[Cell, ...]:
    batches = f"{row['finished']:,} of {row['batches']:,}"
    target = target_of(row["target"])
    return row["call"], row["action"], target, row["connection"], batches, row["duplicates"] or None
