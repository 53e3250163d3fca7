"""Whatever goes wrong, each indicator has one outcome a target, and nothing is claimed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.connection import Connection
from ioc_removal.errors import SettingsError, StoreError
from ioc_removal.integration import load_integration
from ioc_removal.operations.call import call_action
from ioc_removal.operations.resume import resume_run
from ioc_removal.operations.run import run_playbook
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.location import Location
from ioc_removal.store.recorder import StoreRecorder
from ioc_removal.store.runs import INTERRUPTED, begin_run, end_run, get_run
from ioc_removal.store.sets import by_reference, by_value, write_set
from ioc_removal.trust.perform import perform
from stores import long_ago

INTEGRATION = load_integration()
DELETE = "cybertrace-indicators-delete"
IOCS = ["192.0.2.10", "malware.example", "203.0.113.7", "nowhere.example"]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def database(store: Location) -> Iterator[Database]:
    database = Database(store)
    yield database
    database.close()


def action(sandbox: Sandbox, **changes: Any) -> Any:
    document = sandbox.settings()
    # total_timeout: as long a shared store waits for a request that may be in flight
    usual = {"limits": {"items": 1}, "total_timeout": 1}
    document["connections"]["cybertrace"].update(usual, **changes)
    settings = settings_from(document, "the sandbox")
    connection = Connection("cybertrace", settings, INTEGRATION.systems["cybertrace"])
    return INTEGRATION.bind(DELETE, connection)


def by_value_of(record: dict[str, Any]) -> dict[str, str]:
    return {row["value"]: row["outcome"] for row in record["outcomes"]}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"url": "http://127.0.0.1:9", "retries": 0}, "no connection"), ({"auth": "wrong"}, "401")],
)
def test_a_batch_that_may_have_been_sent_before_is_not_called_unsent(
    sandbox: Sandbox, database: Database, changes: dict[str, Any], reason: str
) -> None:
    if changes.get("auth"):
        changes = {"auth": {"type": "basic", "username": "sandbox-operator", "password": "wrong"}}
    bound = action(sandbox, **changes)
    prepared = bound.prepare({"supplier": "InternalTI", "indicators": ["192.0.2.10"]})
    run = begin_run(database, "call", DELETE, dry_run=False, details={})
    batch = next(iter(prepared))
    for repeated in (False, True):  # the first process dies after its intent
        recorder = StoreRecorder(database, run, "call", bound)
        recorder.begin(prepared)
        assert recorder.known(batch).repeated is repeated
        recorder.intent(batch, {})
    long_ago(database)
    [finished] = perform(bound, prepared, recorder)
    [outcome] = finished.outcomes
    assert outcome.outcome == "unknown"
    assert reason in str(outcome.reason)


def test_an_interrupted_run_has_no_result_yet(database: Database) -> None:
    run = begin_run(database, "playbook", "p", dry_run=False, details={})
    end_run(database, run, None, INTERRUPTED)
    assert (get_run(database, run).status, get_run(database, run).result) == (INTERRUPTED, None)


def test_a_run_goes_on_with_the_systems_it_began_on(sandbox: Sandbox, database: Database) -> None:
    settings = settings_from(sandbox.settings(), "the sandbox")
    record, _ = run_playbook(
        database, INTEGRATION, settings, "unmark-false-positives", {"indicators": IOCS}
    )
    end_run(database, record["run"], None, INTERRUPTED)
    with Sandbox() as other:
        elsewhere = settings_from(other.settings(), "another sandbox")
        with pytest.raises(SettingsError, match=r"was begun on http://127\.0\.0\.1"):
            resume_run(database, INTEGRATION, elsewhere, record["run"])


@pytest.mark.parametrize(
    "data", [{"$set": ["a", "b"]}, {"$set": 1, "more": 2}, {"$data": {"$set": ["r", "s"]}}, {}]
)
def test_data_is_never_taken_for_a_reference(database: Database, data: dict[str, Any]) -> None:
    assert by_value(database, by_reference({"given": [data]})) == {"given": [data]}


def test_a_set_is_passed_by_reference(database: Database) -> None:
    stored = write_set(database, "run", "name", ["a", "b"])
    assert by_value(database, by_reference({"given": stored})) == {"given": stored}


def test_a_failed_statement_leaves_the_store_usable(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO runs VALUES (1)")

    with pytest.raises(StoreError, match=r"the store .* cannot be used"):
        fail()
    begin_run(database, "call", DELETE, dry_run=False, details={})


def test_two_spellings_of_one_indicator_are_two_lines(sandbox: Sandbox, database: Database) -> None:
    settings = settings_from(sandbox.settings(), "the sandbox")
    iocs = ["malware.example", "MALWARE.example"]
    record, _ = run_playbook(
        database, INTEGRATION, settings, "remove-iocs-after-triage", {"indicators": iocs}
    )
    assert sum(record["counts"].values()) == 2 * len(iocs)
    there = {line["value"] for line in record["output"]["report"] if "workspace" in line["target"]}
    assert there == set(iocs)


CHILD = """
version: 1.0
description: Needs an input.
input: [needed]
tasks:
  nothing:
    action: core.noop
"""
PARENT = """
version: 1.0
description: Forgets it.
tasks:
  child:
    action: ioc_removal.child
    input: {need: 1}
"""


def test_a_sub_playbook_with_wrong_inputs_fails_its_run(
    sandbox: Sandbox, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "child.yml").write_text(CHILD)
    (tmp_path / "parent.yml").write_text(PARENT)
    settings = settings_from(sandbox.settings(), "the sandbox")
    record, _ = run_playbook(database, INTEGRATION, settings, str(tmp_path / "parent.yml"), {})
    assert "there is no input 'need'" in record["errors"][0]["message"]
    assert (record["status"], record["result"]) == ("ended", "failed")


def test_a_search_keeps_what_it_found_also_when_a_value_has_no_id(
    sandbox: Sandbox, database: Database
) -> None:
    settings = settings_from(sandbox.settings(), "the sandbox")
    connection = Connection("secmaster", settings, INTEGRATION.systems["secmaster"])
    search = INTEGRATION.bind("secmaster-indicators-search", connection)
    values = ["malware.example", "nowhere.example"]
    record, _ = call_action(database, search, {"values": values})
    assert {row["value"]: "id" in row for row in record["outputs"]} == {
        "malware.example": True,
        "nowhere.example": False,
    }
    assert record["counts"] == {"absent": 1}
