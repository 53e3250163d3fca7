"""The one way to a handler: guards -> plan -> snapshot -> intent -> send -> outcomes.

The command, the playbook engine and every SOAR host go through perform(); nothing else calls a
handler.
"""

from collections import deque
from collections.abc import Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Protocol

from ..action import Action
from ..batches import Batch, Prepared
from ..definition import ADDS
from ..errors import HungUpError, PluginError
from ..outcome import ABSENT, CHANGED, PLANNED, REFUSED, REMOVED, UNKNOWN, Outcome, after_a_lost_try
from .effects import effect_of
from .findings import Findings
from .guarded import Guarded
from .snapshot import Snapshot, Snapshots
from .terms import Terms
from .verify import verified

EARNEST = Terms()
GONE_BEFORE = "it is not there: nothing would be sent"
LEAVE = 0.5  # seconds for what was just answered, when the caller is interrupted


@dataclass(frozen=True)
class Finished:
    """A batch and what became of it: outcomes of a removal, or rows that a read returned."""

    batch: Batch
    outcomes: tuple[Outcome, ...] = ()
    outputs: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Known:
    """What a recorder knows of a batch.

    finished: what became of it, when it was finished before; repeated: it may have been sent
    before, by a process that did not live to see the answer; snapshots: what the system told then,
    before it was sent, raw, by item.
    """

    finished: Finished | None = None
    repeated: bool = False
    snapshots: Mapping[str, Any] = field(default_factory=dict)


class Recorder(Protocol):
    """Keeps what is about to be sent and what became of it; called from several threads."""

    def known(self, batch: Batch) -> Known:
        """Return what is known of a batch."""

    def intent(self, batch: Batch, snapshots: Mapping[str, Any]) -> None:
        """Keep, before anything is sent, that a batch will be, and what was there, by item."""

    def finish(self, finished: Finished) -> None:
        """Keep what became of a batch, before it counts as finished."""


class NoRecord:
    """A recorder for a host whose own record is the journal."""

    def known(self, batch: Batch) -> Known:  # noqa: ARG002
        """Know nothing of any batch."""
        return Known()

    def intent(self, batch: Batch, snapshots: Mapping[str, Any]) -> None:
        """Keep nothing."""

    def finish(self, finished: Finished) -> None:
        """Keep nothing."""


def perform(
    action: Action,
    prepared: Prepared,
    recorder: Recorder,
    *,
    terms: Terms = EARNEST,
    batches: Iterable[Batch] | None = None,
) -> Generator[Finished, None, None]:
    """Perform an action, batch by batch, and yield what became of each, in order.

    prepared: from action.prepare; batches: a part of it, else all. A read that fails raises its
    error; a removal raises only what its recorder raises. Leaving it early ends the connection.
    """
    chosen = prepared if batches is None else batches
    if not action.definition.acts:
        for batch in chosen:
            finished = recorder.known(batch).finished
            if finished is None:
                finished = Finished(batch, outputs=tuple(action.read(batch)))
                recorder.finish(finished)
            yield finished
        return

    snapshots = Snapshots(action, lookup=terms.lookup) if terms.snapshot else None
    guarded = None
    if terms.guards is not None:
        guarded = terms.guards.guarded(action, prepared, recorder, dry_run=terms.dry_run)

    def one(batch: Batch) -> Finished:
        return _one(action, prepared.target, batch, recorder, terms, snapshots, guarded)

    at_once = action.in_flight
    pool = ThreadPoolExecutor(at_once, thread_name_prefix=action.definition.name)
    walk, running = iter(chosen), deque[Future[Finished]]()
    try:
        running.extend(pool.submit(one, batch) for batch in islice(walk, 2 * at_once))
        while running:
            finished = running.popleft().result()
            running.extend(pool.submit(one, batch) for batch in islice(walk, 1))
            yield finished
    except (KeyboardInterrupt, GeneratorExit):  # here, or in the caller
        for call in action.calls:
            call.connection.hang_up()
        pool.shutdown(wait=False, cancel_futures=True)
        wait(running, LEAVE)  # what was answered is recorded, nothing more is sent
        raise
    except Exception:
        pool.shutdown(cancel_futures=True)  # what is in flight is recorded before
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _one(
    action: Action,
    target: Mapping[str, str],
    batch: Batch,
    recorder: Recorder,
    terms: Terms,
    snapshots: Snapshots | None,
    guarded: Guarded | None,
) -> Finished:
    """Perform one batch of what acts on a system."""
    action.check(batch)
    known = recorder.known(batch)
    if known.finished is not None:
        return known.finished
    found, unplanned, before = _judged(action, target, batch, known, terms, snapshots, guarded)
    refused = found.refused
    allowed = _without(action, batch, {**refused, **unplanned})
    outcomes = _refused(action, target, batch, refused)
    if known.repeated:
        outcomes = [after_a_lost_try(outcome) for outcome in outcomes]
    outcomes += _refused(action, target, batch, unplanned)  # so it was, whichever try this is
    if terms.dry_run:
        outcomes += _planned(action, target, allowed, before if snapshots else None)
    elif allowed.items:
        if action.definition.does == ADDS and not known.repeated:
            before = Snapshot(_before(action, allowed))
        recorder.intent(allowed, before.rows)
        sent = _sent(action, target, allowed, before.rows, repeated=known.repeated)
        outcomes += verified(action, allowed, sent) if terms.verify else sent
    outcomes = [_with_snapshot(outcome, before, action) for outcome in outcomes]
    outcomes = found.advised(outcomes)
    if guarded:
        guarded.count(batch, found, outcomes)
    if refused or unplanned:
        place = {item: at for at, item in enumerate(batch.items)}
        named = action.definition.named_by
        outcomes.sort(key=lambda outcome: place.get(getattr(outcome, named), len(place)))
    finished = Finished(batch, outcomes=tuple(outcomes))
    recorder.finish(finished)
    return finished


