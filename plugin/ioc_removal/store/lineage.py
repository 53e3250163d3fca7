"""What was told of an indicator before, when what undid an undo could keep nothing of it itself."""

from typing import Any

from .columns import parsed
from .database import Database

DEEPEST = 64  # undos of undos

Key = tuple[str, int, int]  # of a row in its run: call, batch, position
Place = tuple[str, Key]  # of a row in the store: its run, and where there


class Lineage:
    """Finds, for a row of an undo, the rows that it undid, and what was told of these."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._claims: dict[str, dict[tuple[str, str | None], Place]] = {}
        self._rows: dict[str, dict[Key, tuple[str | None, str | None, str | None]]] = {}

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

    def _undone(self, place: Place) -> Place | None:
        """Return which row a row of an undo undid."""
        run, (call, *_) = place
        claims = self._claimed(run)
        value, id_, _ = self._row(place) if claims else (None, None, None)
        found = (claims.get((call, item)) for item in (value, id_, None))
        return next(filter(None, found), None)

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

    def _row(self, place: Place) -> tuple[str | None, str | None, str | None]:
        run, key = place
        if run not in self._rows:
            query = "SELECT call, batch, position, value, id, snapshot FROM outcomes WHERE run = ?"
            self._rows[run] = {
                (call, batch, position): (value, id_, raw)
                for call, batch, position, value, id_, raw in self._database.rows(query, (run,))
            }
        return self._rows[run].get(key, (None, None, None))
