"""How many requests of a call are in flight at a time, in whose threads, and in which order."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from threading import Barrier, BrokenBarrierError, Event, current_thread

import pytest

from ioc_removal.batches import Batch
from ioc_removal.outcome import REMOVED
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import Known, NoRecord
from ioc_removal.trust.threads import end_idle
from performed import ALL, DELETED, VALUES, Memory, arguments, bound, deleted
from recorded import Recorded, Reply, reply, serving


def together(count: int) -> tuple[Callable[[Recorded], Reply], Barrier]:
    """Answer when as many requests are waiting; a request too few breaks the barrier.

    The first goes alone: its answer tells whether the credentials are accepted.
    """
    barrier, alone = Barrier(count), iter([DELETED])

    def answer(_: Recorded) -> Reply:
        if first := next(alone, None):
            return first
        try:
            barrier.wait(10)
        except BrokenBarrierError:
            return reply(418)
        return DELETED

    return answer, barrier


@pytest.mark.parametrize("in_flight", [1, 3, 8])
def test_requests_in_flight_are_limited_and_used(in_flight: int) -> None:
    answer, barrier = together(in_flight)
    with serving(by=answer) as server:
        action = bound(server.url, items=1, in_flight=in_flight)
        values = VALUES[:25]
        finished = list(perform(action, action.prepare(arguments(values)), NoRecord()))
    assert not barrier.broken
    assert server.peak == in_flight
    assert [o.value for f in finished for o in f.outcomes] == values
    assert {o.outcome for f in finished for o in f.outcomes} == {REMOVED}


def test_cybertrace_gets_one_request_at_a_time_by_default() -> None:
    with serving(by=deleted) as server:
        action = bound(server.url, items=1)
        list(perform(action, action.prepare(arguments(VALUES)), NoRecord()))
    assert server.peak == 1
    assert len(server.requests) == ALL


def test_outcomes_keep_their_order_whoever_answers_first() -> None:
    later = Event()

    def answer(request: Recorded) -> Reply:
        indicator = request.json[0]["indicator"]
        if indicator == VALUES[1]:  # the first goes alone
            return reply(201, [{"status": "Deleted"}], pause=later)
        if indicator == VALUES[2]:
            later.set()
        return DELETED

    with serving(by=answer) as server:
        action = bound(server.url, items=1, in_flight=2)
        finished = list(perform(action, action.prepare(arguments(VALUES[:4])), NoRecord()))
    assert [o.value for f in finished for o in f.outcomes] == VALUES[:4]


def test_threads_go_from_one_call_to_the_next_until_they_are_ended() -> None:
    threads = []

    class Noting(NoRecord):
        def known(self, batch: Batch) -> Known:
            threads.append(current_thread())
            return super().known(batch)

    with serving(by=deleted) as server:
        action = bound(server.url, items=1)
        for _ in range(3):
            list(perform(action, action.prepare(arguments(["1.example", "2.example"])), Noting()))
        assert len(set(threads)) == 1
        assert threads[0].is_alive()
        end_idle()
        assert not threads[0].is_alive()
        list(perform(action, action.prepare(arguments(["1.example"])), Noting()))
    assert len(set(threads)) == 2


@pytest.mark.parametrize("leave", [KeyboardInterrupt, GeneratorExit])
def test_what_an_interrupted_caller_has_in_flight_is_not_taken_for_finished(
    leave: type[BaseException],
) -> None:
    """What was begun can be sent again when the run goes on; what was not is as if never asked."""
    never, arrived = Event(), Event()

    def answer(request: Recorded) -> Reply:
        if request.json == [{"indicator": "1.example"}]:
            return DELETED
        arrived.set()
        return replace(DELETED, pause=never)

    memory = Memory()
    with serving(by=answer) as server:
        action = bound(server.url, items=1)
        walk = perform(
            action, action.prepare(arguments(["1.example", "2.example", "3.example"])), memory
        )
        assert [o.outcome for o in next(walk).outcomes] == [REMOVED]
        assert arrived.wait(10)
        with suppress(leave):
            walk.throw(leave)
        never.set()
    assert set(memory.kept) == {0}
    assert memory.begun == {0, 1}
    assert len(server.requests) == 2
