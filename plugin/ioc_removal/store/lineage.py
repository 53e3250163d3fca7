"""What was told of an indicator before, when what undid an undo could keep nothing of it itself."""

from typing import Any

from ..outcome import ADDED, DONE
from .called import THEN
from .columns import parsed
from .database import Database

DEEPEST = 64  # undos of undos

Row = tuple[str | None, ...]
NOTHING: Row = (None, None, None, None)
Key = tuple[str, int, int]  # of a row in its run: call, batch, position
Place = tuple[str, Key]  # of a row in the store: its run, and where there
Kept = tuple[str, str]  # what was told of a row, as it is kept: its run, and the JSON


class Lineage:
    """Finds, for a row of an undo, the rows that it undid, and what was told of these."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._claims: dict[str, dict[tuple[str, str | None], Place]] = {}
        self._rows: dict[str, dict[Key, Row]] = {}
        self._later: dict[str, tuple[Place, str | None]] | None = None

    def snapshot(self, place: Place) -> Any:
        """Return what was told before the same was done to it before; None when nothing was.

        An undo does the opposite of what it undoes: what it undid, and that undid, is the same.
        """
        for _ in range(DEEPEST):
            undone = self._undone(place)
            before = self._undone(undone) if undone else None
            if before is None:
                return None
            place = before
            raw = self._row(place)[2]
            if raw is not None:
                return parsed(raw, "outcomes.snapshot", place[0])
        return None

    def left(self, place: Place) -> tuple[Kept, ...]:
        """Return what was told before the same was done earlier, as long as nothing followed since.

        The oldest comes first. Where something should have followed on what was put back, what was
        told just before is not how it should be, but how it was left.
        """
        found: list[Kept] = []
        for _ in range(DEEPEST):
            undone = self._undone(place)
            before = self._undone(undone) if undone and not self._is_followed(undone) else None
            if before is None:
                break
            place = before
            raw = self._row(place)[2]
            if raw is not None:
                found.append((place[0], raw))
        return tuple(reversed(found))

    def _is_followed(self, place: Place) -> bool:
        """Tell whether something followed on what was put back, and was done."""
        run, (call, *_) = place
        _, later = self._followed_later(place)
        return not DONE.isdisjoint({self._row((run, (call + THEN, 0, 0)))[3], later})

    def _undone(self, place: Place) -> Place | None:
        """Return which row a row of an undo undid."""
        run, (call, *_) = place
        claims = self._claimed(run)
        value, id_, _, _ = self._row(place) if claims else NOTHING
        found = (claims.get((call, item)) for item in (value, id_, None))
        return next(filter(None, found), None) or self._followed_later(place)[0]

    def _followed_later(self, place: Place) -> tuple[Place | None, str | None]:
        """Return what was undone by a row whose claim a later undo has, for what follows on it.

        With what came of that.
        """
        _, id_, _, outcome = self._row(place)
        if outcome != ADDED or id_ is None:
            return None, None
        if self._later is None:
            query = (
                "SELECT run, call, batch, position, undo, undo_call, before FROM undone"
                " WHERE undo_call LIKE ? AND before IS NOT NULL"
            )
            self._later = {}
            for row in self._database.rows(query, (f"%{THEN}",)):
                of, call, batch, position, undo, by, text = row
                before, made = parsed(text, "undone.before", of, list)
                name = self._row((before, (made, 0, 0)))[1]
                became = self._row((undo, (by, 0, 0)))[3]
                self._later[str(name)] = (of, (call, batch, position)), became
        return self._later.get(id_, (None, None))

    def _claimed(self, undo: str) -> dict[tuple[str, str | None], Place]:
        if undo not in self._claims:
            query = (
                "SELECT run, call, batch, position, undo_call, undo_item FROM undone WHERE undo = ?"
            )
            self._claims[undo] = {
                (by, item): (run, (call, batch, position))
                for run, call, batch, position, by, item in self._database.rows(query, (undo,))
            }
        return self._claims[undo]

    def _row(self, place: Place) -> Row:
        """Return value, id, snapshot and outcome of a row."""
        run, key = place
        if run not in self._rows:
            query = (
                "SELECT call, batch, position, value, id, snapshot, outcome FROM outcomes"
                " WHERE run = ?"
            )
            self._rows[run] = {
                (call, batch, position): tuple(row)
                for call, batch, position, *row in self._database.rows(query, (run,))
            }
        return self._rows[run].get(key, NOTHING)
