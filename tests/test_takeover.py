"""A process that is cut off from the store sends nothing of what another one took over."""

from collections.abc import Iterator

import pytest

from ioc_removal.errors import StoreError
from ioc_removal.store import intents, let_through
from ioc_removal.store.database import Database
from ioc_removal.store.intents import begin_intent, end_intent, seconds_left
from ioc_removal.store.let_through import LetThrough
from ioc_removal.store.location import server_of
from ioc_removal.store.turns import StoreTurns
from postgresql import PostgreSQLServer

KEY = ("a run", "a call", 0)
CUT_OFF = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid != pg_backend_pid()"
)


@pytest.fixture
def both(postgresql: PostgreSQLServer) -> Iterator[tuple[Database, Database]]:
    location = server_of(postgresql.database())
    one, other = Database(location), Database(location)
    with one.transaction() as transaction:
        transaction.execute("INSERT INTO batches VALUES (?, ?, ?, '[]', 1, 0, 1)", KEY)
    yield one, other
    end_intent()
    one.close()
    other.close()


def kept_at(database: Database) -> int:
    [(at,)] = database.rows("SELECT at FROM batches")
    return int(at)


def test_a_request_that_begins_late_renews_the_intent(
    both: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = both
    turns = StoreTurns(one, "a place", 1, None)
    begin_intent(one, KEY)
    turns.begin()
    assert kept_at(one) == 1
    monkeypatch.setattr(intents, "FRESH", -1.0)
    begin_intent(one, KEY)
    before = one.clock()
    turns.begin()
    assert kept_at(one) >= before
    monkeypatch.undo()
    assert seconds_left(one, kept_at(one), 10) > 10
    end_intent()
    turns.begin()


def test_what_was_taken_over_is_not_sent_any_more(
    both: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = both
    turns = StoreTurns(one, "a place", 1, None)
    monkeypatch.setattr(intents, "FRESH", -1.0)
    with one.lease("a chunk"):
        begin_intent(one, KEY)
        other.rows(CUT_OFF)
        turns.begin()  # nobody took it: the lease is had again
        other.rows(CUT_OFF)
        with other.lease("a chunk"), pytest.raises(StoreError, match="took over"):
            turns.begin()
    assert not other.is_held("a chunk")


def test_a_place_that_was_lost_ends_nothing(both: tuple[Database, Database]) -> None:
    one, other = both
    mine, theirs = (StoreTurns(database, "a place", 1, None) for database in both)
    with one.lease("a chunk"), mine.turn(lambda: None):
        other.rows(CUT_OFF)
        with theirs.turn(lambda: None):
            assert kept_at(one) == 1
            assert other.is_held("a chunk")
    with theirs.turn(lambda: None):
        pass


def test_a_batch_waits_for_those_before_it_while_somebody_is_at_them(
    both: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = both
    with one.transaction() as transaction:
        for call in ("b", "c"):
            transaction.execute(
                "INSERT INTO batches VALUES ('a run', ?, 0, '[]', 1, 0, 1)", (call,)
            )
    mine, theirs = LetThrough(one, "a run"), LetThrough(other, "a run")
    mine.begin("b", 0)
    theirs.begin("c", 0)
    mine.begin("b", 0)  # once more, after a crash: its place stays
    monkeypatch.setattr(let_through, "PATIENCE", 0.0)
    with one.lease("chunk 0 of b of a run"), other.lease("chunk 0 of c of a run"):
        assert theirs.wait(("b", 0), ("c", 0))
        assert not mine.wait(("c", 0), ("b", 0))
        assert theirs.wait(("b", 0), ("d", 0))  # what was not let through yet comes after all
        assert not theirs.wait(("e", 0), ("d", 0))
        with one.transaction() as transaction:
            transaction.execute("UPDATE batches SET finished = 1 WHERE call = 'b'")
        assert not theirs.wait(("b", 0), ("c", 0))
    assert not mine.wait(("c", 0), ("d", 0))  # its process died
    monkeypatch.undo()
    assert LetThrough(one, "a run").wait(("c", 0), ("d", 0))  # and another may go on with it
