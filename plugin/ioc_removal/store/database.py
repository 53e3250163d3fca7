"""Open the store's SQLite file, and its transactions."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from os import O_CREAT, O_RDWR, close, environ
from os import open as open_file
from pathlib import Path
from threading import RLock
from typing import Any

from ..errors import SettingsError, StoreError
from ..indicators.normal import normalised
from ..places import path_of
from ..secret import Secret
from .chain import Hashing
from .tables import MIGRATIONS, TABLES, VERSION

DEFAULT = "~/.local/state/ioc-removal/store.db"
VARIABLE = "IOC_REMOVAL_STORE"
SQLITE_VERSION = sqlite3.sqlite_version_info
AT_ONCE = 2_000  # rows of a walk that are in memory
BUSY = 30.0  # seconds to wait for another process's transaction


def store_path(option: str | None = None) -> Path:
    """Return where the store is: --store, else $IOC_REMOVAL_STORE, else the default.

    Raises SettingsError.
    """
    named = option or environ.get(VARIABLE) or DEFAULT
    try:
        return path_of(named)
    except OSError as error:
        raise SettingsError(
            f"cannot use the store {named!r}: {error.strerror}; choose another with --store or "
            f"{VARIABLE}"
        ) from error


def own_file(path: Path) -> None:
    """Create a file that only its owner can read, unless it is there already."""
    close(open_file(path, O_CREAT | O_RDWR, 0o600))


class Database:
    """A store's file, usable from any thread.

    path: created, readable by its owner only, when it does not exist; key: gives the key of the
    journal's hashes, asked when the first is made. Raises SettingsError.
    """

    def __init__(self, path: Path, key: Callable[[], Secret | None] = lambda: None) -> None:
        self.path = path
        self._key = key
        self._lock = RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            own_file(path)
            self._connection = sqlite3.connect(
                path, timeout=BUSY, isolation_level=None, check_same_thread=False
            )
            self._connection.create_function("normalised", 1, _key, deterministic=True)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._migrate()
        except (OSError, sqlite3.Error, StoreError) as error:
            raise SettingsError(
                f"cannot use the store {path}: {error}; choose another with --store or {VARIABLE}"
            ) from error

    def close(self) -> None:
        """Close the file, once no thread uses it."""
        with self._lock:
            self._connection.close()

    @cached_property
    def hashing(self) -> Hashing:
        """What makes the journal's hashes. Raises SettingsError when its key cannot be read."""
        return Hashing(self._key())

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run statements as one: all of them are kept, or none. Raises StoreError.

        Inside another transaction of the same thread they are a part of that one.
        """
        with self._lock, self._told():
            if self._connection.in_transaction:
                yield self._connection
                return
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state, whatever others write meanwhile. Raises StoreError."""
        with self._lock, self._told():
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    def rows(
        self, query: str, values: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[tuple[Any, ...]]:
        """Return the rows of a query. Raises StoreError."""
        with self._lock, self._told():
            return self._connection.execute(query, values).fetchall()

    def walk(self, query: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query, a portion at a time. Raises StoreError."""
        with self._lock, self._told():
            cursor = self._connection.execute(query, values)
        while True:
            with self._lock, self._told():
                portion = cursor.fetchmany(AT_ONCE)
            if not portion:
                return
            yield from portion

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say of SQLite's errors where the store is, and what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(
                f"the store {self.path} cannot be used: {error}; free space, or wait for another "
                f"process, or choose another with --store"
            ) from error

    def _migrate(self) -> None:
        with self.transaction() as connection:
            [version] = connection.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in TABLES.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")
                return
            while version in MIGRATIONS:
                for statement in MIGRATIONS[version]:
                    connection.execute(statement)
                version += 1
                connection.execute(f"PRAGMA user_version = {version}")
            if version != VERSION:
                raise SettingsError(
                    f"the store {self.path} has version {version}, this program knows {VERSION}; "
                    f"choose another with --store or {VARIABLE}"
                )


def _key(value: Any) -> str | None:
    """Return the key by which SQLite compares an indicator."""
    return normalised(value) if isinstance(value, str) else None
