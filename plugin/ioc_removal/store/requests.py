"""Requests by which a caller names a run, so that asking twice begins one."""

from .database import Database
from .statements import Transaction


class AskedBefore(Exception):  # noqa: N818  # nothing went wrong
    """A request began a run already; run: its id."""

    def __init__(self, run: str) -> None:
        super().__init__(run)
        self.run = run


def claim_request(transaction: Transaction, request: str, run: str) -> None:
    """Let a request stand for a run that begins; raises AskedBefore."""
    insert = "INSERT INTO requests VALUES (?, ?) ON CONFLICT DO NOTHING"
    if not transaction.execute(insert, (request, run)).rowcount:
        query = "SELECT run FROM requests WHERE request = ?"
        raise AskedBefore(transaction.execute(query, (request,)).fetchone()[0])


def run_of_request(database: Database, request: str) -> str | None:
    """Return the run that a request began, None when it began none."""
    found = database.rows("SELECT run FROM requests WHERE request = ?", (request,))
    return str(found[0][0]) if found else None


def forget_request(database: Database, request: str, run: str) -> None:
    """Let a request begin another run: this one stopped before anything could be sent."""
    with database.transaction() as transaction:
        query = "DELETE FROM requests WHERE request = ? AND run = ?"
        transaction.execute(query, (request, run))
