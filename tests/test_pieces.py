"""Lists of the store: pieces that hold many items each, read as the list that was written."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from former_store import as_version_6
from ioc_removal.errors import StoreError
from ioc_removal.operations.inputs import note_inputs
from ioc_removal.store import ordered, pieces
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from ioc_removal.store.runs import add_details, begin_run, end_run
from ioc_removal.store.set_digest import set_digest
from ioc_removal.store.sets import StoredSet, by_reference, write_set
from ioc_removal.store.verification import Verification

TEXTS = [f"host-{number * 7919 % 2_503}.example.com" for number in range(2_503)]
ODD = ["a\nb", ",\n", '",\n"', "é\u2028", "\U0001f600", "\x00", "", "[", "]", '"']
ROWS = [
    {"id": number, "told": "x" * (number % 7) * 400, "more": [1, ",\n"]} for number in range(990)
]
LISTS: dict[str, list[Any]] = {
    "texts": TEXTS,
    "odd texts": ODD,
    "rows": ROWS,
    "one long row": [{"value": "y" * 600_000}],
    "none": [],
    "whole pieces": [str(number) for number in range(3 * pieces.MOST)],
}
# As those versions made them that kept a row for each item; a chain holds them.
DIGESTS = {
    "texts": "ed8925fd4bb7afbac73203a79862411c67c049205a4af232a58e2c16f5ac679b",
    "odd texts": "f118c1ed95c03c010b4ec8d1f3b5b2286cc7590b7a579ea4a11fb55cc2c19d4d",
    "rows": "a9c1e4822ac5565400e7148710e725b579a2612cae98f719adfddfb889a75871",
    "one long row": "09d3d6a60483f8606a83ce86de64c7ffd87e7e832a74e7fd7ab3b0cffb542a20",
    "none": "78fce9491f4b0e3b895728f3c6efe71e16e4ae77f5f6db9148e6e0584bc5fd42",
    "whole pieces": "f5c13bad96da2160e99ae56dd93c0f65b8a9518b17aab6f335d14153d292ac77",
}


@pytest.fixture
def database(store: Location) -> Iterator[Database]:
    with closing(Database(store)) as opened:
        yield opened


def a_run(database: Database) -> str:
    """Begin a run with all the lists, as its inputs; return it."""
    run = begin_run(database, "call", "x", dry_run=False, details={})
    lists = {name: write_set(database, run, name, items) for name, items in LISTS.items()}
    add_details(database, run, inputs=by_reference(lists))
    note_inputs(database, run, lists)
    return run


def digests(database: Database, run: str) -> dict[str, str]:
    return {name: set_digest(database, run, name) for name in LISTS}


def cut(database: Database, run: str, name: str) -> list[tuple[int, str]]:
    query = "SELECT position, items FROM pieces WHERE run = ? AND name = ? ORDER BY position"
    return [(position, str(items)) for position, items in database.rows(query, (run, name))]


def test_a_list_is_read_as_it_was_written(database: Database) -> None:
    run = a_run(database)
    for name, items in LISTS.items():
        read = StoredSet(database, run, name)
        assert (len(read), [*read], read == items) == (len(items), items, True)
        assert [*read.in_order()] == sorted(items, key=json.dumps)
    assert digests(database, run) == DIGESTS
    assert [*write_set(database, run, "texts", ODD)] == ODD  # in the place of the other


def test_pieces_are_whole_and_not_too_long(database: Database) -> None:
    run = a_run(database)
    for name, items in LISTS.items():
        found = cut(database, run, name)
        sizes = [len(json.loads(text)) for _, text in found]
        assert [position for position, _ in found] == [sum(sizes[:at]) for at in range(len(sizes))]
        assert sum(sizes) == len(items)
        assert max(sizes, default=0) <= pieces.MOST
        assert all(
            size == 1 or len(text) <= pieces.LONGEST + 2 * pieces.MOST
            for (_, text), size in zip(found, sizes, strict=True)
        )
    assert [len(cut(database, run, name)) for name in ("texts", "one long row", "none")] == [
        3,
        1,
        0,
    ]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredSet]:
    path = tmp_path_factory.mktemp("texts") / "store.db"
    with closing(Database(path)) as database:
        yield write_set(database, "run", "texts", TEXTS)


bounds = st.none() | st.integers(-2_600, 2_600) | st.sampled_from([999, 1_000, 1_001, 2_000])


@given(bounds, bounds, st.sampled_from([None, 1, 2, 999, -1, -3]))
def test_a_slice_is_that_of_the_list(
    texts: StoredSet, start: int | None, stop: int | None, step: int | None
) -> None:
    assert texts[start:stop:step] == TEXTS[start:stop:step]


@pytest.mark.parametrize("at", [0, 999, 1_000, 2_502, -1, -2_503])
def test_an_item_is_that_of_the_list(texts: StoredSet, at: int) -> None:
    assert texts[at] == TEXTS[at]


@pytest.mark.parametrize("at", [2_503, -2_504])
def test_there_is_no_item_beyond_the_list(texts: StoredSet, at: int) -> None:
    with pytest.raises(IndexError):
        texts[at]


def test_what_is_in_a_list_is_found(database: Database) -> None:
    run = a_run(database)
    for name, items in LISTS.items():
        read = StoredSet(database, run, name)
        assert all(item in read for item in (*items[:2], *items[-2:]))
        assert all(item not in read for item in ("host-1", "x", {"id": 1}, None, 1))


def test_what_is_too_much_for_memory_is_put_in_the_same_order(
    texts: StoredSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [*texts.in_order()]
    for most in (1_000, 2_502, 2_503):
        monkeypatch.setattr(ordered, "IN_MEMORY", most)
        assert [*texts.in_order()] == expected == sorted(TEXTS)


def set_items(database: Database, run: str, name: str, first: int, text: str) -> None:
    with database.transaction() as transaction:
        transaction.execute(
            "UPDATE pieces SET items = ? WHERE run = ? AND name = ? AND position = ?",
            (text, run, name, first),
        )


Change = Callable[[list[str]], list[str]]
CHANGES: dict[str, Change] = {
    "changed": lambda lines: [*lines[:7], '"evil.example"', *lines[8:]],
    "taken away": lambda lines: [*lines[:7], *lines[8:]],
    "added": lambda lines: [*lines, '"evil.example"'],
    "moved": lambda lines: [lines[1], lines[0], *lines[2:]],
    "all taken away": lambda _: [],
}


@pytest.mark.parametrize("first", [0, 1_000, 2_000])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_a_list_is_found(database: Database, first: int, change: str) -> None:
    run = a_run(database)
    end_run(database, run, "succeeded")
    assert Verification(database).verify().intact
    text = dict(cut(database, run, "texts"))[first]
    lines = CHANGES[change](pieces.texts_in(text))
    set_items(database, run, "texts", first, "[" + ",\n".join(lines) + "]")
    [problem] = Verification(database).verify().problems
    assert "the list texts of its inputs was changed" in problem.what


MANGLED: dict[str, Callable[[str], str]] = {
    "no JSON": lambda text: text[:-2],
    "no list": lambda _: '"evil.example"',
    "no array": lambda text: "{" + text[1:-1] + "}",
    "empty": lambda _: "",
    "of no items": lambda _: "[]",
}


@pytest.mark.parametrize("how", MANGLED)
@pytest.mark.parametrize("first", [0, 1_000, 2_000])
def test_what_is_no_list_any_more_is_told_in_a_line(
    database: Database, first: int, how: str
) -> None:
    run = a_run(database)
    read = StoredSet(database, run, "texts")
    text = dict(cut(database, run, "texts"))[first]
    set_items(database, run, "texts", first, MANGLED[how](text))
    for one in (lambda: [*read], lambda: read[first], lambda: read[first : first + 9]):
        with pytest.raises(StoreError, match=r"changed by hand.*pieces\.items of .* be read"):
            one()
    [problem] = Verification(database).verify(run).problems
    assert "the list texts of its inputs was changed" in problem.what


ROWS_CHANGED = [
    "DELETE FROM pieces WHERE run = :run AND name = 'texts' AND position = 1000",
    "UPDATE pieces SET position = 1001 WHERE run = :run AND name = 'texts' AND position = 1000",
    "UPDATE pieces SET position = -1 WHERE run = :run AND name = 'texts' AND position = 0",
    "INSERT INTO pieces SELECT run, name, 500, items FROM pieces WHERE run = :run"
    " AND name = 'texts' AND position = 2000",
    "UPDATE sets SET size = 3000 WHERE run = :run AND name = 'texts'",
]


@pytest.mark.parametrize("text", ['"one"', "", '["one"', '"one"]', '"["one"]"', '["one",\n]'])
def test_another_text_of_a_piece_is_found(database: Database, text: str) -> None:
    run = begin_run(database, "call", "x", dry_run=False, details={})
    write_set(database, run, "one", ["one"])
    before = set_digest(database, run, "one")
    set_items(database, run, "one", 0, text)
    assert set_digest(database, run, "one") != before


@pytest.mark.parametrize("change", ROWS_CHANGED)
def test_pieces_that_do_not_follow_each_other_are_not_read(database: Database, change: str) -> None:
    run = a_run(database)
    with database.transaction() as transaction:
        transaction.execute(change, {"run": run})
    with pytest.raises(StoreError, match=r"pieces\.items"):
        [*StoredSet(database, run, "texts")]
    [problem] = Verification(database).verify(run).problems
    assert "the list texts of its inputs was changed" in problem.what


def test_a_store_with_a_row_for_each_item_is_brought_to_pieces(store: Location) -> None:
    with closing(Database(store)) as database:
        run = a_run(database)
        other = a_run(database)
        end_run(database, run, "succeeded")
    as_version_6(store)
    with closing(Database(store)) as database:
        for one in (run, other):
            assert digests(database, one) == DIGESTS
            for name, items in LISTS.items():
                assert [*StoredSet(database, one, name)] == items
        found = cut(database, run, "rows")
        assert len(found) > 1
        assert all(len(text) < 2 * pieces.LONGEST for _, text in found)
        assert [at for at, _ in cut(database, run, "texts")] == [0, 1_000, 2_000]
        end_run(database, other, "succeeded")
        verdict = Verification(database).verify()
        assert verdict.intact, verdict.problems


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE items SET item = '\"evil.example\"' WHERE name = 'texts' AND position = 7",
        "DELETE FROM items WHERE name = 'texts' AND position = 7",
        "UPDATE items SET position = 5000 WHERE name = 'texts' AND position = 7",
        "UPDATE items SET item = 'no JSON' WHERE name = 'texts' AND position = 7",
    ],
)
def test_what_was_changed_before_is_found_afterwards(store: Location, change: str) -> None:
    with closing(Database(store)) as database:
        run = a_run(database)
        end_run(database, run, "succeeded")
    as_version_6(store, change)
    with closing(Database(store)) as database:
        [problem] = Verification(database).verify().problems
        assert problem.run == run
        assert "the list texts of its inputs was changed" in problem.what
