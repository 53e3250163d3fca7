"""What the runs of a family did of one call, for a run that tries the rest again."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..action import Action
from ..batches import Batch
from ..definition import Definition
from ..outcome import ABSENT, DONE, UNKNOWN, Outcome
from ..trust.removal_key import canonical
from .columns import parsed
from .database import Database
from .outcome_rows import outcome_of
from .outcome_walk import outcomes_in_order
from .retries import DONE_NAMES, place_text
from .sets import by_reference

BEFORE = "done by run {}"

# By target, as text, and by item: what was told of it before it was sent, None when nothing was.
Doubtful = dict[str, dict[str, Any]]
_Place = tuple[str, str]  # run and call


@dataclass
class Tried:
    """What was done of the items of a call, by target, and what may have been."""

    done: dict[str, set[str]] = field(default_factory=dict)
    doubtful: Doubtful = field(default_factory=dict)

    def is_done(self, place: str, item: str) -> bool:
        """Tell whether an item was done; place: text of its target."""
        return item in self.done.get(place, ())

    def is_doubtful(self, place: str, item: str) -> bool:
        """Tell whether an item may have been done."""
        return item in self.doubtful.get(place, ()) and not self.is_done(place, item)


@dataclass
class Searched:
    """What the newest search of a value told.

    run: that searched; rows: as the search gave them.
    """

    run: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ids(self) -> set[str]:
        """The ids that it found."""
        return {row["id"] for row in self.rows if "id" in row}

    @property
    def answered(self) -> bool:
        """Whether it is known what was there."""
        return all(row.get("outcome", ABSENT) == ABSENT for row in self.rows)


class Retried:
    """The runs that a run tries again.

    runs: in the order in which they began.
    """

    def __init__(self, database: Database, runs: list[str]) -> None:
        self._database, self.runs = database, runs
        self._calls: dict[tuple[str, str | None], dict[str, list[_Place]]] = {}

    def done_rows(
        self,
        definition: Definition,
        arguments: Mapping[str, Any],
        items: Collection[str],
        tried: Tried,
    ) -> Iterator[Outcome]:
        """Yield the outcomes of what was done of some items, each once, and note them.

        arguments: of the call, with or without its items.
        """
        for run, outcome in self._outcomes(definition, arguments):
            item = str(getattr(outcome, definition.named_by))
            if item not in items:
                continue
            place = place_text(outcome.target)
            if outcome.outcome in DONE and not tried.is_done(place, item):
                tried.done.setdefault(place, set()).add(item)
                text = BEFORE.format(run) + (f": {outcome.reason}" if outcome.reason else "")
                yield outcome.but(reason=text, attempts=0, snapshot=None)

    def doubtful(
        self, action: Action, arguments: Mapping[str, Any], target: Mapping[str, str]
    ) -> Doubtful:
        """Return what may have been done of a call: its outcome is unknown, or was not recorded.

        target: of the call.
        """
        definition, found = action.definition, Doubtful()
        for _, outcome in self._outcomes(definition, arguments, UNKNOWN):
            item = str(getattr(outcome, definition.named_by))
            found.setdefault(place_text(outcome.target), {})[item] = outcome.snapshot
        query = (
            "SELECT batch, items FROM batches WHERE run = ? AND call = ? AND tries > 0"
            " AND finished = 0"
        )
        for run, call in self._places(definition, arguments):
            for number, text in self._database.rows(query, (run, call)):
                place = place_text(action.target_of(Batch(number, {}), target))
                for item in parsed(text, "batches.items", run, list):
                    found.setdefault(place, {}).setdefault(item, None)
        return found

    def searched(self, definition: Definition, arguments: Mapping[str, Any]) -> dict[str, Searched]:
        """Return what the newest search of each value told."""
        found: dict[str, Searched] = {}
        for run, row in self._outputs(definition, arguments):
            value = str(row.get("value"))
            if value not in found or found[value].run != run:
                found[value] = Searched(run)
            found[value].rows.append(row)
        return found

    def outputs(self, definition: Definition, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the rows of the newest read of the same, empty when there was none."""
        rows = list(self._outputs(definition, arguments))
        return [row for run, row in rows if run == rows[-1][0]]

    def ids(self, acting: Iterable[str]) -> tuple[set[str], set[str]]:
        """Return the ids of which something was done, and of which something was not.

        acting: the actions that do something.
        """
        names, runs = list(acting), self.runs
        of_runs, of_names = (", ".join("?" * len(many)) for many in (runs, names))
        query = (
            f"SELECT DISTINCT o.id, CASE WHEN o.outcome IN ({DONE_NAMES}) THEN 1 ELSE 0 END,"  # noqa: S608
            " c.action FROM outcomes o JOIN calls c ON c.run = o.run AND c.call = o.call"
            f" WHERE o.run IN ({of_runs}) AND o.id IS NOT NULL AND c.action IN ({of_names})"
        )
        rows = self._database.rows(query, (*runs, *names)) if names else []
        done = {(id_, action) for id_, is_done, action in rows if is_done}
        left = {(id_, action) for id_, _, action in rows} - done
        return {id_ for id_, _ in done}, {id_ for id_, _ in left}

    def _outcomes(
        self, definition: Definition, arguments: Mapping[str, Any], only: str | None = None
    ) -> Iterator[tuple[str, Outcome]]:
        names = (only,) if only else ()
        for run, call in self._places(definition, arguments):
            for _, _, _, *row in outcomes_in_order(self._database, run, call, names):
                yield run, outcome_of(tuple(row), run)

    def _outputs(
        self, definition: Definition, arguments: Mapping[str, Any]
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        query = "SELECT row FROM outputs WHERE run = ? AND call = ? ORDER BY batch, position"
        for run, call in self._places(definition, arguments):
            for (text,) in self._database.walk(query, (run, call)):
                yield run, parsed(text, "outputs.row", run, dict)

    def _places(self, definition: Definition, arguments: Mapping[str, Any]) -> list[_Place]:
        """Return the calls of an action with the same arguments, but for its items."""
        items = definition.limits.argument if definition.limits else definition.resolves
        name = definition.name
        if (name, items) not in self._calls:
            places = ", ".join("?" * len(self.runs))
            query = f"SELECT run, call, arguments FROM calls WHERE action = ? AND run IN ({places})"  # noqa: S608
            known: dict[str, list[_Place]] = {}
            order = {run: at for at, run in enumerate(self.runs)}
            rows = self._database.rows(query, (name, *self.runs))
            for run, call, text in sorted(rows, key=lambda row: (order[row[0]], row[1])):
                given = parsed(text, "calls.arguments", run, dict)
                known.setdefault(_key(given, items), []).append((run, call))
            self._calls[name, items] = known
        return self._calls[name, items].get(_key(arguments, items), [])


def _key(arguments: Mapping[str, Any], items: str | None) -> str:
    others = {name: value for name, value in arguments.items() if name != items}
    return canonical(by_reference(others))
