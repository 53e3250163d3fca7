"""The one way to a handler: batches, several at a time, each through its steps (steps.py).

The command, the playbook engine and every SOAR host go through perform(); nothing else calls a
handler.
"""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice

from ..action import Action
from ..batches import Batch, Prepared
from .recorder import Finished, Recorder
from .steps import Steps
from .terms import Terms

EARNEST = Terms()
LEAVE = 0.5  # seconds for what was just answered, when the caller is interrupted


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

    steps = Steps(action, prepared, recorder, terms)
    # Half of them wait for the store, or compute, while as many requests as may be are in flight.
    at_once = 1 if action.in_flight == 1 else 2 * action.in_flight
    pool = ThreadPoolExecutor(at_once, thread_name_prefix=action.definition.name)
    walk, running = iter(chosen), deque[Future[Finished]]()
    try:
        running.extend(pool.submit(steps.finished, batch) for batch in islice(walk, 2 * at_once))
        while running:
            finished = running.popleft().result()
            running.extend(pool.submit(steps.finished, batch) for batch in islice(walk, 1))
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
