"""What is left of a call to do, cut into batches; and a search that finds nothing new."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from ..action import Action
from ..batches import Batch, Prepared
from ..outcome import ABSENT, Rows
from ..store.retried import Searched, Tried
from ..store.retries import place_text

GONE = "the run {} found it, and it is not there any more"
IsPlanned = Callable[[str, Mapping[str, str]], bool]  # of an item at a target


@dataclass
class Left:
    """Cuts what is left of a call; what may have been done already stands in batches of its own.

    tried: what was done of it; only: what may be done at all.
    """

    action: Action
    prepared: Prepared
    tried: Tried
    only: IsPlanned

    def __iter__(self) -> Iterator[Batch]:
        nodes = nodes_of(self.action, self.prepared)
        wanted = [
            item for item in self.prepared.items
            if any(self._is_left(item, *node) for node in nodes)
        ]  # fmt: skip
        doubtful = {
            item for item in wanted
            if any(self.tried.is_doubtful(place, item) for place, _ in nodes)
        }  # fmt: skip
        parts = ([i for i in wanted if i in doubtful], [i for i in wanted if i not in doubtful])
        number = 0
        for items in filter(None, parts):
            whole = self.prepared.but(items=items, size=len(items))
            for batch in whole:
                node = nodes[number % len(nodes)]
                here = [item for item in batch.items if self._is_left(item, *node)]
                yield self.action.part(batch._replace(number=number), here)
                number += 1

    def _is_left(self, item: str, place: str, target: Mapping[str, str]) -> bool:
        return not self.tried.is_done(place, item) and self.only(item, target)


class SearchedAgain(Action):
    """A search of which an earlier run had an answer: what is new since is not of that run.

    action: the search; known: what it told, by value.
    """

    def __init__(self, action: Action, known: Mapping[str, Searched]) -> None:
        super().__init__(action.definition, action.calls, action.snapshots, action.lookups)
        self.known = known

    def read(self, batch: Batch) -> Rows:
        """Return its rows without what is new, and say of what is gone that it is."""
        rows = list(super().read(batch))
        return list(chain.from_iterable(self._of_run(value, own) for value, own in _by_value(rows)))

    def _of_run(self, value: str, rows: Rows) -> Iterable[dict[str, Any]]:
        found = self.known.get(value)
        if found is None or not found.answered:
            return rows
        own = [row for row in rows if row.get("id") in found.ids or "outcome" in row]
        if own:
            return own
        gone = {name: entry for name, entry in rows[0].items() if name in self.definition.target}
        return [{"value": value, **gone, "outcome": ABSENT, "reason": GONE.format(found.run)}]


def nodes_of(action: Action, prepared: Prepared) -> list[tuple[str, Mapping[str, str]]]:
    """Return the target at each node to which a call goes, as text and as it is."""
    targets = [action.target_of(Batch(copy, {}), prepared.target) for copy in range(action.copies)]
    return [(place_text(target), target) for target in targets]


def _by_value(rows: Rows) -> Iterable[tuple[str, Rows]]:
    found: dict[str, Rows] = {}
    for row in rows:
        found.setdefault(str(row.get("value")), []).append(row)
    return found.items()
