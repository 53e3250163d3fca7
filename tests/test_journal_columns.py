"""Every fact, list and column of a journal counts: what is changed or removed there is found."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ioc_removal.store.outcome_rows import SHARED
from ioc_removal.store.outcome_walk import parsed_own
from tampering import VALUES, first_run, plain, rows, said, tampered, verified

__all__ = ["plain"]

FACTS = [
    ("runs", "kind", "'playbook'"), ("runs", "name", "'x'"), ("runs", "requester", "'mallory'"),
    ("runs", "dry_run", "1 - dry_run"), ("runs", "started", "'2020-01-01T00:00:00.000Z'"),
    ("runs", "status", "'running'"), ("runs", "result", "'failed'"), ("runs", "ended", "'x'"),
    ("runs", "details", "replace(details, 'INC-7', 'INC-8')"),
    ("runs", "details", "replace(details, 'benign', 'evil')"),
    ("calls", "action", "'x'"), ("calls", "connection", "'x'"), ("calls", "target", "'{}'"),
    ("calls", "arguments", "'{}'"), ("calls", "duplicates", "7"), ("calls", "filled", "'[\"x\"]'"),
    ("calls", "assumed", "1"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column", "value"), FACTS)
def test_a_changed_fact_of_a_run_is_found(plain: Path, table: str, column: str, value: str) -> None:
    run = first_run(plain)
    change = f"UPDATE {table} SET {column} = {value} WHERE run = ?"
    verdict = verified(tampered(plain, lambda c: c.execute(change, (run,))))
    assert {problem.run for problem in verdict.problems} == {run}, said(verdict)
    assert "was changed: it was" in said(verdict)


def test_a_changed_text_of_a_playbook_is_found(plain: Path) -> None:
    change = "UPDATE runs SET details = replace(details, 'version: 1.0', 'version: 1.1')"
    [problem] = verified(tampered(plain, lambda c: c.execute(change))).problems
    assert "playbooks was changed" in problem.what


def test_removed_and_added_calls_are_found(plain: Path) -> None:
    run = first_run(plain)
    change = "DELETE FROM calls WHERE run = ?"
    [problem] = verified(tampered(plain, lambda c: c.execute(change, (run,)))).problems
    assert (problem.call, problem.what) == ("call", "the call is not in the store any more")
    change = "INSERT INTO calls VALUES (?, 'other', 'x', 'x', '{}', '{}', 0, '[]', 0)"
    [problem] = verified(tampered(plain, lambda c: c.execute(change, (run,)))).problems
    assert (problem.call, problem.what) == ("other", "the call was added")


def test_an_index_that_hides_an_indicator_is_found(plain: Path) -> None:
    change = "DELETE FROM found WHERE indicator = ?"
    verdict = verified(tampered(plain, lambda c: c.execute(change, (VALUES[5],))))
    assert {problem.indicator for problem in verdict.problems} == {VALUES[5]}


def test_other_values_of_a_found_id_are_told(plain: Path) -> None:
    assert rows(plain, "SELECT count(*) FROM resolved")[0][0]
    change = "UPDATE resolved SET value = 'other.example'"
    assert "resolved was changed" in said(verified(tampered(plain, lambda c: c.execute(change))))


LINK = ["kind", "call", "batch", "rows", "marks", "facts", "at", "key", "hash"]


@pytest.mark.parametrize("column", LINK)
@pytest.mark.parametrize("kind", ["begin", "call", "batch", "end"])
def test_a_changed_column_of_a_link_is_found(plain: Path, kind: str, column: str) -> None:
    run = first_run(plain)
    change = (
        f"UPDATE links SET {column} = CASE WHEN {column} = '7' THEN '8' ELSE '7' END"
        " WHERE run = ? AND kind = ? AND batch IS (SELECT max(batch) FROM links WHERE run = ?"
        " AND kind = ?)"
    )
    verdict = verified(tampered(plain, lambda c: c.execute(change, (run, kind, run, kind))))
    assert not verdict.intact
    assert {problem.run for problem in verdict.problems} <= {run, None}, said(verdict)


@pytest.mark.parametrize("column", ["run", "links", "rows", "last", "key", "hash"])
@pytest.mark.parametrize("at", [0, 3])
def test_a_changed_column_of_a_head_is_found(plain: Path, column: str, at: int) -> None:
    change = f"UPDATE heads SET {column} = '7' WHERE head = ?"
    verdict = verified(tampered(plain, lambda c: c.execute(change, (at,))))
    assert not verdict.intact
    if column != "key":
        assert any(p.head in {at, at + 1} for p in verdict.problems), said(verdict)


def test_a_removed_head_is_found(plain: Path) -> None:
    verdict = verified(tampered(plain, lambda c: c.execute("DELETE FROM heads WHERE head = 2")))
    assert "heads 2 to 2 of the global chain are missing" in said(verdict)


def test_the_last_head_cut_off_is_found(plain: Path) -> None:
    run = rows(plain, "SELECT run FROM heads ORDER BY head DESC LIMIT 1")[0][0]

    def cut(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM heads WHERE head = (SELECT max(head) FROM heads)")

    [problem] = verified(tampered(plain, cut)).problems
    assert problem.run == run
    assert "its end is in no head of the global chain" in problem.what


SETS = [
    f"UPDATE pieces SET items = replace(items, '{VALUES[7]}', 'evil.example') WHERE run = :run",
    f"UPDATE pieces SET items = replace(items, ',\n\"{VALUES[11]}\"', '') WHERE run = :run",
    f"UPDATE pieces SET items = replace(items, '{VALUES[1]}\"', '\"') WHERE run = :run",
    "UPDATE pieces SET items = replace(items, ']', ',\n\"evil.example\"]') WHERE run = :run",
    "UPDATE pieces SET items = replace(items, ',\n', ', ') WHERE run = :run",
    "UPDATE pieces SET items = 'no JSON' WHERE run = :run",
    "UPDATE pieces SET position = 1 WHERE run = :run",
    "DELETE FROM pieces WHERE run = :run",
    "INSERT INTO pieces SELECT run, name, 12, '[\"evil.example\"]' FROM sets WHERE run = :run",
    "UPDATE sets SET size = 3 WHERE run = :run",
]


@pytest.mark.parametrize("change", SETS)
def test_a_changed_list_of_inputs_is_found(plain: Path, change: str) -> None:
    run = first_run(plain)
    [problem] = verified(tampered(plain, lambda c: c.execute(change, {"run": run}))).problems
    assert problem.run == run
    assert "the list indicators of its inputs was changed" in problem.what


@pytest.mark.parametrize("name", ["inputs", "addresses"])
def test_a_changed_input_of_a_playbook_is_found(plain: Path, name: str) -> None:
    change = "UPDATE runs SET details = json_remove(details, ?) WHERE kind = 'playbook'"
    verdict = verified(tampered(plain, lambda c: c.execute(change, (f"$.{name}",))))
    [problem] = verdict.problems
    assert f"{name} was changed" in problem.what


COLUMNS = {
    "alike": ["run", "call", "batch", *SHARED, "rows", "own", "hashes"],
    "links": ["run", "link", *LINK],
    "heads": ["head", "run", "links", "rows", "last", "key", "hash"],
    "calls": [
        "run",
        "call",
        "action",
        "connection",
        "target",
        "arguments",
        "duplicates",
        "filled",
        "assumed",
    ],
    "runs": ["run", "kind", "name", "requester", "dry_run", "started", "status", "result", "ended"],
}
NAMES = {"alike": ("run", "call", "batch", "part"), "links": ("run", "link"), "heads": ("head",),
         "calls": ("run", "call"), "runs": ("run",)}  # fmt: skip
CELLS = st.sampled_from([(t, c) for t, columns in COLUMNS.items() for c in columns])
NEW = st.none() | st.integers(-(2**31), 2**31) | st.text(max_size=20) | st.binary(max_size=8)
OFTEN = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@OFTEN
@given(cell=CELLS, value=NEW, which=st.integers(0, 10_000), data=st.data())
def test_any_cell_that_is_changed_is_found(
    plain: Path, cell: tuple[str, str], value: Any, which: int, data: st.DataObject
) -> None:
    table, column = cell
    [(count,)] = rows(plain, f"SELECT count(*) FROM {table}")
    place = f"FROM {table} ORDER BY {', '.join(NAMES[table])} LIMIT 1 OFFSET {which % count}"
    names = NAMES[table]
    [(old, *key)] = rows(plain, f"SELECT {column}, {', '.join(names)} {place}")
    if isinstance(old, str) and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(old)))
        value = old[:at] + data.draw(st.text(max_size=3)) + old[at + 1 :]
    where = " AND ".join(f"{name} = ?" for name in names)
    changed: list[Any] = []

    def change(connection: sqlite3.Connection) -> None:
        try:
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value, *key))
        except (sqlite3.IntegrityError, UnicodeEncodeError):  # SQLite itself does not take it
            return
        changed.append(connection.execute(f"SELECT {column} FROM {table}").fetchall())

    copy = tampered(plain, change, rows=False)
    known = rows(plain, f"SELECT {column} FROM {table}")

    def read(one: Any) -> Any:  # the same JSON may be written in several ways
        return (column == "own" and parsed_own("", one)) or str(one)

    assume(changed and [read(one) for (one,) in changed[0]] != [read(one) for (one,) in known])
    assert not verified(copy).intact


@OFTEN
@given(table=st.sampled_from(list(COLUMNS)), gone=st.sets(st.integers(0, 200), min_size=1))
def test_any_rows_that_are_deleted_are_found(plain: Path, table: str, gone: set[int]) -> None:
    [(count,)] = rows(plain, f"SELECT count(*) FROM {table}")
    names = NAMES[table]
    keys = rows(plain, f"SELECT {', '.join(names)} FROM {table} ORDER BY {', '.join(NAMES[table])}")
    where = " AND ".join(f"{name} = ?" for name in names)
    own = {at % count for at in gone}
    if table == "heads":
        assume(own != set(range(min(own), count)))  # only a hash that was kept tells its end

    def change(connection: sqlite3.Connection) -> None:
        for at in own:
            connection.execute(f"DELETE FROM {table} WHERE {where}", keys[at])

    assert not verified(tampered(plain, change, rows=False)).intact
