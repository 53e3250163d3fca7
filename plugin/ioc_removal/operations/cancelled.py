"""End a run that was cancelled: what it did not send is refused, so that the numbers add up."""

from collections.abc import Mapping
from time import sleep
from typing import Any

from ..definition import Definition
from ..errors import CancelledError
from ..outcome import Summary
from ..store.call_rows import call_rows
from ..store.cancelling import cancellation
from ..store.chunks import chunks_at_work, close_chunks
from ..store.database import Database
from ..store.plans import get_plan
from ..store.recorder import StoreRecorder
from ..store.runs import UNDO, Run, get_run
from ..trust.record import error_row
from .ending import end_by
from .kept_action import kept_action
from .undo_cancelled import give_up_undo
from .unreached import record_unreached

PAUSE = 0.2  # seconds between two looks whether workers have ended what they were at
AT_ONCE = 2_000  # batches read together


def end_cancelled(
    database: Database, definitions: Mapping[str, Definition], run: str
) -> tuple[dict[str, Any], Summary]:
    """End a run that was cancelled and return its record and summary; its lease must be held.

    definitions: of its actions, by name. It needs no settings: nothing is sent, and what workers
    have in flight is waited for.
    """
    cancelled = cancellation(database, run)
    assert cancelled is not None  # noqa: S101  # nobody ends another so
    while chunks_at_work(database, run):
        sleep(PAUSE)
    close_chunks(database, run)
    known, why = get_run(database, run), cancelled.reason
    if known.kind == UNDO:
        give_up_undo(database, definitions, known, why)
    else:
        _give_up(database, definitions, known, why)
    if "plan" in known.details:
        plan = get_plan(database, known.details["plan"])

        def bind(name: str) -> Any:
            return kept_action(known, definitions[name])

        record_unreached(database, run, bind, plan, why)
    return end_by(database, definitions, known, [error_row(CancelledError(why))])


def _give_up(database: Database, definitions: Mapping[str, Definition], run: Run, why: str) -> None:
    """Record what is known of the batches that were begun and not finished, or not begun."""
    for row in call_rows(database, run.run):
        definition = definitions.get(row["action"])
        if definition and definition.acts and row["finished"] < row["batches"]:
            action = kept_action(run, definition)
            recorder = StoreRecorder(database, run.run, row["call"], action)
            prepared = recorder.prepared()
            for first in range(0, recorder.count(), AT_ONCE):
                recorder.give_up(
                    recorder.planned(prepared, first, first + AT_ONCE, left=True), why, why
                )
