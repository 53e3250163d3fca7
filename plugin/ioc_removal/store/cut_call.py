"""How a call begins, and is cut into batches, kept so that it is cut the same when it goes on."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..action import Action
from ..batches import Batch, Prepared
from .ahead import RowsDigest
from .batch_texts import rows_of
from .called import facts_of_call
from .columns import parsed, target_json
from .database import Database
from .intents import moment
from .journal import CALLED, CUT, add_link
from .sets import by_reference, by_value
from .snapshot_texts import SnapshotTexts
from .statements import Transaction

AT_ONCE = 20  # batches read together
State = tuple[int, int, int]  # of a batch: tries, finished, at


class CutCall:
    """A call of a run in the store.

    call: "call", or the path of the task in its playbook.
    """

    def __init__(self, database: Database, run: str, call: str, action: Action) -> None:
        self._database, self._run, self._call, self._action = database, run, call, action
        self._target: Mapping[str, str] = {}
        self._states: dict[int, State] = {}  # of batches that this process alone is at
        self._texts: dict[int, SnapshotTexts] = {}  # of batches that are being sent
        self._bare: set[int] = set()  # batches of which the store has no snapshots
        # The row of a call that is not kept yet, and what the journal says of it.
        self._begun: tuple[tuple[Any, ...], Mapping[str, Any]] | None = None
        self._is_new = False

    def begin(self, prepared: Prepared, *, assumed: bool = False, new: bool = False) -> None:
        """Note a call that is about to be performed; noting it again changes nothing.

        What acts is kept together with what is kept of it first, such as how it is cut. assumed:
        whether it depends on what a dry run only assumes; new: whether nothing of it can be kept
        yet, as this process has just begun its run.
        """
        self._target, self._is_new = prepared.target, new
        target = prepared.target
        call, filled = self._action.call, prepared.filled
        action, connection = self._action.definition.name, call.connection.name if call else None
        arguments = json.dumps(by_reference(_short(self._action, prepared)))
        names = json.dumps(filled) if filled else "[]"
        told = (target_json(target), arguments, prepared.duplicates, names, assumed)
        facts = facts_of_call(
            action, connection, target, arguments, prepared.duplicates, filled, assumed
        )
        facts["address"] = call.connection.place if call else None
        self._begun = (self._run, self._call, action, connection, *told), facts
        if not self._action.definition.acts:  # it may read for long, and who looks sees that
            with self._database.transaction() as transaction:
                self._keep_begun(transaction)
            self._begun = None

    def _keep_begun(self, connection: Transaction) -> None:
        """Keep that the call began, if it did and that is not kept; last in what goes beside."""
        if self._begun is None:
            return
        row, facts = self._begun
        query = "INSERT INTO calls VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"
        if connection.execute(query, row).rowcount:
            self._database.line_up(f"chain of {self._run}")
            hashing = self._database.hashing
            add_link(connection, hashing, self._run, CALLED, call=self._call, facts=facts)

    @property
    def _nothing_kept(self) -> bool:
        """Whether nothing of the call is kept, which need not be asked."""
        return self._is_new and self._begun is not None

    def plan(self, batches: Iterable[Batch]) -> int:
        """Keep how the call is cut, so that it is cut the same when it goes on; return how many."""
        key = (self._run, self._call)
        if self._nothing_kept or not self.count():
            hashing, digest = self._database.hashing, RowsDigest()
            with self._database.transaction() as connection:
                self._keep_begun(connection)
                cut = rows_of(self._action, batches)
                at = moment(self._database)  # so that the intent has room for its own
                connection.executemany(
                    "INSERT INTO batches VALUES (?, ?, ?, ?, 0, 0, ?)",
                    ((*key, *row, at) for row in digest.through(cut)),
                )
                add_link(connection, hashing, self._run, CUT, call=self._call, facts=digest.facts)
            self._begun = None
        return self.count()

    def count(self) -> int:
        """Return how many batches are kept."""
        query = "SELECT count(*) FROM batches WHERE run = ? AND call = ?"
        [(count,)] = self._database.rows(query, (self._run, self._call))
        return int(count)

    def is_left(self) -> bool:
        """Tell whether a batch that is kept is not finished."""
        query = "SELECT 1 FROM batches WHERE run = ? AND call = ? AND finished = 0 LIMIT 1"
        return bool(self._database.rows(query, (self._run, self._call)))

    def prepared(self) -> Prepared:
        """Return what begin() noted, without the list that the batches hold."""
        query = "SELECT arguments, target FROM calls WHERE run = ? AND call = ?"
        [(arguments, target)] = self._database.rows(query, (self._run, self._call))
        self._target = parsed(target, "calls.target", self._run, dict)
        given = parsed(arguments, "calls.arguments", self._run, dict)
        return Prepared(by_value(self._database, given), self._target, 0, (), size=self._size())

    def planned(
        self, prepared: Prepared, first: int, stop: int, *, own: bool = False, left: bool = False
    ) -> Iterator[Batch]:
        """Yield some of the batches that plan() kept; few of them are in memory.

        own: whether this process alone is at them, by a lease, so that known() need not ask again;
        left: only those that are not finished.
        """
        query = (
            "SELECT batch, items, tries, finished, at FROM batches WHERE run = ? AND call = ?"
            " AND batch >= ? AND batch < ? AND finished <= ? ORDER BY batch LIMIT ?"
        )
        key, finished = (self._run, self._call), 0 if left else 1
        while first < stop and (
            rows := self._database.rows(query, (*key, first, stop, finished, AT_ONCE))
        ):
            if own:
                self._states.update(
                    (number, (tries, finished, at)) for number, _, tries, finished, at in rows
                )
            for number, items, *_ in rows:
                whole = Batch(number, prepared.arguments)
                yield self._action.part(whole, parsed(items, "batches.items", self._run, list))
            first = rows[-1][0] + 1

    def _size(self) -> int:
        """Return how many distinct items the batches of the call hold, at most at one node."""
        query = (
            "SELECT coalesce(max(size), 0) FROM (SELECT sum(json_array_length(items)) AS size"
            " FROM batches WHERE run = ? AND call = ? GROUP BY batch % ?) nodes"
        )
        [(size,)] = self._database.rows(query, (self._run, self._call, self._action.copies))
        return int(size)


def _short(action: Action, prepared: Prepared) -> dict[str, Any]:
    """Return the arguments without the list that the batches hold."""
    limits = action.definition.limits
    return {k: v for k, v in prepared.arguments.items() if not limits or k != limits.argument}
