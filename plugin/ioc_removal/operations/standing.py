"""What is there before the additions of an undo: read once for all that go to one place."""

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any

from ..action import Action
from ..batches import Batch


class Standing:
    """What is there under the names of several additions, read when it is asked for first.

    names: of all of them, each once, so that none of them can change what was told of another.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._lock = Lock()
        self._found: dict[str, Any] | None = None

    def of(self, action: Action, batch: Batch) -> dict[str, Any]:
        """Return what is there under the names of a batch; raises what reading raises."""
        with self._lock:
            if self._found is None:
                self._found = action.before(batch, self._names)
        return {item: self._found[item] for item in batch.items if item in self._found}


class Together(Action):
    """An addition that asks what is there together with others, whose names standing has."""

    def __init__(self, action: Action, standing: Standing) -> None:
        super().__init__(action.definition, action.calls, action.snapshots, action.lookups)
        self.standing = standing

    def before(self, batch: Batch, items: Sequence[str] | None = None) -> dict[str, Any]:
        """Return what is there before an addition, as it was read for all of them."""
        if items is not None:
            return super().before(batch, items)
        return self.standing.of(self, batch)