def _unapproved(action: Action, batch: Batch, terms: Terms) -> dict[str, str]:
    """Say of a batch why it needs an approval that there is not; of a dry run nothing."""
    if terms.approval is None or terms.dry_run:
        return {}
    reason = terms.approval.refusal(action.definition.effect_on(batch.arguments))
    return dict.fromkeys(batch.items, reason) if reason else {}


def _refused(
    action: Action, target: Mapping[str, str], batch: Batch, reasons: Mapping[str, str]
) -> list[Outcome]:
    """Return outcomes of what is refused, each with its reason."""
    return [
        outcome
        for item, reason in reasons.items()
        for outcome in action.outcomes(batch, [item], target, REFUSED, reason, 0)
    ]


def _before(action: Action, batch: Batch) -> Mapping[str, Any]:
    """Return what is there before an addition; empty when it cannot be told."""
    try:
        return action.before(batch)
    except HungUpError:
        raise
    except Exception:  # noqa: BLE001  # whatever came, a lost answer will then stay unknown
        return {}


def _judged(
    action: Action,
    target: Mapping[str, str],
    batch: Batch,
    known: Known,
    terms: Terms,
    snapshots: Snapshots | None,
    guarded: Guarded | None,
) -> tuple[Findings, Mapping[str, str], Snapshot]:
    """Return what is refused of a batch, what is so for not being planned, and what is there."""
    found = guarded.before(batch) if guarded else Findings()
    found.refused |= _unapproved(action, _without(action, batch, found.refused), terms)
    left, place = _without(action, batch, found.refused), action.target_of(batch, target)
    unplanned = terms.plan.refusals(action.definition, place, left) if terms.plan else {}
    left, before = _without(action, left, unplanned), Snapshot(known.snapshots)
    if snapshots and left.items:
        before = snapshots.of(left, known.snapshots)
    if guarded:
        guarded.after(found, left, before if snapshots else None)
    return found, unplanned, before


def _without(action: Action, batch: Batch, refused: Mapping[str, str]) -> Batch:
    """Return a batch without what is refused."""
    return action.part(batch, [item for item in batch.items if item not in refused])


def _planned(
    action: Action, target: Mapping[str, str], batch: Batch, before: Snapshot | None
) -> list[Outcome]:
    """Return what a dry run says of a batch, by what is there; before: None when nobody looked."""
    rows, unread = (before.rows, before.unread) if before else ({}, {})
    looked = before is not None and action.snapshots and action.definition.does != ADDS
    outcomes: list[Outcome] = []
    for item in batch.items:
        if looked and item not in rows and item not in unread:
            told = ABSENT, GONE_BEFORE
        else:
            effect = effect_of(action.definition, batch.arguments, rows.get(item))
            told = PLANNED, f"would be {action.definition.done}; {effect}"
        outcomes += action.outcomes(batch, [item], target, *told, 0)
    return outcomes


def _sent(
    action: Action,
    target: Mapping[str, str],
    batch: Batch,
    snapshots: Mapping[str, Any],
    *,
    repeated: bool,
) -> list[Outcome]:
    """Send a batch; a mistake of ours in reading its answer leaves it unknown, not unrecorded."""
    try:
        return action.send(batch, target, repeated=repeated, before=snapshots)
    except PluginError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, the batch may have been carried out
        reason = f"internal error, please report it: {type(error).__name__}: {error}"
        return action.outcomes(batch, batch.items, target, UNKNOWN, reason, 1)


def _with_snapshot(outcome: Outcome, before: Snapshot, action: Action) -> Outcome:
    """Return an outcome with what was there before, or with why it cannot be put back."""
    item = outcome.indicator
    if action.definition.does == ADDS and outcome.outcome != UNKNOWN:
        return outcome  # what was there before tells what was added, nothing else
    if item in before.rows:
        return replace(outcome, snapshot=before.rows[item])
    done = outcome.outcome in {REMOVED, CHANGED, UNKNOWN} or outcome.maybe_ours
    if item not in before.unread or not done:
        return outcome
    lost = "it cannot be put back" if action.snapshots else "its context cannot be put back"
    doubt = f"{lost}, as no snapshot could be taken: {before.unread[item]}"
    return replace(outcome, advice="; ".join(filter(None, (outcome.advice, doubt))))
