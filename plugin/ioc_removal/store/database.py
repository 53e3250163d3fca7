"""Open the store, a file of SQLite or a database of PostgreSQL, and its transactions."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import cached_property
from threading import Lock, RLock, get_ident
from typing import Any, TypeVar

from ..errors import SettingsError, StoreError
from ..secret import Secret
from .chain import Hashing
from .group import MOST, Group
from .location import Location, Server
from .sqlite import SQLite
from .statements import Driver, Row, Transaction, Values

EVERY = 2**62  # more rows than there are, for LIMIT
Some = TypeVar("Some")


class Database:
    """A store, usable from any thread.

    location: of a file, which is made when it does not exist, or of a database; key: gives the key
    of the journal's hashes, asked when the first is made. Raises SettingsError.
    """

    def __init__(self, location: Location, key: Callable[[], Secret | None] = lambda: None) -> None:
        self.location = location
        self._key = key
        self._lock, self._counting = RLock(), Lock()
        self._waiting = 0  # threads that want a transaction
        self._owner: int | None = None  # the thread whose transaction has begun
        self._transaction: Transaction | None = None
        self._group: Group | None = None
        self._driver = _driver(location)

    @property
    def is_shared(self) -> bool:
        """Whether processes of several hosts may use it."""
        return isinstance(self.location, Server)

    def close(self) -> None:
        """Close the store, once no thread uses it."""
        with self._lock:
            self._driver.close()

    @cached_property
    def hashing(self) -> Hashing:
        """What makes the journal's hashes. Raises SettingsError when its key cannot be read."""
        return Hashing(self._key())

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run statements as one: all of them are kept, or none. Raises StoreError.

        Inside another transaction of the same thread they are a part of that one. Those of several
        threads, each of which waits for its end, are committed together: a disk takes as long for
        one as for many.
        """
        if self._owner == get_ident() and self._transaction is not None:
            with self._told():
                yield self._transaction
            return
        with self._turn():
            group = self._group or Group()
            try:
                with self._member(group) as transaction:
                    yield transaction
            finally:
                if self._group is not None and (not self._waiting or group.members >= MOST):
                    self._end_group()
        while not group.has_ended():
            with self._lock:
                if self._group is group:  # who was waited for went away
                    self._end_group()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait to be the only thread; who goes before leaves it to this one to commit."""
        with self._counting:
            self._waiting += 1
        try:
            self._lock.acquire()
        finally:
            with self._counting:
                self._waiting -= 1
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def _member(self, group: Group) -> Iterator[Transaction]:
        """Run the statements of one thread as a part of a group; nothing is kept where it fails."""
        with self._told():
            try:
                if self._transaction is None:
                    self._transaction, self._group = self._driver.begin(), group
                else:
                    self._transaction.execute("SAVEPOINT member")
                self._owner = get_ident()
                yield self._transaction
                if group.members:
                    self._transaction.execute("RELEASE SAVEPOINT member")
                group.members += 1
            except BaseException as error:
                self._forget(group, error)
                raise
            finally:
                self._owner = None

    def _forget(self, group: Group, error: BaseException) -> None:
        """Forget what one thread did; without a session, all that is not committed is forgotten."""
        try:
            if self._transaction is not None and self._driver.within and group.members:
                self._transaction.execute("ROLLBACK TO SAVEPOINT member")
                self._transaction.execute("RELEASE SAVEPOINT member")
                return
            if self._driver.within:
                self._driver.rollback()
        except self._driver.errors as lost:
            error = lost
        self._transaction = self._group = None
        group.end(self.unusable(error) if group.members else None)

    def _end_group(self) -> None:
        """Commit what several threads did, and let them go on."""
        group, self._group, self._transaction = self._group, None, None
        assert group is not None  # noqa: S101  # whoever ends it, looked
        try:
            self._driver.commit()
        except BaseException as error:
            failed = self.unusable(error)
            within = self._driver.within
            if within:
                self._driver.rollback()
            by_database = isinstance(error, self._driver.errors)
            group.end(failed if within or by_database else None)
            if not by_database:
                raise
        else:
            group.end(None)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Use the database between transactions, or inside that of this thread."""
        with self._lock, self._told():
            if self.is_shared and self._group is not None and self._owner != get_ident():
                self._end_group()  # a session that is lost meanwhile would not be made anew
            yield

    @contextmanager
    def taking_away(self) -> Iterator[Transaction]:
        """Run statements as one that may take away rows of the journal. Raises StoreError."""
        with self.transaction() as transaction:
            self._driver.lift()
            yield transaction
            self._driver.restore()

    def free_bytes(self) -> int | None:
        """Return how much of its file is not in use, None of a database. Raises StoreError."""
        with self._lock, self._told():
            return self._driver.free_bytes()

    def forget_lease(self, name: str) -> None:
        """Take away what is left of a lease that nobody holds."""
        self._driver.forget_lease(name)

    def outliving(self, do: Callable[[], Some]) -> Some:
        """Do what may be done twice: again, where the connection was lost in the middle of it."""
        while True:
            try:
                return do()
            except StoreError as error:
                if not error.lost:
                    raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state, whatever others write meanwhile. Raises StoreError."""
        with self._lock, self._told():
            if self._group is not None:
                self._end_group()
            self._driver.begin_reading()
            try:
                yield
            finally:
                if self._driver.within:
                    self._driver.rollback()

    def rows(self, query: str, values: Values = ()) -> list[Row]:
        """Return the rows of a query. Raises StoreError."""
        with self._alone():
            return self._driver.rows(query, values)

    def walk(self, query: str, values: Values = ()) -> Iterator[Row]:
        """Yield the rows of a query, a portion at a time. Raises StoreError."""
        portions = self._driver.portions(query, values)
        while True:
            with self._alone():
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
        with self._alone():
            self._driver.take(name, vital=vital)
        try:
            yield
        finally:
            with self._alone():
                self._driver.let_go(name)

    def clock(self) -> float:
        """Return the time, the same for all processes of the store: seconds since 1970."""
        with self._alone():
            return self._driver.clock()

    def seconds_until_turn(self, place: str, pause: float) -> float:
        """Take the next moment for a request to a place, and return how far it is.

        pause: seconds between two. Raises StoreError.
        """
        with self._alone():
            return self._driver.seconds_until_turn(place, pause)

    def moment(self) -> datetime:
        """Return the time as clock() does, in UTC. Raises StoreError."""
        return datetime.fromtimestamp(self.clock(), timezone.utc)

    def holders(self, names: Collection[str]) -> dict[str, str]:
        """Return those of some names that processes hold, each with which, in words.

        Raises StoreError.
        """
        with self._alone():
            return self._driver.holders(names)

    def is_held(self, name: str) -> bool:
        """Tell whether a process holds a name. Raises StoreError."""
        return bool(self.holders((name,)))

    def session(self) -> Any:
        """Open one more connection, for a library that keeps its own tables beside the store's."""
        return self._driver.session()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say of the database's errors where the store is, and what to do."""
        try:
            yield
        except self._driver.errors as error:
            raise self.unusable(error) from error

    def unusable(self, error: BaseException) -> StoreError:
        """Return what an error of the database, or of what is kept beside the store, means."""
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
