"""Open the store, a file of SQLite or a database of PostgreSQL, and its transactions."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timezone
from functools import cached_property
from typing import Any, TypeVar

from ..errors import SettingsError, StoreError
from ..secret import Secret
from .chain import Hashing
from .columns import unreadable
from .committing import Committing
from .location import Location, Server
from .sqlite import SQLite
from .statements import Driver, Places, Row, Transaction, Values

EVERY = 2**62  # more rows than there are, for LIMIT
Some = TypeVar("Some")


class Database:
    """A store, usable from any thread.

    location: of a file, which is made when it does not exist, or of a database; key: gives the key
    of the journal's hashes, asked when the first is made. is_shared: whether processes of several
    hosts may use it. Raises SettingsError.
    """

    def __init__(self, location: Location, key: Callable[[], Secret | None] = lambda: None) -> None:
        self.location, self.is_shared = location, isinstance(location, Server)
        self._key = key
        self._driver = _driver(location)
        self._committing = Committing(self._driver, self._told, self.unusable)

    def close(self) -> None:
        """Close the store, once no thread uses it."""
        with self._committing.lock:
            self._driver.close()

    @cached_property
    def hashing(self) -> Hashing:
        """What makes the journal's hashes. Raises SettingsError when its key cannot be read."""
        return Hashing(self._key())

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Run statements as one: all of them are kept, or none. Raises StoreError.

        Inside another transaction of the same thread they are a part of that one.
        """
        return self._committing.transaction()

    def beside(self) -> AbstractContextManager[Transaction]:
        """Run statements as one, beside others that are run so, but beside no transaction().

        For what concerns one batch of a run alone: what others of the run change too is changed by
        statements that take it as it is, in this order, so that no two wait for each other: the
        batch, `sent`, `reserved`, `going`, and last, after line_up(), the chain. What a read
        returned comes after that: one process alone keeps it. Raises StoreError.
        """
        return self._committing.beside() if self.is_shared else self._committing.transaction()

    def line_up(self, name: str) -> None:
        """Wait, in a transaction beside others, for those that did so for a name, until they end.

        Raises StoreError.
        """
        try:  # as _told() does, which takes longer than a file
            self._driver.line_up(name)
        except self._driver.errors as error:
            raise self.unusable(error) from error

    @contextmanager
    def taking_away(self) -> Iterator[Transaction]:
        """Run statements as one that may take away rows of the journal. Raises StoreError."""
        with self.transaction() as transaction:
            self._driver.lift()
            yield transaction
            self._driver.restore()

    def free_bytes(self) -> int | None:
        """Return how much of its file is not in use, None of a database. Raises StoreError."""
        with self._committing.lock, self._told():
            return self._driver.free_bytes()

    def forget_lease(self, name: str) -> None:
        """Take away what is left of a lease that nobody holds."""
        self._driver.forget_lease(name)

    def outliving(self, do: Callable[[], Some]) -> Some:
        """Do what may be done twice: again, where the connection was lost in the middle of it.

        Raises StoreError, also when the database stays away.
        """
        while True:
            try:
                return do()
            except StoreError as error:
                if not error.lost or self._driver.is_gone():
                    raise

    def leave(self) -> None:
        """Wait no longer for a database that cannot be reached, as the process is to end."""
        self._driver.leave()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state, whatever others write meanwhile. Raises StoreError."""
        with self._committing.lock, self._told():
            self._committing.end()
            self._driver.begin_reading()
            try:
                yield
            finally:
                if self._driver.within:
                    self._driver.rollback()

    def rows(self, query: str, values: Values = ()) -> list[Row]:
        """Return the rows of a query. Raises StoreError.

        While another thread writes, they are those that are kept, where they can be read meanwhile.
        """
        beside = self._driver.rows_beside
        if beside is not None and self._committing.is_busy():
            with self._told():
                return beside(query, values)
        with self._committing.lock:  # as _alone() and _told() do, which takes longer than to read
            try:
                if self.is_shared:
                    self._committing.part()
                return self._driver.rows(query, values)
            except self._driver.errors as error:
                raise self.unusable(error) from error

    def walk(self, query: str, values: Values = ()) -> Iterator[Row]:
        """Yield the rows of a query, a portion at a time. Raises StoreError."""
        portions = self._driver.portions(query, values)
        while True:
            with self._alone(), self._told():
                portion = next(portions, None)
            if portion is None:
                return
            yield from portion

    @contextmanager
    def lease(self, name: str, *, vital: bool = True) -> Iterator[None]:
        """Hold a name while this process lives; raises Held when another one does.

        vital: whether the store is of no use any more when another process took the name while the
        connection was lost; else the name is lost, and that is all.
        """
        with self._alone(), self._told():
            self._driver.take(name, vital=vital)
        try:
            yield
        finally:
            with self._alone(), self._told():
                self._driver.let_go(name)

    def clock(self) -> float:
        """Return the time, the same for all processes of the store: seconds since 1970.

        Nothing is asked for it.
        """
        return self._driver.clock()

    @contextmanager
    def places(self) -> Iterator[Places]:
        """Use names of which any will do, of a store that is shared. Raises StoreError."""
        assert self._driver.places is not None  # noqa: S101  # nobody asks for those of a file
        with self._alone(), self._told():
            yield self._driver.places

    def holds(self, name: str) -> bool:
        """Tell whether this process holds a name, as far as it knows; nothing is asked."""
        return self._driver.holds(name)

    def seconds_until_turn(self, place: str, pause: float) -> float:
        """Take the next moment for a request to a place, and return how far it is.

        pause: seconds between two. Raises StoreError.
        """
        with self._alone(), self._told():
            return self._driver.seconds_until_turn(place, pause)

    def moment(self) -> datetime:
        """Return the time as clock() does, in UTC. Raises StoreError."""
        return datetime.fromtimestamp(self.clock(), timezone.utc)

    def holders(self, names: Collection[str]) -> dict[str, str]:
        """Return those of some names that processes hold, each with which, in words.

        Raises StoreError.
        """
        with self._alone(), self._told():
            return self._driver.holders(names)

    def is_held(self, name: str) -> bool:
        """Tell whether a process holds a name. Raises StoreError."""
        return bool(self.holders((name,)))

    def session(self) -> Any:
        """Open one more connection, for a library that keeps its own tables beside the store's."""
        return self._driver.session()

    def _alone(self) -> AbstractContextManager[None]:
        return self._committing.alone(split=self.is_shared)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say of the database's errors where the store is, and what to do."""
        try:
            yield
        except self._driver.errors as error:
            raise self.unusable(error) from error

    def unusable(self, error: BaseException) -> StoreError:
        """Return what an error of the database, or of what is kept beside the store, means."""
        if self._driver.is_misread(error):
            return unreadable("alike.own")
        return StoreError(
            f"the store {self.location} cannot be used: {self._driver.told(error)}; free space,"
            " or wait for another process, or choose another with --store",
            lost=self._driver.is_lost(),
        )


def _driver(location: Location) -> Driver:
    """Open a store; raises SettingsError."""
    if not isinstance(location, Server):
        return SQLite(location)
    try:
        from .postgresql import PostgreSQL  # takes long, and is an extra
    except ImportError as error:
        extra = "the extra postgresql: pip install 'ioc-removal[postgresql]'"
        raise SettingsError(f"the store {location} needs {extra}") from error
    return PostgreSQL(location)
