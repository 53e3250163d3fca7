"""A lease on a run: it ends with the process that holds it, whatever ends that."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ..errors import ArgumentError
from .database import Database
from .statements import Held


@contextmanager
def lease(database: Database, run: str) -> Iterator[None]:
    """Hold a run while its process lives; raises ArgumentError when another one holds it."""
    with ExitStack() as stack:
        try:
            stack.enter_context(database.lease(run))
        except Held as held:
            look = f"`ioc-removal show {run}`"
            if held.by is None:
                raise ArgumentError(f"the run {run} ended just now; {look}") from None
            raise ArgumentError(
                f"the run {run} is alive, in {held.by}; {look} tells how far it is"
            ) from None
        yield


def is_held(database: Database, run: str) -> bool:
    """Tell whether a process holds a run."""
    return database.is_held(run)
