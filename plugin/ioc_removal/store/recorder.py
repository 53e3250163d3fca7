"""Record a call: its batches before they are sent, their outcomes before they count."""

from collections.abc import Iterable, Mapping, Set
from functools import partial
from time import monotonic, sleep
from typing import Any

from ..batches import Batch
from ..outcome import FAILED, PLANNED, REFUSED, UNKNOWN
from ..trust.caps import Excess
from ..trust.catalogue import EXPECT_TAGS
from ..trust.recorder import Finished, Known
from .batch_rows import SNAPSHOTS, end, intend
from .cancelling import ask_cancelled
from .columns import parsed
from .counts import leaves_none, note_sent, note_staying, note_unsent, reserve
from .cut_call import CutCall, State
from .intents import begin_intent, end_intent, moment, seconds_left
from .journal import BATCH, add_link
from .outcome_rows import OUTCOME_COLUMNS, insert_rows, outcome_of, rows_of_batch
from .output_rows import keep_read, output_rows
from .snapshot_texts import NO_TEXTS, SnapshotTexts
from .told_batches import tell_batch

PAUSE = 0.2  # seconds
UNTRIED: State = (0, 0, 0)  # of a batch
GIVEN_UP_AT_ONCE = 1_000  # indicators of batches that are given up
_BATCH = "WHERE run = ? AND call = ? AND batch = ?"
_STATE = f"SELECT tries, finished, at FROM batches {_BATCH}"  # noqa: S608
_BEFORE = f"SELECT item, raw FROM snapshots {_BATCH}"  # noqa: S608
_FORGET = f"DELETE FROM snapshots {_BATCH}"  # noqa: S608
_OUTCOMES = f"SELECT {OUTCOME_COLUMNS} FROM outcomes {_BATCH} ORDER BY position"  # noqa: S608


