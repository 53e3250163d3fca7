"""Sets: rows in the store, passed by reference, that behave as a list wherever one is expected."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, overload

from ..spool import LongTexts
from .columns import parsed
from .database import Database
from .ordered import ordered
from .pieces import (
    COLUMN,
    Piece,
    insert_pieces,
    pieces_of,
    read_lists,
    read_pieces,
    texts_in,
)
from .plain_json import BETWEEN, lines_of

AT_ONCE = 10  # pieces that are written together
OUTCOMES = "outcomes of "  # and a call: the names of sets that may be written when they are read
REFERENCE, DATA = "$set", "$data"  # a mapping of one of these keys is ours, or is wrapped in DATA
LEAVES = frozenset({str, int, float, bool, type(None)})  # in which there is no set
SIZE = "SELECT size FROM sets WHERE run = ? AND name = ?"
LATER = -1  # less the size: of a set that is not written yet


class StoredSet(Sequence[Any]):
    """A list of texts or rows in the store.

    run, name: what it is stored under.
    """

    def __init__(self, database: Database, run: str, name: str) -> None:
        self._database, self.run, self.name = database, run, name
        found = database.rows(SIZE, (run, name))
        self._size: int = found[0][0] if found else 0
        self._is_late = self._size < 0  # as note_set_for_later() noted it
        self._size = LATER - self._size if self._is_late else self._size

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(self._lists(0, self._size))

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            start, stop, step = index.indices(self._size)
            return self._portion(start, stop)[::step] if step > 0 else list(self)[index]
        position = index + self._size if index < 0 else index
        if not 0 <= position < self._size:
            raise IndexError(index)
        return self._portion(position, position + 1)[0]

    def pieces(self) -> Iterator[str]:
        """Yield the items as the store keeps them. Raises StoreError."""
        self._be_written()
        for _, text in read_pieces(self._database, self.run, self.name):
            yield text

    def in_order(self) -> Iterator[Any]:
        """Yield the items ordered by their texts, whichever order they were written in.

        Raises StoreError.
        """
        texts = chain.from_iterable(map(texts_in, self.pieces()))
        for text in ordered(texts, self._size):
            yield parsed(text, COLUMN, self.run)

    def __contains__(self, item: object) -> bool:
        sought = json.dumps(item)
        return any(sought in text and sought in texts_in(text) for text in self.pieces())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, StoredSet):
            return (self.run, self.name) == (other.run, other.name)
        return isinstance(other, list) and list(self) == other

    def __hash__(self) -> int:
        return hash((self.run, self.name))

    def __repr__(self) -> str:
        return f"<{self._size} rows of {self.name}>"

    def _be_written(self) -> None:
        if self._is_late:
            self._size, self._is_late = write_late_set(self._database, self.run, self.name), False

    def _portion(self, start: int, stop: int) -> list[Any]:
        return list(chain.from_iterable(self._lists(start, stop)))

    def _lists(self, start: int, stop: int) -> Iterator[list[Any]]:
        self._be_written()
        return read_lists(self._database, self.run, self.name, start, stop)


def write_set(database: Database, run: str, name: str, items: Iterable[Any]) -> StoredSet:
    """Write a set, replacing one of that name, and return it."""
    return _written(database, run, name, pieces_of(items, lines_of))


def write_texts(database: Database, run: str, name: str, texts: Iterable[str]) -> StoredSet:
    """Write a set, replacing one of that name, and return it; texts: of its items, as JSON."""
    return _written(database, run, name, pieces_of(texts, BETWEEN.join))


def _written(database: Database, run: str, name: str, pieces: Iterator[Piece]) -> StoredSet:
    size = 0
    forget_set(database, run, name)
    while portion := list(islice(pieces, AT_ONCE)):
        with database.transaction() as connection:
            insert_pieces(connection, run, name, portion)
        size = portion[-1][0] + len(texts_in(portion[-1][1]))
    return note_set(database, run, name, size)


def forget_set(database: Database, run: str, name: str) -> None:
    """Take away the items of a set, of which others follow."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM pieces WHERE run = ? AND name = ?", (run, name))


def note_set(database: Database, run: str, name: str, size: int) -> StoredSet:
    """Note that a set is written whole, and return it; size: how many items it has."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO sets VALUES (?, ?, ?)"
            " ON CONFLICT (run, name) DO UPDATE SET size = excluded.size",
            (run, name, size),
        )
    return StoredSet(database, run, name)


def note_set_for_later(database: Database, run: str, name: str, size: int) -> StoredSet:
    """Note that a set is written when it is first read, and return it.

    name: OUTCOMES and a call, whose outcomes these are; size: how many there are.
    """
    forget_set(database, run, name)
    return note_set(database, run, name, LATER - size)


def write_late_set(database: Database, run: str, name: str) -> int:
    """Write a set that was noted for later, unless it is written; return how many items it has."""
    from .run_outcomes import outcome_rows  # most sets are written at once

    with database.transaction():  # nobody sees a part of it
        [(size,)] = database.rows(SIZE, (run, name)) or [(0,)]
        if size >= 0:
            return int(size)
        return len(
            write_set(database, run, name, outcome_rows(database, run, name[len(OUTCOMES) :]))
        )


def forget_sets(database: Database, run: str) -> None:
    """Take away the sets that are stored under a run."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM pieces WHERE run = ?", (run,))
        connection.execute("DELETE FROM sets WHERE run = ?", (run,))


def references(value: Any) -> Iterator[tuple[str, str]]:
    """Yield run and name of the sets in a value that by_reference() made."""
    if isinstance(value, dict):
        if value.keys() == {REFERENCE}:
            run, name = value[REFERENCE]
            yield run, name
            return
        value = value[DATA] if value.keys() == {DATA} else value
        for entry in value.values():
            yield from references(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from references(entry)


def by_reference(value: Any, *, leaves: bool = True) -> Any:
    """Replace the sets in a value by references that JSON can hold.

    leaves: whether it leaves this process, so that long texts must be a list.
    """
    if isinstance(value, StoredSet):
        return {REFERENCE: [value.run, value.name]}
    if isinstance(value, dict):
        plain = {key: by_reference(entry, leaves=leaves) for key, entry in value.items()}
        return {DATA: plain} if plain.keys() & {REFERENCE, DATA} else plain
    if isinstance(value, list | tuple):
        if LEAVES.issuperset(map(type, value)):  # as most long ones
            return list(value)
        return [by_reference(entry, leaves=leaves) for entry in value]
    return list(value) if leaves and isinstance(value, LongTexts) else value


def by_value(database: Database, value: Any) -> Any:
    """Replace references by the sets that they name."""
    if isinstance(value, dict):
        if value.keys() == {REFERENCE}:
            return StoredSet(database, *value[REFERENCE])
        value = value[DATA] if value.keys() == {DATA} else value
        return {key: by_value(database, entry) for key, entry in value.items()}
    if isinstance(value, list) and not LEAVES.issuperset(map(type, value)):
        return [by_value(database, entry) for entry in value]
    return list(value) if isinstance(value, list) else value
