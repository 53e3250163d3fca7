"""How much a call, a run and an hour may take: nothing is sent of a call that is too much."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import time
from typing import Any

import pytest

from ioc_removal.action import Action
from ioc_removal.connection import Connection
from ioc_removal.integration import load_integration
from ioc_removal.operations.call import call_action
from ioc_removal.operations.resume import resume_run
from ioc_removal.operations.run import run_playbook
from ioc_removal.outcome import FAILED, PLANNED, REFUSED, REMOVED, Outcome
from ioc_removal.settings import Settings, settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from ioc_removal.store.recorder import StoreRecorder
from ioc_removal.store.runs import PLAYBOOK, begin_run, get_run
from ioc_removal.trust.caps import AN_HOUR, ProcessCounts
from ioc_removal.trust.guards import Guards
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from ioc_removal.trust.terms import Terms
from recorded import Server, reply, serving

INTEGRATION = load_integration()
DELETE = "cybertrace-indicators-delete"
TWICE = """\
version: 1.0
input:
  - indicators
tasks:
  remove:
    with: supplier in {{ ['InternalTI', 'TriageFeed'] }}
    action: ioc_removal.cybertrace-indicators-delete
    input:
      supplier: "{{ item('supplier') }}"
      indicators: "{{ ctx().indicators }}"
