"""The one way to a handler: what is sent, in which parts, and what is kept of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from threading import Barrier, BrokenBarrierError, Event, Lock, current_thread
from typing import Any

import pytest

from ioc_removal.action import Action
from ioc_removal.batches import Batch
from ioc_removal.connection import Connection
from ioc_removal.definition import Definition
from ioc_removal.errors import ApiError, ArgumentError
from ioc_removal.integration import load_integration
from ioc_removal.outcome import ABSENT, PLANNED, REFUSED, REMOVED
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import Finished, Known, NoRecord
from ioc_removal.trust.snapshot import Snapshot
from ioc_removal.trust.terms import Planned, Terms
from ioc_removal.trust.threads import end_idle
from recorded import Recorded, Reply, reply, script, serving

INTEGRATION = load_integration()
DELETE = "cybertrace-indicators-delete"
DELETED = reply(201, [{"status": "Deleted"}])
ALL = 25  # values in most tests
VALUES = [f"host-{number}.example.com" for number in range(ALL)]


def deleted(_: Recorded) -> Reply:
    return DELETED


def bound(url: str, name: str = DELETE, **limits: Any) -> Action:
    own: dict[str, Any] = {"system": "cybertrace", "url": url, "limits": limits}
    own["auth"] = {"type": "basic", "username": "user", "password": "password"}
    own["api_version"] = "1.1"
    settings = settings_from({"connections": {"test": own}}, "test")
    return INTEGRATION.bind(name, Connection("test", settings, INTEGRATION.systems["cybertrace"]))


def arguments(values: Any) -> dict[str, Any]:
    return {"supplier": "InternalTI", "indicators": values}


def sent(requests: Sequence[Recorded]) -> list[list[str]]:
    return [[row["indicator"] for row in request.json] for request in requests]


class Memory:
    """A recorder in memory: what was noted, in its order."""

    def __init__(self) -> None:
        self.events: list[tuple[str, int]] = []
        self.kept: dict[int, Finished] = {}
        self.begun: set[int] = set()
        self.lock = Lock()

    def known(self, batch: Batch) -> Known:
        with self.lock:
            return Known(self.kept.get(batch.number), batch.number in self.begun)

    def intent(self, batch: Batch, snapshots: Mapping[str, Any]) -> None:  # noqa: ARG002
        with self.lock:
            self.events.append(("intent", batch.number))
            self.begun.add(batch.number)

    def finish(self, finished: Finished) -> None:
        with self.lock:
            self.events.append(("finish", finished.batch.number))
            self.kept[finished.batch.number] = finished


class Plan:
    """Allows some items, each once."""

    def __init__(self, *allowed: str) -> None:
        self.left = set(allowed)

    def judged(self, definition: Definition, target: Mapping[str, str], batch: Batch) -> Planned:
        assert (definition.name, target) == (DELETE, {"supplier": "InternalTI"})
        return Planned({item: "not in plan" for item in batch.items if item not in self.left})

    def claimed(
        self, definition: Definition, target: Mapping[str, str], batch: Batch, before: Snapshot
    ) -> Planned:
        assert not before.rows
        assert (definition.name, target) == (DELETE, {"supplier": "InternalTI"})
        self.left -= set(batch.items)
        return Planned()


def test_batches_are_cut_by_items_and_keep_the_order() -> None:
    with serving(by=deleted) as server:
        action = bound(server.url, items=10)
        finished = list(perform(action, action.prepare(arguments(VALUES)), NoRecord()))
    assert sent(server.requests) == [VALUES[:10], VALUES[10:20], VALUES[20:]]
    assert [f.batch.number for f in finished] == [0, 1, 2]
    assert [o.value for f in finished for o in f.outcomes] == VALUES
    assert all(o.outcome == REMOVED for f in finished for o in f.outcomes)


def test_batches_are_cut_by_the_bytes_that_are_sent() -> None:
    values = [f"https://example.com/{'я' * 90}{number}" for number in range(20)]
    with serving(by=deleted) as server:
        action = bound(server.url, bytes=4096)
        list(perform(action, action.prepare(arguments(values)), NoRecord()))
    assert [value for part in sent(server.requests) for value in part] == values
    assert len(server.requests) > 1
    assert all(len(request.body) <= 4096 for request in server.requests)


def test_a_definition_says_how_much_goes_at_once() -> None:
    action = bound("http://127.0.0.1:9")
    batches = list(action.prepare(arguments([f"h{n}.example.com" for n in range(2_500)])))
    assert [len(batch.items) for batch in batches] == [1000, 1000, 500]


def test_a_documented_ceiling_is_no_matter_of_settings() -> None:
    own = {
        "system": "secmaster",
        "url": "http://127.0.0.1:9",
        "auth": {"type": "iam_token", "token": "made-up"},
        "limits": {"items": 5000},
    }
    settings = settings_from({"connections": {"test": own}}, "test")
    connection = Connection("test", settings, INTEGRATION.systems["secmaster"])
    action = INTEGRATION.bind("secmaster-indicators-delete", connection)
    ids = [f"id-{number}" for number in range(1500)]
    given = {"project_id": "p", "workspace_id": "w", "batch_ids": ids}
    assert [len(batch.items) for batch in action.prepare(given)] == [999, 501]


def test_values_are_trimmed_and_duplicates_are_counted() -> None:
    with serving(by=deleted) as server:
        action = bound(server.url)
        prepared = action.prepare(
            arguments([" a.example", "b.example\t", "a.example", "A.example"])
        )
        [finished] = perform(action, prepared, NoRecord())
    assert sent(server.requests) == [["a.example", "b.example", "A.example"]]
    assert prepared.duplicates == 1
    assert len(finished.outcomes) == 3


@pytest.mark.parametrize("wrong", ["", " ", "a\nb", 7, None])
def test_nothing_is_sent_when_one_of_many_is_wrong(wrong: Any) -> None:
    values: list[Any] = [f"host-{number}.example.com" for number in range(30_000)]
    values[12_345] = wrong
    with serving(by=deleted) as server:
        action = bound(server.url)
        with pytest.raises(ArgumentError) as refused:
            list(perform(action, action.prepare(arguments(values)), NoRecord()))
    assert not server.requests
    assert str(refused.value).startswith("indicators[12345]: must be a text")


def test_a_message_lists_some_mistakes_of_many() -> None:
    with pytest.raises(ArgumentError) as refused:
        bound("http://127.0.0.1:9").prepare(arguments([""] * 1 + [" "] * 1 + [1, 2, 3, 4, 5, 6]))
    assert len(refused.value.problems) == 6
    assert refused.value.problems[-1] == "and more"


class Stored:
    """A collection that can be walked again and is no list, as a set of the store is."""

    def __init__(self, values: Sequence[str]) -> None:
        self.values, self.walked = values, 0

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[str]:
        self.walked += 1
        yield from self.values


def test_a_set_is_walked_to_check_and_to_cut() -> None:
    stored = Stored(VALUES)
    with serving(by=deleted) as server:
        action = bound(server.url, items=10)
        prepared = action.prepare(arguments(stored))
        assert stored.walked == 1
        finished = list(perform(action, prepared, NoRecord()))
    assert stored.walked == 2
    assert sent(server.requests) == [VALUES[:10], VALUES[10:20], VALUES[20:]]
    assert [o.value for f in finished for o in f.outcomes] == VALUES


def test_a_dry_run_sends_nothing() -> None:
    memory = Memory()
    with serving() as server:
        action = bound(server.url, items=10)
        prepared = action.prepare(arguments(VALUES))
        finished = list(perform(action, prepared, memory, terms=Terms(dry_run=True)))
    assert not server.requests
    outcomes = [outcome for f in finished for outcome in f.outcomes]
    assert [o.value for o in outcomes] == VALUES
    assert {(o.outcome, o.attempts, o.reason) for o in outcomes} == {
        (PLANNED, 0, "would be removed; disarms")
    }


def test_a_dry_run_reads() -> None:
    with serving(reply(200, [{"name": "A", "status": "enabled"}])) as server:
        action = bound(server.url, "cybertrace-suppliers-list")
        [finished] = perform(action, action.prepare({}), NoRecord(), terms=Terms(dry_run=True))
    assert finished.outputs == ({"name": "A", "status": "enabled"},)


def test_an_intent_is_kept_before_sending_and_outcomes_before_they_count() -> None:
    memory = Memory()
    noted: list[int] = []

    def answer(_: Recorded) -> Reply:
        noted.append(len(memory.events))
        return DELETED

    with serving(by=answer) as server:
        action = bound(server.url, items=10)
        for finished in perform(action, action.prepare(arguments(VALUES)), memory):
            assert memory.kept[finished.batch.number] == finished
    assert memory.events == [
        (event, number) for number in range(3) for event in ("intent", "finish")
    ]
    assert noted == [1, 3, 5]


def test_what_was_finished_is_not_sent_again() -> None:
    memory = Memory()
    with serving(by=deleted) as server:
        action = bound(server.url, items=10)
        prepared = action.prepare(arguments(VALUES))
        walk = perform(action, prepared, memory, batches=list(prepared)[:2])
        first = list(walk)
        again = list(perform(action, prepared, memory))
    assert sent(server.requests) == [VALUES[:10], VALUES[10:20], VALUES[20:]]
    assert again[:2] == first
    assert [o.value for f in again for o in f.outcomes] == VALUES


def test_no_batches_are_nothing_and_not_everything() -> None:
    with serving() as server:
        action = bound(server.url, items=10)
        assert not list(perform(action, action.prepare(arguments(VALUES)), Memory(), batches=[]))
    assert not server.requests


def test_absent_after_an_intent_of_a_process_that_died_may_be_ours() -> None:
    rows = [{"indicator": "a.example", "reason": "Indicator doesn't exist"}]
    answer = reply(202, [{"status": "partial", "error_indicators": rows}])
    for begun, expected in ((set(), False), ({0}, True)):
        memory = Memory()
        memory.begun = begun
        with serving(answer) as server:
            action = bound(server.url)
            prepared = action.prepare(arguments(["a.example", "b.example"]))
            [finished] = perform(action, prepared, memory)
        assert [(o.outcome, o.maybe_ours) for o in finished.outcomes] == [
            (ABSENT, expected),
            (REMOVED, False),
        ]


def test_what_is_not_in_the_plan_is_refused_and_the_rest_is_sent() -> None:
    with serving(by=deleted) as server:
        action = bound(server.url, items=2)
        prepared = action.prepare(arguments(["a", "b", "c", "d", "e"]))
        plan = Plan("b", "e", "z")
        finished = list(perform(action, prepared, NoRecord(), terms=Terms(plan)))
        repeated = list(perform(action, prepared, NoRecord(), terms=Terms(plan)))
    assert sent(server.requests) == [["b"], ["e"]]
    outcomes = {o.value: (o.outcome, o.reason) for f in finished for o in f.outcomes}
    refused = (REFUSED, "not in plan")
    assert outcomes == {
        "a": refused,
        "b": (REMOVED, None),
        "c": refused,
        "d": refused,
        "e": (REMOVED, None),
    }
    assert all(o.outcome == REFUSED for f in repeated for o in f.outcomes)
    assert plan.left == {"z"}


def test_a_401_is_the_last_request_of_a_run() -> None:
    with serving(DELETED, reply(401)) as server:
        action = bound(server.url, items=1)
        finished = list(perform(action, action.prepare(arguments(VALUES)), NoRecord()))
        reading = INTEGRATION.bind("cybertrace-suppliers-list", action.call.connection)  # type: ignore[union-attr]
        with pytest.raises(Exception, match="closed after: 401"):
            list(perform(reading, reading.prepare({}), NoRecord()))
    assert len(server.requests) == 2
    outcomes = [o.outcome for f in finished for o in f.outcomes]
    assert outcomes == [REMOVED, "failed", *[REFUSED] * (ALL - 2)]


def test_a_403_closes_one_supplier_only() -> None:
    with serving(reply(403), DELETED) as server:
        action = bound(server.url, items=1)
        first = list(perform(action, action.prepare(arguments(VALUES)), NoRecord()))
        elsewhere = {"supplier": "ExampleSupplier", "indicators": ["a.example"]}
        [other] = perform(action, action.prepare(elsewhere), NoRecord())
    assert [o.outcome for f in first for o in f.outcomes] == ["failed", *[REFUSED] * (ALL - 1)]
    assert other.outcomes[0].outcome == REMOVED
    assert len(server.requests) == 2


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


def test_batches_are_cut_as_they_are_needed() -> None:
    stored = Stored([f"host-{number}.example.com" for number in range(1000)])
    with serving(by=deleted) as server:
        action = bound(server.url, items=1)
        walk = perform(action, action.prepare(arguments(stored)), NoRecord())
        next(walk)
        walk.close()
    assert len(server.requests) < 10


def test_a_read_that_fails_raises_and_is_not_kept() -> None:
    memory = Memory()
    with serving(by=script(reply(403))) as server:
        action = bound(server.url, "cybertrace-suppliers-list")
        with pytest.raises(ApiError, match="403"):
            list(perform(action, action.prepare({}), memory))
        assert not memory.events


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


def test_an_odd_path_value_is_refused_before_any_intent() -> None:
    own = {
        "system": "waf",
        "url": "http://127.0.0.1:9",
        "auth": {"type": "iam_token", "token": "made-up"},
    }
    settings = settings_from({"connections": {"test": own}}, "test")
    connection = Connection("test", settings, INTEGRATION.systems["waf"])
    action = INTEGRATION.bind("waf-ip-reputation-rule-delete", connection)
    with pytest.raises(ArgumentError, match=r"rule_id: '\.\.' cannot be one segment"):
        action.prepare({"project_id": "p", "policy_id": "q", "rule_id": ".."})


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
