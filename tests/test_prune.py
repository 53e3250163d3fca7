"""`prune` takes old runs away as a whole, and the journal stays whole."""

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from former_store import as_version_2
from ioc_removal.errors import StoreError
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from ioc_removal.store.schedules import Schedule, add_schedule
from ioc_removal.store.trust_tables import TAKEN_FROM
from rechained import expire_plan
from tampering import tampered
from test_retry import DELETE, REMOVE, VALUES, Desk, desk

__all__ = ["desk"]
NOW = ("prune", "--older-than", "0h", "--recent")
SQLITE = "SELECT name FROM sqlite_master WHERE type = 'table'"
SERVER = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'ioc_removal'"


def rows_of(store: Location, run: str) -> dict[str, int]:
    """How many rows each table has that name a run, but for the journal's that stay."""
    found = {}
    with closing(Database(store)) as database:
        for (table,) in database.rows(SERVER if database.is_shared else SQLITE):
            if table in {"heads", "version", "reserved", "sent", "going"}:
                continue
            column = {"plans": "plan", "planned": "plan", "paces": "place"}.get(table, "run")
            [(count,)] = database.rows(f"SELECT count(*) FROM {table} WHERE {column} = ?", (run,))
            found[table] = count
    return {table: count for table, count in found.items() if count}


def pruned(desk: Desk, status: int = 0) -> dict[str, Any]:
    ended = desk.do(*NOW, "--reason", "retention")
    assert ended.status == status, ended.err
    found: dict[str, Any] = ended.json
    return found


def test_runs_that_belong_together_go_and_the_journal_tells(desk: Desk) -> None:
    desk.sandbox.misbehave(method="DELETE", carries="host3.example", status=400, times=9, chance=1)
    first = desk.record(*REMOVE, status=1)["run"]
    desk.sandbox.behave()
    retried = desk.retry(first)["run"]
    undone = desk.record("undo", first, "--indicator", "host1.example")["run"]
    alone = desk.record(*DELETE, "--arg", f"indicators={VALUES[0]}")["run"]
    planned = desk.record("run", REMOVE[1], "--input", f"indicators={VALUES[1]}", "--dry-run")
    with closing(Database(desk.store)) as database:
        heads = database.rows("SELECT head, hash FROM heads ORDER BY head")
    family = {first, retried, undone}

    dry = desk.do(*NOW, "--dry-run").json
    assert {row["run"] for row in dry["runs"]} == family | {alone}
    assert dry["kept"] == {planned["run"]: "its plan can still be applied"}
    taken = pruned(desk)
    assert (taken["runs"], taken["left"]) == (4, {})
    assert taken["workflows"] >= 2
    for run in family | {alone}:
        assert rows_of(desk.store, run) == {}, run
        for words in (("show", run), ("undo", run), ("journal", "--run", run)):
            ended = desk.do(*words)
            assert ended.status == 2
            assert f"the run {run} was pruned on 20" in ended.err
    with closing(Database(desk.store)) as database:
        assert database.rows("SELECT head, hash FROM heads ORDER BY head")[: len(heads)] == heads
        for table in TAKEN_FROM:
            refused = pytest.raises(StoreError, match="only ever added to")
            with refused, database.transaction() as transaction:
                transaction.execute(f"DELETE FROM {table}")
    verdict = desk.do("journal", "verify").json
    assert (verdict["intact"], verdict["pruned"]) == (True, 4), verdict
    rows = [row for row in desk.do("journal").json if row["outcome"] == "pruned"]
    assert {row["pruned"] for row in rows} == family | {alone}
    assert {row["why"] for row in rows} == {"retention"}
    assert {row["run"] for row in desk.record("show", taken["run"])["outputs"]} == family | {alone}
    assert desk.record("show", planned["run"])["counts"]
    assert pruned(desk)["run"] is None
    desk.expect_intact()


def test_what_is_not_over_stays(desk: Desk) -> None:
    desk.settings["approval"] = {"disarms": 2, "approvers": ["anna"], "four_eyes": "actors"}
    waiting = desk.record(*REMOVE, status=4)["run"]
    newest = desk.record(*DELETE, "--arg", f"indicators={VALUES[0]}")["run"]
    with closing(Database(desk.store)) as database:
        own = Schedule("nightly", "0 3 * * *", "UTC", {}, "2026", tick="2026", run=newest)
        add_schedule(database, own)
    ended = desk.do(*NOW)
    kept = ended.json["kept"]
    assert (kept[waiting], ended.json["run"]) == ("it has not ended", None)
    assert kept[newest] == "it is the newest of the schedule nightly"
    assert "its plan can still be applied" in kept.values()
    for words, said in (
        (("prune",), "--older-than is missing"),
        (("prune", "--older-than", "6d"), "less than 7 days"),
        (("prune", "--older-than", "old"), "'old' is no duration"),
    ):
        refused = desk.do(*words)
        assert (refused.status, said in refused.err) == (2, True), refused.err
    assert desk.do("prune", "--older-than", "365d").json["run"] is None
    desk.expect_intact()


