"""`show`: one run, as the store knows it."""

from collections.abc import Iterator

from ..operations.call import ONLY
from ..operations.history import run_record, waiting_row
from ..operations.how_far import now_of, resumed_rows, task_rows
from ..operations.inputs import unused_rows
from ..operations.journal import asked
from ..outcome import PLANNED
from ..store.asks import asks_of
from ..store.call_rows import call_rows
from ..store.database import Database
from ..store.output_rows import output_rows
from ..store.results import reasons, run_summary
from ..store.retries import RETRY_OF, retries_of
from ..store.run_list import states_of
from ..store.run_outcomes import outcome_rows
from ..store.runs import CALL, CANCELLED, OVERRIDES, PLAYBOOK, PRUNE, UNDO, Run, get_run
from .files import show_input
from .how_far import MOST_REASONS, next_step, resumed_text, show_tasks, why_not_done
from .outcomes import show_outcomes, show_rows
from .output import Output
from .prune import show_pruned
from .session import Session
from .sums import deed_of, effects_of, summary_line
from .table import Cell
from .undo import show_not_restored
from .waiting import show_waiting

KINDS = {CALL: "action", PLAYBOOK: "playbook", UNDO: "undo of", PRUNE: "pruned"}


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
        record = run_record(session.database, session.integration.definitions, run)
        now = now_of(session.database, run, record["calls"])
        output.print_json(record if now is None else {**record, "now": now})
    elif run.kind == PRUNE:
        output.facts(_facts(session.database, run, states_of(session.database, [run])[run.run]))
        output.say()
        show_pruned(output, session.database, run)
    else:
        _show(session, output, run)
    return 0


def _show(session: Session, output: Output, run: Run) -> None:
    database = session.database
    tasks = task_rows(call_rows(database, run.run))
    state = states_of(database, [run])[run.run]
    output.facts(_facts(database, run, state))
    output.say()
    show_tasks(output, tasks)
    show_outcomes(output, outcome_rows(database, run.run), run.run)
    definition = session.integration.definitions.get(run.name)
    if run.kind == CALL and definition and not definition.acts:
        show_rows(output, output_rows(database, run.run, ONLY), definition.context_key)
    if "input" in run.details:
        show_input(output, database, run.run, run.details["input"])
    output.errors(run.details.get("errors", ()))
    rows = outcome_rows(database, run.run).reasons(PLANNED)
    effects, deed = effects_of(rows), deed_of(rows)
    if run.kind == UNDO:
        show_not_restored(output, outcome_rows(database, run.run))
    if waiting := waiting_row(database, run):
        show_waiting(output, run.run, waiting)
    now = now_of(database, run, tasks)
    why = reasons(database, run.run, MOST_REASONS + 1)
    for line in why_not_done(run, state, now, why, shared=database.is_shared):
        output.say(line)
    summary = run_summary(database, run.run)
    step = next_step(run, summary.counts, retries_of(database, run.run))
    if now is None and step:
        output.say(step)
    output.say(summary_line(summary, run.run, effects=effects, deed=deed, ended=now is None))


def _facts(database: Database, run: Run, state: str) -> Iterator[tuple[str, Cell]]:
    yield "run", run.run
    yield KINDS[run.kind], run.name
    yield "retry of", run.details.get(RETRY_OF)
    yield "tried again", ", ".join(retries_of(database, run.run)) or None
    yield "dry run", "yes, nothing was changed" if run.dry_run else None
    yield "result", state
    yield "held by", database.holders((run.run,)).get(run.run)
    about = asked(run)
    same = about["user"] in (None, about["actor"])
    yield "by", run.requester if same else f"{run.requester} (user {about['user']})"
    yield "ticket", about["ticket"]
    yield "reason", about["why"]
    yield "started", run.started
    yield "resumed", resumed_text(resumed_rows(database, run.run))
    yield "ended", run.ended
    if cancelled := run.details.get(CANCELLED):
        yield "cancelled", f"by {cancelled['actor']} at {cancelled['at']}: {cancelled['reason']}"
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