class StoreRecorder(CutCall):
    """The recorder of one call of a run; keyed (run, call, batch).

    call: "call", or the path of the task in its playbook.
    """

    def reserve(
        self, place: str, size: int, caps: Mapping[str, int], *, dry_run: bool
    ) -> Excess | None:
        """Reserve the size of the call, in one step with counting what all runs sent."""
        key = (self._run, self._call)
        with self._database.transaction() as connection:
            self._keep_begun(connection)
            excess = reserve(self._database, key, place, size, caps, dry_run=dry_run)
        self._begun = None
        return excess

    def leaves_none(self, policy: str, rule: str, there: Set[str]) -> bool:
        """Tell whether no rule would be left of a policy, given what other runs take away now."""
        return leaves_none(self._database, (self._run, self._call), policy, rule, there)

    def tried(self) -> tuple[int, int]:
        """Return of how many items the call was tried, and how many failed or are unknown."""
        query = "SELECT outcome, sum(rows) FROM alike WHERE run = ? AND call = ? GROUP BY outcome"
        counts: dict[str, int] = dict(self._database.rows(query, (self._run, self._call)))
        tried = sum(counts.values()) - counts.get(REFUSED, 0) - counts.get(PLANNED, 0)
        return tried, counts.get(FAILED, 0) + counts.get(UNKNOWN, 0)

    def known(self, batch: Batch) -> Known:
        """Return what is known of a batch."""
        end_intent()
        key = (self._run, self._call, batch.number)
        tries, finished, at = self._state(key)
        if finished:
            return Known(self._finished(batch))
        if not tries:
            self._bare.add(batch.number)
            return Known()
        self._let_it_end(at)
        kept = self._database.rows(_BEFORE, key)
        before = {item: parsed(raw, "snapshots.raw", self._run) for item, raw in kept}
        return Known(repeated=True, snapshots=before)

    def _state(self, key: tuple[str, str, int]) -> State:
        """Return how far a batch is, which is asked where it is not known."""
        if self._nothing_kept:
            return UNTRIED
        seen = self._states.pop(key[2], None)
        found = [seen] if seen else self._database.rows(_STATE, key)
        return found[0] if found else UNTRIED

    def _let_it_end(self, at: int) -> None:
        """Wait until no process can have a request in flight any more that an intent let begin.

        Where processes of several hosts share a store, one whose lease ended need not be dead.
        """
        if not self._database.is_shared or self._action.call is None:
            return
        connection = self._action.call.connection
        total = connection.wire.timeouts.total
        while seconds_left(self._database, at, total) > 0 and not connection.wire.closed:
            connection.check()
            sleep(PAUSE)

    def intent(self, batch: Batch, snapshots: Mapping[str, Any]) -> None:
        """Keep that a batch is about to be sent, and what was there before.

        Raises CancelledError when the run was cancelled: then it is not.
        """
        asked = monotonic()
        self._database.outliving(lambda: self._intent(batch, snapshots))
        self._begun = None
        begin_intent(self._database, (self._run, self._call, batch.number), asked)

    def _intent(self, batch: Batch, snapshots: Mapping[str, Any]) -> None:
        key = (self._run, self._call, batch.number)
        texts = SnapshotTexts(snapshots) if snapshots else NO_TEXTS
        self._texts[batch.number], rows = texts, texts.rows()
        with self._database.beside() as connection:
            cancelled = ask_cancelled(connection, self._run)  # once it is kept, none is begun
            is_first = self._begun is not None
            intend(connection, key, batch, moment(self._database), is_first=is_first)
            cancelled()
            if rows:
                self._bare.discard(batch.number)
                SNAPSHOTS.insert(connection, key, rows)
            if self._counts(batch):
                note_sent(connection, key[:2], len(batch.items))
            self._keep_begun(connection)

    def finish(self, finished: Finished) -> None:
        """Keep what became of a batch, all of it or nothing; once, if it was kept already."""
        end_intent()
        is_kept = self._database.outliving(lambda: self._finish(finished))
        self._begun = None
        self._bare.discard(finished.batch.number)
        if is_kept:
            tell_batch(self._run, self._call, self._action, finished)

    def _finish(self, finished: Finished) -> bool:
        """Keep what became of a batch; tell whether it was not kept already."""
        key = (self._run, self._call, finished.batch.number)
        outcomes, definition = finished.outcomes, self._action.definition
        hashing = self._database.hashing
        texts = self._texts.pop(finished.batch.number, NO_TEXTS)
        items = finished.batch.items
        rows, hashes = rows_of_batch(key, outcomes, hashing, written=texts, items=items)
        with self._database.beside() as connection:
            if not end(connection, key, finished.batch):
                return False
            if finished.batch.number not in self._bare:  # its outcomes hold them now
                connection.execute(_FORGET, key)
            insert_rows(connection, key, rows)
            if rows and self._counts(finished.batch):
                unsent = sum(len(alike.hashes) for alike in rows if alike.is_unsent)
                note_unsent(connection, key[:2], unsent)
            if rows and EXPECT_TAGS in definition.schema.part["properties"]:
                note_staying(connection, key[:2], outcomes)
            self._keep_begun(connection)
            self._database.line_up(f"chain of {self._run}")
            if rows:
                call, batch = key[1:]
                add_link(connection, hashing, self._run, BATCH, call=call, batch=batch, rows=hashes)
            else:
                keep_read(connection, hashing, key, definition, self._target, finished.outputs)
        return True

    def give_up(self, batches: Iterable[Batch], reason: str, unsent: str = "") -> None:
        """Record what is known of batches that will not be finished, so that the numbers add up.

        What was about to be sent is unknown; what was not is refused, for another reason if there
        is one.
        """
        key = (self._run, self._call)
        from .unfinished import unfinished  # few calls cannot go on

        walk = unfinished(self._database, key, self._action, self._target, batches, reason, unsent)
        for first in walk:
            portion = [first]  # in memory at once, and one transaction
            while len(portion) * len(first.outcomes) < GIVEN_UP_AT_ONCE and (
                more := next(walk, None)
            ):
                portion.append(more)
            kept = self._database.outliving(partial(self._finish_all, portion))
            self._begun = None
            for finished in kept:
                tell_batch(self._run, self._call, self._action, finished)

    def _finish_all(self, portion: Iterable[Finished]) -> list[Finished]:
        """Keep what became of some batches, and return those that were not kept already."""
        with self._database.transaction():
            return [finished for finished in portion if self._finish(finished)]

    def _counts(self, batch: Batch) -> bool:
        """Tell whether a batch counts for the caps: of those that go to several nodes, one."""
        return self._action.definition.acts and batch.number % self._action.copies == 0

    def _finished(self, batch: Batch) -> Finished:
        if not self._action.definition.acts:
            rows = output_rows(self._database, self._run, self._call, batch.number)
            return Finished(batch, outputs=rows.listed)
        key = (self._run, self._call, batch.number)
        outcomes = self._database.rows(_OUTCOMES, key)
        return Finished(batch, tuple(outcome_of(row, self._run) for row in outcomes))
