"""Batches of one run are kept by several sessions side by side, and all still adds up."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from threading import Barrier, Event
from typing import Any

import pytest

from holding import LONGEST
from ioc_removal.action import Action
from ioc_removal.batches import Batch
from ioc_removal.errors import CancelledError, StoreError
from ioc_removal.outcome import REFUSED, REMOVED
from ioc_removal.store.cancelling import cancel
from ioc_removal.store.counts import reserve
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from ioc_removal.store.recorder import StoreRecorder
from ioc_removal.store.runs import PLAYBOOK, begin_run, requester_of
from ioc_removal.store.verification import Verification
from ioc_removal.trust.caps import PER_HOUR
from ioc_removal.trust.recorder import Finished
from stores import both
from test_caps import bound, known, values
from test_committing import OddError
from test_takeover import CUT_OFF

__all__ = ["both"]
SESSIONS, BATCHES, SIZE = 6, 10, 3  # and how many batches each session keeps
ARRIVED = 0.5  # seconds, after which an answer of the server is here
PLACE = "a place"
Recording = tuple[StoreRecorder, list[Batch]]


@pytest.fixture
def database(store: Location) -> Iterator[Database]:
    with closing(Database(store)) as database:
        yield database


def begun(database: Database, count: int) -> tuple[str, Action]:
    """Begin a run with one call that has so many batches, and reserve its size."""
    action = bound(known("http://127.0.0.1:9", items=SIZE))
    prepared = action.prepare({"supplier": "InternalTI", "indicators": values(SIZE * count)})
    run = begin_run(database, PLAYBOOK, "test", dry_run=False, details={})
    recorder = StoreRecorder(database, run, "remove", action)
    recorder.begin(prepared)
    assert recorder.plan(prepared) == count
    assert recorder.reserve(PLACE, SIZE * count, {PER_HOUR: 10**6}, dry_run=False) is None
    return run, action


def recording(database: Database, run: str, action: Action, first: int, stop: int) -> Recording:
    recorder = StoreRecorder(database, run, "remove", action)
    return recorder, list(recorder.planned(recorder.prepared(), first, stop, own=True))


def finished(action: Action, batch: Batch, outcome: str = REMOVED) -> Finished:
    target = {"supplier": "InternalTI"}
    tries = int(outcome == REMOVED)
    return Finished(batch, tuple(action.outcomes(batch, batch.items, target, outcome, "", tries)))


def counted(database: Database) -> int:
    query = (
        "SELECT coalesce((SELECT sum(items) FROM reserved), 0)"
        " + coalesce((SELECT sum(items) FROM sent), 0)"
    )
    [(count,)] = database.rows(query)
    return int(count)


def waits(future: "Future[Any]") -> bool:
    time.sleep(0.3)
    return not future.done()


def test_sessions_that_keep_batches_of_a_run_at_once_make_one_chain(
    store: Location, database: Database
) -> None:
    run, action = begun(database, SESSIONS * BATCHES)
    barrier, over = Barrier(SESSIONS), Event()
    sums: list[int] = []

    def keep(number: int) -> None:
        with closing(Database(store)) as own:
            first = number * BATCHES
            recorder, batches = recording(own, run, action, first, first + BATCHES)
            barrier.wait(LONGEST)
            for batch in batches:
                assert not recorder.known(batch).repeated
                refused = batch.number % 5 == 4
                if not refused:
                    recorder.intent(batch, {item: {"id": item} for item in batch.items})
                recorder.finish(finished(action, batch, REFUSED if refused else REMOVED))

    def count() -> None:
        with closing(Database(store)) as own:
            number = 0
            while not over.is_set():
                key, number = (run, f"other {number}"), number + 1
                reserve(own, key, PLACE, 1, {PER_HOUR: 1}, dry_run=False)  # which is too much
                sums.append(counted(own))

    with ThreadPoolExecutor(SESSIONS + 1) as pool:
        counting = pool.submit(count)
        try:
            list(pool.map(keep, range(SESSIONS)))
        finally:
            over.set()
        counting.result(LONGEST)
    whole = SESSIONS * BATCHES
    verdict = Verification(database).verify()
    assert verdict.intact, verdict.problems
    numbers = database.rows("SELECT link FROM links WHERE run = ? ORDER BY link", (run,))
    assert all(later - before == 1 for (before,), (later,) in pairwise(numbers))
    [(kept,)] = database.rows("SELECT count(*) FROM outcomes")
    assert kept == whole * SIZE
    assert not database.rows("SELECT 1 FROM snapshots")
    assert database.rows("SELECT finished, sum(tries) FROM batches GROUP BY finished") == [
        (1, whole - whole // 5)
    ]
    # At each moment what is not refused is either reserved or sent, never both, nor neither.
    assert sums == sorted(sums, reverse=True)
    assert counted(database) == (whole - whole // 5) * SIZE <= sums[-1]
    assert sums[0] <= whole * SIZE
    assert not database.rows("SELECT 1 FROM reserved WHERE items != 0")


def test_a_batch_that_two_sessions_finish_at_once_is_kept_once(
    store: Location, database: Database
) -> None:
    run, action = begun(database, BATCHES)
    barrier = Barrier(2)

    def keep(_: int) -> None:
        with closing(Database(store)) as own:
            recorder, batches = recording(own, run, action, 0, BATCHES)
            for batch in batches:
                barrier.wait(LONGEST)
                recorder.finish(finished(action, batch))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(keep, range(2)))
    assert database.rows("SELECT count(*) FROM outcomes") == [(BATCHES * SIZE,)]
    assert database.rows("SELECT count(*) FROM links WHERE kind = 'batch'") == [(BATCHES,)]
    assert Verification(database).verify().intact


def test_no_intent_is_kept_once_a_run_is_cancelled(store: Location, database: Database) -> None:
    run, action = begun(database, SESSIONS * BATCHES)
    some = Event()

    def intend(number: int) -> int:
        with closing(Database(store)) as own:
            first = number * BATCHES
            recorder, batches = recording(own, run, action, first, first + BATCHES)
            for done, batch in enumerate(batches):
                try:
                    recorder.intent(batch, {})
                except CancelledError:
                    return done
                some.set()
                time.sleep(0.01)
        return BATCHES

    with ThreadPoolExecutor(SESSIONS) as pool:
        futures = [pool.submit(intend, number) for number in range(SESSIONS)]
        assert some.wait(LONGEST)
        cancel(database, run, requester_of("anna", None, "wrong file"))
        [(begun_then,)] = database.rows("SELECT count(*) FROM batches WHERE tries > 0")
        assert sum(future.result(LONGEST) for future in futures) == begun_then
    assert database.rows("SELECT count(*) FROM batches WHERE tries > 0") == [(begun_then,)]
    assert Verification(database).verify().intact


def test_who_is_alone_waits_for_those_beside_each_other_and_they_for_it(
    both: tuple[Database, Database],
) -> None:
    one, other = both

    def use(database: Database, how: Callable[[Database], object]) -> None:
        with how(database):  # type: ignore[attr-defined]
            database.rows("SELECT 1")

    with ThreadPoolExecutor(1) as pool:
        with one.beside() as transaction:
            transaction.execute("SELECT 1").fetchall()
            pool.submit(use, other, Database.beside).result(LONGEST)
            alone = pool.submit(use, other, Database.transaction)
            assert waits(alone)
        alone.result(LONGEST)
        with one.transaction():
            beside = pool.submit(use, other, Database.beside)
            assert waits(beside)
        beside.result(LONGEST)
        with one.beside():
            one.line_up("a chain")
            one.rows("SELECT 1")
            lined_up = pool.submit(_line_up, other)
            assert waits(lined_up)
        lined_up.result(LONGEST)


def _line_up(database: Database) -> None:
    with database.beside() as transaction:
        database.line_up("a chain")
        transaction.execute("SELECT 1").fetchall()


def test_a_transaction_beside_others_never_becomes_one_that_is_alone(
    both: tuple[Database, Database],
) -> None:
    one, _ = both
    with (
        pytest.raises(StoreError, match="cannot become"),
        one.beside() as transaction,
        one.transaction(),
    ):
        transaction.execute("SELECT 1")
    with one.transaction() as transaction, one.beside() as inner:
        assert inner is transaction


@pytest.mark.parametrize("known", ["when it is read", "when it is committed", "in between"])
def test_what_fails_beside_others_is_kept_by_none(
    both: tuple[Database, Database], known: str
) -> None:
    one, other = both
    insert = "INSERT INTO requests VALUES (?, 'a run')"

    def twice() -> None:
        with one.beside() as transaction:
            transaction.execute(insert, ("first",))
            transaction.execute(insert, ("first",))
            if known == "when it is read":
                transaction.execute("SELECT 1").fetchone()
            if known == "in between":
                time.sleep(ARRIVED)

    def mistaken() -> None:
        with one.beside() as transaction:
            transaction.execute(insert, ("second",))
            raise OddError

    with pytest.raises(StoreError, match="duplicate key"):
        twice()
    with pytest.raises(OddError):
        mistaken()
    assert not other.rows("SELECT 1 FROM requests")
    with one.beside() as transaction:
        assert transaction.execute(insert, ("third",)).rowcount == 1
    assert other.rows("SELECT request FROM requests") == [("third",)]


@pytest.mark.parametrize("late", [True, False])
def test_what_is_lost_beside_others_is_done_again(
    both: tuple[Database, Database], late: bool
) -> None:
    one, other = both
    tries = []

    def do() -> None:
        with one.beside() as transaction:
            tries.append(1)
            if late:
                transaction.execute("SELECT 1").fetchone()
            if len(tries) == 1:
                other.rows(CUT_OFF)
            transaction.execute("INSERT INTO requests VALUES ('one', 'a run')")

    one.outliving(do)
    assert len(tries) == 2
    assert other.rows("SELECT request FROM requests") == [("one",)]
