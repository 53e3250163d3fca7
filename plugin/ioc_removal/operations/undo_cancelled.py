"""What an undo that was cancelled did not put back: each row is refused, and another may try it."""

from collections import defaultdict
from collections.abc import Mapping

from ..batches import Batch, Prepared
from ..definition import Definition
from ..outcome import REFUSED, Outcome, after_a_lost_try
from ..store.call_rows import call_rows
from ..store.claims import Claim, claims_of
from ..store.database import Database
from ..store.runs import Run
from ..trust.recorder import Finished, Known
from .kept_action import KeptAction
from .undo_recorder import UndoRecorder


def give_up_undo(
    database: Database, definitions: Mapping[str, Definition], undo: Run, why: str
) -> None:
    """Record an outcome for each row that an undo has and did not finish."""
    begun = {row["call"]: row for row in call_rows(database, undo.run)}
    by_call = defaultdict(list)
    for claim in claims_of(database, undo.run):
        by_call[claim.call].append(claim)
    for name, claims in by_call.items():
        row = begun.get(name)
        if row is not None and row["batches"] and row["finished"] == row["batches"]:
            continue
        done = claims[0].done
        by = definitions[done.action].undo or done.action
        definition = definitions[row["action"] if row else by]
        node = done.outcome.target.get("node")
        action = KeptAction(definition, nodes=(node,) if node else ())
        recorder = UndoRecorder(database, undo.run, name, action)
        recorder.undone, recorder.texts, recorder.earlier = undo.name, {}, Known()
        recorder.claims = {one.item: one for one in claims}
        if row is not None and row["batches"]:
            prepared = recorder.prepared()
            recorder.give_up(recorder.planned(prepared, 0, recorder.count(), left=True), why, why)
        else:
            recorder.begin(Prepared({}, done.outcome.target, 0, ()))
            batch = Batch(0, {}, [one.done.outcome.indicator for one in claims])
            recorder.finish(Finished(batch, tuple(_refused(one, why) for one in claims)))


def _refused(claim: Claim, why: str) -> Outcome:
    """Return the outcome of a row for which nothing was sent; an earlier undo may have sent it."""
    done = claim.done
    outcome = Outcome(REFUSED, done.outcome.target, done.value, done.outcome.id, why)
    return after_a_lost_try(outcome) if claim.before else outcome
