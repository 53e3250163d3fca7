"""An outcome as a row of the store."""

import json
from typing import Any

from ..outcome import OUTCOMES, Outcome
from .chain import ROW
from .columns import parsed, unreadable

OUTCOME_COLUMNS = ", ".join(ROW[4:])


def outcome_of(row: tuple[Any, ...], run: str) -> Outcome:
    """Return the outcome of a row of OUTCOME_COLUMNS; raises StoreError."""
    value, id_, target, outcome, reason, status, request_id, attempts, maybe, *rest = row
    response, settled, advice, verified, snapshot, not_restored = rest
    if outcome not in OUTCOMES:
        raise unreadable("outcomes.outcome", run)
    return Outcome(
        outcome, parsed(target, "outcomes.target", run, dict), value, id_, reason, status,
        request_id, attempts,
        bool(maybe), bool(settled), advice, bool(verified),
        parsed(snapshot, "outcomes.snapshot", run, dict) if snapshot else None,
        tuple(parsed(not_restored, "outcomes.not_restored", run, list)) if not_restored else (),
        parsed(response, "outcomes.response", run),
    )  # fmt: skip


def columns_of(outcome: Outcome) -> tuple[Any, ...]:
    """Return the columns as SQLite keeps them, as the journal's hash is made of them."""
    return (
        outcome.value,
        outcome.id,
        json.dumps(outcome.target, sort_keys=True),
        outcome.outcome,
        outcome.reason,
        outcome.http_status,
        outcome.request_id,
        outcome.attempts,
        int(outcome.maybe_ours),
        json.dumps(outcome.response),
        int(outcome.settled),
        outcome.advice,
        int(outcome.verified),
        None if outcome.snapshot is None else json.dumps(outcome.snapshot, sort_keys=True),
        json.dumps(outcome.not_restored) if outcome.not_restored else None,
    )
