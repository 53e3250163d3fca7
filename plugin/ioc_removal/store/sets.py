"""Sets: rows in the store, passed by reference, that behave as a list wherever one is expected."""

import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import chain, islice
from json.encoder import encode_basestring_ascii as encoded
from typing import Any, overload

from ..spool import LongTexts
from .alike import AlikeRows
from .columns import parsed, parsed_all
from .database import Database

AT_ONCE = 10_000  # texts that are written together
ROWS_AT_ONCE = 2_000  # rows that are, and whatever is read together
_ITEMS = AlikeRows(
    "items", {"run": "TEXT", "name": "TEXT"}, {"position": "INTEGER", "item": "TEXT"}
)
REFERENCE, DATA = "$set", "$data"  # a mapping of one of these keys is ours, or is wrapped in DATA


class StoredSet(Sequence[Any]):
    """A list of texts or rows in the store.

    run, name: what it is stored under.
    """

    def __init__(self, database: Database, run: str, name: str) -> None:
        self._database, self.run, self.name = database, run, name
        found = database.rows("SELECT size FROM sets WHERE run = ? AND name = ?", (run, name))
        self._size: int = found[0][0] if found else 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        start = 0
        while start < self._size:
            yield from self._portion(start, start + ROWS_AT_ONCE)
            start += ROWS_AT_ONCE

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

    def in_order(self) -> Iterator[Any]:
        """Yield the items ordered by their texts, whichever order they were written in."""
        query = "SELECT item FROM items WHERE run = ? AND name = ? ORDER BY item"
        for (item,) in self._database.walk(query, (self.run, self.name)):
            yield parsed(item, "items.item", self.run)

    def __contains__(self, item: object) -> bool:
        query = "SELECT 1 FROM items WHERE run = ? AND name = ? AND item = ? LIMIT 1"
        return bool(self._database.rows(query, (self.run, self.name, json.dumps(item))))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, StoredSet):
            return (self.run, self.name) == (other.run, other.name)
        return isinstance(other, list) and list(self) == other

    def __hash__(self) -> int:
        return hash((self.run, self.name))

    def __repr__(self) -> str:
        return f"<{self._size} rows of {self.name}>"

    def _portion(self, start: int, stop: int) -> list[Any]:
        rows = self._database.rows(
            "SELECT item FROM items WHERE run = ? AND name = ? AND position >= ? AND position < ?"
            " ORDER BY position",
            (self.run, self.name, start, stop),
        )
        return parsed_all([item for (item,) in rows], "items.item", self.run)


def write_set(database: Database, run: str, name: str, items: Iterable[Any]) -> StoredSet:
    """Write a set, replacing one of that name, and return it."""
    walk, size = iter(items), 0
    forget_set(database, run, name)
    first = list(islice(walk, 1))
    walk = chain(first, walk)
    most = AT_ONCE if first and isinstance(first[0], str) else ROWS_AT_ONCE
    while portion := list(islice(walk, most)):
        texts = map(_json, portion)
        with database.transaction() as connection:
            _ITEMS.insert(connection, (run, name), [*enumerate(texts, size)])
        size += len(portion)
    return note_set(database, run, name, size)


def forget_set(database: Database, run: str, name: str) -> None:
    """Take away the items of a set, of which others follow."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM items WHERE run = ? AND name = ?", (run, name))


def note_set(database: Database, run: str, name: str, size: int) -> StoredSet:
    """Note that a set is written whole, and return it; size: how many items it has."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO sets VALUES (?, ?, ?)"
            " ON CONFLICT (run, name) DO UPDATE SET size = excluded.size",
            (run, name, size),
        )
    return StoredSet(database, run, name)


def _json(item: Any) -> str:
    return encoded(item) if type(item) is str else json.dumps(item)


def forget_sets(database: Database, run: str) -> None:
    """Take away the sets that are stored under a run."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM items WHERE run = ?", (run,))
        connection.execute("DELETE FROM sets WHERE run = ?", (run,))


def set_digest(database: Database, run: str, name: str) -> str:
    """Return the SHA-256 of a set: its size, and each item with its place."""
    query = "SELECT size FROM sets WHERE run = ? AND name = ?"
    whole = sha256(repr(database.rows(query, (run, name))).encode())
    query = "SELECT position, item FROM items WHERE run = ? AND name = ? ORDER BY position"
    walk = database.walk(query, (run, name))
    while portion := list(islice(walk, ROWS_AT_ONCE)):
        rows = [(position, str(item)) for position, item in portion]
        told = "".join([f"{position} {len(text)} {text}" for position, text in rows])
        whole.update(told.encode(errors="surrogatepass"))
    return whole.hexdigest()


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
        return [by_reference(entry, leaves=leaves) for entry in value]
    return list(value) if leaves and isinstance(value, LongTexts) else value


def by_value(database: Database, value: Any) -> Any:
    """Replace references by the sets that they name."""
    if isinstance(value, dict):
        if value.keys() == {REFERENCE}:
            return StoredSet(database, *value[REFERENCE])
        value = value[DATA] if value.keys() == {DATA} else value
        return {key: by_value(database, entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [by_value(database, entry) for entry in value]
    return value
