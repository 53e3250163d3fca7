"""The steps of one batch: guards -> approval -> plan -> snapshot -> intent -> send -> outcomes."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..action import Action
from ..batches import Batch, Prepared
from ..definition import ADDS, CHANGES
from ..errors import HungUpError, PluginError
from ..outcome import ABSENT, CHANGED, PLANNED, REFUSED, REMOVED, UNKNOWN, Outcome, after_a_lost_try
from ..same_outcome import SameOutcome, names_of
from .effects import effect_of, told_of
from .findings import Findings
from .recorder import Finished, Known, Recorder
from .snapshot import Snapshot, Snapshots
from .terms import Planned, Terms
from .verify import verified

GONE_BEFORE = "it is not there: nothing would be sent"
CHANGED_BEFORE = "an earlier try may have changed it before it was read"


class Steps:
    """Takes batches of one call of what acts on a system through their steps, from any thread.

    prepared: the call; terms: on which it is performed.
    """

    def __init__(
        self, action: Action, prepared: Prepared, recorder: Recorder, terms: Terms
    ) -> None:
        self._action, self._target = action, prepared.target
        self._recorder, self._terms = recorder, terms
        self._snapshots = None
        if terms.snapshot:
            lists = terms.guards.lists if terms.guards else None
            self._snapshots = Snapshots(action, lookup=terms.lookup, lists=lists)
        self._guarded = None
        if terms.guards is not None:
            self._guarded = terms.guards.guarded(action, prepared, recorder, dry_run=terms.dry_run)

    def finished(self, batch: Batch) -> Finished:
        """Take a batch through all its steps; raises HungUpError, and what the recorder raises."""
        self._action.check(batch)
        known = self._recorder.known(batch)
        if known.finished is not None:
            return known.finished
        found, planned, before = self._judged(batch, known)
        allowed = self._without(batch, {*found.refused, *planned.refused, *planned.done})
        others = self._refused(batch, found.refused)
        if known.repeated:
            others = [after_a_lost_try(outcome) for outcome in others]
        others += self._refused(batch, planned.refused)  # so it was, whichever try this is
        others += planned.done.values()
        outcomes: Sequence[Outcome] = []
        if self._terms.dry_run:
            outcomes = self._planned(allowed, before)
        elif allowed.items:
            before = self._intended(allowed, before, known)
            outcomes = self._sent(allowed, before.rows, repeated=known.repeated)
        outcomes = [*others, *outcomes] if others else outcomes
        if before.rows or before.unread:
            outcomes = self._with_snapshots(outcomes, before)
        outcomes = found.advised(outcomes)
        if self._snapshots:
            self._snapshots.done(outcomes)
        if self._guarded:
            self._guarded.count(batch, found, outcomes)
        finished = Finished(batch, outcomes=self._ordered(outcomes, batch))
        self._recorder.finish(finished)
        return finished

    def _judged(self, batch: Batch, known: Known) -> tuple[Findings, Planned, Snapshot]:
        """Return what is refused of a batch, what the plan says of it, and what is there."""
        found = self._guarded.before(batch) if self._guarded else Findings()
        found.refused |= self._unapproved(self._without(batch, found.refused))
        left, planned = self._without(batch, found.refused), Planned()
        plan, definition = self._terms.plan, self._action.definition
        place = self._action.target_of(batch, self._target)
        if plan:
            planned = plan.judged(definition, place, left)
        left = self._without(left, {*planned.refused, *planned.done})
        before = Snapshot(known.snapshots)
        if self._snapshots and left.items:
            before = self._snapshots.of(left, known.snapshots)
        if self._guarded:
            self._guarded.after(found, left, before if self._snapshots else None)
        found.refused |= self._beyond(self._without(left, found.refused), before)
        if plan:
            wanted = self._without(left, found.refused)
            claimed = plan.claimed(definition, place, wanted, before)
            found.refused |= claimed.refused
            planned = Planned(planned.refused, {**planned.done, **claimed.done})
            before = before.without(claimed.done)
            self._action.check(batch)  # what it waited for may never come
        return found, planned, self._unchanged(batch, before, known)

    def _unchanged(self, batch: Batch, before: Snapshot, known: Known) -> Snapshot:
        """Return a snapshot without what shows a change that an earlier try may have made."""
        definition = self._action.definition
        if not known.repeated or definition.does != CHANGES:
            return before
        wanted = definition.wanted(batch.arguments)
        ours = {
            item
            for item, row in before.rows.items()
            if item not in known.snapshots and wanted.items() <= told_of(row).items()
        }
        unread = {**before.unread, **dict.fromkeys(ours, CHANGED_BEFORE)}
        return before.without(ours)._replace(unread=unread) if ours else before

    def _unapproved(self, batch: Batch) -> dict[str, str]:
        """Say of a batch why it needs an approval that there is not; of a dry run nothing."""
        if self._terms.approval is None or self._terms.dry_run:
            return {}
        effect = self._action.definition.effect_on(batch.arguments)
        reason = self._terms.approval.refusal(effect)
        return dict.fromkeys(batch.items, reason) if reason else {}

    def _beyond(self, batch: Batch, before: Snapshot) -> Mapping[str, str]:
        """Say of what has another effect than its call tells why it needs an approval."""
        approval = self._terms.approval
        if approval is None or not approval.bounds or self._terms.dry_run or not before.rows:
            return {}
        definition, given = self._action.definition, batch.arguments
        shown = {
            item: effect_of(definition, given, before.rows[item])
            for item in batch.items
            if item in before.rows
        }
        return approval.beyond(definition.effect_on(given), shown) if shown else {}

    def _intended(self, batch: Batch, before: Snapshot, known: Known) -> Snapshot:
        """Record that a batch is about to be sent; return what the outcomes go by.

        Raises HungUpError when the run was ended before.
        """
        if self._action.definition.does == ADDS and not known.repeated:
            before = Snapshot(self._there(batch))
        for call in self._action.calls:
            call.connection.check()  # what is never sent has no intent
        self._recorder.intent(batch, before.rows)
        return before

    def _there(self, batch: Batch) -> Mapping[str, Any]:
        """Return what is there before an addition; empty when it cannot be told."""
        try:
            return self._action.before(batch)
        except HungUpError:
            raise
        except PluginError:
            return {}

    def _sent(
        self, batch: Batch, snapshots: Mapping[str, Any], *, repeated: bool
    ) -> Sequence[Outcome]:
        """Send a batch; a mistake of ours in reading its answer leaves it unknown."""
        try:
            sent = self._action.send(batch, self._target, repeated=repeated, before=snapshots)
        except PluginError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it may have been carried out
            reason = f"internal error, please report it: {type(error).__name__}: {error}"
            return self._action.outcomes(batch, batch.items, self._target, UNKNOWN, reason, 1)
        return verified(self._action, batch, sent) if self._terms.verify else sent

    def _planned(self, batch: Batch, before: Snapshot) -> Sequence[Outcome]:
        """Return what a dry run says of a batch, by what is there, where that was asked."""
        definition = self._action.definition
        looked = self._snapshots and self._action.snapshots and definition.does != ADDS
        told: dict[tuple[str, str], list[str]] = {}
        for item in batch.items:
            if looked and item not in before.rows and item not in before.unread:
                told.setdefault((ABSENT, GONE_BEFORE), []).append(item)
            else:
                effect = effect_of(definition, batch.arguments, before.rows.get(item))
                said = f"would be {definition.done}; {effect}"
                told.setdefault((PLANNED, said), []).append(item)
        return self._told(batch, told)

    def _told(
        self, batch: Batch, told: Mapping[tuple[str, str], Sequence[str]]
    ) -> Sequence[Outcome]:
        """Return outcomes of what is not sent; told: the items by outcome and reason."""
        same = [
            self._action.outcomes(batch, items, self._target, outcome, reason, 0)
            for (outcome, reason), items in told.items()
        ]
        return same[0] if len(same) == 1 else [outcome for each in same for outcome in each]

    def _with_snapshots(self, outcomes: Sequence[Outcome], before: Snapshot) -> list[Outcome]:
        """Return outcomes with what was there before, or with why they cannot be put back."""
        rows, adds = before.rows, self._action.definition.does == ADDS
        return [
            outcome.with_snapshot(rows[item])
            if (item := outcome.indicator) in rows and not adds
            else self._with_snapshot(outcome, before)
            for outcome in outcomes
        ]

    def _with_snapshot(self, outcome: Outcome, before: Snapshot) -> Outcome:
        item, action = outcome.indicator, self._action
        if action.definition.does == ADDS and outcome.outcome != UNKNOWN:
            return outcome  # what was there before tells what was added, nothing else
        if item in before.rows:
            return outcome.with_snapshot(before.rows[item])
        done = outcome.outcome in {REMOVED, CHANGED, UNKNOWN} or outcome.maybe_ours
        if item not in before.unread or not done:
            return outcome
        lost = "it cannot be put back" if action.snapshots else "its context cannot be put back"
        doubt = f"{lost}, as no snapshot could be taken: {before.unread[item]}"
        return outcome.but(advice="; ".join(filter(None, (outcome.advice, doubt))))

    def _refused(self, batch: Batch, reasons: Mapping[str, str]) -> list[Outcome]:
        """Return outcomes of what is refused, each with its reason."""
        told: dict[tuple[str, str], list[str]] = {}
        for item, reason in reasons.items():
            told.setdefault((REFUSED, reason), []).append(item)
        return [*self._told(batch, told)]

    def _ordered(self, outcomes: Sequence[Outcome], batch: Batch) -> Sequence[Outcome]:
        """Return outcomes in the order in which the batch names what they are of."""
        named = self._action.definition.named_by
        if names_of(outcomes, named) == list(batch.items):
            return outcomes if isinstance(outcomes, SameOutcome) else tuple(outcomes)
        place = {item: at for at, item in enumerate(batch.items)}
        ordered = sorted(outcomes, key=lambda o: place.get(getattr(o, named), len(place)))
        return tuple(ordered)

    def _without(self, batch: Batch, refused: Collection[str]) -> Batch:
        """Return a batch without what is refused."""
        if not refused:
            return batch
        return self._action.part(batch, [item for item in batch.items if item not in refused])
