"""The chain of a journal: kept with what it tells of, and whole after every crash."""

import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from former_store import as_version_2
from ioc_removal.errors import ArgumentError, StoreError
from ioc_removal.sandbox import Sandbox
from ioc_removal.secret import Secret
from ioc_removal.store.database import Database
from ioc_removal.store.journal import add_link, note
from ioc_removal.store.runs import begin_run, end_run
from ioc_removal.store.verification import Verification
from journalling import DELETE, DOCUMENT, VALUES, Journal, journal, recorded_once
from killing import Program, deletions, killed_after
from killing import sandbox as crashing
from one_by_one import one_by_one

__all__ = ["crashing", "journal", "recorded_once"]


def test_a_note_is_kept_with_what_its_caller_keeps(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "store.db")) as database:
        run = begin_run(database, "call", "x", dry_run=False, details={})

        def decide(*, fail: bool) -> None:
            with database.transaction() as connection:
                connection.execute("INSERT INTO resolved VALUES (?, ?, ?)", (run, "a", str(fail)))
                note(database, run, "noted", {"by": "bob"})
                if fail:
                    raise ArgumentError("no")

        decide(fail=False)
        with pytest.raises(ArgumentError):
            decide(fail=True)
        kinds = [kind for (kind,) in database.rows("SELECT kind FROM links ORDER BY link")]
        assert kinds == ["begin", "noted"]
        assert database.rows("SELECT value FROM resolved") == [("False",)]
        with pytest.raises(StoreError, match="only ever added to"):
            database.rows("DELETE FROM links")
        end_run(database, run, "succeeded")
        note(database, run, "undo", {"by": "another run"})  # after its end
        assert Verification(database).verify().intact


def test_threads_and_processes_take_their_turns(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(Database(path)) as one, closing(Database(path)) as other:
        run = begin_run(one, "call", "x", dry_run=False, details={})

        def work(database: Database, name: str) -> None:
            for number in range(20):
                note(database, run, "noted", {"by": name, "number": number})

        threads = [
            Thread(target=work, args=(database, str(at)))
            for at, database in enumerate([one, one, other, other])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        end_run(other, run, "succeeded")
        verdict = Verification(one).verify()
        assert verdict.intact, verdict.problems
        assert (verdict.links, verdict.heads) == (82, 82)


@pytest.mark.parametrize("key", [None, "a key"])
def test_a_clock_that_goes_back_is_told_and_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    with closing(Database(tmp_path / "store.db", lambda: Secret(key) if key else None)) as database:
        run = begin_run(database, "call", "x", dry_run=False, details={})
        with database.transaction() as connection:
            add_link(connection, database.hashing, run, "batch", at="2001-01-01T00:00:00.000Z")
        monkeypatch.setattr("time.time", lambda: 0.0)
        end_run(database, run, "succeeded")
        verdict = Verification(database).verify()
        assert verdict.intact, verdict.problems
        assert "the clock went back (1×)" in verdict.notes[0]


def test_a_store_from_before_the_journal_is_not_covered_rather_than_broken(
    journal: Journal,
) -> None:
    as_version_2(journal.store)
    said = journal("journal", "verify")
    assert re.search(r"not covered: 2 runs with 1\d rows", said)
    assert len(journal.rows("--indicator", VALUES[0])) >= 2
    assert any("hash" not in row for row in journal.rows())
    journal(*DELETE, "--arg", f"indicators={VALUES[1]}")
    said = journal("journal", "verify")
    assert "not covered: 2 runs" in said
    assert "1 runs, " in said
    with closing(sqlite3.connect(journal.store)) as connection:
        names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in connection.execute(names).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        with one_by_one(connection):
            connection.execute("DELETE FROM outcomes WHERE hash IS NULL AND position = 0")
        connection.commit()
    assert not journal.intact()


def whole(store: Path) -> list[str]:
    """Verify a store; return the kinds of what happened, without calls and batches."""
    with closing(Database(store)) as database:
        verdict = Verification(database).verify()
        assert verdict.intact, verdict.problems
        query = "SELECT kind FROM links WHERE kind NOT IN ('batch', 'call') ORDER BY run, link"
        kinds = [kind for (kind,) in database.rows(query)]
        [(rows, unlinked)] = database.rows("SELECT count(*), sum(hash IS NULL) FROM outcomes")
        assert (rows or 0, unlinked or 0) == (verdict.rows, 0)
        return kinds


@pytest.mark.parametrize("count", [3, 8])
def test_the_chain_goes_on_after_a_kill(crashing: Sandbox, tmp_path: Path, count: int) -> None:
    program = Program(crashing, tmp_path)
    killed_after(program.run(), crashing, count)
    before = whole(program.store)
    assert "end" not in before
    killed_after(program.start("resume"), crashing, count + 2)
    program.done("resume")
    kinds = whole(program.store)
    assert kinds[: len(before)] == before
    assert (kinds.count("resume"), kinds.count("end"), kinds[-1]) == (2, 1, "end")


def test_a_killed_call_is_in_the_global_chain_when_the_next_run_begins(
    crashing: Sandbox, tmp_path: Path
) -> None:
    program = Program(crashing, tmp_path)
    words = [*DELETE, "--indicators", "iocs.txt"]
    killed_after(program.start(*words), crashing, 3)
    whole(program.store)
    program.do(*words)
    whole(program.store)
    with closing(sqlite3.connect(program.store)) as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        [(run, last)] = connection.execute("SELECT run, max(link) FROM links GROUP BY run LIMIT 1")
        connection.execute("DELETE FROM links WHERE run = ? AND link = ?", (run, last))
        connection.execute("DELETE FROM alike WHERE run = ?", (run,))
        connection.commit()
    with closing(Database(program.store)) as database:
        assert not Verification(database).verify().intact


def test_an_interrupted_call_is_whole(crashing: Sandbox, tmp_path: Path) -> None:
    program = Program(crashing, tmp_path)
    process = program.start(*DELETE, "--indicators", "iocs.txt")
    while not deletions(crashing):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert whole(program.store) == ["begin", "inputs", "cut", "interrupted"]


def test_every_kind_that_is_written_is_documented() -> None:
    from ioc_removal.store import journal as module

    names = ("BEGIN", "CALLED", "INPUTS", "CONNECTIONS", "RESUME", "CANCEL", "END")
    told = DOCUMENT.read_text(encoding="utf-8")
    assert all(f"`{getattr(module, name)}`" in told for name in names)
