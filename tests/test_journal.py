"""The journal: who did what, when and why; found by indicator, run and time."""

import json
import re
from contextlib import closing

import pytest

from ioc_removal.outcome import Outcome
from ioc_removal.store.database import Database
from ioc_removal.store.journal import add_link
from ioc_removal.store.outcome_rows import insert_rows, rows_of_batch
from ioc_removal.store.runs import begin_run
from journalling import VALUES, Journal, journal, recorded_once

__all__ = ["journal", "recorded_once"]


def test_it_tells_who_did_what_and_why(journal: Journal) -> None:
    row = journal.rows("--indicator", VALUES[3])[0]
    known = {"actor": "alice", "ticket": "INC-7", "why": "benign after triage"}
    assert known.items() <= row.items()
    assert row["action"] == row["name"] == "cybertrace-indicators-delete"
    assert (row["value"], row["outcome"], row["supplier"]) == (VALUES[3], "removed", "InternalTI")
    table = journal("journal", "--indicator", VALUES[3]).splitlines()
    assert table[0].split() == [
        *("when", "run", "who", "action", "target", "indicator", "outcome", "ticket", "why")
    ]
    assert "alice (" in table[1]
    assert table[1].endswith("removed  INC-7   benign after triage")


def test_an_indicator_is_found_however_it_is_written(journal: Journal) -> None:
    for text in ("HOST-0.example.com", "host-0[.]example[.]com", " host-0.example.com. "):
        rows = journal.rows("--indicator", text)
        assert {row["value"] for row in rows} == {VALUES[0]}
        assert len({row["run"] for row in rows}) == 2
    assert journal.rows("--indicator", "host-0.example.co") == []
    assert "nothing in the journal for this" in journal("journal", "--indicator", "other.example")


def test_an_id_is_found_by_the_value_that_it_was_found_for(journal: Journal) -> None:
    rows = journal.rows("--indicator", "192.0.2.10")
    [row] = [row for row in rows if row["action"] == "secmaster-indicators-delete"]
    assert row["found_for"] == ["192.0.2.10"]
    assert row["outcome"] == "removed"
    assert [row["id"]] == [r["id"] for r in journal.rows("--indicator", row["id"])]
    line = next(x for x in journal("journal").splitlines() if "secmaster-indicators-delete" in x)
    assert "192.0.2.10" in line


def test_it_is_found_by_run_and_time_together(journal: Journal) -> None:
    first, second = {row["run"]: row for row in journal.rows()}
    assert {row["run"] for row in journal.rows("--run", first)} == {first}
    assert len(journal.rows("--run", first, "--indicator", VALUES[0])) == 1
    assert journal.rows("--run", second, "--indicator", VALUES[5]) == []
    every = journal.rows()
    assert journal.rows("--since", "7d") == journal.rows("--since", "2024-05-01") == every
    assert journal.rows("--since", "2124-05-01T09:15") == []
    start = next(row["when"] for row in every if row["run"] == second)
    assert {row["run"] for row in journal.rows("--since", start)} == {second}
    assert journal.rows("--since", f"{start[:-1]}+00:00") == journal.rows("--since", start)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--since", "yesterday"], "--since: 'yesterday' is no time"),
        (["--since", "9999999d"], "is no time"),
        (["--run", "nothing"], "there is no run 'nothing'"),
        (["--indicator", " "], "--indicator: it is empty"),
        (["--out", "x"], "--out: goes with --format"),
        (["--format", "xml"], "there is no --format 'xml'"),
        (["--expect", "x"], "--expect: goes with `journal verify`"),
        (["verify", "--since", "7d"], "--since: goes with `journal`"),
        (["verify", "--expect", "x"], "--expect: give the hash"),
        (["verfy"], "there is no `journal verfy`"),
    ],
)
def test_wrong_use_is_told(journal: Journal, words: list[str], told: str) -> None:
    assert told in journal("journal", *words, status=2)


def test_runs_that_have_not_ended_are_found_too(journal: Journal) -> None:
    with closing(Database(journal.store)) as database:
        run = begin_run(database, "call", "cybertrace-indicators-delete", dry_run=False, details={})
        with database.transaction() as connection:
            connection.execute(
                f"INSERT INTO calls VALUES ('{run}', 'call', 'a', 'c', '{{}}', '{{}}', 0, '[]', 0)"
            )
            key, outcome = (run, "call", 0), Outcome("removed", {}, "New.example", attempts=1)
            rows, hashes = rows_of_batch(key, [outcome], database.hashing)
            insert_rows(connection, key, rows)
            add_link(connection, database.hashing, run, "batch", call="call", batch=0, rows=hashes)
    assert [row["run"] for row in journal.rows("--indicator", "new.example")] == [run]


def test_show_and_runs_tell_who_and_why(journal: Journal) -> None:
    run = journal.rows()[0]["run"]
    said = journal("show", run)
    assert re.search(r"^by +alice \(user .+\)$", said, re.MULTILINE)
    assert re.search(r"^ticket +INC-7$", said, re.MULTILINE)
    assert re.search(r"^reason +benign after triage$", said, re.MULTILINE)
    assert "INC-7" in journal("runs")
    [_, first] = json.loads(journal("runs", "--json"))
    assert (first["ticket"], first["reason"]) == ("INC-7", "benign after triage")
