"""Whatever is changed in a journal behind the program's back is found, at the right row."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ioc_removal.cli import main
from ioc_removal.store.chain import MARK, ROW, START, Hashing
from tampering import KEY, VALUES, first_run, plain, rows, said, sealed, tampered, verified

__all__ = ["plain", "sealed"]


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

    # Each is named by itself there, not by what its batch has.
    named = tampered(plain, lambda _: None).rename(plain.with_name("named.db"))
    copy = tampered(named, lambda connection: connection.execute(query, (run,)), rows=False)
    assert said in {problem.what for problem in verified(copy).problems}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE alike SET own = 'id'", "the row was changed"),
        ("UPDATE alike SET own = 'x'", "the row is missing"),
        ("UPDATE alike SET own = '[]'", "the row is missing"),
        ("UPDATE batches SET items = replace(items, 'host-1.', 'evil.')", "the row was changed"),
        ("UPDATE batches SET items = '[]'", "the row is missing"),
        ("UPDATE batches SET items = 'x'", "the row is missing"),
        ("UPDATE batches SET batch = batch + 70", "the row is missing"),
        ("DELETE FROM batches", "the row is missing"),
    ],
)
def test_changed_rows_of_a_whole_batch_are_found(plain: Path, change: str, said: str) -> None:
    where = f"WHERE run = '{first_run(plain)}' AND batch = 0"
    assert rows(plain, f"SELECT own FROM alike {where}") == [("value",)]
    copy = tampered(plain, lambda connection: connection.execute(f"{change} {where}"), rows=False)
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
