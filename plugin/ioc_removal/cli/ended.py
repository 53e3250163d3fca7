"""What came of a call or run: the record for a program, tables and sums for a person."""

from collections.abc import Mapping
from typing import Any

from ..definition import Definition
from ..outcome import PLANNED, Summary
from ..store.database import Database
from ..store.run_outcomes import outcome_rows
from ..store.runs import get_run
from .files import show_input
from .how_far import next_step
from .outcomes import show_outcomes, show_rows
from .output import Output
from .sums import deed_of, effects_of, summary_line


def show_record(
    output: Output,
    database: Database,
    record: Mapping[str, Any],
    summary: Summary,
    *,
    definition: Definition | None = None,
    listed: bool = True,
) -> None:
    """Print what came of a call or run.

    definition: of a call's action; listed: whether each outcome is, not only their sums.
    """
    run = record.get("run")
    if output.json:
        output.print_json(record)
        output.errors(record["errors"])
        return
    if run and "outcomes" in record and listed:
        show_outcomes(output, outcome_rows(database, run), run)
    if record.get("outputs"):
        show_rows(output, record["outputs"], definition.context_key if definition else ())
    if run and "input" in record:
        show_input(output, database, run, record["input"])
    if record.get("duplicates"):
        output.say(f"{record['duplicates']:,} given more than once, sent once")
    output.errors(record["errors"])
    if run and "waiting" in record:
        from .waiting import show_waiting  # few runs wait

        show_waiting(output, run, record["waiting"])
    if definition is not None and not definition.acts and not record["errors"]:
        rows = len(record["outputs"])
        output.say(f"{rows:,} row{'s' if rows != 1 else ''} · run {run}")
    else:
        some = run and PLANNED in summary.counts
        planned = outcome_rows(database, str(run)).reasons(PLANNED) if some else ()
        effects, deed = effects_of(planned), deed_of(planned)
        ended = "waiting" not in record
        output.say(summary_line(summary, run, effects=effects, deed=deed, ended=ended))
        if run and ended and (step := next_step(get_run(database, run), summary.counts)):
            output.note(step)
