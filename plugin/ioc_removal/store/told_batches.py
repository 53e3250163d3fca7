"""Tell of each batch that was finished, for logs and metrics."""

from ..action import Action
from ..events import DETAIL, WRONG, is_told, tell
from ..outcome import FAILED, UNKNOWN
from ..same_outcome import counts_of, kinds_of
from ..trust.recorder import Finished

MOST = 20  # ids of requests that are told


def tell_batch(run: str, call: str, action: Action, finished: Finished) -> None:
    """Tell what became of a batch of what acts: at a higher level when something went wrong.

    By name: run, call, batch, action, connection, outcomes (how many of each), attempts,
    request_ids (of the system, where it gives any) and the reason of the first that went wrong.
    """
    if not action.definition.acts or not is_told(WRONG):
        return
    rows = kinds_of(finished.outcomes)
    wrong = [row for row in rows if row.outcome in {FAILED, UNKNOWN}]
    level = WRONG if wrong else DETAIL
    if not is_told(level):
        return
    ids = dict.fromkeys(row.request_id for row in rows if row.request_id)
    facts = {
        "outcomes": dict(counts_of(finished.outcomes)),
        "attempts": max((row.attempts for row in rows), default=0),
        "request_ids": list(ids)[:MOST],
        "reason": wrong[0].reason if wrong else None,
    }
    tell(
        level,
        "batch",
        run=run,
        call=call,
        batch=finished.batch.number,
        action=action.definition.name,
        connection=action.call.connection.name if action.call else None,
        **{name: value for name, value in facts.items() if value},
    )
