"""How a call is cut into batches, kept so that it is cut the same when it goes on."""

from collections.abc import Iterable, Iterator, Mapping

from ..action import Action
from ..batches import Batch, Prepared
from .ahead import RowsDigest
from .batch_texts import rows_of
from .columns import parsed
from .database import Database
from .intents import moment
from .journal import CUT, add_link
from .sets import by_value

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

    def plan(self, batches: Iterable[Batch]) -> int:
        """Keep how the call is cut, so that it is cut the same when it goes on; return how many."""
        key = (self._run, self._call)
        if not self.count():
            hashing, digest = self._database.hashing, RowsDigest()
            with self._database.transaction() as connection:
                cut = rows_of(self._action, batches)
                at = moment(self._database)  # so that the intent has room for its own
                connection.executemany(
                    "INSERT INTO batches VALUES (?, ?, ?, ?, 0, 0, ?)",
                    ((*key, *row, at) for row in digest.through(cut)),
                )
                add_link(connection, hashing, self._run, CUT, call=self._call, facts=digest.facts)
        return self.count()

    def count(self) -> int:
        """Return how many batches are kept."""
        query = "SELECT count(*) FROM batches WHERE run = ? AND call = ?"
        [(count,)] = self._database.rows(query, (self._run, self._call))
        return int(count)

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
        while rows := self._database.rows(query, (*key, first, stop, finished, AT_ONCE)):
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
