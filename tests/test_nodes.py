"""Servers that stand in for each other: each gets every removal, and each has its outcomes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.action import Action
from ioc_removal.cli import main
from ioc_removal.connection import Connection
from ioc_removal.errors import ArgumentError, SettingsError, TransportError
from ioc_removal.integration import load_integration
from ioc_removal.loader import read
from ioc_removal.sandbox import Sandbox
from ioc_removal.schema import Schema
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.store.recorder import StoreRecorder
from ioc_removal.store.results import run_summary
from ioc_removal.store.runs import PLAYBOOK, begin_run
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from ioc_removal.trust.terms import Terms
from recorded import Recorded, Reply, Server, reply, serving, unused_address

INTEGRATION = load_integration()
AUTH = {"type": "basic", "username": "soc", "password": "of-the-target"}
VALUES = [f"192.0.2.{number}" for number in range(5)]


def deleted(request: Recorded) -> Reply:
    return reply(201, [{"status": "ok"}]) if request.method == "DELETE" else reply(200, [])


def added(_: Recorded) -> Reply:
    return reply(201, [{"status": "ok"}])


def opened(*nodes: str, **more: Any) -> Connection:
    own = {"system": "cybertrace", "nodes": list(nodes), "auth": AUTH, "api_version": "1.3"}
    settings = settings_from({"connections": {"one": {**own, **more}}}, "test")
    return Connection("one", settings, INTEGRATION.systems["cybertrace"])


def removals(connection: Connection, *, dry_run: bool = False, **more: Any) -> list[dict[str, Any]]:
    action = INTEGRATION.bind("cybertrace-indicators-delete", connection)
    arguments = {"supplier": "InternalTI", "indicators": VALUES, **more}
    performed = perform(action, action.prepare(arguments), NoRecord(), terms=Terms(dry_run=dry_run))
    return [outcome.row() for finished in performed for outcome in finished.outcomes]


def at(rows: list[dict[str, Any]], server: str) -> list[str]:
    return [row["outcome"] for row in rows if row["node"] == server.rpartition("/")[2]]


@pytest.fixture(name="servers")
def _servers() -> Iterator[tuple[Server, Server]]:
    with serving(by=deleted) as first, serving(by=deleted) as second:
        yield first, second


def test_each_node_gets_every_value(servers: tuple[Server, Server]) -> None:
    first, second = servers
    rows = removals(opened(first.url, second.url, limits={"items": 2}))
    assert len(rows) == 2 * len(VALUES)
    for server in servers:
        assert at(rows, server.url) == ["removed"] * len(VALUES)
        sent = [entry["indicator"] for request in server.requests for entry in request.json]
        assert sorted(sent) == sorted(VALUES)
        assert sorted(len(request.json) for request in server.requests) == [1, 2, 2]
    planned = removals(opened(first.url, second.url), dry_run=True)
    assert [row["outcome"] for row in planned] == ["planned"] * 2 * len(VALUES)
    assert {row["node"] for row in planned} == {row["node"] for row in rows}
    assert len(first.requests) == 3


def test_what_is_added_is_added_at_each_node_with_its_own_context() -> None:
    arguments = {
        "supplier": "InternalTI",
        "indicators": VALUES,
        "context": {value: {"place": str(place)} for place, value in enumerate(VALUES)},
    }
    with serving(by=added) as first, serving(by=added) as second:
        connection = opened(first.url, second.url, limits={"items": 2})
        action = INTEGRATION.bind("cybertrace-indicators-add", connection)
        performed = list(perform(action, action.prepare(arguments), NoRecord()))
    rows = [outcome.row() for finished in performed for outcome in finished.outcomes]
    for server in (first, second):
        assert at(rows, server.url) == ["added"] * len(VALUES)
        sent = [entry for request in server.requests for entry in request.json]
        context = {entry["indicator"]: entry["context"] for entry in sent}
        assert context == arguments["context"]
    for finished in performed:
        assert finished.batch.arguments["context"].keys() == set(finished.batch.items)


def test_a_node_that_refuses_is_closed_alone() -> None:
    with serving(by=deleted) as first, serving(by=lambda _: reply(401, {})) as second:
        rows = removals(opened(first.url, second.url, limits={"items": 2}))
    assert at(rows, first.url) == ["removed"] * 5
    assert at(rows, second.url) == ["failed"] * 2 + ["refused"] * 3
    assert len(second.requests) == 1


def test_each_node_has_its_own_version() -> None:
    def older(request: Recorded) -> Reply:
        return deleted(request) if "/api/1.1/" in request.target else reply(404, {})

    with serving(by=deleted) as first, serving(by=older) as second:
        own = {"system": "cybertrace", "nodes": [first.url, second.url], "auth": AUTH}
        settings = settings_from({"connections": {"one": own}}, "test")
        connection = Connection("one", settings, INTEGRATION.systems["cybertrace"])
        assert [node.api_version for node in connection.nodes] == ["1.3", "1.1"]
        rows = removals(connection, supplier="FalsePositive")
        assert {row["outcome"] for row in rows} == {"removed"}
        assert "unmark_detections" in first.requests[-1].json[0]
        assert "unmark_detections" not in second.requests[-1].json[0]
        with pytest.raises(ArgumentError, match="unmark_detections: only for"):
            removals(connection, supplier="FalsePositive", unmark_detections=True)


def test_a_read_asks_the_first_node_that_answers() -> None:
    away = unused_address()
    with serving(by=lambda _: reply(200, [{"name": "InternalTI"}])) as server:
        for nodes in ((away, server.url), (server.url, away)):
            connection = opened(*nodes, total_timeout=0.3)
            action = INTEGRATION.bind("cybertrace-suppliers-list", connection)
            [finished] = perform(action, action.prepare({}), NoRecord())
            assert [row["name"] for row in finished.outputs] == ["InternalTI"]
    assert len(server.requests) == 2
    action = INTEGRATION.bind(
        "cybertrace-suppliers-list", opened(away, unused_address(), total_timeout=0.3)
    )
    with pytest.raises(TransportError):
        list(perform(action, action.prepare({}), NoRecord()))


@pytest.mark.parametrize(
    "twice",
    ["https://a.example/", "https://A.example", "https://a.example:443", "HTTPS://a.example"],
)
def test_the_same_node_twice_is_a_mistake(twice: str) -> None:
    with pytest.raises(SettingsError, match=r"nodes: a\.example is there twice|must look like"):
        opened("https://a.example", twice)


def test_nodes_on_one_host_are_told_apart(servers: tuple[Server, Server]) -> None:
    first, _ = servers
    rows = removals(opened(f"{first.url}/a", f"{first.url}/b/"))
    host = first.url.rpartition("/")[2]
    assert {row["node"] for row in rows} == {f"{host}/a", f"{host}/b"}
    assert len(rows) == 2 * len(VALUES)


def test_a_call_that_stopped_goes_on_at_each_node(
    servers: tuple[Server, Server], tmp_path: Path
) -> None:
    database = Database(tmp_path / "store.db")
    run = begin_run(database, PLAYBOOK, "test", dry_run=False, details={})
    arguments = {"supplier": "InternalTI", "indicators": VALUES}

    def recorder() -> tuple[Action, StoreRecorder]:
        connection = opened(*(server.url for server in servers), limits={"items": 2})
        action = INTEGRATION.bind("cybertrace-indicators-delete", connection)
        return action, StoreRecorder(database, run, "call", action)

    action, before = recorder()
    prepared = action.prepare(arguments)
    before.begin(prepared)
    assert before.plan(prepared) == 6
    assert before.prepared().size == len(VALUES)
    list(perform(action, prepared, before, batches=before.planned(prepared, 0, 3)))
    assert [len(server.requests) for server in servers] == [2, 1]
    action, after = recorder()
    known = after.prepared()
    list(perform(action, known, after, batches=after.planned(known, 0, after.count())))
    for server in servers:
        sent = [entry["indicator"] for request in server.requests for entry in request.json]
        assert sorted(sent) == VALUES
    assert run_summary(database, run).counts == {"removed": 2 * len(VALUES)}
    database.close()


class Rehearsal:
    """Two sandboxes, settings that name both, and the command."""

    def __init__(self, folder: Path, *sandboxes: Sandbox) -> None:
        self.sandboxes, self.folder = sandboxes, folder
        own = sandboxes[0].settings()["connections"]["cybertrace"]
        del own["url"]
        self.own = {**own, "nodes": [one.url for one in sandboxes], "total_timeout": 1}
        self.file = folder / "settings.json"
        self.names = [one.url.rpartition("/")[2] for one in sandboxes]

    def run(self, *options: str) -> int:
        self.file.write_text(json.dumps({"connections": {"one": self.own}}))
        store = str(self.folder / "store.db")
        return main(["--settings", str(self.file), "--store", store, *options])

    def delete(self, *options: str) -> int:
        given = [part for value in self.values for part in ("--arg", f"indicators={value}")]
        call = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI", *given)
        return self.run(*options, *call)

    @property
    def values(self) -> list[str]:
        return ["198.51.100.23", "absent.example.com"]


@pytest.fixture(name="two")
def _two(tmp_path: Path) -> Iterator[Rehearsal]:
    with Sandbox() as first, Sandbox() as second:
        yield Rehearsal(tmp_path, first, second)


def test_the_record_names_the_node(two: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
    assert two.delete("--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert not list(Schema(read("schemas/result.json")).problems(record))
    assert record["result"] == "succeeded"
    assert sum(record["counts"].values()) == 4
    assert [row["node"] for row in record["outcomes"]] == [*[two.names[0]] * 2, *[two.names[1]] * 2]
    told = record["context"]["CyberTrace"]["IndicatorRemoval"]
    assert [row["node"] for row in told] == [row["node"] for row in record["outcomes"]]
    assert two.run("show", record["run"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in two.names)
    assert two.run("test") == 0
    said = capsys.readouterr().out.splitlines()
    assert [any(name in line for line in said) for name in two.names] == [True, True]


def test_nodes_may_hold_different_things(
    two: Rehearsal, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = ["call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI"]
    assert two.delete("--json") == 0
    first = json.loads(capsys.readouterr().out)["outcomes"]
    two.sandboxes[1].reset()
    assert two.run("--json", *alone, "--arg", f"indicators={first[0]['value']}") == 0
    rows = json.loads(capsys.readouterr().out)["outcomes"]
    assert [row["node"] for row in rows] == two.names
    assert rows[0]["outcome"] == "absent"
    assert rows[1]["outcome"] == first[0]["outcome"]


def test_a_node_that_is_down_makes_it_partial(
    two: Rehearsal, capsys: pytest.CaptureFixture[str]
) -> None:
    two.sandboxes[1].stop()
    assert two.delete("--json") == 3
    record = json.loads(capsys.readouterr().out)
    assert record["result"] == "partial"
    down = [row for row in record["outcomes"] if row["node"] == two.names[1]]
    assert [row["outcome"] for row in down] == ["failed"] * 2
    assert two.run("test") == 3
    said = capsys.readouterr().out
    assert f"no connection to http://{two.names[1]}" in said
    assert f"ok, Kaspersky CyberTrace REST API 1.3 at http://{two.names[0]}" in said


def test_a_playbook_goes_to_each_node(two: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("--input", "indicators=192.0.2.10", "--input", "indicators=absent.example.com")
    more = ("--input", "unmark_detections=true")
    two.sandboxes[1].stop()
    assert two.run("--json", "run", "unmark-false-positives", *given, *more) == 3
    record = json.loads(capsys.readouterr().out)
    assert not list(Schema(read("schemas/result.json")).problems(record))
    assert record["result"] == "partial"
    assert [row["node"] for row in record["outcomes"]] == [*[two.names[0]] * 2, *[two.names[1]] * 2]
    assert {row["outcome"] for row in record["outcomes"][2:]} == {"failed"}