def test_a_prune_that_is_killed_leaves_whole_runs(desk: Desk) -> None:
    runs = {
        desk.record(*DELETE, "--arg", f"indicators=x{number}.example", status=0)["run"]
        for number in range(8)
    }
    command = [
        sys.executable, "-m", "ioc_removal", *NOW, "--store", str(desk.store),
        "--settings", str(desk.folder / "settings.yml"), "--json",
    ]  # fmt: skip
    for least in (2, 5):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with closing(Database(desk.store)) as database:
            query = "SELECT count(*) FROM runs WHERE kind = 'call'"
            while process.poll() is None and database.rows(query)[0][0] > len(runs) - least:
                time.sleep(0.001)
        process.kill()
        process.communicate()
        verdict = desk.do("journal", "verify").json
        assert verdict["intact"], verdict
        for run in runs:
            shown = desk.do("show", run)
            assert shown.status == 0 or "was pruned on" in shown.err
            assert shown.status == 2 or shown.json["counts"] == {"absent": 1}
    pruned(desk)
    assert not [run for run in runs if rows_of(desk.store, run)]
    desk.expect_intact()
    with closing(Database(desk.store)) as database:
        query = "SELECT DISTINCT status FROM runs"
        assert database.rows(query) == [("ended",)]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_run_that_is_gone_otherwise_is_told(desk: Desk) -> None:
    first = desk.record(*DELETE, "--arg", f"indicators={VALUES[0]}")["run"]
    pruned(desk)
    other = desk.record(*DELETE, "--arg", f"indicators={VALUES[1]}")["run"]
    changes = {
        f"run {other}: the end of its chain is missing": [
            f"DELETE FROM {table} WHERE run = '{other}'" for table in (*TAKEN_FROM, "indexed")
        ],
        "the link (pruned) is not as it was": [
            "UPDATE links SET facts = replace(facts, 'removed', 'absent') WHERE kind = 'pruned'"
        ],
        "as another than its heads tell": [
            f"UPDATE links SET call = '{other}' WHERE kind = 'pruned'",
        ],
        f"run {first}: the end of its chain is missing": [
            "DELETE FROM links WHERE kind = 'pruned'"
        ],
        "something of it is there again": [f"INSERT INTO indexed VALUES ('{first}')"],
    }
    for said, queries in changes.items():

        def change(connection: sqlite3.Connection, queries: list[str] = queries) -> None:
            for query in queries:
                connection.execute(query)

        copy = tampered(Path(str(desk.store)), change, rows=False)
        desk.store, kept = copy, desk.store
        verdict = desk.do("journal", "verify")
        desk.store = kept
        assert verdict.status == 1
        texts = [json.dumps(row) for row in verdict.json["problems"]]
        where, _, what = said.rpartition(": ")
        assert any(what in text and where.removeprefix("run ") in text for text in texts), texts


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_what_verify_has_a_problem_with_is_not_taken(desk: Desk) -> None:
    run = desk.record(*DELETE, "--arg", f"indicators={VALUES[0]}")["run"]
    change = "UPDATE outcomes SET outcome = 'absent'"
    desk.store = tampered(Path(str(desk.store)), lambda connection: connection.execute(change))
    left = pruned(desk, status=1)["left"]
    assert "the row was changed" in left[run]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_runs_from_before_the_journal_go_as_well(desk: Desk) -> None:
    for value in VALUES[:2]:
        desk.record(*DELETE, "--arg", f"indicators={value}")
    as_version_2(Path(str(desk.store)))
    desk.record(*DELETE, "--arg", f"indicators={VALUES[2]}")
    assert desk.do("journal", "verify").json["uncovered_runs"] == 2
    assert pruned(desk)["runs"] == 3
    verdict = desk.do("journal", "verify").json
    assert (verdict["intact"], verdict["uncovered_runs"], verdict["pruned"]) == (True, 0, 3)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_plan_of_a_file_goes_once_it_expired_and_no_run_names_it(desk: Desk) -> None:
    own, desk.store = desk.store, desk.folder / "elsewhere.db"
    out = str(desk.folder / "plan.txt")
    values = f"indicators:={json.dumps(VALUES[:2])}"
    desk.record("run", REMOVE[1], "--input", values, "--dry-run", "--out", out)
    desk.store = own
    applied = desk.record("run", "--plan", out)["run"]
    assert desk.do(*NOW).json["kept"] == {applied: "its plan can still be applied"}
    expire_plan(Path(str(desk.store)), applied)
    assert pruned(desk)["runs"] == 1
    with closing(Database(desk.store)) as database:
        for table in ("plans", "planned", "uses", "sets", "pieces"):
            assert database.rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    desk.expect_intact()
