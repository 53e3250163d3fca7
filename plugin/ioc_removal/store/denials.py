"""What a run may do by what was decided on its questions, or why it may do nothing more."""

from .asks import APPROVED, CANCELLED, EXPIRED, PLAN, REJECTED, asks_of
from .database import Database
from .decisions import tampered

NO = frozenset({REJECTED, EXPIRED, CANCELLED})


def is_approved(database: Database, run: str, plan: str) -> bool:
    """Tell whether a run went on by the approval of a plan; plan: its hash."""
    asks = [ask for ask in asks_of(database, run) if ask.ask == PLAN and ask.plan == plan]
    used = any(ask.decision == APPROVED and ask.used for ask in asks)
    return used and not _tampered(database, run)


def denial(database: Database, run: str) -> str | None:
    """Say why a run may remove nothing more: somebody said no, or nobody said anything."""
    if not _asks(database, run):
        return None  # as most runs
    if what := _tampered(database, run):
        return f"not approved: {what}"
    for ask in asks_of(database, run):
        if ask.decision in NO:
            return f"not approved: {ask.said}"
    return None


def denial_of_plan(database: Database, run: str) -> str | None:
    """Say why nothing of a run's plan may be done: who said no to it, or that nobody did anything.

    None for a run that did not ask for its plan, too.
    """
    denied = (one for one in asks_of(database, run) if one.decision in NO)
    return denial(database, run) if any(one.ask == PLAN for one in denied) else None


def _asks(database: Database, run: str) -> bool:
    """Tell whether a run asked anything, as far as a table or its chain tells."""
    query = (  # a range, as in cancelling.py
        "SELECT 1 FROM approvals WHERE run = :run UNION ALL"
        " SELECT 1 FROM links WHERE run BETWEEN :run AND :run AND kind = 'approval' LIMIT 1"
    )
    return bool(database.rows(query, {"run": run}))


def _tampered(database: Database, run: str) -> str | None:
    with database.transaction() as connection:
        return tampered(connection, database.hashing, run)
