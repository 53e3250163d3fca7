"""What several threads keep at once is committed together, and nobody's mistake is another's."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from threading import Barrier

import pytest

from ioc_removal.errors import StoreError
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location, server_of
from ioc_removal.store.sqlite import LOG
from ioc_removal.store.statements import Transaction
from postgresql import PostgreSQLServer
from test_takeover import CUT_OFF

THREADS = 8
MAKE = (
    "CREATE TABLE one (id INTEGER PRIMARY KEY)",
    "CREATE TABLE many (id INTEGER, one INTEGER REFERENCES one (id) DEFERRABLE INITIALLY DEFERRED)",
)


class OddError(Exception):
    """A mistake that one thread makes."""


def kept(database: Database) -> set[int]:
    return {number for (number,) in database.rows("SELECT id FROM many")}


def at_once(database: Database, do: Callable[[Transaction, int], None]) -> list[Future[None]]:
    """Let several threads do something in a transaction while another one has begun."""
    barrier = Barrier(THREADS + 1)

    def one(number: int) -> None:
        barrier.wait()
        with database.transaction() as transaction:
            do(transaction, number)
        assert number in kept(database)

    with ThreadPoolExecutor(THREADS) as pool:
        with suppress(StoreError), database.transaction():  # which may be committed with others
            futures = [pool.submit(one, number) for number in range(THREADS)]
            barrier.wait()
        return futures


@pytest.fixture
def database(store: Location) -> Database:
    database = Database(store)
    with database.transaction() as transaction:
        for statement in MAKE:
            transaction.execute(statement)
    if not database.is_shared:
        database.rows("PRAGMA foreign_keys = ON")
    return database


def test_what_one_thread_fails_at_is_nobody_elses(database: Database) -> None:
    def do(transaction: Transaction, number: int) -> None:
        transaction.execute("INSERT INTO many VALUES (?, NULL)", (number,))
        if number % 2:
            raise OddError
        with database.transaction() as inner:
            inner.execute("INSERT INTO many VALUES (?, NULL)", (100 + number,))

    with closing(database):
        futures = at_once(database, do)
        errors = [future.exception() for future in futures]
        assert [type(error) for error in errors] == [type(None), OddError] * (THREADS // 2)
        even = range(0, THREADS, 2)
        assert kept(database) == {*even, *(100 + number for number in even)}


def test_a_commit_that_fails_is_told_to_all_whose_it_was(database: Database) -> None:
    def do(transaction: Transaction, number: int) -> None:
        one = 99 if number == THREADS - 1 else None  # which there is not, as the commit tells
        transaction.execute("INSERT INTO many VALUES (?, ?)", (number, one))

    with closing(database):
        futures = at_once(database, do)
        errors = [future.exception() for future in futures]
        assert isinstance(errors[-1], StoreError)
        assert all(isinstance(error, StoreError | None) for error in errors)
        assert kept(database) == {n for n, error in enumerate(errors) if error is None}
        with database.transaction() as transaction:
            transaction.execute("INSERT INTO many VALUES (50, NULL)")
        assert 50 in kept(database)


def test_a_session_that_is_lost_loses_what_all_did_in_it(postgresql: PostgreSQLServer) -> None:
    location = server_of(postgresql.database())

    def do(transaction: Transaction, number: int) -> None:
        transaction.execute("INSERT INTO many VALUES (?, NULL)", (number,))
        if number == THREADS - 1:
            other.rows(CUT_OFF)

    with closing(Database(location)) as database, closing(Database(location)) as other:
        with database.transaction() as transaction:
            for statement in MAKE:
                transaction.execute(statement)
        errors = [future.exception() for future in at_once(database, do)]
        assert any(isinstance(error, StoreError) and error.lost for error in errors)
        assert all(isinstance(error, StoreError | None) for error in errors)
        assert kept(other) == {n for n, error in enumerate(errors) if error is None}


def test_a_transaction_is_not_committed_in_the_middle_of_it(database: Database) -> None:
    def do() -> None:
        with database.transaction() as transaction:
            transaction.execute("INSERT INTO many VALUES (1, NULL)")
            with database.snapshot():
                pass

    with closing(database):
        with pytest.raises(StoreError, match="in the middle"):
            do()
        assert not kept(database)


def test_what_is_kept_in_a_file_is_read_while_another_thread_writes(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "store.db")) as database, ThreadPoolExecutor(1) as pool:
        query = "SELECT id FROM one"
        with database.transaction() as transaction:
            transaction.execute(MAKE[0])
        with database.transaction() as transaction:
            transaction.execute("INSERT INTO one VALUES (1)")
            assert pool.submit(database.rows, query).result(timeout=60) == []
            assert database.rows(query) == [(1,)]
        assert pool.submit(database.rows, query).result(timeout=60) == [(1,)]


def test_the_log_gives_back_what_a_large_transaction_took(tmp_path: Path) -> None:
    log = tmp_path / "store.db-wal"
    with closing(Database(tmp_path / "store.db")) as database:
        with database.transaction() as transaction:
            transaction.execute("CREATE TABLE large (text TEXT)")
            transaction.execute("INSERT INTO large VALUES (?)", ("x" * 2 * LOG,))
        assert log.stat().st_size > 2 * LOG
        with database.transaction() as transaction:  # the first that writes from the start again
            transaction.execute("INSERT INTO large VALUES ('y')")
        assert log.stat().st_size <= LOG
