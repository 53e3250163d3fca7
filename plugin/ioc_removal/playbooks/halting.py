"""A run halts where its store fails or its process is interrupted, and goes on from there later.

It is as if the process had died: nothing of it is kept as the run's end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from sqlalchemy.exc import DBAPIError

from ..errors import HungUpError, StoreError
from ..store.database import Database


class Halted(BaseException):
    """The run halts here.

    No Exception: those DBOS would record as the end of a step, and of the run.
    """


class Halting:
    """Whether the workflow of a run halted, or ended, in this process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ended = Event()
        self._error: BaseException | None = None

    @contextmanager
    def part(self) -> Iterator[None]:
        """Do a part of the run; halt it when the store, or what DBOS keeps beside it, fails.

        So it is when the process was interrupted, and let go of its connections.
        """
        try:
            yield
        except (StoreError, HungUpError) as error:
            raise self._halted(error) from error
        except DBAPIError as error:
            raise self._halted(self.meaning(error)) from error

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Do the workflow of the run, for whose end another thread waits."""
        try:
            with self.part():
                yield
        except Exception:
            raise  # DBOS keeps it as the end of the run
        except BaseException as error:
            self._error = self._error or error
            raise
        finally:
            self._ended.set()

    def wait(self) -> None:
        """Wait until the workflow of the run has ended in this process.

        Raises what ended it without being kept as its end: StoreError, KeyboardInterrupt.
        """
        self._ended.wait()
        if self._error:
            raise self._error

    def meaning(self, error: DBAPIError) -> StoreError:
        """Return what an error of DBOS's database means."""
        return self._database.unusable(error.orig or error)

    def _halted(self, error: StoreError | HungUpError) -> Halted:
        self._error = error
        self._ended.set()
        return Halted()
