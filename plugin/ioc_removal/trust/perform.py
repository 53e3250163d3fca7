"""The one way to a handler: batches, several at a time, each through its steps (steps.py).

The command, the playbook engine and every SOAR host go through perform(); nothing else calls a
handler.
"""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, wait
from itertools import chain, islice

from ..action import Action
from ..batches import Batch, Prepared
from ..spool import kept
from .interrupting import LEAVE, InterruptedAfter, is_interruptible
from .recorder import Finished, Recorder
from .steps import Steps
from .terms import Terms
from .threads import give_back, pool_of

EARNEST = Terms()


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
                finished = Finished(batch, outputs=kept(action.read(batch)))
                recorder.finish(finished)
            yield finished
        return

    steps = Steps(action, prepared, recorder, terms)
    yield from (finished for _, finished in together(action, ((steps, one) for one in chosen)))


def together(
    action: Action, pairs: Iterable[tuple[Steps, Batch]]
) -> Generator[tuple[Steps, Finished], None, None]:
    """Perform batches of one or several calls of what acts; yield what became of each, in order.

    action: of all these calls; pairs: a batch with the steps of its call; they are asked for one by
    one, as batches end. Raises what a recorder raises. Leaving it early ends the connection.
    """
    walk = iter(pairs)
    first = [*islice(walk, 2)]
    if len(first) == 1 and _is_known(action):  # a hand-over takes two switches of threads
        [(steps, batch)] = first
        with InterruptedAfter(lambda: _hang_up(action)):
            finished = steps.finished(batch)
        yield steps, finished
        return
    # Half of them wait for the store, or compute, while as many requests as may be are in flight.
    at_once = 1 if action.in_flight == 1 else 2 * action.in_flight
    pool = pool_of(at_once)
    walk, running = chain(first, walk), deque[tuple[Steps, Future[Finished]]]()

    def begin(most: int) -> None:
        for steps, batch in islice(walk, most):
            running.append((steps, pool.submit(steps.finished, batch)))

    try:
        begin(2 * at_once)
        while running:
            steps, future = running.popleft()
            finished = future.result()
            begin(1)
            yield steps, finished
    except (KeyboardInterrupt, GeneratorExit):  # here, or in the caller
        _hang_up(action)
        pool.shutdown(wait=False, cancel_futures=True)
        wait([future for _, future in running], LEAVE)  # what was answered is recorded
        raise
    except Exception:
        pool.shutdown(cancel_futures=True)  # what is in flight is recorded before
        raise
    else:
        give_back(pool, at_once)


def _is_known(action: Action) -> bool:
    """Tell whether nothing keeps this thread from being interrupted soon.

    The name of a server may have to be looked up before it answers, which no signal ends.
    """
    return not is_interruptible() or all(call.connection.wire.answered for call in action.calls)


def _hang_up(action: Action) -> None:
    for call in action.calls:
        call.connection.hang_up()
