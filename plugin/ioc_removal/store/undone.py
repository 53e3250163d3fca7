"""What can be undone of a run: the rows of what it did, each once."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..outcome import ADDED, Outcome
from ..trust.effects import told_of
from .called import THEN
from .columns import parsed
from .database import Database
from .lineage import Kept, Key, Lineage, Place
from .outcome_rows import OUTCOME_COLUMNS, outcome_of
from .sets import by_value

COLUMNS = ", ".join(f"o.{name}" for name in OUTCOME_COLUMNS.split(", "))
DONE = "(o.outcome IN ('removed', 'added', 'changed') OR o.outcome = 'absent' AND o.maybe_ours = 1)"


@dataclass(frozen=True)
class Done:
    """A row of a run that can be undone: its run, its place there, its call, its outcome.

    connection: the name of the one that its call used; arguments: of the call, without its items;
    value: also of an id, as a search of the run found it or the snapshot tells it; of a rule its
    name; left: what was told earlier, the oldest first, where it may have been left half put back.
    """

    run: str
    key: Key
    action: str
    connection: str | None
    arguments: Mapping[str, Any]
    outcome: Outcome
    value: str | None
    left: tuple[Kept, ...] = ()

    @property
    def place(self) -> Place:
        """Where it is in the store."""
        return self.run, self.key

    @property
    def row(self) -> dict[str, Any]:
        """The outcome as a flat row."""
        return self.outcome.row()

    @property
    def left_rows(self) -> Iterator[dict[str, Any]]:
        """The outcome as a flat row with what was told earlier, the oldest first."""
        for run, raw in self.left:
            told = parsed(raw, "outcomes.snapshot", run)
            yield self.outcome.but(snapshot=told).row()


def done_rows(database: Database, run: str, keys: Iterable[Key] | None = None) -> list[Done]:
    """Return the rows of a run that can be undone, in their order; keys: only these."""
    query = (
        f"SELECT o.call, o.batch, o.position, c.action, c.connection, c.arguments,"  # noqa: S608
        f" (SELECT min(r.value) FROM resolved r WHERE r.run = o.run AND r.id = o.id), {COLUMNS}"
        " FROM outcomes o JOIN calls c ON c.run = o.run AND c.call = o.call"
        f" WHERE o.run = ? AND {DONE} ORDER BY o.call, o.batch, o.position"
    )
    wanted = None if keys is None else set(keys)
    lineage, arguments = Lineage(database), dict[str, Mapping[str, Any]]()
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
        left: tuple[Kept, ...] = ()
        if outcome.outcome != ADDED:
            left = lineage.left((run, key))
            if outcome.snapshot is None:
                outcome = outcome.but(snapshot=lineage.snapshot((run, key)))
        name = outcome.value or value or _told(outcome)
        found.append(Done(run, key, action, connection, arguments[text], outcome, name, left))
    sent = {_removal(done) for done in found if done.outcome.attempts}
    return [done for done in found if done.outcome.attempts or _removal(done) not in sent]


def _told(outcome: Outcome) -> str | None:
    """Return the value, or else the name, that a snapshot tells; None when it tells neither."""
    told = told_of(outcome.snapshot or {})
    names = (told.get("value"), told.get("name"))
    return next((name for name in names if isinstance(name, str) and name), None)


def _removal(done: Done) -> tuple[Any, ...]:
    """Return what tells a row from any other; one that was given again is that of the first."""
    outcome = done.outcome
    place = sorted(outcome.target.items())
    return done.action, done.connection, str(place), outcome.value, outcome.id


def in_flight(database: Database, run: str) -> dict[str, list[str]]:
    """Return what a run may have sent of which it knows no outcome: items, each once, by action."""
    query = (
        "SELECT c.action, b.items FROM batches b JOIN calls c ON c.run = b.run AND c.call = b.call"
        " WHERE b.run = ? AND b.tries > 0 AND b.finished = 0 ORDER BY b.call, b.batch"
    )
    found: dict[str, dict[str, None]] = {}
    for action, items in database.rows(query, (run,)):
        found.setdefault(action, {}).update(dict.fromkeys(json.loads(items)))
    return {action: list(items) for action, items in found.items()}
