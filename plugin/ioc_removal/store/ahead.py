"""What a run that goes on works with, as its chain has it: how calls are cut, what was read, seen.

Each digest enters the chain together with the rows that it is of, so that nobody who changes the
tables can let a run do another thing than what was approved.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from json.encoder import encode_basestring_ascii as encoded
from typing import TYPE_CHECKING, Any

from .chain import Link
from .database import EVERY, Database
from .journal import CUT, READ, SEEN
from .sets import references

if TYPE_CHECKING:
    from .verdict import Problem

SAID = {
    CUT: "what it has yet to do (table batches) was changed",
    READ: "what it read (table outputs) was changed",
    SEEN: "what its playbook saw (table steps) was changed",
}
_ROWS = {
    CUT: "SELECT batch, items FROM batches WHERE run = ? AND call = ? AND batch > ?"
    " ORDER BY batch LIMIT ?",
    READ: "SELECT position, row FROM outputs WHERE run = ? AND call = ? AND batch = ?"
    " ORDER BY position",
    SEEN: "SELECT step, result FROM steps WHERE run = ? AND step = ?",
}
# Rows that a run would go by, and that its chain does not know.
_ADDED = {
    "calls": "SELECT a.call FROM calls a WHERE a.run = ? AND NOT EXISTS (SELECT 1 FROM links l"
    " WHERE l.run = a.run AND l.call = a.call AND l.kind = 'call')",
    "batches": "SELECT a.call FROM batches a WHERE a.run = ? AND NOT EXISTS (SELECT 1 FROM links l"
    " WHERE l.run = a.run AND l.call = a.call AND (l.kind = 'cut' OR (a.finished = 1"
    " AND l.batch = a.batch AND l.kind IN ('batch', 'read'))))",
    "steps": "SELECT a.step FROM steps a WHERE a.run = ? AND NOT EXISTS (SELECT 1 FROM links l"
    " WHERE l.run = a.run AND l.call = a.step AND l.kind = 'seen')",
}
BATCHES_AT_ONCE = 20
NUMBERED = 2  # columns of a row that is a text with its number
_NAMED = {"calls": "call", "batches": "call", "steps": "step"}
_encode = json.JSONEncoder(default=repr).encode


class RowsDigest:
    """The SHA-256 of rows, made while they pass by."""

    def __init__(self) -> None:
        self._whole = sha256()

    def through(self, rows: Iterable[Any]) -> Iterator[Any]:
        """Yield rows, and let each enter the digest."""
        for row in rows:
            self._whole.update(_encoded(row).encode())
            yield row

    @property
    def facts(self) -> dict[str, Any]:
        """What a link tells of the rows."""
        return {"sha256": self._whole.hexdigest()}


def _encoded(row: Any) -> str:
    """Return a row as JSON, as all chains have it."""
    if len(row) == NUMBERED and type(row[0]) is int and type(row[1]) is str:  # nearly all
        return f"[{row[0]}, {encoded(row[1])}]"
    return _encode(row)


def rows_facts(rows: Iterable[Any]) -> dict[str, Any]:
    """Return what a link tells of rows."""
    digest = RowsDigest()
    for _ in digest.through(rows):
        pass
    return digest.facts


def seen_facts(database: Database, step: str, text: str) -> dict[str, Any]:
    """Return what the chain tells of a step's result; text: its JSON, sets by reference."""
    from .set_digest import set_digest

    facts = rows_facts([(step, text)])
    sets = [[*named, set_digest(database, *named)] for named in references(json.loads(text))]
    return {**facts, "sets": sets} if sets else facts


def verify_ahead(database: Database, link: Link, facts: Mapping[str, Any]) -> Iterator["Problem"]:
    """Yield what the tables say otherwise than a link; facts: of the link."""
    from .verdict import Problem  # of those who verify, not of those who write

    place = (link.run, link.call) if link.batch is None else (link.run, link.call, link.batch)
    rows = _cut(database, place) if link.kind == CUT else database.walk(_ROWS[link.kind], place)
    if rows_facts(rows)["sha256"] != facts["sha256"]:
        yield Problem(SAID[link.kind], link.run, None, link.call, link.batch)
    yield from changed_lists(database, link.run, f"that {link.call} returned", facts)


def _cut(database: Database, place: tuple[Any, ...]) -> Iterator[tuple[int, str]]:
    """Yield the batches of a call; each may hold thousands of items."""
    after = -EVERY  # a row that was added may have any number
    while portion := database.rows(_ROWS[CUT], (*place, after, BATCHES_AT_ONCE)):
        yield from ((batch, items) for batch, items in portion)
        after = portion[-1][0]


def changed_lists(
    database: Database, run: str, which: str, facts: Mapping[str, Any]
) -> Iterator["Problem"]:
    """Yield the lists that do not hold what they held; facts: of a link, with their SHA-256."""
    from .set_digest import set_digest
    from .verdict import Problem

    for owner, name, digest in facts.get("sets", ()):
        if set_digest(database, owner, name) != digest:
            yield Problem(
                f"the list {name} {which} was changed: items were added, taken away, changed or "
                "moved",
                run,
            )


def added(database: Database, run: str, call: str | None = None) -> Iterator[str]:
    """Yield where the tables have more than the chain of a run tells; call: of this one only."""
    for table, query in _ADDED.items():
        only, named = ("", (run,)) if call is None else (f" AND a.{_NAMED[table]} = ?", (run, call))
        for (name,) in database.rows(f"{query}{only} LIMIT 1", named):
            yield f"rows of {name} were added (table {table})"
