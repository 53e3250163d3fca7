"""Record a call of a run that tries another one again."""

from functools import cached_property

from ..batches import Batch
from ..definition import ADDS
from ..outcome import Outcome
from ..sending import LOST
from ..trust.recorder import Finished, Known
from .earlier import with_added
from .recorder import StoreRecorder
from .retried import Doubtful, Retried
from .retries import place_text

SENT = "an earlier run sent it, and its answer was lost"


class RetryRecorder(StoreRecorder):
    """Records a call: what an earlier run may have sent already is sent as for a second time.

    retried: the earlier runs.
    """

    retried: Retried

    def known(self, batch: Batch) -> Known:
        """Return what is known of a batch, also from an earlier run."""
        known = super().known(batch)
        doubtful = self._doubtful.get(place_text(self._action.target_of(batch, self._target)), {})
        if known != Known() or not any(item in doubtful for item in batch.items):
            return known
        told = {item: doubtful[item] for item in batch.items if doubtful.get(item) is not None}
        if self._action.definition.does == ADDS:
            told = with_added(self._database, told)
        return Known(repeated=True, snapshots=told)

    def finish(self, finished: Finished) -> None:
        """Keep what became of a batch."""
        super().finish(finished._replace(outcomes=tuple(map(_told, finished.outcomes))))

    @cached_property
    def _doubtful(self) -> Doubtful:
        prepared = self.prepared()
        return self.retried.doubtful(self._action, prepared.arguments, prepared.target)


def _told(outcome: Outcome) -> Outcome:
    if not (outcome.reason or "").startswith(LOST):
        return outcome
    return outcome.but(reason=SENT + str(outcome.reason).removeprefix(LOST))
