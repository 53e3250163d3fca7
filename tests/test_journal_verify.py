"""Whatever is changed in a journal behind the program's back is found, at the right row."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ioc_removal.cli import main
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.secret import Secret
from ioc_removal.store.chain import MARK, ROW, START, Hashing, Head, Link, marks_of
from ioc_removal.store.database import Database
from ioc_removal.store.outcome_rows import SHARED
from ioc_removal.store.outcome_walk import own_of
from ioc_removal.store.verdict import Verdict
from ioc_removal.store.verification import Verification
from one_by_one import one_by_one

KEY = "a key that only the journal's owner has"
VALUES = [f"host-{number}.example.com" for number in range(12)]
DELETE = ["call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI"]
Change = Callable[[sqlite3.Connection], Any]


def written(folder: Path, key: str | None) -> Path:
    """Write a store by real commands: a call, a dry run, a playbook, a call that is refused."""
    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": VALUES}
    (folder / "iocs.txt").write_text("\n".join(VALUES))
    store, place = folder / "store.db", folder / "settings.yml"
    with Sandbox(seed) as sandbox:
        document = {**sandbox.settings(), **({"journal": {"key": key}} if key else {})}
        document["connections"]["cybertrace"]["limits"] = {"items": 5}
        place.write_text(json.dumps(document))
        options = ["--store", str(store), "--settings", str(place), "--quiet", "--json"]
        iocs = ["--indicators", str(folder / "iocs.txt")]
        why = ["--actor", "alice", "--ticket", "INC-7", "--reason", "benign after triage"]
        assert main([*DELETE, *iocs, *why, *options]) == 0
        assert main([*DELETE, *iocs, "--dry-run", *options]) == 0
        words = ["run", "remove-iocs-after-triage", "--input", "indicators=192.0.2.10"]
        assert main([*words, "--input", f"indicators={VALUES[0]}", *options]) == 0
        assert main([*DELETE, "--arg", "indicators=", *options]) == 2
    return store


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("plain"), None)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("sealed"), KEY)


def verified(
    store: Path, key: str | None = None, former: Sequence[str] = (), **wanted: Any
) -> Verdict:
    database = Database(store, lambda: Secret(key) if key else None)
    with closing(database):
        return Verification(database, former=map(Secret, former)).verify(**wanted)


def tampered(store: Path, change: Change, *, rows: bool = True) -> Path:
    """Change a copy of a store with plain SQLite, as somebody who may write the file can.

    rows: whether the outcomes are rows while it is changed.
    """
    copy = store.with_name("copy.db")
    for suffix in ("", "-wal", "-shm"):
        copy.with_name(f"copy.db{suffix}").unlink(missing_ok=True)
        if (source := store.with_name(f"{store.name}{suffix}")).exists():
            shutil.copy(source, copy.with_name(f"copy.db{suffix}"))
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in connection.execute(names).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        with one_by_one(connection) if rows else nullcontext():
            change(connection)
    return copy


def said(verdict: Verdict) -> str:
    return "\n".join(str(problem) for problem in verdict.problems)


def rows(store: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(store)) as connection:
        return connection.execute(query, values).fetchall()


def first_run(store: Path) -> str:
    return str(rows(store, "SELECT run FROM heads ORDER BY head")[0][0])


@pytest.mark.parametrize("key", [None, KEY])
def test_an_untouched_journal_is_intact(plain: Path, sealed: Path, key: str | None) -> None:
    verdict = verified(sealed if key else plain, key)
    assert verdict.intact, said(verdict)
    assert (verdict.runs, verdict.uncovered_runs) == (4, 0)
    assert verdict.rows == rows(plain, "SELECT count(*) FROM outcomes")[0][0] > 2 * len(VALUES)


@pytest.mark.parametrize("table", ["alike", "links", "heads", "calls", "runs"])
def test_sqlite_itself_refuses_to_change_or_delete(plain: Path, table: str) -> None:
    copy = tampered(plain, lambda _: None)
    shutil.copy(plain, copy)
    column = {"runs": "requester", "calls": "action"}.get(table, "run")
    with closing(sqlite3.connect(copy)) as connection:
        for query in (f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"):
            with pytest.raises(sqlite3.IntegrityError, match="only ever added to"):
                connection.execute(query)


@pytest.mark.parametrize("column", [*ROW[4:], "hash"])
@pytest.mark.parametrize("key", [None, KEY])
def test_a_changed_column_of_a_row_is_found(
    plain: Path, sealed: Path, column: str, key: str | None
) -> None:
    store = sealed if key else plain
    run = first_run(store)

    def change(connection: sqlite3.Connection) -> None:
        connection.execute(
            f"UPDATE outcomes SET {column} = CASE {column} WHEN '7' THEN '8' ELSE '7' END"
            " WHERE run = ? AND batch = 1 AND position = 3",
            (run,),
        )

    verdict = verified(tampered(store, change), key)
    [problem] = verdict.problems
    assert (problem.run, problem.call, problem.batch, problem.position) == (run, "call", 1, 3)
    assert problem.indicator == ("7" if column == "value" else VALUES[8])
    assert "changed" in problem.what


def test_a_row_that_was_changed_with_its_hash_is_found(plain: Path) -> None:
    run = first_run(plain)
    where = "WHERE run = ? AND batch = 0 AND position = 2"

    def change(connection: sqlite3.Connection) -> None:
        connection.execute(f"UPDATE outcomes SET outcome = 'absent' {where}", (run,))
        [row] = connection.execute(f"SELECT {', '.join(ROW)} FROM outcomes {where}", (run,))
        connection.execute(f"UPDATE outcomes SET hash = ? {where}", (Hashing().row(row), run))

    [problem] = verified(tampered(plain, change)).problems
    assert (problem.batch, problem.position, problem.indicator) == (0, 2, VALUES[2])


def test_a_deleted_row_is_found_and_named(plain: Path) -> None:
    run = first_run(plain)
    change = "DELETE FROM outcomes WHERE run = ? AND batch = 2 AND position = 1"
    verdict = verified(tampered(plain, lambda c: c.execute(change, (run,))))
    [problem] = verdict.problems
    assert (problem.batch, problem.position, problem.indicator) == (2, 1, VALUES[11])
    assert problem.what == "the row is missing"


def test_an_added_row_is_found(plain: Path) -> None:
    run = first_run(plain)
    columns = ", ".join(ROW[4:])
    change = (
        f"INSERT INTO outcomes (run, call, batch, position, {columns}, hash) SELECT run, call,"
        f" batch, 9, {columns}, hash FROM outcomes WHERE run = ? AND batch = 0 AND position = 0"
    )
    [problem] = verified(tampered(plain, lambda c: c.execute(change, (run,)))).problems
    assert (problem.batch, problem.position, problem.what) == (0, 9, "the row was added")


def test_an_added_batch_is_found(plain: Path) -> None:
    run = first_run(plain)
    columns = ", ".join(ROW[3:])
    change = (
        f"INSERT INTO outcomes (run, call, batch, {columns}, hash) SELECT run, call, 77,"
        f" {columns}, hash FROM outcomes WHERE run = ? AND batch = 0"
    )
    [problem] = verified(tampered(plain, lambda c: c.execute(change, (run,)))).problems
    assert (problem.batch, "no link covers" in problem.what) == (77, True)


def test_swapped_rows_are_found_and_named(plain: Path) -> None:
    run = first_run(plain)

    def change(connection: sqlite3.Connection) -> None:
        for before, after in ((1, -1), (3, 1), (-1, 3)):
            connection.execute(
                "UPDATE outcomes SET position = ? WHERE run = ? AND batch = 0 AND position = ?",
                (after, run, before),
            )

    verdict = verified(tampered(plain, change))
    assert [(p.position, p.indicator) for p in verdict.problems] == [
        (1, VALUES[3]),
        (3, VALUES[1]),
    ]
    assert "moved here from position 3" in verdict.problems[0].what


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("own = 'x'", "the row is missing"),
        ("own = '{}'", "the row is missing"),
        ("own = CAST(own AS BLOB)", "the row is missing"),
        ("own = replace(own, '[0,', '[false,')", "the row was changed"),
        ("own = replace(own, '[0,', '[1,')", "the row was added"),
        ("own = replace(own, '[0,', '[0,null,')", "the row is missing"),
        ("rows = rows + 1", "how many rows or hashes it has was changed"),
        ("hashes = hashes || '0'", "how many rows or hashes it has was changed"),
        ("hashes = NULL", "the row was changed"),
    ],
)
def test_changed_rows_that_are_alike_are_found(plain: Path, change: str, said: str) -> None:
    run = first_run(plain)
    query = f"UPDATE alike SET {change} WHERE run = ? AND batch = 0"
    copy = tampered(plain, lambda connection: connection.execute(query, (run,)), rows=False)
    assert said in {problem.what for problem in verified(copy).problems}


def test_swapped_batches_are_found(plain: Path) -> None:
    run = first_run(plain)

    def change(connection: sqlite3.Connection) -> None:
        for table in ("outcomes", "links"):
            for before, after in ((0, -1), (1, 0), (-1, 1)):
                connection.execute(
                    f"UPDATE {table} SET batch = ? WHERE run = ? AND batch = ?",
                    (after, run, before),
                )

    verdict = verified(tampered(plain, change))
    assert {problem.batch for problem in verdict.problems} == {0, 1}


def test_swapped_links_are_found(plain: Path) -> None:
    run = first_run(plain)

    def change(connection: sqlite3.Connection) -> None:
        for before, after in ((2, -1), (3, 2), (-1, 3)):
            connection.execute(
                "UPDATE links SET link = ? WHERE run = ? AND link = ?", (after, run, before)
            )

    verdict = verified(tampered(plain, change))
    assert {2, 3} <= {problem.link for problem in verdict.problems}


def test_swapped_runs_are_found(plain: Path) -> None:
    one, other = [run for (run,) in rows(plain, "SELECT run FROM runs ORDER BY started LIMIT 2")]

    def change(connection: sqlite3.Connection) -> None:
        for table in ("outcomes", "links", "calls", "heads", "runs"):
            for before, after in ((one, "-"), (other, one), ("-", other)):
                connection.execute(f"UPDATE {table} SET run = ? WHERE run = ?", (after, before))

    verdict = verified(tampered(plain, change))
    assert {one, other} <= {problem.run for problem in verdict.problems}


def test_a_removed_run_is_found(plain: Path) -> None:
    run = first_run(plain)

    def change(connection: sqlite3.Connection) -> None:
        for table in ("outcomes", "links", "calls", "runs", "found"):
            connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))

    verdict = verified(tampered(plain, change))
    assert {problem.run for problem in verdict.problems} == {run}
    assert "the end of its chain is missing" in said(verdict)


def test_a_run_removed_with_its_heads_is_found(plain: Path) -> None:
    run = first_run(plain)

    def change(connection: sqlite3.Connection) -> None:
        for table in ("outcomes", "links", "calls", "runs", "heads"):
            connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))

    assert "of the global chain are missing" in said(verified(tampered(plain, change)))


def test_a_cut_tail_is_found(plain: Path) -> None:
    run = first_run(plain)

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM links WHERE run = ? AND (link > 3)", (run,))
        connection.execute("DELETE FROM outcomes WHERE run = ? AND batch > 1", (run,))

    verdict = verified(tampered(plain, change))
    assert "links were there, 4 are left" in said(verdict)
    assert {problem.run for problem in verdict.problems} == {run}


def test_a_renumbered_chain_is_found(plain: Path) -> None:
    run = first_run(plain)

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM links WHERE run = ? AND batch = 1", (run,))
        connection.execute("DELETE FROM outcomes WHERE run = ? AND batch = 1", (run,))
        connection.execute("UPDATE links SET link = link - 1 WHERE run = ? AND link > 5", (run,))

    assert {problem.run for problem in verified(tampered(plain, change)).problems} == {run}


def test_a_link_removed_from_the_middle_is_told_from_a_changed_one(plain: Path) -> None:
    run = first_run(plain)

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM links WHERE run = ? AND batch = 1", (run,))

    told = said(verified(tampered(plain, change)))
    assert "links 5 to 5 are missing before it" in told
    assert "call call, batch 1: 5 rows that no link covers" in told


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


def test_a_global_chain_cut_at_its_end_is_told_by_the_hash_that_was_kept(plain: Path) -> None:
    kept = verified(plain).head

    def cut(connection: sqlite3.Connection) -> None:
        [(run,)] = connection.execute("SELECT run FROM heads ORDER BY head DESC LIMIT 1")
        for table in ("outcomes", "links", "calls", "runs", "heads"):
            connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))

    copy = tampered(plain, cut)
    assert verified(copy).intact  # nothing in the file can tell it
    assert "no head has the expected hash" in said(verified(copy, expect=kept))
    assert verified(plain, expect=verified(copy).head).intact  # it only grew since


def forge(connection: sqlite3.Connection, hashing: Hashing) -> None:
    """Make all hashes anew, as somebody can who knows this program and not the key."""
    query = f"SELECT {', '.join(ROW)} FROM outcomes"
    for row in connection.execute(query).fetchall():
        where = "WHERE run = ? AND call = ? AND batch = ? AND position = ?"
        connection.execute(f"UPDATE outcomes SET hash = ? {where}", (hashing.row(row), *row[:4]))
    last: dict[str, tuple[int, dict[int, str]]] = {}
    columns = "run, link, kind, call, batch, rows, marks, facts, at, key"
    before, known = START, ""
    for columns_of in connection.execute(f"SELECT {columns} FROM links ORDER BY run, link"):
        link = Link(*columns_of)
        before = START if link.run != known else before
        known = link.run
        query = "SELECT hash FROM outcomes WHERE run = ? AND call = ? AND batch = ?"
        query += " ORDER BY position"
        place = (link.run, link.call, link.batch)
        hashes = [h for (h,) in connection.execute(query, place)] if link.kind == "batch" else []
        link = link._replace(marks=marks_of(hashes), rows=len(hashes), key=hashing.name)
        before = hashing.link(before, link, hashes)
        query = "UPDATE links SET marks = ?, key = ?, hash = ? WHERE run = ? AND link = ?"
        connection.execute(query, (link.marks, link.key, before, link.run, link.number))
        last.setdefault(link.run, (0, {}))[1][link.number + 1] = before
    before = START
    for columns_of in connection.execute("SELECT * FROM heads ORDER BY head").fetchall():
        head = Head(*columns_of[:-1])
        head = head._replace(last=last[head.run][1][head.links], key=hashing.name)
        before = hashing.head(before, head)
        query = "UPDATE heads SET last = ?, key = ?, hash = ? WHERE head = ?"
        connection.execute(query, (head.last, head.key, before, head.number))


def test_a_journal_written_anew_is_told_by_the_hash_that_was_kept(plain: Path) -> None:
    kept = verified(plain).head

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE outcomes SET outcome = 'absent'")
        forge(connection, Hashing())

    copy = tampered(plain, change)
    assert verified(copy).intact
    assert "no head has the expected hash" in said(verified(copy, expect=kept))


@pytest.mark.parametrize("hashing", [Hashing(), Hashing(Secret("another key"))])
def test_nobody_without_the_key_can_write_a_sealed_journal_anew(
    sealed: Path, hashing: Hashing
) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE outcomes SET outcome = 'absent'")
        forge(connection, hashing)

    verdict = verified(tampered(sealed, change), KEY)
    assert not verdict.intact
    assert "key" in said(verdict)


def test_nobody_without_the_key_can_write_one_run_of_a_sealed_journal_anew(sealed: Path) -> None:
    run = first_run(sealed)

    def change(connection: sqlite3.Connection) -> None:
        kept = connection.execute("SELECT * FROM links WHERE run != ?", (run,)).fetchall()
        heads = connection.execute("SELECT * FROM heads WHERE run != ?", (run,)).fetchall()
        rows = connection.execute("SELECT * FROM outcomes WHERE run != ?", (run,)).fetchall()
        forge(connection, Hashing())
        for table, own in (("links", kept), ("heads", heads), ("outcomes", rows)):
            places = ",".join("?" * len(own[0]))
            connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({places})", own)

    verdict = verified(tampered(sealed, change), KEY)
    assert "the head is not as it was" in said(verdict)


@pytest.mark.parametrize(
    ("key", "told"),
    [(None, "made with a key"), ("other", "made with another key than that of the settings")],
)
def test_without_its_key_a_sealed_journal_is_not_called_intact(
    sealed: Path, key: str | None, told: str
) -> None:
    verdict = verified(sealed, key)
    assert not verdict.intact
    assert told in said(verdict)
    assert "set journal.key, or journal.former_keys" in said(verdict)


def test_a_key_that_is_new_seals_what_was_there(tmp_path: Path) -> None:
    store = written(tmp_path, None)
    assert "nothing is sealed with the key of the settings" in said(verified(store, KEY))
    written(tmp_path, KEY)
    verdict = verified(store, KEY)
    assert verdict.intact, said(verdict)
    assert verdict.runs == 8
    change = "UPDATE outcomes SET outcome = 'absent' WHERE run = ? AND batch = 0 AND position = 0"
    run = first_run(store)

    def forged(connection: sqlite3.Connection) -> None:
        kept = connection.execute("SELECT * FROM links WHERE key IS NOT NULL").fetchall()
        heads = connection.execute("SELECT * FROM heads WHERE key IS NOT NULL").fetchall()
        rows = "SELECT * FROM outcomes WHERE run IN (SELECT run FROM links WHERE key IS NOT NULL)"
        rows_kept = connection.execute(rows).fetchall()
        connection.execute(change, (run,))
        forge(connection, Hashing())
        for table, own in (("links", kept), ("heads", heads), ("outcomes", rows_kept)):
            places = ",".join("?" * len(own[0]))
            connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({places})", own)

    assert not verified(tampered(store, forged), KEY).intact


def test_a_key_that_is_replaced_still_verifies_what_it_sealed(tmp_path: Path) -> None:
    store, new = written(tmp_path, KEY), "a newer key of the same owner"
    written(tmp_path, new)
    assert "made with another key" in said(verified(store, new))
    verdict = verified(store, new, [KEY])
    assert verdict.intact, said(verdict)


@pytest.mark.parametrize("name", ["inputs", "addresses"])
def test_a_changed_input_of_a_playbook_is_found(plain: Path, name: str) -> None:
    change = "UPDATE runs SET details = json_remove(details, ?) WHERE kind = 'playbook'"
    verdict = verified(tampered(plain, lambda c: c.execute(change, (f"$.{name}",))))
    [problem] = verdict.problems
    assert f"{name} was changed" in problem.what


def test_who_records_without_the_key_is_told(tmp_path: Path) -> None:
    store = written(tmp_path, KEY)
    written(tmp_path, None)
    assert "it was made without the key, after others with it" in said(verified(store, KEY))


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
    read = own_of if column == "own" else str  # the same JSON may be written in several ways
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


@pytest.fixture
def command(
    plain: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))

    def run(*words: str, store: Path = plain) -> tuple[int, str, str]:
        status = main([*words, "--store", str(store)])
        out, err = capsys.readouterr()
        return status, out, err

    return run


Command = Callable[..., tuple[int, str, str]]


def test_the_command_tells_the_head_to_keep(plain: Path, command: Command) -> None:
    status, out, err = command("journal", "verify")
    head = verified(plain).head
    assert (status, err) == (0, "")
    assert "4 runs" in out
    assert f"--expect {head}" in out
    assert command("journal", "verify", "--expect", head.upper())[0] == 0
    status, _, err = command("journal", "verify", "--expect", START)
    assert (status, "no head has the expected hash" in err) == (1, True)
    assert command("journal", "verify", "--expect", "12")[0] == 2


def test_the_command_names_what_was_changed(plain: Path, command: Command) -> None:
    run = first_run(plain)
    change = "UPDATE outcomes SET outcome = 'absent' WHERE batch = 1 AND position = 3 AND run = ?"
    copy = tampered(plain, lambda c: c.execute(change, (run,)))
    status, out, err = command("journal", "verify", store=copy)
    assert status == 1
    assert f"run {run}, call call, batch 1, position 3, indicator {VALUES[8]}" in err
    assert "1 problem" in out
    status, out, _ = command("journal", "verify", "--json", store=copy)
    record = json.loads(out)
    assert (status, record["intact"], record["broken"]) == (1, False, 1)
    assert record["problems"][0]["position"] == 3
    other = rows(plain, "SELECT run FROM runs ORDER BY started DESC")[0][0]
    assert command("journal", "verify", "--run", other, store=copy)[0] == 0
    assert command("journal", "verify", "--run", run, store=copy)[0] == 1


def test_marks_are_the_first_digits_of_the_hashes(plain: Path) -> None:
    run = first_run(plain)
    [(marks,)] = rows(plain, "SELECT marks FROM links WHERE run = ? AND batch = 0", run)
    own = rows(plain, "SELECT hash FROM outcomes WHERE run = ? AND batch = 0", run)
    assert marks == "".join(hash_[:MARK] for (hash_,) in own)
