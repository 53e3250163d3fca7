"""Lists of all that a target holds, asked for once by the calls of a run that go on at a time."""

from collections.abc import Callable, Collection, Iterable, Mapping
from threading import Lock
from time import monotonic
from typing import Any

FRESH = 10.0  # seconds
ById = Mapping[str, Mapping[str, Any]]


class Lists:
    """What the calls of one run, in this process, were told of whole targets.

    What the run itself removes is taken out of them; what else it does lets all be asked for anew.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._reading: dict[str, Lock] = {}
        self._known: dict[str, tuple[float, dict[str, dict[str, Any]]]] = {}
        self._changes = 0

    def __len__(self) -> int:
        return len(self._known)

    def rows(self, target: str, read: Callable[[], Iterable[Mapping[str, Any]]]) -> ById:
        """Return the rows of a target by their ids, which read returns unless they are known.

        target: what tells it from all others. What is removed meanwhile goes out of what was
        returned. Raises as read does.
        """
        with self._lock:
            reading = self._reading.setdefault(target, Lock())
        with reading:
            with self._lock:
                at, rows = self._known.get(target, (0.0, {}))
                before = self._changes
            if rows and monotonic() < at + FRESH:
                return rows
            at, rows = monotonic(), {str(row.get("id")): dict(row) for row in read()}
            with self._lock:
                if self._changes == before:
                    self._known[target] = at, rows
            return rows

    def without(self, ids: Collection[str]) -> None:
        """Take out rows that were removed, by their ids."""
        with self._lock:
            for _, rows in self._known.values():
                for id_ in ids:
                    rows.pop(id_, None)

    def forget(self) -> None:
        """Let all be asked for anew, also what is being read now."""
        with self._lock:
            self._known.clear()
            self._changes += 1
