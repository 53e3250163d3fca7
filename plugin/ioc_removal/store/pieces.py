"""The items of lists in the store: pieces, each a row with a JSON array, an item a line.

A row for each item takes several times as long to write and to read.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from .columns import parsed, unreadable
from .database import EVERY, Database
from .plain_json import BETWEEN
from .statements import Transaction

MOST = 1_000  # items of a piece
LONGEST = 1 << 18  # characters of a piece of more than one item
READ_AT_ONCE = 4
COLUMN = "pieces.items"
_FIRST = (
    "position >= (SELECT coalesce(max(position), :start) FROM pieces WHERE run = :run"
    " AND name = :name AND position <= :start)"
)
Some = TypeVar("Some")
Piece = tuple[int, str]  # the position of its first item, and its text


def pieces_of(items: Iterable[Some], lines_of: Callable[[list[Some]], str]) -> Iterator[Piece]:
    """Yield the pieces of a list.

    lines_of: makes JSON of some items, each a line, with BETWEEN them.
    """
    walk, position = iter(items), 0
    while portion := list(islice(walk, MOST)):
        lines = lines_of(portion)
        if len(lines) <= LONGEST:
            yield position, f"[{lines}]"
            position += len(portion)
            continue
        for few in _short(lines.split(BETWEEN)):
            yield position, f"[{BETWEEN.join(few)}]"
            position += len(few)


def _short(texts: Iterable[str]) -> Iterator[list[str]]:
    """Yield some of the texts together, that are not too long."""
    few: list[str] = []
    size = 0
    for text in texts:
        if few and size + len(text) > LONGEST:
            yield few
            few, size = [], 0
        few.append(text)
        size += len(text)
    yield few


def texts_in(piece: str) -> list[str]:
    """Return the texts of the items of a piece; of one that is no array, what no items have."""
    if piece[:1] == "[" and piece[-1:] == "]":
        return piece[1:-1].split(BETWEEN)
    return ["", piece]


def insert_pieces(connection: Transaction, run: str, name: str, pieces: Iterable[Piece]) -> None:
    """Write some pieces of a list."""
    query = "INSERT INTO pieces (run, name, position, items) VALUES (?, ?, ?, ?)"
    connection.executemany(query, ((run, name, *piece) for piece in pieces))


def read_pieces(
    database: Database, run: str, name: str, start: int = -EVERY, stop: int = EVERY
) -> Iterator[Piece]:
    """Yield the pieces of a list, in order; few are in memory.

    start, stop: only those with items from one position to before another one.
    """
    values = {"run": run, "name": name, "start": start, "stop": stop, "most": READ_AT_ONCE}
    which = _FIRST
    while True:
        rows = database.rows(
            "SELECT position, items FROM pieces WHERE run = :run AND name = :name"  # noqa: S608
            f" AND {which} AND position < :stop ORDER BY position LIMIT :most",
            values,
        )
        for position, items in rows:
            yield position, str(items)
        if len(rows) < READ_AT_ONCE:
            return
        values["start"], which = rows[-1][0], "position > :start"


def read_lists(
    database: Database, run: str, name: str, start: int, stop: int
) -> Iterator[list[Any]]:
    """Yield the items of a list from one position to before another one, those of a piece together.

    Raises StoreError, also when it has not all of them.
    """
    at = start
    for position, text in read_pieces(database, run, name, start, stop) if start < stop else ():
        items = parsed(text, COLUMN, run, list)
        follows = position == at or (at == start and isinstance(position, int) and position < at)
        if not follows or not (part := items[at - position : stop - position]):
            raise unreadable(COLUMN, run)
        at += len(part)
        yield part
    if at < stop:
        raise unreadable(COLUMN, run)
