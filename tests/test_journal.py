"""The journal: who did what, when and why; found, exported, and whole after every crash."""

import csv
import io
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from former_store import take_lists_apart
from ioc_removal.cli import main
from ioc_removal.errors import ArgumentError, StoreError
from ioc_removal.operations.export import csv_lines
from ioc_removal.operations.journal import Wanted
from ioc_removal.outcome import Outcome
from ioc_removal.sandbox import Sandbox, default_seed
from ioc_removal.secret import Secret
from ioc_removal.store.database import Database
from ioc_removal.store.journal import add_link, note
from ioc_removal.store.keeping_tables import KEEPING
from ioc_removal.store.listing_tables import LISTING
from ioc_removal.store.outcome_rows import insert_rows, rows_of_batch
from ioc_removal.store.runs import begin_run, end_run
from ioc_removal.store.sharing_tables import LET_THROUGH, SHARING
from ioc_removal.store.sqlite_schema import TRIGGERS
from ioc_removal.store.trust_tables import TRUST
from ioc_removal.store.verification import Verification
from killing import Program, deletions, killed_after
from one_by_one import one_by_one, take_apart

DOCUMENT = Path(__file__).parents[1] / "docs" / "journal.md"
DELETE = ["call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI"]
WHY = ["--actor", "alice", "--ticket", "INC-7", "--reason", "benign after triage"]
VALUES = [f"host-{number}.example.com" for number in range(12)]


class Journal:
    """The command with a store of its own, against a sandbox."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.store, self._capsys = folder, folder / "store.db", capsys

    def __call__(self, *words: str, status: int = 0) -> str:
        options = ["--store", str(self.store), "--settings", str(self.folder / "settings.yml")]
        got = main([*words, *options])
        said = self._capsys.readouterr()
        assert got == status, said.err
        return said.out if status in {0, 1} else said.err

    def rows(self, *words: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self("journal", "--json", *words))
        return rows

    def intact(self) -> bool:
        with closing(Database(self.store)) as database:
            return Verification(database).verify().intact


@pytest.fixture(scope="module")
def recorded_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with settings, and a store with a call and a playbook's run."""
    folder = tmp_path_factory.mktemp("recorded")
    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": [*VALUES, "192.0.2.10"]}
    with Sandbox(seed) as sandbox:
        document = sandbox.settings()
        document["connections"]["cybertrace"]["limits"] = {"items": 5}
        (folder / "settings.yml").write_text(json.dumps(document))
        (folder / "iocs.txt").write_text("\n".join(VALUES))
        options = ["--store", str(folder / "store.db"), "--settings", str(folder / "settings.yml")]
        assert main([*DELETE, "--indicators", str(folder / "iocs.txt"), *WHY, *options]) == 0
        playbook = ["run", "remove-iocs-after-triage", "--input", f"indicators={VALUES[0]}"]
        more = ["--input", "indicators=192.0.2.10", "--ticket", "INC-8"]
        assert main([*playbook, *more, *options]) == 0
        yield folder


