"""Outcomes that are alike are kept together, and are what they are nevertheless."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from former_store import as_version_6, as_version_7
from ioc_removal.batches import Batch
from ioc_removal.errors import StoreError
from ioc_removal.outcome import Outcome
from ioc_removal.same_outcome import SameOutcome
from ioc_removal.store import outcome_rows
from ioc_removal.store.batch_rows import end
from ioc_removal.store.database import Database
from ioc_removal.store.journal import add_link
from ioc_removal.store.location import Location
from ioc_removal.store.outcome_rows import OUTCOME_COLUMNS, insert_rows, outcome_of, rows_of_batch
from ioc_removal.store.outcome_walk import outcomes_in_order
from ioc_removal.store.run_outcomes import outcome_rows as flat_rows
from ioc_removal.store.runs import begin_run, end_run
from ioc_removal.store.tallies import tallies_of
from ioc_removal.store.verification import Verification
from one_by_one import COLUMNS
from stores import change_by_hand

TARGET = {"supplier": "InternalTI"}
DONE = Outcome("removed", TARGET, "a", http_status=200, attempts=1, response={"status": "ok"})
GONE = DONE.but(outcome="absent", reason='it says "gone",\nand nothing else')
LOST = Outcome("unknown", TARGET, id="7", reason="é", snapshot={"name": "\u2028 ]", "n": [1.5]})
NAMES = [f"host-{number}.example" for number in range(8)]
ITEMS: list[tuple[str, ...]] = [  # of the batches; some have the same outcome
    (),
    (),
    ("ü.example, [x]", '"\\', "a.example"),
    ("7", "null"),
    ("a.example", "b.example", "c.example"),
]
BATCHES = [
    [(GONE if at % 3 == 1 else DONE).same_of(name) for at, name in enumerate(NAMES)],
    [DONE.same_of("ü.example, [x]"), LOST, LOST.but(id="8"), DONE.same_of('"quoted"\\')],
    SameOutcome(DONE, ITEMS[2]),
    SameOutcome(GONE, ITEMS[3], "id"),
    SameOutcome(DONE, ITEMS[4][:2]),
]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take three outcomes for as many as are kept together."""
    monkeypatch.setattr(outcome_rows, "TOGETHER", 3)


@pytest.fixture
def run(store: Location, few: None) -> Iterator[str]:
    """A run that kept the batches."""
    del few
    with closing(Database(store)) as database:
        run = begin_run(database, "call", "x", dry_run=False, details={})
        with database.transaction() as connection:
            values = (run, "call", "x", None, "{}", "{}", 0, "[]", 0)
            connection.execute("INSERT INTO calls VALUES (?,?,?,?,?,?,?,?,?)", values)
            for number, outcomes in enumerate(BATCHES):
                key, items = (run, "call", number), ITEMS[number]
                rows, hashes = rows_of_batch(key, outcomes, database.hashing, items=items)
                end(connection, key, Batch(number, {}, items))
                insert_rows(connection, key, rows)
                add_link(
                    connection, database.hashing, run, "batch", call="call", batch=number,
                    rows=hashes,
                )  # fmt: skip
        end_run(database, run, "partial")
        yield run


def told(database: Database, run: str) -> tuple[Any, ...]:
    """Return all that is told of the outcomes of a run, in each of the ways."""
    verdict = Verification(database).verify()
    assert verdict.intact, verdict.problems
    whole = [outcome for outcomes in BATCHES for outcome in outcomes]
    assert verdict.rows == len(whole)
    walked = [outcome_of(row[3:], run) for row in outcomes_in_order(database, run)]
    assert walked == whole
    query = f"SELECT {OUTCOME_COLUMNS} FROM outcomes WHERE run = ? ORDER BY batch, position"
    assert [outcome_of(row, run) for row in database.rows(query, (run,))] == whole
    rows = [{"action": "x", **outcome.row()} for outcome in whole]
    assert list(flat_rows(database, run)) == rows
    query = f"SELECT {COLUMNS} FROM outcomes WHERE run = ? ORDER BY call, batch, position"
    return tallies_of(database, run), database.rows(query, (run,))


def test_outcomes_are_what_they_were(store: Location, run: str) -> None:
    with closing(Database(store)) as database:
        tallies, _ = told(database, run)
        assert tallies.outcomes == {"removed": 12, "absent": 5, "unknown": 2}
        kept = database.rows("SELECT batch, part, rows FROM alike ORDER BY batch, part")
        batches = [(0, 3), (0, 3), (0, 2), (1, 2), (1, 2), (2, 3), (3, 2), (4, 2)]
        assert [(batch, size) for batch, _, size in kept] == batches
        named = database.rows("SELECT own FROM alike WHERE batch > 1 ORDER BY batch")
        assert [own for (own,) in named if own[0] != "["] == ["value", "id"]
        walk = outcomes_in_order(database, run, "call", ("absent",))
        absent: list[tuple[Any, ...]] = [("call", 0, at, NAMES[at], None) for at in (1, 4, 7)]
        absent += [("call", 3, at, None, id_) for at, id_ in enumerate(ITEMS[3])]
        assert [row[:5] for row in walk] == absent


@pytest.mark.parametrize("as_before", [as_version_6, as_version_7])
def test_outcomes_of_an_earlier_version_stay_what_they_are(
    store: Location, run: str, as_before: Callable[[Location], None]
) -> None:
    with closing(Database(store)) as database:
        before = told(database, run)
    as_before(store)
    with closing(Database(store)) as database:
        assert told(database, run) == before
        for change in ("DELETE FROM alike", "UPDATE batches SET items = '[]'"):
            with pytest.raises(StoreError, match="only ever added to"):
                do(database, change)


def do(database: Database, statement: str) -> None:
    with database.transaction() as connection:
        connection.execute(statement)


@pytest.mark.parametrize("text", ["x", "[[0]", "[0]"])
def test_what_is_no_json_any_more_is_told(store: Location, run: str, text: str) -> None:
    with closing(Database(store)) as database:
        change_by_hand(database, "alike", "UPDATE alike SET own = ? WHERE batch = 1", (text,))
        with pytest.raises(StoreError, match=r"changed by hand, or is damaged: alike\.own"):
            list(outcomes_in_order(database, run))
        if text != "[0]":
            with pytest.raises(StoreError, match=r"changed by hand, or is damaged: alike\.own"):
                list(flat_rows(database, run))
        assert not Verification(database).verify().intact
