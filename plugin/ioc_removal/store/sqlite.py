"""The store in a file of SQLite."""

import sqlite3
from collections.abc import Collection, Iterator
from os import O_CREAT, O_RDWR, close
from os import open as open_file
from pathlib import Path
from threading import Lock
from time import monotonic, sleep, time
from typing import cast

from ..errors import SettingsError
from .file_lease import FileLeases
from .location import CHOOSE
from .statements import AT_ONCE, Places, Row, Transaction, Values
from .version import VERSION

VERSION_INFO = sqlite3.sqlite_version_info
LOG = 1 << 24  # bytes that the log keeps of what a large transaction took
BUSY = 30.0  # seconds to wait for another process's transaction
PAUSE = 0.01  # seconds until another look


def own_file(path: Path) -> None:
    """Create a file that only its owner can read, unless it is there already."""
    close(open_file(path, O_CREAT | O_RDWR, 0o600))


class SQLite:
    """A file, created, readable by its owner only, when it does not exist.

    Raises SettingsError for one that cannot be used, or of a newer version.
    """

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)
    places: Places | None = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reading, self._reader = Lock(), cast("sqlite3.Connection | None", None)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            own_file(path)
            self._leases = FileLeases(path.with_name(f"{path.name}.leases"))
            self._connection = sqlite3.connect(
                path, timeout=BUSY, isolation_level=None, check_same_thread=False
            )
            self._check()
            self._write_ahead()
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute(f"PRAGMA journal_size_limit = {LOG}")
            self._migrate()
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(f"cannot use the store {path}: {error}; {CHOOSE}") from error

    @property
    def within(self) -> bool:
        """Whether a transaction has begun."""
        return self._connection.in_transaction

    def begin(self, *, beside: bool = False) -> Transaction:
        """Begin a transaction, alone: others that write wait until it ends."""
        del beside  # a file takes one that writes
        self._connection.execute("BEGIN IMMEDIATE")
        return self._connection

    def line_up(self, name: str) -> None:
        """Do nothing: a transaction is alone."""

    def begin_reading(self) -> None:
        """Begin to read one state, whatever others write meanwhile."""
        self._connection.execute("BEGIN")

    def commit(self) -> None:
        """Keep what the transaction did."""
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Forget what the transaction did."""
        self._connection.execute("ROLLBACK")

    def rows(self, query: str, values: Values) -> list[Row]:
        """Return the rows of a query."""
        return self._connection.execute(query, values).fetchall()

    def rows_beside(self, query: str, values: Values) -> list[Row]:
        """Return the rows of a query that are kept, by a connection that waits for no commit."""
        with self._reading:
            if self._reader is None:
                self._reader = self.session()
                self._reader.execute("PRAGMA query_only = ON")
            return self._reader.execute(query, values).fetchall()

    def portions(self, query: str, values: Values) -> Iterator[list[Row]]:
        """Yield the rows of a query, so many at a time that they fit in memory."""
        cursor = self._connection.execute(query, values)
        while portion := cursor.fetchmany(AT_ONCE):
            yield portion

    def told(self, error: BaseException) -> str:
        """Say what one of its errors means."""
        return str(error)

    def is_misread(self, error: BaseException) -> bool:
        """Tell whether an error means that what is stored is no JSON, as it should be."""
        return "JSON" in str(error)

    def is_lost(self) -> bool:
        """Tell whether it was closed by another than us; a file never is."""
        return False

    def is_gone(self) -> bool:
        """Return False: a file is there."""
        return False

    def clock(self) -> float:
        """Return the time: seconds since 1970."""
        return time()

    def take(self, name: str, *, vital: bool = True) -> None:
        """Hold a name while this process lives, which nothing cuts off; raises Held."""
        del vital
        self._leases.take(name)

    def let_go(self, name: str) -> None:
        """Hold a name no longer."""
        self._leases.let_go(name)

    def holds(self, name: str) -> bool:
        """Tell whether this process holds a name."""
        return self._leases.holds(name)

    def seconds_until_turn(self, place: str, pause: float) -> float:
        """Return that it is now: the processes of a file keep their own pace."""
        del place, pause
        return 0.0

    def lift(self) -> None:
        """Let the transaction that has begun take away rows of the journal."""
        from .sqlite_schema import lift  # few commands take any away

        lift(self._connection)

    def restore(self) -> None:
        """Let rows of the journal only be added again."""
        from .sqlite_schema import restore

        restore(self._connection)

    def free_bytes(self) -> int:
        """Return how much of the file is not in use."""
        [pages] = self._connection.execute("PRAGMA freelist_count").fetchone()
        [size] = self._connection.execute("PRAGMA page_size").fetchone()
        return int(pages) * int(size)

    def forget_lease(self, name: str) -> None:
        """Take away what is left of a lease that nobody holds."""
        self._leases.forget(name)

    def holders(self, names: Collection[str]) -> dict[str, str]:
        """Return those of some names that processes hold, each with which, in words."""
        found = ((name, self._leases.holder(name)) for name in names)
        return {name: holder for name, holder in found if holder is not None}

    def session(self) -> sqlite3.Connection:
        """Open one more connection to the file."""
        return sqlite3.connect(self._path, timeout=BUSY, check_same_thread=False)

    def leave(self) -> None:
        """Do nothing: what others do with the file takes no time."""

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
        if self._reader is not None:
            self._reader.close()

    def _check(self) -> None:
        """Refuse a database of another program, before anything in it is changed."""
        [version] = self._connection.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            return
        # Both at once: another process may make the tables now.
        query = (
            "SELECT user_version, name FROM pragma_user_version"
            " LEFT JOIN sqlite_master ON type = 'table'"
        )
        found = self._connection.execute(query).fetchall()
        version, tables = found[0][0], {name for _, name in found if name is not None}
        if tables and (not version or "runs" not in tables):
            raise SettingsError(
                f"cannot use the store {self._path}: it is a database of another program; {CHOOSE}"
            )

    def _write_ahead(self) -> None:
        """Write to a log first; SQLite itself waits for nobody else who begins with that now."""
        until = monotonic() + BUSY
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or monotonic() > until:
                    raise
                sleep(PAUSE)
            else:
                return

    def _migrate(self) -> None:
        [found] = self._connection.execute("PRAGMA user_version").fetchone()
        if found == VERSION:
            return  # nobody who writes is waited for, or waits
        from .sqlite_schema import migrated  # a store is made once

        connection = self.begin()
        try:
            version = migrated(connection)
        except sqlite3.Error:
            self.rollback()
            raise
        if version != VERSION:
            self.rollback()
            raise SettingsError(
                f"the store {self._path} has version {version}, this program knows {VERSION}; "
                f"{CHOOSE}"
            )
        self.commit()
