"""What the store asks of a database: statements in the SQL that SQLite and PostgreSQL share.

A value stands as ?, or by name as :name. What was there already is told by ON CONFLICT with the
columns of its key; a flag is 0 or 1, never a truth value; text is ordered by its code points.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

AT_ONCE = 2_000  # rows of a walk that are in memory
Row = tuple[Any, ...]
Values = Sequence[Any] | Mapping[str, Any]


class Cursor(Protocol):
    """What came of a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchone(self) -> Any:
        """Return the next row, None after the last."""

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows that are left."""


class Transaction(Protocol):
    """Statements of which all are kept, or none."""

    def execute(self, query: str, values: Values = ..., /) -> Cursor:
        """Do one statement."""

    def executemany(self, query: str, values: Iterable[Values], /) -> object:
        """Do a statement for each of several values."""


class Sharing(NamedTuple):
    """Who shares some names.

    sessions: that hold or want some, this one too; before: how many of them come before this one,
    in an order that is the same for all; wanted: whether another one waits.
    """

    sessions: int
    before: int
    wanted: bool

    def part_of(self, many: int) -> int:
        """Return how many of the names are this one's part; none when there are too few."""
        if not self.wanted:
            return many
        each, left = divmod(many, self.sessions)
        return each + (self.before < left) if each else 0


class Places(Protocol):
    """Names of which any will do, such as the places of requests, shared with other processes.

    What is lost with the connection is lost, and that is all. queue: a name for those who wait.
    """

    def take(self, names: Sequence[str], most: int) -> list[str]:
        """Hold some of several names that nobody holds, and return them."""

    def let_go(self, name: str) -> None:
        """Hold a name no longer."""

    def want(self, queue: str) -> None:
        """Let others know that this process waits for a name."""

    def want_no_longer(self, queue: str) -> None:
        """Let others know that it does not."""

    def sharing(self, names: Sequence[str], queue: str) -> Sharing:
        """Tell who shares some names."""


class Driver(Protocol):
    """A database that is open, for one thread at a time."""

    errors: tuple[type[Exception], ...]  # what it raises

    @property
    def places(self) -> Places | None:
        """Where processes of several hosts share it, the names of which any will do."""

    @property
    def rows_beside(self) -> Callable[[str, Values], list[Row]] | None:
        """Return the rows of a query that are kept, from any thread and beside who writes.

        None where that cannot be done.
        """

    @property
    def within(self) -> bool:
        """Whether a transaction has begun."""

    def begin(self, *, beside: bool = False) -> Transaction:
        """Begin a transaction, alone: others that write wait until it ends.

        beside: where it can be, beside others that were begun so, but beside no other.
        """

    def line_up(self, name: str) -> None:
        """Wait, in a transaction, for all others that did so for a name, until they end."""

    def begin_reading(self) -> None:
        """Begin to read one state, whatever others write meanwhile."""

    def commit(self) -> None:
        """Keep what the transaction did."""

    def rollback(self) -> None:
        """Forget what the transaction did."""

    def rows(self, query: str, values: Values) -> list[Row]:
        """Return the rows of a query."""

    def portions(self, query: str, values: Values) -> Iterator[list[Row]]:
        """Yield the rows of a query, so many at a time that they fit in memory."""

    def told(self, error: BaseException) -> str:
        """Say what one of its errors means, without secrets."""

    def is_misread(self, error: BaseException) -> bool:
        """Tell whether one of its errors means that what is stored is no JSON, as it should be."""

    def is_lost(self) -> bool:
        """Tell whether it was closed by another than us."""

    def is_gone(self) -> bool:
        """Tell whether it was away for so long that nothing waits for it any more."""

    def clock(self) -> float:
        """Return the time, the same for all who use the database: seconds since 1970."""

    def take(self, name: str, *, vital: bool = True) -> None:
        """Hold a name while this process lives; raises Held.

        vital: whether everything ends when another process takes it while this one is cut off.
        """

    def let_go(self, name: str) -> None:
        """Hold a name no longer."""

    def holds(self, name: str) -> bool:
        """Tell whether this process holds a name, as far as it knows; nothing is asked."""

    def seconds_until_turn(self, place: str, pause: float) -> float:
        """Take the next moment for a request to a place, and return how far it is."""

    def lift(self) -> None:
        """Let the transaction that has begun take away rows of the journal, until restore()."""

    def restore(self) -> None:
        """Let rows of the journal only be added again."""

    def free_bytes(self) -> int | None:
        """Return how much of its file is not in use, None where it is none."""

    def forget_lease(self, name: str) -> None:
        """Take away what is left of a lease that nobody holds."""

    def holders(self, names: Collection[str]) -> dict[str, str]:
        """Return those of some names that processes hold, each with which, in words."""

    def session(self) -> Any:
        """Open one more connection, for a library that keeps its own tables beside the store's."""

    def leave(self) -> None:
        """Wait no longer for a database that cannot be reached, as the process is to end."""

    def close(self) -> None:
        """Close it."""


class Held(Exception):  # noqa: N818  # nothing went wrong
    """A process holds a name.

    by: which, in words; None when it let go just now.
    """

    def __init__(self, by: str | None) -> None:
        super().__init__(by)
        self.by = by
