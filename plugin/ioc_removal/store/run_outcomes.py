"""The outcomes of a run as rows, which are read from the store while they are walked."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, overload

from .database import EVERY, Database
from .outcome_rows import OUTCOME_COLUMNS, flat_row
from .statements import Row
from .tallies import tallies_of

AT_ONCE = 2_000  # rows read together
# An id that a search of this run found is known by the values that it was found for.
KNOWN = "outcomes o LEFT JOIN resolved r ON o.value IS NULL AND r.run = o.run AND r.id = o.id"
VALUE = "coalesce(o.value, r.value)"
PLACE = "o.call, o.batch, o.position, coalesce(r.value, '')"


class OutcomeRows(Sequence[dict[str, Any]]):
    """The outcomes of a run as flat rows, in order, read from the store while they are walked.

    Few of them are read together, and stay when the store is closed after that. call: of one of
    its calls only; actions: of these only.
    """

    def __init__(
        self, database: Database, run: str, call: str | None = None, actions: Iterable[str] = ()
    ) -> None:
        self._database, self._run, self._call = database, run, call
        self._where, self._values = where_of(run, call)
        if names := tuple(actions):
            self._where += f" AND c.action IN ({', '.join('?' * len(names))})"
            self._values += names

    @cached_property
    def _few(self) -> list[dict[str, Any]] | None:
        """The rows if they are few, else None."""
        beyond = f"SELECT 1 {self._from} LIMIT 1 OFFSET ?"
        many = self._database.rows(beyond, (*self._values, AT_ONCE - 1))
        return None if many else list(self._rows("", (), EVERY))

    def __len__(self) -> int:
        if self._few is not None:
            return len(self._few)
        [(count,)] = self._database.rows(f"SELECT count(*) {self._from}", self._values)
        return int(count)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._few) if self._few is not None else self._rows("", (), EVERY)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice) or index < 0:
            return list(self)[index]
        for row in islice(self, index, None):
            return row
        raise IndexError(index)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash((self._where, self._values))

    def __repr__(self) -> str:
        return repr(list(self))

    @property
    def listed(self) -> Sequence[dict[str, Any]]:
        """The rows as a list, unless they are many."""
        return self if self._few is None else self._few

    @property
    def actions(self) -> list[str]:
        """The actions that have outcomes."""
        query = (
            "SELECT DISTINCT c.action FROM calls c WHERE EXISTS"  # noqa: S608
            f" (SELECT 1 FROM {KNOWN} {self._where} AND o.run = c.run AND o.call = c.call)"
            " ORDER BY c.action"
        )
        return [action for (action,) in self._database.rows(query, self._values)]

    def counts(self) -> list[tuple[str, str, str, int]]:
        """Return how many rows there are, in the order in which the first of each comes.

        Of each action, target as it is stored, and outcome.
        """
        if self._is_whole:
            names: dict[str, str] = dict(
                self._database.rows("SELECT call, action FROM calls WHERE run = ?", (self._run,))
            )
            tallies = tallies_of(self._database, self._run)
            return [
                (names[call], target, outcome, count)
                for (call, target, outcome), count in tallies.counts.items()
                if call in names
            ]
        query = (
            f"SELECT c.action, o.target, o.outcome, count(*), o.call {self._from}"
            " GROUP BY o.call, c.action, o.target, o.outcome"
        )
        found = self._database.rows(query, self._values)
        first = {(row[4], row[1]): self._first(row[4], row[1]) for row in found}
        found.sort(key=lambda row: first[row[4], row[1]])
        return [row[:4] for row in found]

    def some(
        self, action: str, target: str, outcomes: Iterable[str], most: int
    ) -> list[dict[str, Any]]:
        """Return the first rows with one of some outcomes; target: as counts() returns it."""
        names = tuple(outcomes)
        if not names:
            return []
        where = (
            f" AND c.action = ? AND o.target = ? AND o.outcome IN ({', '.join('?' * len(names))})"
        )
        return list(self._rows(where, (action, target, *names), most))

    def reasons(self, outcome: str) -> list[dict[str, Any]]:
        """Return the distinct reasons of an outcome, each as a row that has nothing else."""
        query = (
            "SELECT DISTINCT o.reason FROM alike o JOIN calls c"  # noqa: S608
            f" ON c.run = o.run AND c.call = o.call {self._where}"
            " AND o.outcome = ? ORDER BY o.reason"
        )
        found = self._database.rows(query, (*self._values, outcome))
        return [{"outcome": outcome, "reason": reason} for (reason,) in found if reason]

    @property
    def _is_whole(self) -> bool:
        """Whether these are all rows of the run, each once: no id is known by several values."""
        several = "SELECT 1 FROM resolved WHERE run = ? LIMIT 1"
        return self._values == (self._run,) and not self._database.rows(several, (self._run,))

    @property
    def _from(self) -> str:
        return f"FROM {KNOWN} JOIN calls c ON c.run = o.run AND c.call = o.call {self._where}"

    def _first(self, call: str, target: str) -> tuple[Any, ...]:
        of_call = "o.call = ? AND o.target = ?"
        where, values = where_of(self._run, self._call)
        query = f"SELECT min(o.batch) FROM alike o {where} AND {of_call}"  # noqa: S608
        [(batch,)] = self._database.rows(query, (*values, call, target))
        query = (
            f"SELECT {PLACE} {self._from} AND {of_call} AND o.batch = ? ORDER BY {PLACE} LIMIT 1"
        )
        [first] = self._database.rows(query, (*self._values, call, target, batch))
        return first

    def _rows(self, where: str, values: tuple[str, ...], most: int) -> Iterator[dict[str, Any]]:
        columns = ", ".join(
            VALUE if name == "value" else f"o.{name}" for name in OUTCOME_COLUMNS.split(", ")
        )
        for batches, places in self._portions():
            query = (
                f"SELECT c.action, {columns} {self._from}{where}{batches} ORDER BY {PLACE} LIMIT ?"
            )
            rows = self._database.rows(query, (*self._values, *values, *places, most))
            yield from (flat_row(action, tuple(row), self._run) for action, *row in rows)
            most -= len(rows)
            if not most:
                return

    def _portions(self) -> Iterator[tuple[str, Row]]:
        """Yield conditions of some batches after each other, and their values.

        A database that has to find the next rows alone would sort all that follow.
        """
        where, values = where_of(self._run, self._call)
        query = f"SELECT o.call, o.batch, o.rows FROM alike o {where} ORDER BY o.call, o.batch"  # noqa: S608
        if self._call is None:
            batches = " AND (o.call, o.batch) >= (?, ?) AND (o.call, o.batch) <= (?, ?)"
        else:  # the index leads to it alone if it is not compared
            batches = " AND o.batch BETWEEN ? AND ?"
        of_call = int(self._call is not None)
        first = last = ("", -1)
        size = 0
        for call, batch, rows in self._database.walk(query, values):
            place = (call, batch)
            if size >= AT_ONCE and place != last:
                yield batches, (*first[of_call:], *last[of_call:])
                size = 0
            first, last = first if size else place, place
            size += rows
        if size:
            yield batches, (*first[of_call:], *last[of_call:])


def outcome_rows(database: Database, run: str, call: str | None = None) -> OutcomeRows:
    """Return the outcomes of a run or of one of its calls as flat rows, in order."""
    return OutcomeRows(database, run, call)


def where_of(run: str, call: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the condition of the outcomes of a run, or of one of its calls, and its values."""
    if call is None:
        return "WHERE o.run = ?", (run,)
    return "WHERE o.run = ? AND o.call = ?", (run, call)
