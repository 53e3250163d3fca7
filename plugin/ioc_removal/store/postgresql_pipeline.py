"""A transaction whose statements are sent without a wait for what came of those before.

What it does is known when something of it is read, and when it is committed: an error too.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from typing import Any

import psycopg

from .postgresql_schema import translated
from .postgresql_session import Session
from .statements import AT_ONCE, Values


class Pipelined:
    """A transaction of a session.

    first: its first statement. Raises psycopg.Error.
    """

    takes_json = True

    def __init__(self, session: Session, first: bytes) -> None:
        self._session, self._stack = session, ExitStack()
        self._pipeline = self._stack.enter_context(session.pipeline())
        try:
            session.execute(b"BEGIN")
            session.execute(first)
        except psycopg.Error:
            self.leave()
            raise

    def execute(self, query: str | bytes, values: Values = ()) -> "Later":
        """Send one statement."""
        text = query if isinstance(query, bytes) else translated(query, named=False)
        return Later(self._pipeline, self._session.execute(text, values))

    def executemany(self, query: str, values: Iterable[Values]) -> None:
        """Send a statement for each of several values.

        They are made before they are sent: what makes them may ask the database, too.
        """
        text, walk = translated(query, named=False), iter(values)
        while portion := list(islice(walk, AT_ONCE)):
            self._session.cursor().executemany(text, portion)

    def commit(self) -> None:
        """Keep what it did; raises what any of its statements met."""
        try:
            done = self._session.execute(b"COMMIT")
        except psycopg.Error:  # an error of a statement before it has arrived by now
            self.leave()
            raise
        self._stack.close()
        if done.statusmessage != "COMMIT":
            raise psycopg.errors.InFailedSqlTransaction("the transaction was not committed")

    def leave(self) -> None:
        """Wait for what was sent, whatever comes of it; the transaction may go on after that."""
        with suppress(psycopg.Error):
            self._stack.close()


class Later:
    """What comes of a statement."""

    def __init__(self, pipeline: psycopg.Pipeline, cursor: "psycopg.Cursor[Any]") -> None:
        self._pipeline, self._cursor = pipeline, cursor

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        self._pipeline.sync()
        return self._cursor.rowcount

    def fetchone(self) -> Any:
        """Return the next row, None after the last."""
        return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""
        return self._cursor.fetchall()

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows that are left."""
        return iter(self._cursor)
