"""A lease in a file: a lock that the operating system lets go when its process dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from os import fstat, getpid
from pathlib import Path

from .statements import Held


@contextmanager
def file_lease(path: Path) -> Iterator[None]:
    """Hold a file while this process lives; raises Held when another one holds it."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with path.open("a+", encoding="ascii") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Held(f"process {file.read().strip() or 'unknown'}") from None
        if not fstat(file.fileno()).st_nlink:  # its holder let go, and deleted it, just now
            raise Held(None)
        file.truncate(0)
        file.write(str(getpid()))
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def is_file_held(path: Path) -> bool:
    """Tell whether a process holds a file."""
    if not path.exists():
        return False
    with path.open("a", encoding="ascii") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return True
    return False
