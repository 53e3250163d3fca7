"""What came of rows at earlier undos of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..outcome import ADDED, DONE, Outcome
from .called import THEN
from .columns import parsed
from .database import Database
from .lineage import Key, Place
from .outcome_rows import outcome_of
from .undone import COLUMNS


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
    query = "SELECT call, batch, position, undo, undo_call, undo_item FROM undone WHERE run = ?"
    told: dict[str, _Told] = {}
    added: dict[str, Place] | None = None  # nearly always nobody asks
    found: dict[Key, Earlier] = {}
    for call, batch, position, undo, by, item in database.rows(query, (run,)):
        if undo not in told:
            told[undo] = _Told(database, undo)
        key, outcome = told[undo].of(by, item)
        _, then = told[undo].of(by + THEN, None)
        made: Place | None = (undo, key) if key else None
        if outcome and by.endswith(THEN):
            added = _added(database) if added is None else added
            made = added.get(str(outcome.id))
        found[call, batch, position] = Earlier(undo, by, outcome, then, made)
    return found


class _Told:
    """The outcomes of an undo, by its call and the item there, None for a call of one row."""

    def __init__(self, database: Database, undo: str) -> None:
        query = (
            f"SELECT o.call, o.batch, o.position, {COLUMNS} FROM outcomes o WHERE o.run = ?"  # noqa: S608
            " ORDER BY o.call, o.batch, o.position"
        )
        self._found: dict[tuple[str, str | None], tuple[Key, Outcome]] = {}
        for call, batch, position, *row in database.rows(query, (undo,)):
            one = (call, batch, position), outcome_of(tuple(row), undo)
            for item in {None, one[1].value, one[1].id}:
                self._found[call, item] = one

    def of(self, call: str, item: str | None) -> tuple[Key, Outcome] | tuple[None, None]:
        return self._found.get((call, item), (None, None))


def _added(database: Database) -> dict[str, Place]:
    """Return where the rows are that tell which ids were added."""
    query = (
        "SELECT run, call, batch, position, id FROM outcomes"
        " WHERE outcome = 'added' AND id IS NOT NULL"
    )
    found: dict[str, Place] = {}
    for run, call, batch, position, id_ in database.walk(query):
        found.setdefault(id_, (run, (call, batch, position)))
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


def with_added(database: Database, snapshots: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was there before additions, and all that has an outcome of its own by now."""
    others = added_ids(database)
    return {
        item: {**told, "ids": [*told.get("ids", ()), *others]} for item, told in snapshots.items()
    }


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
