"""What came of rows at earlier undos of a run."""

from dataclasses import dataclass
from typing import Any

from ..outcome import ADDED, DONE, Outcome
from .columns import parsed
from .database import Database
from .recorder import OUTCOME_COLUMNS, outcome_of
from .undone import COLUMNS, THEN, Key, Place

NAMES = OUTCOME_COLUMNS.split(", ")
WIDTH = len(NAMES)
_T = ", ".join(f"t.{name}" for name in NAMES)


@dataclass(frozen=True)
class Earlier:
    """What came of a row at an earlier undo.

    outcome: None when that did not come so far; then: of what followed on it, None likewise; made:
    where the row is that tells that it was put back, None when none does.
    """

    undo: str
    call: str
    outcome: Outcome | None
    then: Outcome | None = None
    made: Place | None = None

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
        f" o.batch, o.position, {COLUMNS}, t.run, {_T} FROM undone u"
        " LEFT JOIN outcomes o ON o.run = u.undo AND o.call = u.undo_call"
        " AND (u.undo_item IS NULL OR o.value = u.undo_item OR o.id = u.undo_item)"
        f" LEFT JOIN outcomes t ON t.run = u.undo AND t.call = u.undo_call || '{THEN}'"
        " WHERE u.run = ?"
    )
    found: dict[Key, Earlier] = {}
    for *key, undo, by, batch, position, row, then in map(_divided, database.rows(query, (run,))):
        outcome = None if batch is None else outcome_of(row, undo)
        followed = None if then[0] is None else outcome_of(then[1:], undo)
        made: Place | None = None
        if outcome:
            by_then = by.endswith(THEN)
            made = _added(database, outcome.id) if by_then else (undo, (by, batch, position))
        call, number, at = key
        found[call, number, at] = Earlier(undo, by, outcome, followed, made)
    return found


def _divided(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a row that ends with two outcomes, the second after its run, with each as one."""
    return (*row[: -2 * WIDTH - 1], row[-2 * WIDTH - 1 : -WIDTH - 1], row[-WIDTH - 1 :])


def _added(database: Database, id_: str | None) -> Place | None:
    """Return where the row is that tells that an id was added."""
    query = "SELECT run, call, batch, position FROM outcomes WHERE outcome = 'added' AND id = ?"
    rows = database.rows(query, (id_,))
    return (rows[0][0], rows[0][1:]) if rows else None


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
