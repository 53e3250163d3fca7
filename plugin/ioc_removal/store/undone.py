"""What an undo puts back: rows of a run, each claimed by one undo at a time."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..outcome import Outcome
from .database import Database
from .recorder import OUTCOME_COLUMNS, outcome_of
from .sets import by_value

THEN = "/then"  # ends the name of a call that follows on another one
_O = ", ".join(f"o.{name}" for name in OUTCOME_COLUMNS.split(", "))
_DONE = "(o.outcome IN ('removed', 'added', 'changed') OR o.outcome = 'absent' AND o.maybe_ours)"

Key = tuple[str, int, int]


@dataclass(frozen=True)
class Done:
    """A row of a run that can be undone: its place in the run, its call, its outcome.

    connection: the name of the one that its call used; arguments: of the call, without its items;
    value: of an id that a search of the run found.
    """

    key: Key
    action: str
    connection: str | None
    arguments: Mapping[str, Any]
    outcome: Outcome
    value: str | None

    @property
    def row(self) -> dict[str, Any]:
        """The outcome as a flat row."""
        return self.outcome.row()


@dataclass(frozen=True)
class Claim:
    """A row that an undo is to put back.

    call, item: which call of the undo does, and how it names the row, None when it has but one;
    before: run and call of an earlier undo that may have done it already.
    """

    done: Done
    call: str
    item: str | None
    before: tuple[str, str] | None = None


@dataclass(frozen=True)
class Earlier:
    """What came of a row at an earlier undo; outcome: None when that did not come so far."""

    undo: str
    call: str
    outcome: Outcome | None


def done_rows(database: Database, run: str, keys: Iterable[Key] | None = None) -> list[Done]:
    """Return the rows of a run that can be undone, in their order; keys: only these."""
    query = (
        f"SELECT o.call, o.batch, o.position, c.action, c.connection, c.arguments,"  # noqa: S608
        f" (SELECT min(r.value) FROM resolved r WHERE r.run = o.run AND r.id = o.id), {_O}"
        " FROM outcomes o JOIN calls c ON c.run = o.run AND c.call = o.call"
        f" WHERE o.run = ? AND {_DONE} ORDER BY o.call, o.batch, o.position"
    )
    wanted = None if keys is None else set(keys)
    arguments: dict[str, Mapping[str, Any]] = {}
    found = []
    for call, batch, position, action, connection, text, value, *row in database.rows(
        query, (run,)
    ):
        key = (call, batch, position)
        if call.endswith(THEN) or (wanted is not None and key not in wanted):
            continue
        if text not in arguments:
            arguments[text] = by_value(database, json.loads(text))
        outcome = outcome_of(tuple(row))
        found.append(
            Done(key, action, connection, arguments[text], outcome, outcome.value or value)
        )
    return found


def earlier_undos(database: Database, run: str) -> dict[Key, Earlier]:
    """Return what came of the rows of a run that an undo has claimed before."""
    query = (
        f"SELECT u.call, u.batch, u.position, u.undo, u.undo_call, o.run, {_O} FROM undone u"  # noqa: S608
        " LEFT JOIN outcomes o ON o.run = u.undo AND o.call = u.undo_call"
        " AND (u.undo_item IS NULL OR o.value = u.undo_item OR o.id = u.undo_item)"
        " WHERE u.run = ?"
    )
    return {
        (call, batch, position): Earlier(undo, by, outcome_of(tuple(row)) if there else None)
        for call, batch, position, undo, by, there, *row in database.rows(query, (run,))
    }


def claim(
    database: Database, run: str, undo: str, claims: Sequence[Claim], earlier: Mapping[Key, Earlier]
) -> int:
    """Let an undo have rows of a run; return how many another one took meanwhile.

    earlier: what was known of them when it was decided that they may be tried again.
    """
    taken = 0
    with database.transaction() as connection:
        for one in claims:
            before = earlier.get(one.done.key)
            values = (undo, one.call, one.item, json.dumps(one.before) if one.before else None)
            if before is None:
                cursor = connection.execute(
                    "INSERT OR IGNORE INTO undone VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (run, *one.done.key, *values),
                )
            else:
                cursor = connection.execute(
                    "UPDATE undone SET undo = ?, undo_call = ?, undo_item = ?, before = ?"
                    " WHERE run = ? AND call = ? AND batch = ? AND position = ? AND undo = ?",
                    (*values, run, *one.done.key, before.undo),
                )
            taken += not cursor.rowcount
    return taken


def claims_of(database: Database, run: str, undo: str) -> list[Claim]:
    """Return the rows of a run that an undo has claimed, in their order."""
    query = (
        "SELECT call, batch, position, undo_call, undo_item, before FROM undone"
        " WHERE run = ? AND undo = ?"
    )
    rows = {
        (call, batch, position): rest
        for call, batch, position, *rest in database.rows(query, (run, undo))
    }
    found = []
    for done in done_rows(database, run, rows):
        call, item, before = rows[done.key]
        found.append(Claim(done, call, item, tuple(json.loads(before)) if before else None))
    return found


def told_before(database: Database, undo: str, call: str) -> dict[str, Any]:
    """Return what was there before a call of an undo was sent, raw, by value and by id."""
    query = (
        "SELECT value, id, snapshot FROM outcomes WHERE run = ? AND call = ?"
        " AND snapshot IS NOT NULL"
    )
    rows = [(names, json.loads(raw)) for *names, raw in database.rows(query, (undo, call))]
    return {name: raw for names, raw in rows for name in names if name is not None}


def split(database: Database, run: str, undo: str, claims: Sequence[Claim]) -> None:
    """Give each row of a call of an undo a call of its own."""
    with database.transaction() as connection:
        connection.executemany(
            "UPDATE undone SET undo_call = ?, undo_item = NULL"
            " WHERE run = ? AND call = ? AND batch = ? AND position = ? AND undo = ?",
            ((one.call, run, *one.done.key, undo) for one in claims),
        )
