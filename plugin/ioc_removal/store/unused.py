"""What of a plan was not done by any run, and what a run's searches found in its place."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from ..outcome import ABSENT, PLANNED, REFUSED
from .columns import sorted_json
from .database import Database
from .plans import PlannedLine, line_of


def unused_lines(database: Database, plan: str, section: int) -> Iterator[PlannedLine]:
    """Yield what a section of a plan would do and no run was let to do."""
    query = (
        "SELECT p.key, p.assumed, p.times, p.line FROM planned p WHERE p.plan = ?"
        " AND p.section = ? AND p.outcome = ? AND NOT EXISTS"
        " (SELECT 1 FROM uses u WHERE u.plan = p.plan AND u.key = p.key) ORDER BY p.line, p.key"
    )
    rows = database.walk(query, (plan, section, PLANNED))
    for key, assumed, times, line in rows:
        yield PlannedLine(key, section, PLANNED, bool(assumed), times, line_of(line, plan))


def used_up_by(database: Database, plan: str) -> str | None:
    """Return the run that was let to do the last of what a plan would do; None if some is left."""
    query = (
        "SELECT 1 FROM planned p WHERE p.plan = ? AND p.outcome = ? AND NOT EXISTS"
        " (SELECT 1 FROM uses u WHERE u.plan = p.plan AND u.key = p.key) LIMIT 1"
    )
    if database.rows(query, (plan, PLANNED)):
        return None
    [(run,)] = database.rows("SELECT max(run) FROM uses WHERE plan = ?", (plan,))
    return None if run is None else str(run)


def refused_items(
    database: Database, run: str, action: str, target: Mapping[str, str], named: str
) -> set[str]:
    """Return what a run refused already, by value or id (named), at a target of an action."""
    query = (
        "SELECT o.value, o.id FROM outcomes o JOIN calls c ON c.run = o.run AND c.call = o.call"
        " WHERE o.run = ? AND c.action = ? AND o.target = ? AND o.outcome = ?"
    )
    place = sorted_json(target)
    rows = database.rows(query, (run, action, place, REFUSED))
    return {str(row[named == "id"]) for row in rows}


class Searched:
    """What the searches of a run found at a target.

    A value of which nothing is known was not searched, or the search failed.
    """

    def __init__(self, database: Database, run: str, target: Mapping[str, str]) -> None:
        self._database, self._run = database, run
        self._place = sorted_json(target)
        query = (
            "SELECT DISTINCT c.target FROM calls c WHERE c.run = ? AND EXISTS"
            " (SELECT 1 FROM outputs o WHERE o.run = c.run AND o.call = c.call)"
        )
        places = [place for (place,) in database.rows(query, (run,))]
        self._only_here = all(place in {"{}", self._place} for place in places)

    def does_not_find(self, values: str | Sequence[str] | None) -> bool:
        """Tell whether all the values of an id were searched here, and it was not found by any."""
        named: list[Any] = [values] if isinstance(values, str) else list(values or ())
        return bool(named) and all(value in self._values for value in named)

    @cached_property
    def _values(self) -> set[str]:
        """The values that were searched at this target."""
        query = "SELECT value FROM outcomes WHERE run = ? AND target = ? AND outcome = ?"
        found = self._database.rows(query, (self._run, self._place, ABSENT))
        if self._only_here:
            query = "SELECT DISTINCT value FROM resolved WHERE run = ?"
            found += self._database.rows(query, (self._run,))
        return {value for (value,) in found}
