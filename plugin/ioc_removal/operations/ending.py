"""End a run: its result follows from its outcomes, and from what went wrong beside them."""

from collections.abc import Mapping
from typing import Any

from ..definition import Definition
from ..outcome import FAILED, PARTIAL, Summary
from ..store.database import Database
from ..store.results import run_summary
from ..store.runs import Run, end_run, get_run
from ..store.sets import by_reference
from ..store.tallies import tallies_of
from .history import run_record


def end_by(
    database: Database,
    definitions: Mapping[str, Definition],
    run: Run,
    errors: list[dict[str, Any]],
    output: Any = None,
) -> tuple[dict[str, Any], Summary]:
    """End a run and make its record; definitions: of its actions, by name."""
    tallies = tallies_of(database, run.run)
    summary = run_summary(database, run.run, tallies=tallies)
    result = summary.result
    if errors:
        result = PARTIAL if result != FAILED and summary.counts else FAILED
    more = {"counts": summary.counts, "errors": errors, "output": by_reference(output or {})}
    end_run(database, run.run, result, **more)
    known = get_run(database, run.run)
    return run_record(database, definitions, known, summary, tallies), summary
