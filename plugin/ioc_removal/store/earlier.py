"""What came of rows at earlier undos of a run."""

from dataclasses import dataclass
from typing import Any

from ..outcome import ADDED, DONE, Outcome
from .columns import parsed
from .database import Database
from .recorder import OUTCOME_COLUMNS, outcome_of
from .undone import COLUMNS, THEN, Key

_T = ", ".join(f"t.{name}" for name in OUTCOME_COLUMNS.split(", "))


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


def earlier_undos(database: Database, run: str) -> dict[Key, Earlier]:
    """Return what came of the rows of a run that an undo has claimed before."""
    query = (
        "SELECT u.call, u.batch, u.position, u.undo, u.undo_call,"  # noqa: S608
        f" o.run, {COLUMNS}, t.run, {_T} FROM undone u"
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
    query = f"SELECT {COLUMNS} FROM outcomes o WHERE o.run = ? AND o.call = ?"  # noqa: S608
    rows = database.rows(query, (undo, call))
    return outcome_of(tuple(rows[0]), undo) if rows else None


def added_ids(database: Database) -> set[str]:
    """Return the ids of all that any run is known to have added."""
    query = "SELECT id FROM outcomes WHERE outcome = 'added' AND id IS NOT NULL"
    return {id_ for (id_,) in database.rows(query)}


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
