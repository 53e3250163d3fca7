"""Cancel a run: nothing more of it is begun, or sent, once its chain says so."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any, NamedTuple

from ..connection import STILL_TRUE, Connection
from ..errors import ArgumentError, CancelledError, ClosedError, StoreError
from .columns import parsed
from .database import Database
from .intents import last_asked
from .journal import CANCEL, add_event, now
from .looks import Look
from .runs import CANCELLED, ENDED, Requester, get_run
from .statements import Row, Transaction

LOOK = 1.0  # seconds between two looks whether a run was cancelled
# A range of one run, for which SQLite takes the index of those that were cancelled: by the run
# alone it would walk through all links of a long one, twice a batch.
QUERY = "SELECT facts, at FROM links WHERE run BETWEEN ? AND ? AND kind = 'cancel'"


class Cancellation(NamedTuple):
    """Who cancelled a run, and when.

    by: actor, user, ticket, reason; at: ISO 8601 in UTC.
    """

    by: Mapping[str, Any]
    at: str

    @property
    def reason(self) -> str:
        """Why what was not sent is not sent."""
        return f"cancelled by {self.by['actor']}: {self.by['reason']}"


def cancel(database: Database, run: str, requester: Requester) -> None:
    """Keep that a run is cancelled, once, and close what it asks.

    When it returns, no batch is begun, and no request is sent any more. Raises ArgumentError when
    it has ended, or was cancelled before.
    """
    at, by = now(), requester._asdict()
    with database.transaction() as connection:
        known = get_run(database, run)
        if before := cancellation(database, run):
            raise ArgumentError(
                f"the run {run} was cancelled already, at {before.at}: {before.reason}"
            )
        if known.status == ENDED:
            raise ArgumentError(
                f"the run {run} has ended ({known.result}): nothing is left to be cancelled; "
                f"`ioc-removal undo {run}` puts back what it removed"
            )
        details = json.dumps({**known.details, CANCELLED: {**by, "at": at}})
        connection.execute("UPDATE runs SET details = ? WHERE run = ?", (details, run))
        add_event(connection, database.hashing, run, CANCEL, {"by": by}, at)
        _close_asks(connection, database, run, by, at)
    sleep(STILL_TRUE)  # who waits for a turn may have asked just before


def cancellation(database: Database, run: str) -> Cancellation | None:
    """Return who cancelled a run, None when nobody did."""
    return _first(database.rows(QUERY, (run, run)), run)


def ask_cancelled(transaction: Transaction, run: str) -> Callable[[], None]:
    """Ask whether a run was cancelled, in the transaction that begins a batch.

    Returns what raises CancelledError when it was; other statements may be sent before it is asked.
    """
    asked = transaction.execute(QUERY, (run, run))

    def told() -> None:
        if found := _first(asked.fetchall(), run):
            raise CancelledError(found.reason)

    return told


def ask_before_requests(database: Database, run: str, connection: Connection) -> None:
    """Let nothing be sent for a run once it was cancelled, also of what was begun before."""
    look = Look(lambda: cancellation(database, run))

    def asked() -> float:
        at, before = monotonic(), last_asked()
        if at < before + STILL_TRUE / 2:
            return before  # with the intent
        if cancelled := look():
            connection.stop(cancelled.reason)
            raise ClosedError(cancelled.reason)
        return at

    for node in connection.nodes:
        node.asked = asked


@contextmanager
def watched(database: Database, run: str, then: Callable[[Cancellation], None]) -> Iterator[None]:
    """Look now and then whether a run was cancelled, and do what is to be done then, once.

    then: called from a thread of its own.
    """
    over = Event()

    def watch() -> None:
        while not over.wait(LOOK):
            try:
                found = cancellation(database, run)
            except StoreError:
                continue  # whoever works with the store tells of it
            if found:
                then(found)
                return

    thread = Thread(target=watch, name=f"cancelled {run}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(LOOK)


def _first(rows: list[Row], run: str) -> Cancellation | None:
    for facts, at in rows:
        return Cancellation(parsed(facts, "links.facts", run, dict)["by"], at)
    return None


def _close_asks(
    connection: Transaction, database: Database, run: str, by: Mapping[str, Any], at: str
) -> None:
    """Close what a run asks, so that nobody decides on it any more."""
    from .asks import CANCELLED as CLOSED  # most of those who watch for it cancel nothing
    from .asks import asks_of
    from .decisions import APPROVAL, decision_facts, use_facts

    for ask in asks_of(database, run):
        if ask.decision is None:
            connection.execute(
                "UPDATE approvals SET decision = ?, decider = ?, decided = ?, response = '{}',"
                " used = ? WHERE run = ? AND ask = ?",
                (CLOSED, json.dumps(by), at, at, run, ask.ask),
            )
            decided = decision_facts(ask.ask, ask.plan, CLOSED, by, {})
            for facts in (decided, use_facts(ask.ask, ask.plan, CLOSED)):
                add_event(connection, database.hashing, run, APPROVAL, facts, at)
