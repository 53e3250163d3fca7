"""A store on PostgreSQL: where it is, what it refuses, and that it outlives its sessions."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from time import sleep
from urllib.parse import quote

import psycopg
import pytest

from ioc_removal.errors import ArgumentError, SettingsError, StoreError
from ioc_removal.store.database import Database
from ioc_removal.store.lease import is_held, lease
from ioc_removal.store.location import Server, server_of, store_location
from ioc_removal.store.runs import begin_run, end_run, get_run
from ioc_removal.store.sets import write_set
from ioc_removal.store.verification import Verification
from postgresql import PostgreSQLServer

MOST_LOOKS, LOOK = 1_000, 0.01  # seconds between two

PASSWORD = "hunter2 /@:%?"
LONGEST = 60.0  # seconds that a command may take before the test gives up


def begun(database: Database) -> str:
    return begin_run(database, "call", "x", dry_run=False, details={})


def ioc_removal(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "ioc_removal", *words]
    environment = {**os.environ, **variables}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
    )


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://soc:{quote(PASSWORD, safe='')}@db.example:5433/runs",
        "postgresql://soc:{env:PASS}@db.example:5433/runs",
        f"postgresql://soc@db.example:5433/runs?password={quote(PASSWORD, safe='')}",
    ],
)
def test_a_password_is_read_and_never_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASS", PASSWORD)
    location = store_location(url)
    assert isinstance(location, Server)
    known = psycopg.conninfo.conninfo_to_dict(location.url.reveal())
    assert (known["password"], known["host"], known["dbname"]) == (PASSWORD, "db.example", "runs")
    for said in (str(location), repr(location), location.masked(f"no {PASSWORD!s} here")):
        assert "hunter2" not in said
    assert "soc" in str(location)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://soc:hunter2@127.0.0.1:1/runs", "refused"),
        ("postgresql://soc:hunter2@[::1/runs", "Invalid IPv6 URL"),
        ("postgresql://soc:hunter2@127.0.0.1:port/runs", "could not be cast to integer"),
        ("postgresql://soc:hunter2@127.0.0.1/runs?nothing=1", "nothing"),
        ("postgresql://soc:{env:NOT_THERE}@127.0.0.1/runs", "the environment has no NOT_THERE"),
        ("mysql://soc:hunter2@127.0.0.1/runs", "postgresql://HOST/DATABASE"),
    ],
)
def test_a_store_that_cannot_be_reached_is_one_line(url: str, said: str) -> None:
    done = ioc_removal("runs", "--store", url)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "hunter2" not in done.stderr + done.stdout


def test_a_password_comes_from_the_file_of_libpq(
    postgresql: PostgreSQLServer, tmp_path: Path
) -> None:
    file = tmp_path / "pgpass"
    file.write_text("*:*:*:*:hunter2\n")
    file.chmod(0o600)
    done = ioc_removal("runs", "--store", postgresql.database(), PGPASSFILE=str(file))
    assert (done.returncode, done.stdout) == (0, "no runs yet\n")


def test_a_foreign_database_is_refused(postgresql: PostgreSQLServer) -> None:
    url = postgresql.database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA ioc_removal")
        connection.execute("CREATE TABLE ioc_removal.runs (whose text)")
    with pytest.raises(SettingsError, match="its schema ioc_removal is not one of this program"):
        Database(server_of(url))


def test_a_newer_store_is_refused(postgresql: PostgreSQLServer) -> None:
    url = postgresql.database()
    Database(server_of(url)).close()
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE ioc_removal.version SET version = 1000")
    with pytest.raises(SettingsError, match="has version 1000, this program knows"):
        Database(server_of(url))


def test_a_database_in_another_encoding_is_refused(postgresql: PostgreSQLServer) -> None:
    url = postgresql.database("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    with pytest.raises(SettingsError, match="is a database in LATIN1, it must be in UTF8"):
        Database(server_of(url))


def test_a_user_who_may_not_make_the_tables_is_told(postgresql: PostgreSQLServer) -> None:
    url = postgresql.database()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
    with pytest.raises(SettingsError, match="permission denied for database"):
        Database(server_of(url.replace("postgres@", "guest@")))


def test_the_journal_is_only_ever_added_to(postgresql: PostgreSQLServer) -> None:
    url = postgresql.database()
    database = Database(server_of(url))
    run = begun(database)
    end_run(database, run, "succeeded")
    with psycopg.connect(f"{url}?options=-csearch_path%3Dioc_removal", autocommit=True) as own:
        for statement in (
            "UPDATE links SET facts = '{}'", "DELETE FROM heads", "TRUNCATE alike",
            "UPDATE runs SET requester = 'nobody'", "DELETE FROM runs",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.RaiseException, match="only ever added to"):
                own.execute(statement.encode())
        assert Verification(database).verify().intact
        own.execute("ALTER TABLE links DISABLE TRIGGER ALL")
        own.execute("UPDATE links SET facts = '{}' WHERE kind = 'end'")
    assert not Verification(database).verify().intact
    database.close()


def test_text_is_ordered_by_code_points_whatever_the_database_prefers(
    postgresql: PostgreSQLServer,
) -> None:
    url = postgresql.database("LOCALE_PROVIDER icu ICU_LOCALE 'en-US' TEMPLATE template0")
    database = Database(server_of(url))
    run = begun(database)
    stored = write_set(database, run, "words", ["b", "a", "B", "A", "_"])
    assert list(stored.in_order()) == ["A", "B", "_", "a", "b"]
    assert list(stored) == ["b", "a", "B", "A", "_"]
    database.close()


def test_a_lease_ends_with_its_process(postgresql: PostgreSQLServer) -> None:
    url = postgresql.database()
    one, other = Database(server_of(url)), Database(server_of(url))
    with lease(one, "a run"):
        assert is_held(one, "a run")
        assert is_held(other, "a run")
        assert not is_held(other, "another run")
        for database in (one, other):
            with (
                pytest.raises(ArgumentError, match="the run a run is alive, in "),
                lease(database, "a run"),
            ):
                pass
    with lease(other, "a run"):
        pass
    holder = lease(one, "a run")
    holder.__enter__()
    one.close()
    with closing(other):  # the server notices it a moment later
        for _ in range(MOST_LOOKS):
            if not is_held(other, "a run"):
                break
            sleep(LOOK)
        assert not is_held(other, "a run")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_what_comes_after_a_restart_goes_on(own: PostgreSQLServer, mode: str) -> None:
    database = Database(server_of(own.database()))
    run = begun(database)
    with lease(database, run):
        own.stop(mode)
        own.start()
        assert get_run(database, run).name == "x"
        own.stop(mode)
        own.start()
        assert is_held(database, run)
        end_run(database, run, "succeeded")
    assert not is_held(database, run)
    assert Verification(database).verify().intact
    database.close()


def test_a_transaction_that_loses_its_session_is_not_half_kept(own: PostgreSQLServer) -> None:
    database = Database(server_of(own.database()))
    run = begun(database)
    insert = "INSERT INTO sets VALUES (?, ?, ?)"

    def interrupted() -> None:
        with database.transaction() as transaction:
            transaction.execute(insert, (run, "kept", 1))
            own.stop("immediate")
            own.start()
            transaction.execute(insert, (run, "lost", 1))

    with pytest.raises(StoreError) as told:
        interrupted()
    assert told.value.lost
    assert database.rows("SELECT name FROM sets") == []
    database.close()


def test_whose_lease_was_taken_meanwhile_goes_no_further(own: PostgreSQLServer) -> None:
    url = own.database()
    one = Database(server_of(url))
    run = begun(one)
    with lease(one, run):
        own.stop("immediate")
        own.start()
        other = Database(server_of(url))
        with lease(other, run):
            with pytest.raises(StoreError, match="took over"), one.transaction():
                pass
            with pytest.raises(StoreError, match="took over"):
                one.rows("SELECT 1")
        other.close()
    one.close()


def test_a_walk_does_not_fill_the_memory_and_others_write_meanwhile(
    postgresql: PostgreSQLServer,
) -> None:
    database = Database(server_of(postgresql.database()))
    run = begun(database)
    rows = [(run, number, str(number), "line 1", "no type") for number in range(5_001)]
    query = "INSERT INTO unused VALUES (?, ?, ?, ?, ?)"
    with database.transaction() as transaction:
        transaction.executemany(query, rows[:5_000])
    walk = database.walk("SELECT text FROM unused ORDER BY position")
    assert next(walk) == ("0",)
    with database.transaction() as transaction:
        transaction.execute(query, rows[5_000])
    assert len(list(walk)) == 4_999
    with database.transaction():
        assert len(list(database.walk("SELECT text FROM unused"))) == 5_001
    database.close()
