"""Verify the rows of a batch against its link, and tell which of them is not as it was."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .chain import MARK, Hashing
from .columns import parsed
from .database import Database
from .entries import Linked, Stored, StoredBatch
from .found import OF_BATCH, indexed_places, keyed_places
from .verdict import Problem


def verify_batch(
    database: Database, hashing: Hashing | None, linked: Linked, batch: StoredBatch
) -> Iterator[Problem]:
    """Yield what is wrong with the rows of a batch.

    hashing: None when the key of its hashes is not known.
    """
    link, rows = linked.link, batch.rows
    marks = [link.marks[at : at + MARK] for at in range(0, len(link.marks), MARK)]
    here = Problem("", run=link.run, call=link.call, batch=link.batch)
    there = {row.position for row in rows}
    for position in range(link.rows):
        if position not in there:
            name = _missing(database, linked, position, rows)
            yield replace(here, what="the row is missing", position=position, indicator=name)
    left = set(range(link.rows))
    for row in rows:
        at = replace(here, position=row.position, indicator=row.indicator)
        if row.position not in left:
            yield replace(at, what="the row was added")
            continue
        left.remove(row.position)
        mark = (row.hash or "")[:MARK]
        own = marks[row.position] if row.position < len(marks) else ""
        if mark != own and mark in marks:
            was = marks.index(mark)
            yield replace(at, what=f"the row was moved here from position {was}")
        elif hashing and hashing.row(row.columns) != row.hash:
            yield replace(at, what="the row was changed")
        elif mark != own:
            yield replace(at, what="the row was changed, or replaced, together with its hash")
    if batch.odd and not left:
        yield replace(here, what="how many rows or hashes it has was changed")


def verify_index(database: Database, linked: Linked) -> Iterator[Problem]:
    """Yield the rows of a batch that the index by indicator does not find."""
    link = linked.link
    batch = (link.run, link.call, link.batch)
    wanted = dict.fromkeys(keyed_places(database, OF_BATCH, *batch))
    indexed = indexed_places(database, batch, (key for key, _ in wanted))
    for indicator, place in wanted:
        if (indicator, place) not in indexed:
            what = "the index by indicator no longer leads to the row"
            call, number, position = place
            yield Problem(what, link.run, None, call, number, position, indicator)


def _missing(database: Database, linked: Linked, position: int, rows: list[Stored]) -> str | None:
    """Return the indicator of a row that is gone, as the index or the batch still knows it."""
    link = linked.link
    key: tuple[Any, ...] = (link.run, link.call, link.batch)
    query = "SELECT indicator FROM found WHERE run = ? AND call = ? AND batch = ? AND position = ?"
    if found := database.rows(query, (*key, position)):
        return str(found[0][0])
    query = "SELECT items FROM batches WHERE run = ? AND call = ? AND batch = ?"
    if not (known := database.rows(query, key)):
        return None
    left = {row.indicator for row in rows}
    gone = [
        item for item in parsed(known[0][0], "batches.items", link.run, list) if item not in left
    ]
    return ", ".join(gone[:3]) or None
