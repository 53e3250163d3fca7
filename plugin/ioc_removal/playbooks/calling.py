"""How the calls of a run are read, cut and recorded."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..action import Action
from ..batches import Batch, Prepared
from ..outcome import Rows
from ..store.database import Database
from ..store.recorder import StoreRecorder
from ..trust.perform import perform


class Calling:
    """The calls of a run, each by its name."""

    def __init__(self, database: Database, run: str) -> None:
        self.database, self.run = database, run

    def recorder(self, call: str, action: Action) -> StoreRecorder:
        """Return what records a call."""
        return StoreRecorder(self.database, self.run, call, action)

    def rows(self, call: str, action: Action, given: Mapping[str, Any]) -> Rows:
        """Return the rows of a read."""
        prepared = action.prepare(given)
        recorder = self.recorder(call, action)
        recorder.begin(prepared)
        return [r for f in perform(action, prepared, recorder) for r in f.outputs]

    def plan(self, call: str, action: Action, prepared: Prepared) -> tuple[int, int]:
        """Keep how a call is cut; return how many batches and how many items it has."""
        return self.recorder(call, action).plan(prepared), prepared.size

    def batches(self, recorder: StoreRecorder, planned: Iterable[Batch]) -> Iterator[Batch]:
        """Yield those of the batches of a call that have something to do; the others are done."""
        del recorder
        yield from planned

    def before(self, call: str) -> Iterable[dict[str, Any]]:
        """Return the outcomes of a call that its playbook is to see beside those of this run."""
        del call
        return ()
