"""The outcomes of a run as rows, which are read from the store while they are walked."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import islice
from typing import Any, overload

from .database import Database
from .found import values_of
from .outcome_rows import flat_parts, flat_row
from .outcome_walk import some_in_order
from .tallies import tallies_of

AT_ONCE = 2_000  # rows that stay in memory, if they are no more
# An id that a search of this run found is known by the values that it was found for.
KNOWN = "outcomes o LEFT JOIN resolved r ON o.value IS NULL AND r.run = o.run AND r.id = o.id"
VALUE = "coalesce(o.value, r.value)"
PLACE = "o.call, o.batch, o.position, coalesce(r.value, '')"
JOINED = "JOIN calls c ON c.run = o.run AND c.call = o.call"
OF_ACTIONS = "AND call IN (SELECT c.call FROM calls c WHERE c.run = alike.run AND c.action IN ({}))"


class OutcomeRows(Sequence[dict[str, Any]]):
    """The outcomes of a run as flat rows, in order, read from the store while they are walked.

    Few of them are read together, and stay when the store is closed after that. call: of one of
    its calls only; actions: of these only.
    """

    def __init__(
        self, database: Database, run: str, call: str | None = None, actions: Iterable[str] = ()
    ) -> None:
        self._database, self._run, self._call = database, run, call
        self._actions = tuple(actions)
        self._where, self._values = where_of(run, call)
        if self._actions:
            self._where += f" AND c.action IN ({_places(self._actions)})"
            self._values += self._actions

    @cached_property
    def _few(self) -> list[dict[str, Any]] | None:
        """The rows if they are few, else None."""
        first = list(islice(self._rows(), AT_ONCE))
        return first if len(first) < AT_ONCE else None

    def __len__(self) -> int:
        if self._few is not None:
            return len(self._few)
        if self._each_once:
            query = f"SELECT sum(o.rows) FROM alike o {JOINED} {self._where}"  # noqa: S608
        else:
            query = f"SELECT count(*) {self._from}"
        [(count,)] = self._database.rows(query, self._values)
        return int(count)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._few) if self._few is not None else self._rows()

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
            names = self._names()
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
        self, action: str, target: str, outcomes: Collection[str], most: int
    ) -> list[dict[str, Any]]:
        """Return the first rows with one of some outcomes; target: as counts() returns it."""
        return list(islice(self._rows(action, target, outcomes), most)) if outcomes else []

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
        """Whether these are all rows of the run, each once."""
        return self._values == (self._run,) and self._each_once

    @property
    def _each_once(self) -> bool:
        return not ids_have_several_values(self._database, self._run)

    @property
    def _from(self) -> str:
        return f"FROM {KNOWN} {JOINED} {self._where}"

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

    def _rows(
        self, action: str | None = None, target: str | None = None, outcomes: Collection[str] = ()
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows; of an action, of a target, with some outcomes, where these are given."""
        which, values = "", list[str]()
        if target is not None:
            which, values = "AND target = ?", [target]
        if actions := self._actions if action is None else (action,):
            which, values = f"{which} {OF_ACTIONS.format(_places(actions))}", [*values, *actions]
        names, made = self._names(), partial(flat_parts, run=self._run)
        of = (outcomes, (which, values))
        for call, _, some in some_in_order(self._database, self._run, made, self._call, *of):
            if call in names:
                yield from self._flat(names[call], some)

    def _flat(self, action: str, some: Sequence[tuple[list[Any], Any]]) -> Iterator[dict[str, Any]]:
        """Yield flat rows of outcomes, in order: one for each value of an id."""
        ids = [id_ for (_, value, id_, _), _ in some if value is None and id_ is not None]
        values = values_of(self._database, self._run, ids)
        for (_, value, id_, snapshot), alike in some:
            for known in values.get(id_, (None,)) if value is None else (value,):
                yield flat_row(action, (known, id_), snapshot, alike, self._run)

    def _names(self) -> dict[str, str]:
        """Return the actions of the calls."""
        where, values = where_of(self._run, self._call)
        return dict(self._database.rows(f"SELECT o.call, o.action FROM calls o {where}", values))  # noqa: S608


def _places(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))


def outcome_rows(database: Database, run: str, call: str | None = None) -> OutcomeRows:
    """Return the outcomes of a run or of one of its calls as flat rows, in order."""
    return OutcomeRows(database, run, call)


def ids_have_several_values(database: Database, run: str) -> bool:
    """Tell whether a search of a run found an id for several values, each of which is a row."""
    several = "SELECT 1 FROM resolved WHERE run = ? GROUP BY id HAVING count(*) > 1 LIMIT 1"
    return bool(database.rows(several, (run,)))


def where_of(run: str, call: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the condition of the outcomes of a run, or of one of its calls, and its values."""
    if call is None:
        return "WHERE o.run = ?", (run,)
    return "WHERE o.run = ? AND o.call = ?", (run, call)
