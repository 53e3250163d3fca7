"""Record a call of an undo, as any other, with what is told of its rows."""

from collections.abc import Mapping

from ..batches import Batch
from ..definition import ADDS
from ..outcome import DONE, PLANNED, UNKNOWN, Outcome, after_a_lost_try
from ..sending import LOOK, LOST
from ..store.claims import Claim
from ..store.earlier import with_added
from ..store.recorder import StoreRecorder
from ..trust.recorder import Finished, Known

TRIED = frozenset({*DONE, PLANNED, UNKNOWN})
SENT = "the undo {} sent it, and its answer was lost"
ONCE = f"{SENT}; nothing there can be read, so it is not sent twice"
AGAIN = f"{SENT}; it was sent once more, as was asked"
SEND_AGAIN = (
    "look there whether it is back, or let `ioc-removal undo {} --send-again` send it once more: "
    "that adds it, or updates what is there"
)


class UndoRecorder(StoreRecorder):
    """Records a call of an undo: with the value of each id, and what cannot be put back.

    claims: by item, of one row by None; texts: what cannot be put back, likewise; earlier: of rows
    that an earlier undo may have put back, unless they are sent once more as was asked; undone: the
    run that is undone; name: of what a call follows on; advice: for what does not follow.
    """

    claims: Mapping[str | None, Claim]
    texts: Mapping[str | None, tuple[str, ...]]
    earlier: Known
    undone: str
    name: str | None = None
    advice: str | None = None

    def known(self, batch: Batch) -> Known:
        """Return what is known of a batch, also from an earlier undo."""
        known = super().known(batch)
        known = self.earlier if known == Known() else known
        if not known.repeated or self._action.definition.does != ADDS:
            return known
        return known._replace(snapshots=with_added(self._database, known.snapshots))

    def finish(self, finished: Finished) -> None:
        """Keep what became of a batch."""
        super().finish(finished._replace(outcomes=tuple(map(self._told, finished.outcomes))))

    def _told(self, outcome: Outcome) -> Outcome:
        item = next((one for one in (outcome.value, outcome.id) if one in self.claims), None)
        if item not in self.claims:
            return outcome
        claim = self.claims[item]
        done, before = claim.done, claim.before
        again = self._action.definition.again
        sent_again = bool(before and again and not self.earlier.repeated)
        if sent_again:
            outcome = after_a_lost_try(outcome)
        reason, old, advice = outcome.reason, done.outcome.id, outcome.advice
        if again and outcome.outcome == UNKNOWN:
            send_again = SEND_AGAIN.format(self.undone)
            advice = (advice or LOOK).replace(LOOK, send_again)
            advice = advice if send_again in advice else f"{advice}; {send_again}"
        if before and sent_again:
            reason = reason or AGAIN.format(before[0])
        elif before and reason and reason.startswith(LOST):
            reason = SENT.format(before[0]) + reason.removeprefix(LOST)
        if self.advice and outcome.outcome not in {*DONE, PLANNED}:
            advice = "; ".join(filter(None, (advice, self.advice)))
        if reason is None and old and outcome.id and outcome.id != old:
            reason = f"in place of {old}"
        return outcome.but(
            value=next((v for v in (outcome.value, self.name, done.value) if v is not None), None),
            reason=reason,
            advice=advice,
            not_restored=self.texts.get(item, ()) if outcome.outcome in TRIED else (),
        )
