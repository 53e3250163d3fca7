"""The one way to a handler: plan membership -> intent -> send -> outcomes.

The command, the playbook engine and every SOAR host go through perform(); nothing else calls a
handler.
"""

from collections import deque
from collections.abc import Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from ..action import Action
from ..batches import Batch, Prepared
from ..errors import PluginError
from ..outcome import PLANNED, REFUSED, UNKNOWN, Outcome

LEAVE = 0.5  # seconds for what was just answered, when the caller is interrupted


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
) -> Generator[Finished, None, None]:
    """Perform an action, batch by batch, and yield what became of each, in order.

    prepared: from action.prepare; batches: a part of it, else all; plan: what may be removed, else
    everything; dry_run: send no removal, every outcome is planned. A read that fails raises its
    error; a removal raises only what its recorder raises. Leaving it early ends the connection.
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
    plan: Plan | None,
    dry_run: bool,
) -> Finished:
    """Perform one batch of a removal."""
    action.check(batch)
    intent = recorder.intent(batch)
    if intent.finished is not None:
        return intent.finished
    refused, allowed = _divided(action, target, batch, plan)
    outcomes = list(refused)
    if dry_run:
        effect = action.definition.effect_on(batch.arguments)
        reason = f"would be removed; {effect}"
        outcomes += action.outcomes(batch, allowed.items, target, PLANNED, reason, 0)
    elif allowed.items:
        outcomes += _sent(action, target, allowed, repeated=intent.repeated)
    finished = Finished(batch, outcomes=tuple(outcomes))
    recorder.finish(finished)
    return finished


def _sent(
    action: Action, target: Mapping[str, str], batch: Batch, *, repeated: bool
) -> list[Outcome]:
    """Send a batch; a mistake of ours in reading its answer leaves it unknown, not unrecorded."""
    try:
        return action.send(batch, target, repeated=repeated)
    except PluginError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, the batch may have been carried out
        reason = f"internal error, please report it: {type(error).__name__}: {error}"
        return action.outcomes(batch, batch.items, target, UNKNOWN, reason, 1)


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
        for outcome in action.outcomes(batch, [item], target, REFUSED, reason, 0)
    ]
    allowed = [item for item, reason in reasons.items() if not reason]
    return refused, action.part(batch, allowed)
