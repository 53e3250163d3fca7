"""Read the journal: links of a run's chain, and the rows of a batch as they are stored."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..indicators.normal import normalised
from .alike_tables import own_of
from .chain import DIGITS, ROW, Head, Link
from .database import Database
from .found import OF_BATCH, OF_RUN, keyed_places, keys_of, values_of
from .outcome_rows import SHARED_COLUMNS
from .outcome_walk import columns_of_part, parsed_own

AT_ONCE = 500  # links read together
COLUMNS = ", ".join(f"o.{name}" for name in ROW)
VALUE, ID = ROW.index("value"), ROW.index("id")


class Linked(NamedTuple):
    """A link as stored, with its hash."""

    link: Link
    hash: str

    @property
    def readable(self) -> bool:
        """Whether its columns are of the types with which they were written."""
        link = self.link
        texts = (link.kind, link.marks, link.facts, link.at, self.hash)
        return all(isinstance(text, str) for text in texts) and all(
            isinstance(number, int) for number in (link.number, link.rows)
        )


class Stored(NamedTuple):
    """A row as stored; columns: those of chain.ROW; hash: None of a row before the journal was."""

    columns: tuple[Any, ...]
    hash: str | None

    @property
    def position(self) -> int:
        """Its place in its batch; -1 when somebody made it something that is no number."""
        return self.columns[3] if isinstance(self.columns[3], int) else -1

    @property
    def indicator(self) -> str:
        """The name by which a person knows it: its value, else its id."""
        return str(self.columns[4] if self.columns[4] is not None else self.columns[5])


def links_of(database: Database, run: str) -> Iterator[Linked]:
    """Yield the links of a run, in their order."""
    query = (
        "SELECT run, link, kind, call, batch, rows, marks, facts, at, key, hash FROM links"
        " WHERE run = ? AND link > ? ORDER BY link LIMIT ?"
    )
    after = -(2**62)
    while rows := database.rows(query, (run, after, AT_ONCE)):
        for row in rows:
            yield Linked(Link(*row[:-1]), row[-1])
        after = rows[-1][1]


def heads_of(database: Database, run: str | None = None) -> Iterator[tuple[Head, str]]:
    """Yield the heads of the global chain, or those of one run, in their order, with hashes."""
    of, own = ("", ()) if run is None else (" AND run = ?", (run,))
    query = (
        f"SELECT head, run, links, rows, last, key, hash FROM heads WHERE head > ?{of}"  # noqa: S608
        " ORDER BY head LIMIT ?"
    )
    after = -(2**62)
    while rows := database.rows(query, (after, *own, AT_ONCE)):
        for row in rows:
            yield Head(*row[:-1]), row[-1]
        after = rows[-1][0]


class StoredBatch(NamedTuple):
    """The rows of a batch as stored, in their order.

    odd: whether there are other numbers of rows, or of hashes, than are told beside them.
    """

    rows: list[Stored]
    odd: bool


def batch_of(database: Database, link: Link) -> StoredBatch:
    """Return the rows of a batch, but for those that somebody made unreadable."""
    place, rows, odd = (link.run, link.call, link.batch), list[Stored](), False
    query = (
        f"SELECT {SHARED_COLUMNS}, rows, own, {own_of('o')}, hashes FROM alike o WHERE {OF_BATCH}"  # noqa: S608
    )
    for *shared, many, kind, own, hashes in database.rows(query, place):
        known = parsed_own(kind, own) or []
        digits = hashes if isinstance(hashes, str) else ""
        odd |= many != len(known) or len(digits) != len(known) * DIGITS
        for at, one in enumerate(known):
            hash_ = digits[at * DIGITS : (at + 1) * DIGITS] or None
            rows.append(Stored((*place, *columns_of_part(one, shared)), hash_))
    rows.sort(key=lambda row: row.position)
    return StoredBatch(rows, odd)


def runs_in_order(database: Database) -> list[str]:
    """Return the runs in the order in which they began, by the global chain, not by the clock.

    Those from before the journal come first.
    """
    query = (
        "SELECT run FROM (SELECT run, -1 AS place FROM runs UNION ALL SELECT run, -1 FROM links"
        " WHERE link = 0 UNION ALL SELECT run, min(head) FROM heads GROUP BY run) begun"
        " GROUP BY run ORDER BY max(place), run"
    )
    return [run for (run,) in database.rows(query)]


class Entry(NamedTuple):
    """A row with what its chain and its call say of it.

    at: when it was recorded, None of a row before the journal was; found_for: the values for which
    a search found its id.
    """

    row: Stored
    at: str | None
    action: str
    connection: str | None
    found_for: tuple[str, ...]


def entries_of_batch(database: Database, link: Link) -> Iterator[Entry]:
    """Yield the rows of a batch, in their order."""
    place = (link.run, link.call, link.batch)
    yield from _entries(database, OF_BATCH, *place)


def entries_of_indicator(
    database: Database, run: str, indicator: str, *, indexed: bool
) -> Iterator[Entry]:
    """Yield the rows of a run in which an indicator stands; indexed: whether the run is."""
    keys = keys_of(indicator)
    if indexed:
        query = (
            "SELECT DISTINCT call, batch, position FROM found WHERE indicator IN (?, ?)"
            " AND run = ? ORDER BY call, batch, position"
        )
        places = database.rows(query, (*keys, run))
    else:
        found = keyed_places(database, OF_RUN, run)
        places = list(dict.fromkeys(place for key, place in found if key in keys))
    where = f"{OF_BATCH} AND o.position = ?"
    for place in places:
        for entry in _entries(database, where, run, *place):
            names = (*entry.row.columns[4:6], *entry.found_for)  # whatever the index says
            if {normalised(name) for name in names if name is not None} & set(keys):
                yield entry


def entries_before(database: Database, run: str) -> Iterator[Entry]:
    """Yield the rows of a run that are from before the journal, which no link covers."""
    query = (
        "SELECT DISTINCT call, batch FROM alike WHERE run = ? AND hashes IS NULL"
        " ORDER BY call, batch"
    )
    where = f"{OF_BATCH} AND o.hash IS NULL AND l.link IS NULL"
    for batch in database.rows(query, (run,)):
        yield from _entries(database, where, run, *batch)


def _entries(database: Database, where: str, run: str, *values: Any) -> Iterator[Entry]:
    query = (
        f"SELECT l.at, c.action, c.connection, {COLUMNS}, o.hash FROM outcomes o"  # noqa: S608
        " JOIN calls c ON c.run = o.run AND c.call = o.call"
        " LEFT JOIN links l ON l.run = o.run AND l.call = o.call"
        f" AND l.batch = o.batch AND l.kind = 'batch' WHERE {where}"
        " ORDER BY o.call, o.batch, o.position"
    )
    rows = database.rows(query, (run, *values))
    found = values_of(database, run, (row[3 + ID] for row in rows if row[3 + VALUE] is None))
    for at, action, connection, *columns, hash_ in rows:
        stored = Stored(tuple(columns), hash_)
        found_for = () if columns[VALUE] is not None else tuple(found.get(columns[ID], ()))
        yield Entry(stored, at, action, connection, found_for)
