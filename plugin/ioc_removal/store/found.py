"""The index by indicator: where a value, or an id, stands in the runs that ended.

A short run is indexed when it ends, a long one when an indicator is first asked for.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from ..indicators.normal import normalised
from ..indicators.refang import refang
from .database import Database

AT_ONCE = 50_000  # rows indexed together
SOON = 10_000  # rows of a run that are indexed when it ends, not when they are asked for
KEYS_AT_ONCE = 500  # looked up together
OF_RUN = "o.run = ?"
OF_BATCH = "o.run = ? AND o.call = ? AND o.batch = ?"

Place = tuple[Any, ...]  # call, batch, position


def index_run(database: Database, run: str) -> None:
    """Index the rows of a run; what is indexed already stays."""
    insert = "INSERT INTO found VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    portions = [*_portions(database, run)]
    for portion in portions:
        keys = [key for batch in portion for key in keyed_places(database, OF_BATCH, run, *batch)]
        keys.sort()  # neighbours in the index are written together
        with database.transaction() as connection:
            connection.executemany(insert, ((key, run, *place) for key, place in keys))
            if portion is portions[-1]:
                connection.execute("INSERT INTO indexed VALUES (?) ON CONFLICT DO NOTHING", (run,))


def index_short(database: Database, run: str) -> None:
    """Index a run that ends, unless it is a long one: that would take a part of its time."""
    query = "SELECT coalesce(sum(rows), 0) FROM links WHERE run = ? AND kind = 'batch'"
    [(rows,)] = database.rows(query, (run,))
    if rows <= SOON:
        index_run(database, run)


def index_ended(database: Database) -> None:
    """Index what ended and is not indexed yet, before somebody asks for an indicator."""
    query = (
        "SELECT DISTINCT run FROM links WHERE kind = 'end' AND run NOT IN (SELECT run FROM indexed)"
        " AND run IN (SELECT run FROM runs WHERE status = 'ended')"
    )
    for (run,) in database.rows(query):
        index_run(database, run)


def keyed_places(database: Database, where: str, *values: object) -> Iterator[tuple[str, Place]]:
    """Yield each key by which a row is found, and its place; where: OF_RUN or OF_BATCH.

    A row is found by its value, by its id, and by the values for which a search found that id.
    """
    query = (
        "SELECT o.call, o.batch, o.position, o.value, o.id, r.value FROM outcomes o"  # noqa: S608
        " LEFT JOIN resolved r ON o.value IS NULL AND r.run = o.run AND r.id = o.id"
        f" WHERE {where} ORDER BY o.call, o.batch, o.part"
    )
    for call, batch, position, *names in database.walk(query, values):
        place = (call, batch, position)
        for key in _keys(names):
            yield key, place


def indexed_places(
    database: Database, batch: tuple[Any, ...], keys: Iterable[str]
) -> set[tuple[str, Place]]:
    """Return what the index has of some keys in a batch: run, call, number."""
    found, walk = set(), iter(keys)
    while portion := list(islice(walk, KEYS_AT_ONCE)):
        query = (
            "SELECT indicator, call, batch, position FROM found WHERE indicator IN"  # noqa: S608
            f" ({', '.join('?' * len(portion))}) AND run = ? AND call = ? AND batch = ?"
        )
        found |= {(key, tuple(place)) for key, *place in database.rows(query, (*portion, *batch))}
    return found


def keys_of(indicator: str) -> tuple[str, str]:
    """Return the keys by which an indicator is found, as it is and refanged."""
    return normalised(indicator), normalised(refang(indicator))


def values_of(database: Database, run: str, ids: Iterable[Any]) -> dict[str, list[str]]:
    """Return the values for which a run's searches found each of some ids."""
    found: dict[str, list[str]] = {}
    walk = iter(dict.fromkeys(ids))
    while portion := list(islice(walk, KEYS_AT_ONCE)):
        query = (
            "SELECT id, value FROM resolved WHERE run = ? AND id IN"  # noqa: S608
            f" ({', '.join('?' * len(portion))}) ORDER BY id, value"
        )
        for id_, value in database.rows(query, (run, *portion)):
            found.setdefault(id_, []).append(value)
    return found


def runs_with(database: Database, indicator: str) -> dict[str, bool]:
    """Return the runs in which an indicator may stand, and whether each is indexed."""
    query = (
        "SELECT run, 1 FROM found WHERE indicator IN (?, ?) AND run IN (SELECT run FROM indexed)"
        " UNION SELECT run, 0 FROM runs WHERE run NOT IN (SELECT run FROM indexed)"
    )
    return {run: bool(known) for run, known in database.rows(query, keys_of(indicator))}


def _keys(names: Iterable[object]) -> list[str]:
    """Return the keys of names; what somebody made no text has none."""
    return list(dict.fromkeys(normalised(name) for name in names if isinstance(name, str)))


def _portions(database: Database, run: str) -> Iterator[list[tuple[str, int]]]:
    """Yield the batches of a run, so many at a time that their rows fit in memory; at least once.

    Each portion is a commit.
    """
    query = (
        "SELECT call, batch, CAST(rows AS INTEGER) FROM links WHERE run = ? AND kind = 'batch'"
        " ORDER BY call, batch"
    )
    portion, size = list[tuple[str, int]](), 0
    for call, batch, rows in database.rows(query, (run,)):
        if size + rows > AT_ONCE and portion:
            yield portion
            portion, size = [], 0
        portion.append((call, batch))
        size += rows
    yield portion
