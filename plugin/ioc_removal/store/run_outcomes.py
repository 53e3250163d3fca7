"""The outcomes of a run as rows, which are read from the store while they are walked."""

from collections.abc import Iterable, Iterator, Sequence
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
FOLLOWING = "o.call, o.batch, o.position"  # of which the index finds what follows
NEXT = "(SELECT * FROM outcomes o {} ORDER BY o.call, o.batch, o.position LIMIT ?) o"
PLACE = "o.call, o.batch, o.position, coalesce(r.value, '')"
FIRST: Row = ("", -1, -1, "")  # the place before that of the first row


class OutcomeRows(Sequence[dict[str, Any]]):
    """The outcomes of a run as flat rows, in order, read from the store while they are walked.

    Few of them are read at once, and stay when the store is closed. call: of one of its calls only;
    actions: of these only.
    """

    def __init__(
        self, database: Database, run: str, call: str | None = None, actions: Iterable[str] = ()
    ) -> None:
        self._database, self._run, self._call = database, run, call
        self._where, self._values = where_of(run, call)
        if names := tuple(actions):
            self._where += f" AND c.action IN ({', '.join('?' * len(names))})"
            self._values += names
        beyond = f"SELECT 1 {self._from} LIMIT 1 OFFSET ?"
        many = database.rows(beyond, (*self._values, AT_ONCE - 1))
        self._few = None if many else [row for _, row in self._portion("", (), FIRST, AT_ONCE)]

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
        query = f"SELECT DISTINCT o.reason {self._from} AND o.outcome = ? ORDER BY o.reason"
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
        query = (
            f"SELECT {PLACE} {self._from} AND o.call = ? AND o.target = ? ORDER BY {PLACE} LIMIT 1"
        )
        [first] = self._database.rows(query, (*self._values, call, target))
        return first

    def _rows(self, where: str, values: tuple[str, ...], most: int) -> Iterator[dict[str, Any]]:
        after = FIRST
        while most > 0:
            wanted = min(most, AT_ONCE)
            portion = self._portion(where, values, after, wanted, next_only=not where)
            if len(portion) < wanted:
                portion = self._portion(where, values, after, wanted)
            yield from (row for _, row in portion)
            if len(portion) < wanted:
                return
            after, most = portion[-1][0], most - len(portion)

    def _portion(
        self,
        where: str,
        values: tuple[str, ...],
        after: tuple[Any, ...],
        most: int,
        *,
        next_only: bool = False,
    ) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        """Return rows with their places, those that follow on a place.

        next_only: fewer where some of the next are not of these; a database without statistics
        would sort all that follow.
        """
        columns = ", ".join(
            VALUE if name == "value" else f"o.{name}" for name in OUTCOME_COLUMNS.split(", ")
        )
        following, beyond, after = _following(after, in_call=self._call is not None)
        source, given = self._from, (*self._values, *values, *after[:-1])
        if next_only:  # and one, of which an earlier portion may have had a part
            own, run_call = where_of(self._run, self._call)
            source = source.replace("outcomes o", NEXT.format(own + following), 1)
            given = (*run_call, *after[:-1], most + 1, *given)
        query = (
            f"SELECT {PLACE}, c.action, {columns} {source}{where}{following}{beyond}"
            f" ORDER BY {PLACE} LIMIT ?"
        )
        rows = self._database.rows(query, (*given, *after, most))
        return [(row[:4], flat_row(row[4], row[5:], self._run)) for row in rows]


def outcome_rows(database: Database, run: str, call: str | None = None) -> OutcomeRows:
    """Return the outcomes of a run or of one of its calls as flat rows, in order."""
    return OutcomeRows(database, run, call)


def where_of(run: str, call: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the condition of the outcomes of a run, or of one of its calls, and its values."""
    if call is None:
        return "WHERE o.run = ?", (run,)
    return "WHERE o.run = ? AND o.call = ?", (run, call)


def _following(after: Row, *, in_call: bool) -> tuple[str, str, Row]:
    """Return the conditions of what follows on a place, by the index and exactly, and their values.

    in_call: whether all are of one call, to which the index leads alone if it is not compared.
    """
    names, exactly = FOLLOWING, PLACE
    if in_call:
        names, exactly, after = names.partition(", ")[2], exactly.partition(", ")[2], after[1:]
    marks = ["?"] * len(after)
    return (
        f" AND ({names}) >= ({', '.join(marks[:-1])})",
        f" AND ({exactly}) > ({', '.join(marks)})",
        after,
    )