@pytest.fixture
def journal(recorded_once: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Journal:
    for name in ("store.db", "settings.yml"):
        shutil.copy(recorded_once / name, tmp_path / name)
    return Journal(tmp_path, capsys)


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


def script(folder: Path) -> Path:
    """Write down the program that the document gives to verify an export."""
    [text] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    path = folder / "verify_export.py"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("key", [None, "a key of the journal"])
@pytest.mark.parametrize("only", ["all", "run", "indicator", "since"])
def test_json_lines_can_be_verified_elsewhere(
    journal: Journal, tmp_path: Path, key: str | None, only: str
) -> None:
    if key:
        document = json.loads((tmp_path / "settings.yml").read_text())
        (tmp_path / "settings.yml").write_text(json.dumps({**document, "journal": {"key": key}}))
        journal.store.unlink()
        journal(*DELETE, "--arg", f"indicators={VALUES[0]}", *WHY)
    run = journal.rows()[0]["run"]
    words = {"all": [], "run": ["--run", run], "indicator": ["--indicator", VALUES[0]],
             "since": ["--since", "1h"]}[only]  # fmt: skip
    out = tmp_path / "journal.jsonl"
    journal("journal", "--format", "jsonl", "--out", str(out), *words)
    verify = [sys.executable, str(script(tmp_path)), str(out), *([key] if key else [])]
    assert subprocess.run(verify, check=True, capture_output=True).stdout.startswith(b"the hashes")
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert {"row"} <= {line["line"] for line in lines} <= {"row", "link", "head"}
    assert out.stat().st_mode & 0o777 == 0o600
    changed = out.read_text().replace('"outcome": "removed"', '"outcome": "absent"', 1)
    if changed != out.read_text():
        out.write_text(changed)
        assert subprocess.run(verify, check=False, capture_output=True).returncode != 0


def test_an_export_never_overwrites_and_leaves_no_half(journal: Journal, tmp_path: Path) -> None:
    out = tmp_path / "journal.csv"
    journal("journal", "--format", "csv", "--out", str(out))
    before = out.read_bytes()
    assert "is there already" in journal("journal", "--format", "csv", "--out", str(out), status=2)
    assert out.read_bytes() == before
    nowhere = str(tmp_path / "no" / "journal.csv")
    assert "cannot be written" in journal("journal", "--format", "csv", "--out", nowhere, status=2)
    with closing(sqlite3.connect(journal.store)) as connection:
        connection.execute("DROP TABLE resolved")
    half = tmp_path / "half.csv"
    journal("journal", "--format", "csv", "--out", str(half), status=3)
    assert not half.exists()


def test_no_cell_of_an_export_is_a_formula(journal: Journal) -> None:
    evil = ["=1+1", "+1", "-1", "@x", "\t=1", "\uff1d1"]
    words = [word for value in (evil[0], VALUES[0]) for word in ("--arg", f"indicators={value}")]
    journal(*DELETE, *words, "--actor", evil[1], "--ticket", evil[3], "--reason", evil[4], status=1)
    text = journal("journal", "--format", "csv")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert {f"'{value}" for value in (evil[0], evil[1], evil[3], evil[4])} <= set(cells)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["value"] == VALUES[0]
    assert rows[0]["target"] == "supplier InternalTI"


def test_exports_are_read_as_they_are_written(journal: Journal) -> None:
    with closing(Database(journal.store)) as database:
        lines = csv_lines(database, Wanted())
        assert next(lines).startswith("when,run,")
        assert VALUES[0] in next(lines)


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


def as_version_2(path: Path) -> None:
    """Turn a store into one of version 2, as it was before the journal."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for kind in ("trigger", "index", "table"):
            made = "\n".join((TRUST, SHARING, LET_THROUGH, LISTING, KEEPING, *TRIGGERS))
            names = re.findall(rf"CREATE (?:UNIQUE )?{kind.upper()} (?:IF NOT EXISTS )?(\w+)", made)
            for name in names:
                connection.execute(f"DROP {kind} {name}")
        take_apart(connection)
        take_lists_apart(connection)
        for column in ("verified", "snapshot", "not_restored", "hash"):
            connection.execute(f"ALTER TABLE outcomes DROP COLUMN {column}")
        connection.execute("ALTER TABLE calls DROP COLUMN assumed")
        connection.execute("ALTER TABLE batches DROP COLUMN at")
        connection.execute("CREATE INDEX runs_started ON runs (started)")
        connection.execute("PRAGMA user_version = 2")


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


@pytest.fixture
def crashing() -> Iterator[Sandbox]:
    from killing import VALUES as MANY

    seed = default_seed()
    seed["cybertrace"]["suppliers"]["InternalTI"] = {"indicators": list(MANY)}
    seed["secmaster"]["workspaces"] = {
        workspace: {"indicators": [{"value": value, "type": "Domain"} for value in MANY]}
        for workspace in list(seed["secmaster"]["workspaces"])[:1]
    }
    with Sandbox(seed) as sandbox:
        sandbox.misbehave(method="DELETE", delay=0.03, times=1_000)
        yield sandbox


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
