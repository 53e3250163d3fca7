"""What a run that tries another one again takes from that: all that is done, and no more is sent.

Its playbook sees what was done before beside what is done now, as if one run had done it all; the
outcomes of the run are only those of what it tried itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from ..action import Action
from ..batches import Batch, Prepared
from ..definition import Definition
from ..errors import ArgumentError
from ..outcome import Rows
from ..store.database import Database
from ..store.output_rows import output_rows
from ..store.planned_only import planned_keys
from ..store.recorder import StoreRecorder
from ..store.retried import Retried, Tried
from ..store.retry_recorder import RetryRecorder
from ..store.sets import StoredSet, write_set
from ..trust.recorder import Finished
from ..trust.removal_key import removal_key
from .calling import OUTPUTS, Calling
from .left import IsPlanned, Left, SearchedAgain, nodes_of

BEFORE = "done before of {}"  # the set with what was done of a call before
AT_ONCE = 500  # items whose keys are looked up together


class Retrying(Calling):
    """The calls of a run that does what others did not.

    retried: those; plan: the only one of which something may be done, as the first of them applied
    it; definitions: of all actions, by name; fingerprint: of the connection of a system.
    """

    def __init__(
        self,
        database: Database,
        run: str,
        definitions: Mapping[str, Definition],
        fingerprint: Callable[[str], str],
        retried: Retried,
        plan: str | None,
    ) -> None:
        super().__init__(database, run)
        self._definitions, self._fingerprint = definitions, fingerprint
        self._retried, self._plan = retried, plan

    def recorder(self, call: str, action: Action) -> StoreRecorder:
        """Return what records a call."""
        recorder = RetryRecorder(self.database, self.run, call, action)
        recorder.retried = self._retried
        return recorder

    def read(self, call: str, action: Action, given: Mapping[str, Any]) -> StoredSet:
        """Perform a read, of which not all is asked again, and return its rows as a set.

        A search is asked again for the values of which something is left to do. What another read
        does not find any more, as it was removed, is what it was before.
        """
        definition = action.definition
        name = definition.resolves
        if definition.system == "local":
            return super().read(call, action, given)
        prepared = action.prepare(given)
        if name is not None and given.get(name) is not None:
            rows = self._searched(call, action, given, name, prepared.arguments)
            return write_set(self.database, self.run, OUTPUTS.format(call), rows)
        try:
            return super().read(call, action, given)
        except ArgumentError:
            if old := self._retried.outputs(definition, prepared.arguments):
                return write_set(self.database, self.run, OUTPUTS.format(call), old)
            raise

    def plan(
        self, recorder: StoreRecorder, call: str, action: Action, prepared: Prepared
    ) -> tuple[int, int]:
        """Keep how what is left of a call is cut, and what was done of it before."""
        definition, tried = action.definition, Tried()
        tried.doubtful = self._retried.doubtful(action, prepared.arguments, prepared.target)
        items = dict.fromkeys(prepared.items).keys()
        done = self._retried.done_rows(definition, prepared.arguments, items, tried)
        rows = ({"action": definition.name, **outcome.row()} for outcome in done)
        write_set(self.database, self.run, BEFORE.format(call), rows)
        batches = recorder.plan(Left(action, prepared, tried, self._planned(action, prepared)))
        return batches, recorder.prepared().size

    def batches(self, recorder: StoreRecorder, planned: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the batches of a call; at one of several nodes there may be nothing left to do."""
        for batch in planned:
            if batch.items:
                yield batch
            else:
                recorder.finish(Finished(batch))

    def before(self, call: str) -> Iterable[dict[str, Any]]:
        """Return the outcomes of what earlier runs did of a call."""
        return StoredSet(self.database, self.run, BEFORE.format(call))

    def _searched(
        self,
        call: str,
        action: Action,
        given: Mapping[str, Any],
        name: str,
        arguments: Mapping[str, Any],
    ) -> Iterable[dict[str, Any]]:
        acting = [one.name for one in self._definitions.values() if one.acts]
        known = self._retried.searched(action.definition, arguments)
        done, left = self._retried.ids(acting)
        before: Rows = []
        again: list[str] = []
        for value in given[name]:
            found = known.get(value)
            if found and found.answered and found.ids <= done and not found.ids & left:
                before += found.rows
            else:
                again.append(value)
        if not again:
            return before
        narrowed = SearchedAgain(action, known)
        self.perform_read(call, narrowed, {**given, name: again})
        return chain(before, output_rows(self.database, self.run, call))

    def _planned(self, action: Action, prepared: Prepared) -> IsPlanned:
        """Return what tells whether an item at a target may be done at all."""
        if self._plan is None:
            return lambda _item, _target: True
        definition, limits = action.definition, action.definition.limits
        arguments = {
            name: value
            for name, value in prepared.arguments.items()
            if not limits or name != limits.argument
        }
        named = (definition.name, self._fingerprint(definition.system), arguments)
        targets = [target for _, target in nodes_of(action, prepared)]
        keys: set[str] = set()
        walk = iter(prepared.items)
        while portion := list(islice(walk, AT_ONCE)):
            asked = [removal_key(*named, target, item) for item in portion for target in targets]
            keys |= planned_keys(self.database, self._plan, asked)
        return lambda item, target: removal_key(*named, target, item) in keys
