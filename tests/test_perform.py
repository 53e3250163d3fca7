"""The one way to a handler: what is sent, what is not, and what is kept of it."""

from collections.abc import Mapping

import pytest

from ioc_removal.batches import Batch
from ioc_removal.definition import Definition
from ioc_removal.errors import ApiError
from ioc_removal.outcome import ABSENT, PLANNED, REFUSED, REMOVED
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from ioc_removal.trust.snapshot import Snapshot
from ioc_removal.trust.terms import Planned, Terms
from performed import (
    ALL,
    DELETE,
    DELETED,
    INTEGRATION,
    VALUES,
    Memory,
    arguments,
    bound,
    deleted,
    sent,
)
from recorded import Recorded, Reply, reply, script, serving


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


def test_a_read_that_fails_raises_and_is_not_kept() -> None:
    memory = Memory()
    with serving(by=script(reply(403))) as server:
        action = bound(server.url, "cybertrace-suppliers-list")
        with pytest.raises(ApiError, match="403"):
            list(perform(action, action.prepare({}), memory))
        assert not memory.events
