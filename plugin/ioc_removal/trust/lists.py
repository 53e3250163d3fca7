"""Lists of all that a target holds, asked for once by the calls of a run that go on at a time."""

from collections.abc import Callable, Collection
from threading import Lock
from time import monotonic

from ..outcome import Rows

FRESH = 10.0  # seconds


class Lists:
    """What the calls of one run, in this process, were told of whole targets.

    What the run itself removes is taken out of them; what else it does lets all be asked for anew.
    """

    def __init__(self) -> None:
        self._lock, self._reading = Lock(), dict[str, Lock]()
        self._known: dict[str, tuple[float, Rows]] = {}
        self._changes = 0

    def rows(self, target: str, read: Callable[[], Rows]) -> Rows:
        """Return the rows of a target, which read returns unless they are known; raises as it does.

        target: what tells it from all others.
        """
        with self._lock:
            reading = self._reading.setdefault(target, Lock())
        with reading:
            with self._lock:
                at, rows = self._known.get(target, (0.0, []))
                before = self._changes
            if rows and monotonic() < at + FRESH:
                return rows
            at, rows = monotonic(), read()
            with self._lock:
                if self._changes == before:
                    self._known[target] = at, rows
            return rows

    def without(self, ids: Collection[str]) -> None:
        """Take out rows that were removed, by their ids."""
        with self._lock:
            for target, (at, rows) in self._known.items():
                self._known[target] = at, [row for row in rows if row.get("id") not in ids]

    def forget(self) -> None:
        """Let all be asked for anew, also what is being read now."""
        with self._lock:
            self._known.clear()
            self._changes += 1
