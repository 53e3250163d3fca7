"""How the calls of a run are read, cut and recorded."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..action import Action
from ..batches import Batch, Prepared
from ..definition import Definition
from ..store.database import Database
from ..store.output_rows import set_of_outputs
from ..store.recorder import StoreRecorder
from ..store.retries import RETRY_OF, bounding_plan, family_of
from ..store.runs import get_run
from ..store.sets import StoredSet
from ..trust.perform import perform

OUTPUTS = "outputs of {}"  # the set with what a call read


class Calling:
    """The calls of a run, each by its name."""

    def __init__(self, database: Database, run: str) -> None:
        self.database, self.run = database, run

    def recorder(self, call: str, action: Action) -> StoreRecorder:
        """Return what records a call."""
        return StoreRecorder(self.database, self.run, call, action)

    def read(self, call: str, action: Action, given: Mapping[str, Any]) -> StoredSet:
        """Perform a read, and return its rows as a set."""
        self.perform_read(call, action, given)
        return set_of_outputs(self.database, self.run, call, OUTPUTS.format(call))

    def perform_read(self, call: str, action: Action, given: Mapping[str, Any]) -> None:
        """Perform a read; its rows are in the store."""
        prepared = action.prepare(given)
        recorder = self.recorder(call, action)
        recorder.begin(prepared)
        for _ in perform(action, prepared, recorder):
            pass

    def plan(
        self, recorder: StoreRecorder, call: str, action: Action, prepared: Prepared
    ) -> tuple[int, int]:
        """Keep how a call is cut; return how many batches and how many items it has."""
        del call, action
        return recorder.plan(prepared), prepared.size

    def batches(self, recorder: StoreRecorder, planned: Iterable[Batch]) -> Iterator[Batch]:
        """Yield those of the batches of a call that have something to do; the others are done."""
        del recorder
        yield from planned

    def before(self, call: str) -> Iterable[dict[str, Any]]:
        """Return the outcomes of a call that its playbook is to see beside those of this run."""
        del call
        return ()


def calling_of(
    database: Database,
    run: str,
    definitions: Mapping[str, Definition],
    fingerprint: Callable[[str], str] = lambda _: "",
) -> Calling:
    """Return the calls of a run.

    definitions: of all actions, by name; fingerprint: of the connection of a system.
    """
    retried = get_run(database, run).details.get(RETRY_OF)
    if retried is None:
        return Calling(database, run)
    from ..store.retried import Retried  # few runs try another one again
    from .retrying import Retrying

    family = [one for one in family_of(database, retried) if one != run]
    plan = bounding_plan(database, family)
    return Retrying(database, run, definitions, fingerprint, Retried(database, family), plan)