"""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(by=lambda _: reply(201, [{"status": "Deleted"}])) as server:
        yield server


@pytest.fixture
def database(store: Location) -> Iterator[Database]:
    database = Database(store)
    yield database
    database.close()


def known(url: str, *, name: str = "cybertrace", items: int = 10, **guards: Any) -> Settings:
    own: dict[str, Any] = {"system": "cybertrace", "url": url, "api_version": "1.1"}
    own["auth"] = {"type": "basic", "username": "user", "password": "password"}
    # Who goes on waits for total_timeout, where a request may be in flight.
    own |= {"limits": {"items": items}, "retries": 0, "total_timeout": 6}
    return settings_from({"connections": {name: own}, "guards": guards}, "test")


def bound(settings: Settings) -> Action:
    [name] = settings.connections
    connection = Connection(name, settings, INTEGRATION.systems["cybertrace"])
    return INTEGRATION.bind(DELETE, connection)


def values(count: int, start: int = 0) -> list[str]:
    return [f"host-{number}.example.com" for number in range(start, start + count)]


def call(
    database: Database, settings: Settings, count: int, *, dry_run: bool = False, **overrides: str
) -> dict[str, Any]:
    guards = Guards(settings.guards, settings.source, overrides)
    terms = Terms(dry_run=dry_run, guards=guards)
    given = {"supplier": "InternalTI", "indicators": values(count)}
    record, _ = call_action(database, bound(settings), given, terms=terms)
    return record


def test_a_call_that_is_too_much_is_refused_whole(server: Server, database: Database) -> None:
    for cap in ("max_per_call", "max_per_run", "max_per_hour"):
        limits: dict[str, Any] = {cap: 24}
        settings = known(server.url, **limits)
        record = call(database, settings, 25)
        assert record["counts"] == {REFUSED: 25}
        reasons = {row["reason"] for row in record["outcomes"]}
        assert reasons == {
            f"{cap}: 25 indicators, and 24 are the most; name fewer, raise guards.{cap} in the "
            f"settings, or --override {cap} --reason TEXT"
        }
    assert not server.requests
    assert call(database, settings, 25, max_per_hour="INC-7")["counts"] == {REMOVED: 25}


def test_an_hour_counts_what_all_runs_sent(server: Server, database: Database) -> None:
    settings = known(server.url, max_per_hour=30)
    assert call(database, settings, 20)["counts"] == {REMOVED: 20}
    assert call(database, settings, 11, dry_run=True)["counts"] == {REFUSED: 11}
    assert call(database, settings, 10, dry_run=True)["counts"] == {PLANNED: 10}
    record = call(database, settings, 11)
    assert "max_per_hour: 11 after 20 indicators, and 30" in record["outcomes"][0]["reason"]
    assert call(database, known(server.url, name="other", max_per_hour=30), 10)["counts"] == {
        REMOVED: 10
    }
    assert call(database, settings, 1)["counts"] == {REFUSED: 1}
    with serving(by=lambda _: reply(201, [{"status": "Deleted"}])) as another:
        assert call(database, known(another.url, max_per_hour=30), 1)["counts"] == {REMOVED: 1}


def test_a_clock_that_jumped_frees_nothing(server: Server, database: Database) -> None:
    settings = known(server.url, max_per_hour=30)
    call(database, settings, 30)

    def dated(seconds: int) -> None:
        with database.transaction() as connection:
            connection.execute("UPDATE sent SET at = ?", (int(time()) + seconds,))
            connection.execute("UPDATE reserved SET at = ?", (int(time()) + seconds,))

    for seconds in (10 * AN_HOUR, AN_HOUR, -AN_HOUR + 60):
        dated(seconds)
        assert call(database, settings, 1)["counts"] == {REFUSED: 1}
    dated(-AN_HOUR - 60)
    assert call(database, settings, 1)["counts"] == {REMOVED: 1}


def test_what_was_not_sent_does_not_count(server: Server, database: Database) -> None:
    settings = known(server.url, max_per_hour=30, protected=["host-1*"])
    assert call(database, settings, 20)["counts"] == {REMOVED: 9, REFUSED: 11}
    assert call(database, settings, 30)["counts"] == {REFUSED: 30}
    assert call(database, settings, 21)["counts"] == {REMOVED: 10, REFUSED: 11}
    nobody = known("http://127.0.0.1:9", max_per_hour=5)
    for _ in range(2):
        assert call(database, nobody, 5)["counts"] in ({FAILED: 5}, {REFUSED: 5})


def test_two_at_once_do_not_both_pass(server: Server, database: Database) -> None:
    at_once = 8
    settings = known(server.url, max_per_hour=50)
    barrier = Barrier(at_once)

    def one(_: int) -> int:
        other = Database(database.location)
        barrier.wait(10)
        try:
            return int(call(other, settings, 20)["counts"].get(REMOVED, 0))
        finally:
            other.close()

    with ThreadPoolExecutor(at_once) as pool:
        removed = list(pool.map(one, range(at_once)))
    assert sorted(removed) == [0] * 6 + [20] * 2
    assert sum(len(request.json) for request in server.requests) == 40


def test_a_run_counts_all_its_calls(server: Server, database: Database, tmp_path: Path) -> None:
    path = tmp_path / "twice.yml"
    path.write_text(TWICE)
    settings = known(server.url, max_per_run=30)
    for dry_run, done in ((True, PLANNED), (False, REMOVED)):
        terms = Terms(dry_run=dry_run)
        record, _ = run_playbook(
            database, INTEGRATION, settings, str(path), {"indicators": values(20)}, terms=terms
        )
        assert record["counts"] == {done: 20, REFUSED: 20}
        [reason] = {row["reason"] for row in record["outcomes"] if row["outcome"] == REFUSED}
        assert reason.startswith("max_per_run: 20 after 20 indicators, and 30 are the most; ")


def test_a_chunk_or_a_resume_is_counted_once(server: Server, database: Database) -> None:
    settings = known(server.url, max_per_call=40, max_per_run=40, max_per_hour=40)
    action = bound(settings)
    run = begin_run(database, PLAYBOOK, "test", dry_run=False, details={})
    recorder = StoreRecorder(database, run, "remove", action)
    prepared = action.prepare({"supplier": "InternalTI", "indicators": values(40)})
    recorder.begin(prepared)
    assert recorder.plan(prepared) == 4
    for first in (0, 1, 0, 2):
        again = StoreRecorder(database, run, "remove", action)
        terms = Terms(guards=Guards(settings.guards))
        batches = again.planned(again.prepared(), first, first + 2)
        outcomes = [
            outcome
            for finished in perform(action, again.prepared(), again, terms=terms, batches=batches)
            for outcome in finished.outcomes
        ]
        assert {outcome.outcome for outcome in outcomes} == {REMOVED}
    assert len(server.requests) == 4
    assert call(database, settings, 1)["counts"] == {REFUSED: 1}


def test_failures_count_over_the_chunks_of_a_call(database: Database) -> None:
    with serving(by=lambda _: reply(404, [{"status": "No"}])) as server:
        settings = known(server.url, items=10, stop_after={"percent": 50, "of": 20})
        action = bound(settings)
        run = begin_run(database, PLAYBOOK, "test", dry_run=False, details={})
        recorder = StoreRecorder(database, run, "remove", action)
        prepared = action.prepare({"supplier": "InternalTI", "indicators": values(40)})
        recorder.begin(prepared)
        recorder.plan(prepared)
        found: list[Outcome] = []
        for first in range(4):
            again = StoreRecorder(database, run, "remove", action)
            terms = Terms(guards=Guards(settings.guards))
            batches = again.planned(again.prepared(), first, first + 1)
            for finished in perform(action, again.prepared(), again, terms=terms, batches=batches):
                found += finished.outcomes
    assert [outcome.outcome for outcome in found] == [FAILED] * 20 + [REFUSED] * 20
    assert str(found[-1].reason).startswith("stop_after: stopped: 20 of 20 failed; ")


def test_an_override_survives_a_resume(server: Server, database: Database, tmp_path: Path) -> None:
    path = tmp_path / "twice.yml"
    path.write_text(TWICE)
    settings = known(server.url, max_per_run=30)
    guards = Guards(settings.guards, "test", {"max_per_run": "INC-7"})
    died: list[str] = []

    def die(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_playbook(
            database, INTEGRATION, settings, str(path), {"indicators": values(20)},
            terms=Terms(guards=guards), began=died.append, progress=die,
        )  # fmt: skip
    assert get_run(database, died[0]).details["overrides"] == {"max_per_run": "INC-7"}
    record, _ = resume_run(database, INTEGRATION, settings, died[0])
    assert record["overrides"] == {"max_per_run": "INC-7"}
    assert not [row for row in record["outcomes"] if "max_per_run" in row.get("reason", "")]
    assert record["counts"][REMOVED] >= 20
    kinds = database.rows("SELECT kind, facts FROM links WHERE run = ? ORDER BY link", (died[0],))
    assert ("override", '{"guard": "max_per_run", "reason": "INC-7"}') in kinds


def test_without_a_store_the_process_counts(server: Server) -> None:
    settings = known(server.url, max_per_run=30, protected=["host-0.*"])
    guards, action = Guards(settings.guards), bound(settings)

    def outcomes(count: int) -> set[str]:
        prepared = action.prepare({"supplier": "InternalTI", "indicators": values(count)})
        finished = perform(action, prepared, NoRecord(), terms=Terms(guards=guards))
        return {outcome.outcome for one in finished for outcome in one.outcomes}

    assert outcomes(21) == {REMOVED, REFUSED}
    assert outcomes(11) == {REFUSED}
    assert outcomes(10) == {REMOVED, REFUSED}
    assert outcomes(2) == {REMOVED, REFUSED}
    assert outcomes(1) == {REFUSED}


def test_the_process_counts_an_hour_by_place() -> None:
    counts, caps = ProcessCounts(), {"max_per_hour": 10}
    assert counts.reserve("here", 10, caps, dry_run=True) is None
    assert counts.reserve("here", 10, caps, dry_run=False) is None
    excess = counts.reserve("here", 1, caps, dry_run=False)
    assert excess is not None
    assert (excess.cap, excess.before) == ("max_per_hour", 10)
    assert counts.reserve("there", 10, caps, dry_run=False) is None
