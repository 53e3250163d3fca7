"""Tell of each batch that was finished, for logs and metrics."""

from collections import Counter

from ..action import Action
from ..events import DETAIL, WRONG, is_told, tell
from ..outcome import FAILED, UNKNOWN
from ..trust.recorder import Finished

MOST = 20  # ids of requests that are told


def tell_batch(run: str, call: str, action: Action, finished: Finished) -> None:
    """Tell what became of a batch of what acts: at a higher level when something went wrong.

    By name: run, call, batch, action, connection, outcomes (how many of each), attempts,
    request_ids (of the system, where it gives any) and the reason of the first that went wrong.
    """
    if not action.definition.acts or not is_told(WRONG):
        return
    wrong = [row for row in finished.outcomes if row.outcome in {FAILED, UNKNOWN}]
    level = WRONG if wrong else DETAIL
    if not is_told(level):
        return
    ids = dict.fromkeys(row.request_id for row in finished.outcomes if row.request_id)
    facts = {
        "outcomes": dict(Counter(row.outcome for row in finished.outcomes)),
        "attempts": max((row.attempts for row in finished.outcomes), default=0),
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
