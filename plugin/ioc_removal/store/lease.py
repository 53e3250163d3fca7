"""A lease on a run: a lock that the operating system lets go when its process dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from os import fstat, getpid
from pathlib import Path

from ..errors import ArgumentError
from .database import Database


@contextmanager
def lease(database: Database, run: str) -> Iterator[None]:
    """Hold a run while its process lives; raises ArgumentError when another one holds it."""
    path = _path(database, run)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with path.open("a+", encoding="ascii") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ArgumentError(
                f"the run {run} is alive, in process {file.read().strip() or 'unknown'}; "
                f"`ioc-removal show {run}` tells how far it is"
            ) from None
        if not fstat(file.fileno()).st_nlink:  # its holder let go, and deleted it, just now
            raise ArgumentError(f"the run {run} ended just now; `ioc-removal show {run}`")
        file.truncate(0)
        file.write(str(getpid()))
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def is_held(database: Database, run: str) -> bool:
    """Tell whether a process holds a run."""
    path = _path(database, run)
    if not path.exists():
        return False
    with path.open("a", encoding="ascii") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _path(database: Database, run: str) -> Path:
    return database.path.with_name(f"{database.path.name}.leases") / run
