"""Where a store cannot be: told in a line, without a secret, and nothing there is changed."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from time import sleep

import pytest

from ioc_removal.errors import SettingsError
from ioc_removal.store.database import Database
from ioc_removal.store.location import store_location

LONGEST = 30.0  # seconds


@pytest.mark.parametrize(("version", "table"), [(0, "runs"), (0, "moz_places"), (3, "moz_places")])
def test_a_file_of_another_program_is_refused(tmp_path: Path, version: int, table: str) -> None:
    path = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE {table} (url text)")
        connection.execute(f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    with pytest.raises(SettingsError, match="it is a database of another program; choose another"):
        Database(path)
    assert path.read_bytes() == before


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    Database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1000")
    with pytest.raises(SettingsError, match="has version 1000, this program knows"):
        Database(path)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "--store: it is empty"),
        ("host=127.0.0.1 password=hush", "write it postgresql://NAME@HOST/DATABASE"),
        ("mysql://soc:hush@db/runs", "cannot use a store at mysql://"),
        ("postgresql://soc:hush@db:port/runs", "cannot read the URL of the store"),
    ],
)
def test_what_names_no_store_is_refused(given: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        store_location(given)
    assert said in str(raised.value)
    assert "hush" not in str(raised.value)


def test_a_server_that_is_not_there_is_told_in_a_line() -> None:
    with pytest.raises(SettingsError) as raised:
        Database(store_location("postgresql://soc:hush@127.0.0.1:1/runs"))
    said = str(raised.value)
    assert said.startswith("cannot use the store postgresql://soc:***@127.0.0.1:1/runs: connection")
    assert "refused; Is the server running" in said
    assert not {"hush", "\n", "\t"} & {*said.split(), *said}


def test_who_begins_with_a_new_store_waits_for_another_that_does(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM sqlite_master").fetchall()
        with ThreadPoolExecutor(1) as pool:
            made = pool.submit(Database, path)
            sleep(0.2)
            assert not made.done()
            other.execute("COMMIT")
            made.result(LONGEST).close()
