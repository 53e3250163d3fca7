"""A full disk stops a run, and loses nothing: with space it goes on, and every number adds up."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from ioc_removal.connection import Connection
from ioc_removal.errors import StoreError
from ioc_removal.integration import load_integration
from ioc_removal.operations.call import call_action
from ioc_removal.operations.resume import resume_run
from ioc_removal.operations.run import run_playbook
from ioc_removal.outcome import exit_status
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import Settings, settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.engine_place import SCHEMA
from ioc_removal.store.location import Location, Server
from killing import Program, deletions, expect_all_gone, sandbox

__all__ = ["sandbox"]
INTEGRATION = load_integration()
IOCS = ["192.0.2.10", "malware.example", "203.0.113.7", "nowhere.example"]
AT_A_BAD_TIME = "NEW.batch = 2 AND NEW.http_status IS NOT NULL"  # of the answer about 203.0.113.7


@pytest.fixture
def database(store: Location) -> Iterator[Database]:
    database = Database(store)
    yield database
    database.close()


@pytest.fixture
def small() -> Iterator[Sandbox]:
    with Sandbox() as small:
        yield small


def settings_of(small: Sandbox) -> Settings:
    document = small.settings()
    # total_timeout: as long a shared store waits for a request that may be in flight
    document["connections"]["cybertrace"].update(limits={"items": 1}, total_timeout=1)
    return settings_from(document, "the sandbox")


class Full:
    """The database's own refusal of some rows; of DBOS's tables, when engine is true."""

    def __init__(self, database: Database, table: str, when: str, *, engine: bool = False) -> None:
        self.server = isinstance(database.location, Server)
        self.connection = database.session()
        if engine and not self.server:
            file = f"{database.location}.engine"
            self.connection.execute(f"ATTACH '{file}' AS {SCHEMA}")
        schema = SCHEMA if engine else "ioc_removal" if self.server else "main"
        self.on = f"{schema}.{table}" if self.server else table
        self.trigger = "no_space" if self.server else f"{schema}.no_space"
        self.code = "raise_exception" if engine else "disk_full"  # for which DBOS itself waits
        self.when = when

    def fill(self) -> None:
        if self.server:
            self.does(
                "CREATE OR REPLACE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS"
                f" 'BEGIN RAISE {self.code} USING MESSAGE = ''database or disk is full''; END'"
            )
            does = f"FOR EACH ROW WHEN ({self.when}) EXECUTE FUNCTION no_space()"
        else:
            does = f"WHEN {self.when} BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        self.does(f"CREATE TRIGGER {self.trigger} BEFORE INSERT ON {self.on} {does}")

    def free(self) -> None:
        self.does(f"DROP TRIGGER {self.trigger}" + (f" ON {self.on}" if self.server else ""))
        self.connection.close()

    def does(self, statement: str) -> None:
        self.connection.execute(statement)
        self.connection.commit()


def test_a_call_leaves_unknown_what_was_sent(small: Sandbox, database: Database) -> None:
    full = Full(database, "alike", AT_A_BAD_TIME)
    full.fill()
    settings = settings_of(small)
    connection = Connection("cybertrace", settings, INTEGRATION.systems["cybertrace"])
    action = INTEGRATION.bind("cybertrace-indicators-delete", connection)
    arguments = {"supplier": "InternalTI", "indicators": IOCS}
    record, summary = call_action(database, action, arguments)
    outcomes = {row["value"]: row["outcome"] for row in record["outcomes"]}
    assert outcomes.keys() == set(IOCS)
    assert (outcomes["203.0.113.7"], outcomes["192.0.2.10"]) == ("unknown", "removed")
    assert "disk is full" in record["errors"][0]["message"]
    assert exit_status(summary, [error["error"] for error in record["errors"]]) == 3
    full.free()


@pytest.mark.parametrize(
    ("table", "when", "engine"),
    [
        ("alike", AT_A_BAD_TIME, False),
        ("operation_outputs", "NEW.function_name LIKE '%: batches'", True),
        ("operation_outputs", "NEW.function_name LIKE '%: prepare'", True),
    ],
)
def test_a_playbook_stops_and_goes_on_later(
    small: Sandbox, database: Database, table: str, when: str, engine: bool
) -> None:
    settings = settings_of(small)
    run_playbook(database, INTEGRATION, settings, "unmark-false-positives", {"indicators": IOCS})
    full = Full(database, table, when, engine=engine)
    full.fill()
    begun: list[str] = []
    given = {"indicators": IOCS}
    with pytest.raises(
        StoreError, match=r"the store .* cannot be used: .*disk is full.*free space"
    ):
        run_playbook(
            database, INTEGRATION, settings, "remove-iocs-after-triage", given, began=begun.append
        )
    full.free()
    record, _ = resume_run(database, INTEGRATION, settings, begun[0])
    assert sum(record["counts"].values()) == 2 * len(IOCS)
    assert record["counts"].keys() == {"removed", "absent"}
    ours = [row["value"] for row in record["outcomes"] if row.get("maybe_ours")]
    assert ours == (["203.0.113.7"] if table == "alike" else [])  # all else was kept in time
    assert (record["status"], record["result"], record["errors"]) == ("ended", "succeeded", [])


@pytest.mark.parametrize("room", [60_000, 160_000])  # bytes; where it ends, chance decides
def test_the_system_lets_no_file_grow(sandbox: Sandbox, tmp_path: Path, room: int) -> None:
    program = Program(sandbox, tmp_path)
    words = ("run", "remove-iocs-after-triage", "--indicators", "iocs.txt")
    program.done(*words, "--dry-run")
    largest = max(path.stat().st_size for path in tmp_path.glob("store.db*"))
    process = program.start(*words)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest + room,) * 2)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 3, said
    assert f"the store {program.store} cannot be used" in said
    assert "internal error" not in said
    finished, seen = program.finished(), len(deletions(sandbox))
    record = program.done("resume")
    assert finished.isdisjoint(deletions(sandbox)[seen:])
    expect_all_gone(sandbox, record)
