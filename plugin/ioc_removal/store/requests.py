"""Requests by which a caller names a run, so that asking twice begins one."""

from typing import NamedTuple

from .database import Database
from .runs import REQUEST
from .statements import Transaction

ASKED = "asked"  # of a run's details: what the request asked for, as a hash


class Request(NamedTuple):
    """How a caller names a run. asked: a hash of what is asked for, None when it is not known."""

    id: str
    asked: str | None = None

    @property
    def details(self) -> dict[str, str]:
        """What a run keeps of it."""
        return {REQUEST: self.id, **({ASKED: self.asked} if self.asked else {})}


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
