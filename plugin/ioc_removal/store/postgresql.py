"""The store in a database of PostgreSQL; the door to psycopg, with postgresql_session.py.

A transaction that writes takes one lock of the store first, so that it is alone, as in SQLite. A
lease is a lock of the session and ends with it, so that what is committed was committed while the
leases were held.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count, islice

import psycopg

from ..errors import SettingsError
from .location import CHOOSE, Server
from .postgresql_lasting import LastingSession
from .postgresql_leases import Taken, number_of
from .postgresql_pipeline import Pipelined
from .postgresql_schema import TURN, migrate, translated, version_of
from .postgresql_session import Session, closed_by_errors, plain_session
from .statements import AT_ONCE, Cursor, Places, Row, Transaction, Values
from .trust_tables import TAKEN_FROM
from .version import VERSION


class PostgreSQL:
    """A database, in which the store is made when it is not there; raises SettingsError."""

    errors: tuple[type[Exception], ...] = (psycopg.Error, Taken)
    takes_json = True
    rows_beside = None  # one thread at a time uses a session

    def __init__(self, server: Server) -> None:
        self._server = server
        self._walks = count()
        self._pipelined: Pipelined | None = None  # the transaction that goes beside others
        try:
            self._lasting = LastingSession(server)
            self._leases, self._again = self._lasting.leases, self._lasting.again
            with closed_by_errors(self._connection):
                self._migrate()
        except psycopg.Error as error:
            raise SettingsError(
                f"cannot use the store {server}: {self.told(error)}; {CHOOSE}"
            ) from None

    @property
    def places(self) -> Places:
        """The names of which any will do."""
        return self._leases

    @property
    def within(self) -> bool:
        """Whether a transaction has begun, and its session is there."""
        return self._lasting.within

    def begin(self, *, beside: bool = False) -> Transaction:
        """Begin a transaction, alone: others that write wait until it ends.

        beside: beside others that were begun so; those that are alone wait for it, and it for them.
        """
        if beside:
            self._pipelined = self._again(lambda: Pipelined(self._connection, _BESIDE))
            return self._pipelined
        self._again(lambda: self._connection.execute(_BEGIN))
        return self

    def line_up(self, name: str) -> None:
        """Wait, in a transaction, for all others that did so for a name, until they end."""
        lock = b"SELECT pg_advisory_xact_lock(%s)"
        (self._pipelined or self._connection).execute(lock, (number_of(name),))

    def begin_reading(self) -> None:
        """Begin to read one state, whatever others write meanwhile."""
        begin = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        self._again(lambda: self._connection.execute(begin))

    def commit(self) -> None:
        """Keep what the transaction did."""
        pipelined, self._pipelined = self._pipelined, None
        if pipelined:
            pipelined.commit()
        else:
            self._connection.execute(b"COMMIT")

    def rollback(self) -> None:
        """Forget what the transaction did."""
        pipelined, self._pipelined = self._pipelined, None
        if pipelined:
            pipelined.leave()
        if self.within:
            self._connection.execute(b"ROLLBACK")

    def execute(self, query: str, values: Values = ()) -> Cursor:
        """Do one statement of a transaction."""
        return self._connection.execute(translated(query, isinstance(values, Mapping)), values)

    def executemany(self, query: str, values: Iterable[Values]) -> None:
        """Do a statement of a transaction for each of several values.

        They are made before they are sent: what makes them may ask the database, too.
        """
        text, walk = translated(query, named=False), iter(values)
        while portion := list(islice(walk, AT_ONCE)):
            self._connection.cursor().executemany(text, portion)

    def rows(self, query: str, values: Values) -> list[Row]:
        """Return the rows of a query."""
        return self._again(lambda: self.execute(query, values).fetchall())

    def portions(self, query: str, values: Values) -> Iterator[list[Row]]:
        """Yield the rows of a query, so many at a time that they fit in memory."""
        text = translated(query, isinstance(values, Mapping))

        def opened() -> psycopg.ServerCursor[Row]:
            name = f"walk{next(self._walks)}"
            return self._connection.cursor(name, withhold=not self.within).execute(text, values)

        with self._again(opened) as cursor:
            while portion := cursor.fetchmany(AT_ONCE):
                yield portion

    def told(self, error: BaseException) -> str:
        """Say what an error means, in one line, without secrets."""
        if isinstance(error, Taken):
            return f"while it was away {error} took over what is done here"
        lines = (" ".join(line.split()) for line in str(error).splitlines())
        return self._server.masked("; ".join(filter(None, lines)))

    def is_misread(self, error: BaseException) -> bool:
        """Tell whether an error means that what is stored is no JSON, as it should be."""
        return isinstance(error, psycopg.errors.InvalidTextRepresentation)

    def is_lost(self) -> bool:
        """Tell whether the session ended without being closed."""
        return self._connection.broken

    def is_gone(self) -> bool:
        """Tell whether the server was away for so long that nothing waits for it any more."""
        return self._lasting.is_gone

    def clock(self) -> float:
        """Return the server's time: seconds since 1970."""
        return self._lasting.clock()

    def take(self, name: str, *, vital: bool = True) -> None:
        """Hold a name while the connection lasts; raises Held.

        vital: whether nothing is done any more when another process takes it after the session was
        lost.
        """
        self._leases.lease(name, vital=vital)

    def let_go(self, name: str) -> None:
        """Hold a name no longer."""
        self._leases.let_go(name)

    def holds(self, name: str) -> bool:
        """Tell whether a name is held, unless the connection was lost just now."""
        return self._leases.holds(name)

    def seconds_until_turn(self, place: str, pause: float) -> float:
        """Take the next moment for a request to a place, and return how far it is."""
        taken = self._again(lambda: self._connection.execute(TURN.encode(), (place, pause)))
        [(seconds,)] = taken.fetchall()
        return float(seconds)

    def lift(self) -> None:
        """Let the transaction that has begun take away rows of the journal."""
        for table in TAKEN_FROM:  # nobody who reads has to wait, as for dropping them
            self.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_delete")

    def restore(self) -> None:
        """Let rows of the journal only be added again."""
        for table in TAKEN_FROM:
            self.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_delete")

    def free_bytes(self) -> None:
        """Return None: the server takes care of its files."""

    def forget_lease(self, name: str) -> None:
        """Do nothing: a lease ends with its session."""

    def holders(self, names: Collection[str]) -> dict[str, str]:
        """Return those of some names that sessions hold, this one too, each with which."""
        return self._leases.holders(names)

    def session(self) -> Session:
        """Open one more session, with the settings of psycopg and of the server."""
        return plain_session(self._server)

    def leave(self) -> None:
        """Wait no longer for a server that is gone."""
        self._lasting.leave()

    def close(self) -> None:
        """Close the session."""
        self._connection.close()

    @property
    def _connection(self) -> Session:
        return self._lasting.session

    def _migrate(self) -> None:
        if version_of(self) != VERSION:
            with self._connection.transaction():
                self._connection.execute(_ALONE)
                migrate(self, self._server)


_ALONE = f"SELECT pg_advisory_xact_lock({number_of('writing')})".encode()
_BEGIN = b"BEGIN; " + _ALONE
_BESIDE = f"SELECT pg_advisory_xact_lock_shared({number_of('writing')})".encode()
