"""What an undo puts back: rows of a run, each claimed by one undo at a time."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..outcome import ADDED, DONE, Outcome
from .claims import CLAIM, claim_facts
from .columns import parsed
from .database import Database
from .journal import note
from .recorder import OUTCOME_COLUMNS, outcome_of
from .sets import by_value

THEN = " then"  # ends the name of a call that follows on another one; no task is named so
_O, _T = (", ".join(f"{t}.{name}" for name in OUTCOME_COLUMNS.split(", ")) for t in "ot")
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
    """What came of a row at an earlier undo.

    outcome: None when that did not come so far; then: of what followed on it, None likewise.
    """

    undo: str
    call: str
    outcome: Outcome | None
    then: Outcome | None = None

    @property
    def half(self) -> bool:
        """Whether the row is there again, but what should follow on that was not done."""
        if self.call.endswith(THEN):
            return self.outcome is not None and self.outcome.outcome not in DONE
        added = self.outcome is not None and self.outcome.outcome == ADDED
        return added and (self.then is None or self.then.outcome not in DONE)


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
            arguments[text] = by_value(database, parsed(text, "calls.arguments", run, dict))
        outcome = outcome_of(tuple(row), run)
        found.append(
            Done(key, action, connection, arguments[text], outcome, outcome.value or value)
        )
    sent = {_removal(done) for done in found if done.outcome.attempts}
    return [done for done in found if done.outcome.attempts or _removal(done) not in sent]


def _removal(done: Done) -> tuple[Any, ...]:
    """Return what tells a row from any other; one that was given again is that of the first."""
    outcome = done.outcome
    place = sorted(outcome.target.items())
    return done.action, done.connection, str(place), outcome.value, outcome.id


def in_flight(database: Database, run: str) -> dict[str, list[str]]:
    """Return what a run may have sent of which it knows no outcome: items, each once, by action."""
    query = (
        "SELECT c.action, b.items FROM batches b JOIN calls c ON c.run = b.run AND c.call = b.call"
        " WHERE b.run = ? AND b.tries > 0 AND NOT b.finished ORDER BY b.call, b.batch"
    )
    found: dict[str, dict[str, None]] = {}
    for action, items in database.rows(query, (run,)):
        found.setdefault(action, {}).update(dict.fromkeys(json.loads(items)))
    return {action: list(items) for action, items in found.items()}


def earlier_undos(database: Database, run: str) -> dict[Key, Earlier]:
    """Return what came of the rows of a run that an undo has claimed before."""
    query = (
        "SELECT u.call, u.batch, u.position, u.undo, u.undo_call,"  # noqa: S608
        f" o.run, {_O}, t.run, {_T} FROM undone u"
        " LEFT JOIN outcomes o ON o.run = u.undo AND o.call = u.undo_call"
        " AND (u.undo_item IS NULL OR o.value = u.undo_item OR o.id = u.undo_item)"
        f" LEFT JOIN outcomes t ON t.run = u.undo AND t.call = u.undo_call || '{THEN}'"
        " WHERE u.run = ?"
    )
    found = {}
    for call, batch, position, undo, by, *rest in database.rows(query, (run,)):
        half = len(rest) // 2
        outcome, then = (
            outcome_of(tuple(row), undo) if there else None
            for there, *row in (rest[:half], rest[half:])
        )
        found[call, batch, position] = Earlier(undo, by, outcome, then)
    return found


def made_by(database: Database, undo: str, call: str) -> Outcome | None:
    """Return what a call of an undo made, or what followed on it and names it, too."""
    query = f"SELECT {_O} FROM outcomes o WHERE o.run = ? AND o.call = ?"  # noqa: S608
    rows = database.rows(query, (undo, call))
    return outcome_of(tuple(rows[0]), undo) if rows else None


def added_ids(database: Database) -> set[str]:
    """Return the ids of all that any run is known to have added."""
    query = "SELECT id FROM outcomes WHERE outcome = 'added' AND id IS NOT NULL"
    return {id_ for (id_,) in database.rows(query)}


def claim(
    database: Database, run: str, undo: str, claims: Sequence[Claim], earlier: Mapping[Key, Earlier]
) -> int:
    """Let an undo have rows of a run; return how many another one took meanwhile.

    earlier: what was known of them when it was decided that they may be tried again.
    """
    keys: list[Key] = []
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
            if cursor.rowcount:
                keys.append(one.done.key)
        if keys:
            note(database, undo, CLAIM, claim_facts(run, keys))
    return len(claims) - len(keys)


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
        earlier = tuple(parsed(before, "undone.before", run, list)) if before else None
        found.append(Claim(done, call, item, earlier))
    return found


def told_before(database: Database, undo: str, call: str) -> dict[str, Any]:
    """Return what was there before a call of an undo was sent, raw, by value and by id."""
    query = (
        "SELECT value, id, snapshot FROM outcomes WHERE run = ? AND call = ?"
        " AND snapshot IS NOT NULL"
    )
    rows = [
        (names, parsed(raw, "outcomes.snapshot", undo))
        for *names, raw in database.rows(query, (undo, call))
    ]
    return {name: raw for names, raw in rows for name in names if name is not None}


def split(database: Database, run: str, undo: str, claims: Sequence[Claim]) -> None:
    """Give each row of a call of an undo a call of its own."""
    with database.transaction() as connection:
        connection.executemany(
            "UPDATE undone SET undo_call = ?, undo_item = NULL"
            " WHERE run = ? AND call = ? AND batch = ? AND position = ? AND undo = ?",
            ((one.call, run, *one.done.key, undo) for one in claims),
        )
