"""The rows that a read returned, as rows of the store."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, overload

from ..definition import Definition
from ..outcome import UNKNOWN
from ..spool import texts_of
from ..trust.recorder import unresolved
from .ahead import RowsDigest
from .alike import AlikeRows
from .chain import Hashing
from .columns import parsed
from .database import EVERY, Database
from .journal import BATCH, READ, add_link
from .outcome_rows import insert_rows, rows_of_batch
from .sets import StoredSet, write_texts
from .statements import Transaction

AT_ONCE = 2_000  # rows read or written together
_OUTPUTS = AlikeRows(
    "outputs",
    {"run": "TEXT", "call": "TEXT", "batch": "INTEGER"},
    {"position": "INTEGER", "row": "TEXT"},
)
_WHERE = "run = ? AND call = ? AND (batch, position) > (?, ?) AND batch <= ?"
Key = tuple[str, str, int]  # run, call, batch
Row = dict[str, Any]


class OutputRows(Sequence[Row]):
    """The rows of a read, in order, read from the store while they are walked.

    Few of them are read at once, and stay when the store is closed. batch: of this one only.
    """

    def __init__(self, database: Database, run: str, call: str, batch: int | None = None) -> None:
        self._database, self._place = database, (run, call)
        self._before = (-1, -1) if batch is None else (batch - 1, EVERY)
        self._last = EVERY if batch is None else batch
        first = [text for _, text in self._portion(self._before)]
        self._few = self._parsed(first) if len(first) < AT_ONCE else None

    def __len__(self) -> int:
        if self._few is not None:
            return len(self._few)
        query = f"SELECT count(*) FROM outputs WHERE {_WHERE}"  # noqa: S608
        [(count,)] = self._database.rows(query, (*self._place, *self._before, self._last))
        return int(count)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._few) if self._few is not None else self._rows()

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            start, stop, step = index.indices(EVERY if (index.stop or 0) >= 0 else len(self))
            return list(islice(self, start, stop, step)) if step > 0 else list(self)[index]
        for row in islice(self, index, None) if index >= 0 else ():
            return row
        return list(self)[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash((self._place, self._before))

    def __repr__(self) -> str:
        return repr(list(self))

    @property
    def listed(self) -> Sequence[Row]:
        """The rows as a list, unless they are many."""
        return self if self._few is None else self._few

    @property
    def unknown(self) -> int:
        """Of how many rows nothing is known."""
        return sum(row.get("outcome") == UNKNOWN for row in self._rows(f'"{UNKNOWN}"'))

    def texts(self) -> Iterator[str]:
        """Yield the rows as they are stored."""
        for portion in self._portions():
            yield from portion

    def _rows(self, holding: str = "") -> Iterator[Row]:
        """Yield the rows whose text holds another one."""
        for portion in self._portions():
            yield from self._parsed([text for text in portion if holding in text])

    def _portions(self) -> Iterator[list[str]]:
        after = self._before
        while portion := self._portion(after):
            yield [text for _, text in portion]
            after = portion[-1][0]

    def _parsed(self, texts: Iterable[str]) -> list[Row]:
        return [parsed(text, "outputs.row", self._place[0]) for text in texts]

    def _portion(self, after: tuple[int, int]) -> list[tuple[tuple[int, int], str]]:
        """Return rows with their places, those that follow on a place."""
        query = (
            f"SELECT batch, position, row FROM outputs WHERE {_WHERE}"  # noqa: S608
            " ORDER BY batch, position LIMIT ?"
        )
        rows = self._database.rows(query, (*self._place, *after, self._last, AT_ONCE))
        return [((batch, position), str(row)) for batch, position, row in rows]


def output_rows(database: Database, run: str, call: str, batch: int | None = None) -> OutputRows:
    """Return the rows that a read returned; batch: of this one only."""
    return OutputRows(database, run, call, batch)


def keep_read(
    connection: Transaction,
    hashing: Hashing,
    key: Key,
    definition: Definition,
    target: Mapping[str, str],
    outputs: Collection[Row],
) -> None:
    """Keep what a batch read, and the outcomes of what it did not find, each with its link.

    definition: of the action; target: of the outcomes.
    """
    run, call, batch = key
    if definition.resolves:
        _keep_found(connection, hashing, key, definition, target, outputs)
    walk, digest = enumerate(texts_of(outputs)), RowsDigest()
    while portion := list(islice(digest.through(walk), AT_ONCE)):
        _OUTPUTS.insert(connection, key, portion)
    add_link(connection, hashing, run, READ, call=call, batch=batch, facts=digest.facts)


def _keep_found(
    connection: Transaction,
    hashing: Hashing,
    key: Key,
    definition: Definition,
    target: Mapping[str, str],
    outputs: Iterable[Row],
) -> None:
    """Keep which ids a search found, and the outcomes of values that have none."""
    run, call, batch = key
    hashes, parts, walk = hashing.rows(), 0, iter(outputs)
    while portion := list(islice(walk, AT_ONCE)):
        outcomes = unresolved(definition, portion, target)
        rows, more = rows_of_batch(key, outcomes, hashing, hashes.count)
        parts += insert_rows(connection, key, rows, parts)
        hashes.add(more)
        connection.executemany(
            "INSERT INTO resolved VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            ((run, r["id"], r["value"]) for r in portion if "id" in r and "value" in r),
        )
    if hashes.count:
        add_link(connection, hashing, run, BATCH, call=call, batch=batch, rows=hashes)


def set_of_outputs(database: Database, run: str, call: str, name: str) -> StoredSet:
    """Make a set of the rows that a read returned, replacing one of that name, and return it."""
    return write_texts(database, run, name, output_rows(database, run, call).texts())
