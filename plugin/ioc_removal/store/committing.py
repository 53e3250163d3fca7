"""Commit together what several threads do: a disk takes as long for one as for many.

A transaction that another thread waits for is left open, and that one goes on in it, in a
savepoint. The last one commits for all, and nobody goes on before what it did is kept. What a
thread reads meanwhile may not be kept yet; but what it then sends has an intent, kept after that.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from threading import Event, Lock, RLock, get_ident
from typing import cast

from ..errors import StoreError
from .statements import Driver, Transaction

MOST = 64  # transactions
PATIENCE = 0.1  # seconds


class _Group:
    """Transactions of several threads; members: how many of them are done."""

    def __init__(self) -> None:
        self.members = 0
        self._is_over, self._error = False, cast("StoreError | None", None)
        self._ended: Event | None = None  # of one that several wait for: most are alone

    def end(self, error: StoreError | None) -> None:
        """Let all go on; error: why nothing of it was kept."""
        self._error = error
        self._is_over = True  # last: whoever sees it sees the error
        if self._ended is not None:
            self._ended.set()

    def stay_open(self) -> None:
        """Let others join it, and wait for its end."""
        self._ended = self._ended or Event()

    def has_ended(self) -> bool:
        """Wait until it was committed, but not for long; raises StoreError when it was not."""
        is_over = self._is_over or (self._ended is not None and self._ended.wait(PATIENCE))
        if self._error is not None:
            raise StoreError(str(self._error), lost=self._error.lost)
        return is_over


class Committing:
    """The transactions of a store, of any thread.

    lock: held by the thread that uses the driver; told: turns its errors into StoreError, which
    unusable makes of one.
    """

    def __init__(
        self,
        driver: Driver,
        told: Callable[[], AbstractContextManager[None]],
        unusable: Callable[[BaseException], StoreError],
    ) -> None:
        self._driver, self._told, self._unusable = driver, told, unusable
        self.lock, self._counting = RLock(), Lock()
        self._waiting = 0  # threads that want a transaction
        self._owner: int | None = None  # the thread whose transaction has begun
        self._is_beside = False  # whether that goes beside those of other sessions
        self._transaction: Transaction | None = None
        self._group: _Group | None = None

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run statements as one: all of them are kept, or none. Raises StoreError."""
        if self._owner == get_ident() and self._transaction is not None:
            if self._is_beside:  # who waits for others to end, and they for it, would wait forever
                raise StoreError("a transaction beside others cannot become one that is alone")
            with self._told():
                yield self._transaction
            return
        self._take_turn()
        group = self._group or _Group()
        try:
            transaction = self._joined(group)
            self._owner = get_ident()
            yield transaction
            if group.members:
                transaction.execute("RELEASE SAVEPOINT member")
            group.members += 1
        except BaseException as error:
            self._forget(group, error)
            if isinstance(error, self._driver.errors):
                raise self._unusable(error) from error
            raise
        finally:
            self._owner = None
            try:
                if not self._waiting or group.members >= MOST:
                    self.end()
                else:
                    group.stay_open()
            finally:
                self.lock.release()
        while not group.has_ended():
            with self.lock:
                if self._group is group:  # who was waited for went away
                    self.end()

    @contextmanager
    def beside(self) -> Iterator[Transaction]:
        """Run statements as one, beside other sessions that do so. Raises StoreError.

        No other thread's are committed with it: it would hold what others wait for until these
        are done. Inside a transaction of the same thread they are a part of that one.
        """
        if self._owner == get_ident() and self._transaction is not None:
            with self._told():
                yield self._transaction
            return
        with self.lock, self._told():
            self.end()
            try:
                self._transaction = self._driver.begin(beside=True)
                self._owner, self._is_beside = get_ident(), True
                yield self._transaction
                self._driver.commit()
            except BaseException:
                self._driver.rollback()
                raise
            finally:
                self._owner = self._transaction = None
                self._is_beside = False

    def _take_turn(self) -> None:
        """Wait to be the only thread; who goes before leaves it to this one to commit."""
        with self._counting:
            self._waiting += 1
        try:
            self.lock.acquire()
        finally:
            with self._counting:
                self._waiting -= 1

    def _joined(self, group: _Group) -> Transaction:
        """Return the transaction of a group, begun, or with a savepoint for one more thread."""
        if self._transaction is None:
            self._transaction, self._group = self._driver.begin(), group
        else:
            self._transaction.execute("SAVEPOINT member")
        return self._transaction

    def _forget(self, group: _Group, error: BaseException) -> None:
        """Forget what one thread did; without a session, all that is not committed is forgotten."""
        try:
            if self._transaction is not None and self._driver.within and group.members:
                self._transaction.execute("ROLLBACK TO SAVEPOINT member")
                self._transaction.execute("RELEASE SAVEPOINT member")
                return
        except self._driver.errors as lost:
            error = lost
        self._roll_back()
        self._transaction = self._group = None
        group.end(self._unusable(error) if group.members else None)

    def is_busy(self) -> bool:
        """Tell whether another thread uses the driver now."""
        if not self.lock.acquire(blocking=False):
            return True
        self.lock.release()
        return False

    @contextmanager
    def alone(self, *, split: bool) -> Iterator[None]:
        """Use the driver between transactions, or inside that of this thread.

        split: whether what is open is committed first: a session that is lost would not be made
        anew in the middle of it.
        """
        with self.lock:
            if split:
                self.part()
            yield

    def part(self) -> None:
        """Commit what is open, but for a transaction of this thread; the lock must be held."""
        if self._owner != get_ident():
            self.end()

    def end(self) -> None:
        """Commit what several threads did, if there is anything, and let them go on.

        Raises StoreError in the middle of this thread's transaction, of which a part would be kept.
        """
        if self._owner == get_ident():
            raise StoreError("a transaction cannot be committed in the middle of it")
        group, self._group, self._transaction = self._group, None, None
        if group is None:
            return
        try:
            self._driver.commit()
        except BaseException as error:
            within, by_database = self._driver.within, isinstance(error, self._driver.errors)
            group.end(self._unusable(error) if within or by_database else None)
            self._roll_back()
            if not by_database:
                raise
        else:
            group.end(None)

    def _roll_back(self) -> None:
        """Forget what is not committed; a session that is lost has forgotten it."""
        with suppress(*self._driver.errors):
            if self._driver.within:
                self._driver.rollback()
