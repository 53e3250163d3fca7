"""Runs are found among any number of them, by how they stand, by name, person and time."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ioc_removal.cli import main
from ioc_removal.operations.history import resumable
from ioc_removal.playbooks.asking import USUAL
from ioc_removal.store.approvals import put_ask
from ioc_removal.store.database import Database
from ioc_removal.store.lease import lease
from ioc_removal.store.location import Location
from ioc_removal.store.run_list import STATES, RunsWanted, find_runs
from ioc_removal.store.runs import (
    CALL,
    INTERRUPTED,
    PLAYBOOK,
    WAITING,
    Requester,
    begin_run,
    end_run,
    set_status,
)

MANY = 1_500
QUESTION = {"text": "May it?", "users": [], "schema": USUAL, "approvers": ["carla"]}


@pytest.fixture
def database(store: Location) -> Iterator[Database]:
    database = Database(store)
    yield database
    database.close()


def begun(
    database: Database, name: str = "a playbook", kind: str = PLAYBOOK, by: str = "anna"
) -> str:
    requester = Requester(by, "root")
    return begin_run(database, kind, name, dry_run=False, details={}, requester=requester)


def many_ended(database: Database, since: str) -> None:
    """Put many runs that ended between the others, each of them newer."""
    rows = ((f"9{number:05}", f"{since[:-4]}{number % 1000:03}Z") for number in range(MANY))
    with database.transaction() as transaction:
        transaction.executemany(
            "INSERT INTO runs VALUES (?, 'playbook', 'filler', 'ended', 'succeeded', 'bob', 0, ?,"
            " NULL, '{}')",
            rows,
        )


def test_each_word_finds_its_runs_behind_any_number_of_others(database: Database) -> None:
    runs = {state: begun(database) for state in ("stopped", "running", "waiting", "interrupted")}
    for result in ("succeeded", "partial", "failed"):
        runs[result] = begun(database)
        end_run(database, runs[result], result)
    call = begun(database, "an action", CALL, by="carla")
    set_status(database, runs["waiting"], WAITING)
    put_ask(database, runs["waiting"], "ask", QUESTION, plan=None, wait=timedelta(hours=1))
    end_run(database, runs["interrupted"], None, INTERRUPTED)
    many_ended(database, "2999-01-01T00:00:00.000Z")
    with lease(database, runs["running"]):
        for state, run in runs.items():
            found = find_runs(database, RunsWanted((state,), requester="anna"), 10)
            assert [(one.run, stands) for one, stands in found] == [(run, state)]
        ended = find_runs(database, RunsWanted(("ended",)), 2 * MANY)
        assert len(ended) == MANY + 3
        alive = find_runs(database, RunsWanted(("running", "interrupted", "stopped")), 10)
        both = {runs["running"], runs["interrupted"], runs["stopped"], call}
        assert {one.run for one, _ in alive} == both
        moments = [one.started for one, _ in alive]
        assert moments == sorted(moments, reverse=True)
        assert {one.run for one in resumable(database)} == {runs["stopped"], runs["interrupted"]}
    [(only, _)] = find_runs(database, RunsWanted(name="an action", requester="carla"), 10)
    assert only.run == call
    since = find_runs(database, RunsWanted(since="2999-01-01T00:00:00.990Z"), 100)
    assert {one.started[-4:-1] for one, _ in since} == {str(number) for number in range(990, 1000)}
    until = find_runs(database, RunsWanted(until="2999-01-01T00:00:00.000Z"), 2 * MANY)
    assert {one.run for one, _ in until} == {*runs.values(), call}


def test_the_command_filters_and_says_what_was_meant(
    database: Database, store: Location, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*words: str, status: int = 0) -> str:
        assert main(["runs", "--store", str(store), *words]) == status
        return "".join(capsys.readouterr())

    for name in ("remove-iocs-after-triage", "waf-policies-list", "remove-iocs-after-triage"):
        end_run(database, begun(database, name), "failed")
    undo = begun(database, (first := begun(database)), "undo")
    rows = json.loads(said("--status", "failed", "--playbook", "waf-policies-list", "--json"))
    assert [(row["name"], row["state"]) for row in rows] == [("waf-policies-list", "failed")]
    [row] = json.loads(said("--playbook", first[:-1], "--json"))
    assert (row["run"], row["state"]) == (undo, "stopped")
    assert "… and more, which --limit 20 shows" in said("--limit", "2", "--since", "1h")
    today = row["started"][:10]
    assert undo in said("--since", today, "--until", today)
    assert "did you mean 'waf-policies-list'?" in said("--playbook", "waf-policy-list")
    assert said("--requester", "nobody") == "no runs like this\n"
    assert "there is no --status 'fialed'; did you mean 'failed'?" in said(
        "--status", "fialed", status=2
    )
    assert f"(there is: {', '.join(STATES)})" in said("--status", "xyz", status=2)
    assert "--until: 'soon' is no time: write 2024-05-01" in said("--until", "soon", status=2)
    assert "nothing is from" in said("--since", "1h", "--until", "2h", status=2)
