"""Whether any of what a read was answered may hold a secret of its connection."""

from collections.abc import Callable, Iterable
from typing import Any

from .outcome import Rows


class Heard:
    """What came in answer to the requests of one read; doubtful: whether it may hold a secret."""

    def __init__(self) -> None:
        self.doubtful = False

    def cleaned(
        self, rows: Iterable[dict[str, Any]], clean: Callable[[Any], Any]
    ) -> Iterable[dict[str, Any]]:
        """Return the rows of a read without secrets; clean: takes them out of one row.

        Rows that are no list are asked for as they are walked, and answers come meanwhile.
        """
        if not isinstance(rows, list):
            return (clean(row) if self.doubtful else row for row in rows)
        return self._cleaned(rows, clean) if self.doubtful else rows

    def _cleaned(self, rows: Rows, clean: Callable[[Any], Any]) -> Rows:
        for at, row in enumerate(rows):  # each lets go of the one that came
            rows[at] = clean(row)
        return rows
