"""The one way to a handler: plan membership -> intent -> send -> outcomes.

The command, the playbook engine and every SOAR host go through perform(); nothing else calls a
handler.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Protocol

from ..action import Action, Batch, Prepared
from ..outcome import ABSENT, PLANNED, REFUSED, Outcome


@dataclass(frozen=True)
class Finished:
    """A batch and what became of it: outcomes of a removal, or rows that a read returned."""

    batch: Batch
    outcomes: tuple[Outcome, ...] = ()
    outputs: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Intent:
    """What a recorder knows of a batch that is about to be sent.

    finished: what became of it, when it was finished before; repeated: it may have been sent
    before, by a process that did not live to see the answer.
    """

    finished: Finished | None = None
    repeated: bool = False


class Recorder(Protocol):
    """Keeps what is about to be sent and what became of it; called from several threads."""

    def intent(self, batch: Batch) -> Intent:
        """Keep, before anything is sent, that a batch will be; return what is known of it."""

    def finish(self, finished: Finished) -> None:
        """Keep what became of a batch, before it counts as finished."""


class Plan(Protocol):
    """An approved plan."""

    def refusal(self, action: str, target: Mapping[str, str], item: str) -> str | None:
        """Return why a removal is not part of the plan; None, once, for one that is."""


class NoRecord:
    """A recorder for a host whose own record is the journal."""

    def intent(self, batch: Batch) -> Intent:  # noqa: ARG002
        """Know nothing of any batch."""
        return Intent()

    def finish(self, finished: Finished) -> None:
        """Keep nothing."""


def perform(
    action: Action,
    prepared: Prepared,
    recorder: Recorder,
    *,
    batches: Iterable[Batch] | None = None,
    plan: Plan | None = None,
    dry_run: bool = False,
) -> Iterator[Finished]:
    """Perform an action, batch by batch, and yield what became of each, in order.

    prepared: from action.prepare; batches: a part of it, else all; plan: what may be removed, else
    everything; dry_run: send no removal, every outcome is planned. A read that fails raises its
    error; a removal never does.
    """
    chosen = prepared if batches is None else batches
    if not action.definition.removes:
        for batch in chosen:
            finished = recorder.intent(batch).finished
            if finished is None:
                finished = Finished(batch, outputs=tuple(action.read(batch)))
                recorder.finish(finished)
            yield finished
        return

    def one(batch: Batch) -> Finished:
        return _one(action, prepared.target, batch, recorder, plan, dry_run)

    at_once = action.call.connection.in_flight if action.call else 1
    pool = ThreadPoolExecutor(at_once, thread_name_prefix=action.definition.name)
    walk, running = iter(chosen), deque[Future[Finished]]()
    try:
        running.extend(pool.submit(one, batch) for batch in islice(walk, 2 * at_once))
        while running:
            finished = running.popleft().result()
            running.extend(pool.submit(one, batch) for batch in islice(walk, 1))
            yield finished
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _one(
    action: Action,
    target: Mapping[str, str],
    batch: Batch,
    recorder: Recorder,
    plan: Plan | None,
    dry_run: bool,
) -> Finished:
    """Perform one batch of a removal."""
    intent = recorder.intent(batch)
    if intent.finished is not None:
        return intent.finished
    refused, allowed = _divided(action, target, batch, plan)
    outcomes = list(refused)
    if dry_run:
        effect = action.definition.effect_on(batch.arguments)
        outcomes += action.outcomes(
            allowed.items, target, PLANNED, f"would be removed; {effect}", 0
        )
    elif allowed.items:
        sent = action.send(allowed, target)
        outcomes += [
            replace(outcome, maybe_ours=outcome.maybe_ours or outcome.outcome == ABSENT)
            if intent.repeated
            else outcome
            for outcome in sent
        ]
    finished = Finished(batch, outcomes=tuple(outcomes))
    recorder.finish(finished)
    return finished


def _divided(
    action: Action, target: Mapping[str, str], batch: Batch, plan: Plan | None
) -> tuple[list[Outcome], Batch]:
    """Divide a batch into what the plan refuses, as outcomes, and what may be sent."""
    if plan is None:
        return [], batch
    reasons = {i: plan.refusal(action.definition.name, target, i) for i in batch.items}
    refused = [
        outcome
        for item, reason in reasons.items()
        if reason
        for outcome in action.outcomes([item], target, REFUSED, reason, 0)
    ]
    allowed = [item for item, reason in reasons.items() if not reason]
    return refused, action.part(batch, allowed)
