"""The intent of the batch that a thread is about to send, kept fresh until each request begins.

Whoever takes a batch over from a process that is cut off from the store, and need not be dead,
waits until no request of that process can be in flight any more. It knows the moment of the intent;
a request may begin much later, after a wait for its turn, or as one of several of a batch. So a
request that begins later renews the intent first, which only the process can that holds the batch.
"""

from collections.abc import Callable
from contextvars import ContextVar
from math import ceil, inf

from .database import Database

FRESH = 1.0  # seconds for which an intent is good
Key = tuple[str, str, int]  # run, call and batch
_CURRENT: ContextVar[Callable[[], None] | None] = ContextVar("intent", default=None)
_ASKED: ContextVar[float] = ContextVar("asked", default=-inf)


def moment(database: Database) -> int:
    """Return when an intent is kept, as its row tells it: not before it is."""
    return ceil(database.clock())


def begin_intent(database: Database, key: Key, asked: float = -inf) -> None:
    """Let this thread send a batch whose intent was kept just now.

    asked: when, by the monotonic clock, it was asked with that whether the run was cancelled.
    """
    until = database.clock() + FRESH

    def renewed() -> None:
        nonlocal until
        if database.clock() > until:
            database.outliving(lambda: _renew(database, key))
            until = database.clock() + FRESH

    _CURRENT.set(renewed)
    _ASKED.set(asked)


def end_intent() -> None:
    """Tell that this thread sends nothing more of its batch."""
    _CURRENT.set(None)
    _ASKED.set(-inf)


def last_asked() -> float:
    """Return when it was asked for the batch of this thread whether its run was cancelled."""
    return _ASKED.get()


def renew() -> None:
    """Renew the intent of what this thread sends, if it has one and it is not fresh any more.

    Raises StoreError when another process took the batch over.
    """
    if renewed := _CURRENT.get():
        renewed()


def seconds_left(database: Database, at: int, longest: float) -> float:
    """Return how long a request may still be in flight that an intent let begin.

    at: the moment of the intent; longest: seconds that a request may last.
    """
    return at + FRESH + longest - database.clock()


def _renew(database: Database, key: Key) -> None:
    with database.beside() as transaction:
        transaction.execute(
            "UPDATE batches SET at = ? WHERE run = ? AND call = ? AND batch = ?",
            (moment(database), *key),
        )
