"""Perform one call of an undo, and what follows on what it put back."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

from ..action import Action
from ..batches import Batch, Prepared
from ..errors import ArgumentError, CancelledError, HungUpError, PluginError
from ..integration import Integration
from ..outcome import FAILED, PLANNED, REFUSED, UNKNOWN, Outcome
from ..store.called import THEN
from ..store.cancelling import Cancellation
from ..store.claims import Claim, split
from ..store.database import Database
from ..store.earlier import Earlier, made_by, told_before
from ..store.recorder import StoreRecorder
from ..store.undone import Done
from ..trust.perform import perform
from ..trust.recorder import Finished, Known
from ..trust.restoring import Undoing
from ..trust.terms import Terms
from .standing import Standing, Together
from .undo_calls import RestoringCall, alone, merged, undoing_of_done
from .undo_places import Places
from .undo_recorder import ONCE, SEND_AGAIN, TRIED, UndoRecorder


@dataclass
class Calls:
    """Performs calls of an undo, from any thread.

    run: that is undone; send_again: whether to send once more what nothing tells; standing: what
    is there before additions, by call; over: the undo was cancelled.
    """

    database: Database
    integration: Integration
    places: Places
    run: str
    terms: Terms
    send_again: bool = False
    standing: dict[str, Standing] = field(default_factory=dict)
    over: Event = field(default_factory=Event)

    def stop(self, cancelled: Cancellation) -> None:
        """Send nothing more: what is in flight ends with the try that it is at."""
        self.places.stop(cancelled.reason, at_once=self.terms.dry_run)
        self.over.set()

    def leave(self, undo: str, rows: Sequence[tuple[Done, Earlier]]) -> None:
        """Record of rows that an earlier undo may have put back that nothing tells."""
        for done, before in rows:
            reason = ONCE.format(before.undo)
            how = self.integration.definition(self.integration.definition(done.action).undo or "")
            advice = SEND_AGAIN.format(self.run) if how.again else None
            self._give(undo, alone(self.run, done), done, UNKNOWN, reason, advice=advice)

    def perform(self, undo: str, name: str, claims: Sequence[Claim]) -> None:
        """Perform one call of an undo, and what follows on it."""
        ready, undoings = [], []
        for one in claims:
            try:
                how = undoing_of_done(self.integration, one.done)
            except ArgumentError as error:
                refused = str(error)
                continue
            ready.append(one)
            undoings.append(how)
        if not ready:
            self._give(undo, name, claims[0].done, REFUSED, refused)
        elif name.endswith(THEN):
            self._rest(undo, RestoringCall(name.removesuffix(THEN), ready, undoings))
        else:
            self._prepared(undo, RestoringCall(name, ready, undoings))

    def _prepared(self, undo: str, call: RestoringCall) -> None:
        """Check a call and perform it; a row that spoils the others is put back by itself."""
        first, how = call.claims[0].done, call.undoings[0]
        action = self.places.bound(first, how.action.name)
        try:
            prepared = action.prepare(merged(call.undoings))
        except ArgumentError as error:
            if len(call.claims) == 1 or call.claims[0].item is None:
                self._give(undo, call.name, first, REFUSED, f"it cannot be put back: {error}")
                return
            apart = [replace(c, call=alone(self.run, c.done), item=None) for c in call.claims]
            if not self.terms.dry_run:
                split(self.database, undo, apart)
            for one, undoing in zip(apart, call.undoings, strict=True):
                self._prepared(undo, RestoringCall(one.call, [one], [undoing]))
            return
        except PluginError as error:
            self._give(undo, call.name, first, FAILED, f"nothing was sent: {error}")
            return
        if standing := self.standing.get(call.name):
            action = Together(action, standing)
        texts = {
            c.item: u.restoring.not_restored
            for c, u in zip(call.claims, call.undoings, strict=True)
        }
        done = self._perform(undo, call, call.name, action, prepared, texts)
        made = next((row for row in done if row.outcome in TRIED - {UNKNOWN}), None)
        if how.then and how.restoring.then and made:
            self._follow(undo, call, how, made)

    def _rest(self, undo: str, call: RestoringCall) -> None:
        """Perform only what follows on a row that an earlier undo put back."""
        before = call.claims[0].before
        made = made_by(self.database, *before) if before else None
        assert made  # noqa: S101  # a row is chosen for this by its outcome
        self._follow(undo, call, call.undoings[0], made)

    def _follow(self, undo: str, call: RestoringCall, how: Undoing, made: Outcome) -> None:
        """Perform what follows on a row that was put back, or would be."""
        then, given = how.then, how.restoring.then
        assert then and given and then.limits  # noqa: S101, PT018  # nobody calls it without
        name, first = call.name + THEN, call.claims[0].done
        if made.outcome == PLANNED:
            reason = f"would be {then.done}; {then.effect_on(given)}"
            self._give(undo, name, first, PLANNED, reason, (then.name, made))
            return
        arguments = {**given, then.limits.argument: made.id}
        advice = self._advice(how, arguments)
        try:
            if made.id is None:
                raise ArgumentError("its new id is not known")  # as any other
            action = self.places.bound(first, then.name)
            prepared = action.prepare(arguments)
        except PluginError as error:
            reason = f"nothing was sent: {error}"
            self._give(undo, name, first, REFUSED, reason, (then.name, made), advice)
            return
        self._perform(undo, call, name, action, prepared, {}, (made.value, advice))

    def _advice(self, how: Undoing, arguments: Mapping[str, Any]) -> str | None:
        """Say how a row is until what follows on it is done, and how that can be done."""
        if how.then is None or not how.restoring.meanwhile:
            return None
        given = " ".join(f"--arg {n}={'ID' if v is None else v}" for n, v in arguments.items())
        return (
            f"{how.restoring.meanwhile}: `ioc-removal undo {self.run}` tries that again, "
            f"or `ioc-removal call {how.then.name} {given}`"
        )

    def _perform(
        self,
        undo: str,
        call: RestoringCall,
        name: str,
        action: Action,
        prepared: Prepared,
        texts: Mapping[str | None, tuple[str, ...]],
        follows: tuple[str | None, str | None] = (None, None),
    ) -> list[Outcome]:
        """Perform a call; follows: the name of what it follows on, and advice when it fails."""
        recorder = UndoRecorder(self.database, undo, name, action)
        recorder.undone = self.run
        recorder.claims = {one.item: one for one in call.claims}
        recorder.texts, recorder.earlier = texts, self._earlier(call, name, action)
        recorder.name, recorder.advice = follows
        recorder.begin(prepared)
        recorder.plan(prepared)
        batches = list(recorder.planned(prepared, 0, recorder.count()))
        terms = self.terms._replace(snapshot=self.terms.snapshot and not self.terms.dry_run)
        outcomes: list[Outcome] = []
        try:
            with closing(
                perform(action, prepared, recorder, terms=terms, batches=batches)
            ) as performed:
                for finished in performed:
                    outcomes += finished.outcomes
        except (HungUpError, CancelledError):
            raise  # it can go on where it is, or is ended as a whole
        except PluginError:
            recorder.give_up(batches, "the undo could not go on")
            raise
        return outcomes

    def _earlier(self, call: RestoringCall, name: str, action: Action) -> Known:
        """Return what an earlier undo left of a call, when it may have put the rows back."""
        before = call.claims[0].before
        sent_again = self.send_again and action.definition.again
        if name.endswith(THEN) or before is None or sent_again:
            return Known()
        return Known(repeated=True, snapshots=told_before(self.database, *before))

    def _give(
        self,
        undo: str,
        name: str,
        done: Done,
        outcome: str,
        reason: str,
        follows: tuple[str, Outcome] | None = None,
        advice: str | None = None,
    ) -> None:
        """Record an outcome of a row for which nothing is sent.

        follows: the action that should follow on what was made, and that.
        """
        by, made = follows or (self.integration.definition(done.action).undo, None)
        recorder = StoreRecorder(
            self.database, undo, name, self.places.bound(done, by or done.action)
        )
        batch = Batch(0, {}, (done.outcome.indicator,))
        if recorder.known(batch).finished is None:
            recorder.begin(Prepared({}, done.outcome.target, 0, ()))
            value, id_ = (made.value, made.id) if made else (done.value, done.outcome.id)
            row = Outcome(outcome, done.outcome.target, value, id_, reason, advice=advice)
            recorder.finish(Finished(batch, outcomes=(row,)))
