"""The pack's commands, run with XSOAR's own library, come to what the command line comes to."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from asking import KNOWN
from ioc_removal.cli import main
from ioc_removal.hosts.folder import write_export
from ioc_removal.hosts.xsoar.export import pack_files
from ioc_removal.hosts.xsoar.pack import integration_id, script_id
from ioc_removal.hosts.xsoar.taken import taken_names
from ioc_removal.integration import load_integration
from ioc_removal.loader import read
from ioc_removal.sandbox import Sandbox
from ioc_removal.schema import Schema
from xsoar_server import ERROR, Server, common_server, common_server_text, rows_of, top_names

INTEGRATION = load_integration()
RESULT = Schema(read("schemas/result.json"))
CASES = yaml.safe_load(
    (Path(__file__).parent / "hosts" / "xsoar_calls.yml").read_text(encoding="utf-8")
)
EXAMPLES = [
    {"title": f"example {number}", "action": name, "args": example, "arguments": example}
    for name, definition in INTEGRATION.definitions.items()
    for number, example in enumerate(definition.schema.part.get("examples", ()))
]
VALUES = ["192.0.2.10", "tux.example.com"]
CREDENTIALS = ("username", "password"), ("access_key", "secret_key")
# What no two runs have in common; calls, when each was made, only a store tells.
OWN = frozenset({"run", "status", "request_id", "calls"})
OWN_ROWS = frozenset({"create_time", "update_time", "timestamp", "trigger_time"})
MADE = "added"  # with an id of its own


@pytest.fixture(scope="session", name="pack")
def _pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    common_server()
    folder = tmp_path_factory.mktemp("xsoar") / "content"
    write_export(folder, "xsoar", pack_files(INTEGRATION))
    return folder / "Packs" / "IOCRemoval"


@pytest.fixture(name="sandboxes")
def _sandboxes() -> Iterator[tuple[Sandbox, Sandbox]]:
    with Sandbox() as one, Sandbox() as other:
        yield one, other


def params_of(connection: Mapping[str, Any]) -> dict[str, Any]:
    """Return an instance's parameters for a connection of the sandbox."""
    auth = connection["auth"]
    [(user, secret)] = [pair for pair in CREDENTIALS if pair[0] in auth]
    params = {
        "url": connection["url"],
        "credentials": {"identifier": auth[user], "password": auth[secret]},
        **connection.get("defaults", {}),
    }
    if "api_version" in connection:
        params["api_version"] = connection["api_version"]
    return params


def server_for(pack: Path, sandbox: Sandbox, changes: Mapping[str, Any] | None = None) -> Server:
    server = Server(pack)
    for system, connection in sandbox.settings()["connections"].items():
        integration = integration_id(INTEGRATION.systems[system].title)
        server.add(system, integration, {**params_of(connection), **(changes or {})})
    return server


def called(
    case: Mapping[str, Any], sandbox: Sandbox, folder: Path, capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    """Return the record of `ioc-removal call`."""
    document = sandbox.settings()
    for connection in document["connections"].values():
        connection.update(case.get("settings", {}))
        for name in [name for name, value in connection.items() if value is None]:
            del connection[name]
    document["guards"] = case.get("guards", {})
    settings, arguments = folder / "settings.yml", folder / "arguments.json"
    settings.write_text(yaml.safe_dump(document), encoding="utf-8")
    arguments.write_text(json.dumps(case["arguments"]), encoding="utf-8")
    main([
        *("call", case["action"], "--args", str(arguments), "--settings", str(settings)),
        *("--store", str(folder / "store.db"), "--json", *case.get("options", ())),
    ])  # fmt: skip
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    return record


def comparable(value: Any) -> Any:
    """Return a record without what is of each run."""
    if isinstance(value, list):
        return [comparable(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    own = {*OWN, *OWN_ROWS, *(["id"] if value.get("outcome") == MADE else [])}
    return {k: comparable(v) for k, v in value.items() if k not in own}


def held(sandbox: Sandbox, *, new: bool) -> Any:
    """Return what the systems hold; new: without ids, as what is new has one of its own."""
    state = comparable(sandbox.state())
    return json.loads(json.dumps(state), object_hook=_without_id) if new else state


def _without_id(value: dict[str, Any]) -> dict[str, Any]:
    return {name: entry for name, entry in value.items() if name != "id"}


def without_address(value: Any, sandbox: Sandbox) -> Any:
    port = sandbox.url.rpartition(":")[2]
    return json.loads(json.dumps(value).replace(f"127.0.0.1:{port}", "127.0.0.1:port"))


def asked(sandbox: Sandbox) -> list[tuple[str, str, Any]]:
    return [(row["method"], row["target"], row["status"]) for row in sandbox.requests]


@pytest.mark.parametrize("case", CASES + EXAMPLES, ids=lambda c: f"{c['action']}: {c['title']}")
def test_a_command_comes_to_what_the_command_line_comes_to(
    case: dict[str, Any],
    pack: Path,
    sandboxes: tuple[Sandbox, Sandbox],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ours, theirs = sandboxes
    for sandbox in sandboxes:
        for fault in case.get("faults", ()):
            sandbox.misbehave(**fault)
    definition = INTEGRATION.definitions[case["action"]]
    local = definition.system == "local"
    name = script_id(case["action"]) if local else case["action"]
    server = server_for(pack, theirs, case.get("params"))
    if not local:  # only this one may be asked
        server.instances = {definition.system: server.instances[definition.system]}
    entries = server.execute(name, case["args"])
    record = called(case, ours, tmp_path, capsys)
    wanted = without_address(comparable(record), ours)
    failed = [entry for entry in entries if entry["Type"] == ERROR]
    assert bool(failed) == (record["result"] != "succeeded")
    if "done" in case:
        assert bool(failed) != case["done"]
    for entry in failed:
        assert isinstance(entry["Contents"], str)
        assert "\n" not in entry["Contents"]
    if entries == failed:  # nothing can be told of indicators
        told = "; ".join(error["message"] for error in wanted["errors"])
        assert without_address(failed[0]["Contents"], theirs) == told
        assert not record.get("outcomes")
    else:
        got = entries[0]["Contents"]
        assert not list(RESULT.problems(got))
        assert without_address(comparable(got), theirs) == wanted
        kept = [{k: v for k, v in row.items() if k != "instance"} for row in rows_of(entries)]
        rows = record.get("outcomes", record.get("outputs", []))
        assert len(kept) == len(rows)
        undone = [r for r in rows if r.get("outcome") in {"failed", "unknown", "refused"}]
        assert len(rows_of(failed)) == len(undone)
    assert asked(ours) == asked(theirs)
    new = definition.does == "adds"
    assert held(ours, new=new) == held(theirs, new=new)


def test_the_names_that_common_server_python_takes_are_known() -> None:
    names = top_names(common_server_text())
    found = {**dict.fromkeys(names.defined, ""), **names.bound}
    assert found == dict(taken_names())


@pytest.mark.parametrize("system", ["cybertrace", "secmaster", "waf"])
def test_an_instance_is_tested(system: str, pack: Path, sandboxes: tuple[Sandbox, Sandbox]) -> None:
    sandbox, _ = sandboxes
    server = server_for(pack, sandbox)
    assert server.on(system, "test-module", {}) == [{"Type": 1, "Contents": "ok"}]
    assert {row["method"] for row in sandbox.requests} <= {"GET", "POST"}
    server.instances[system][1]["credentials"]["password"] = "wrong"
    [entry] = server.on(system, "test-module", {})
    assert entry["Type"] == ERROR
    assert "\n" not in entry["Contents"]
    assert "wrong" not in entry["Contents"].split()


def test_a_test_says_what_is_missing(pack: Path, sandboxes: tuple[Sandbox, Sandbox]) -> None:
    server = server_for(pack, sandboxes[0], {"workspace_id": ""})
    [entry] = server.on("secmaster", "test-module", {})
    assert entry["Contents"] == "'workspace_id' is missing; set it in the instance"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"credentials": {}}, "fill in the credentials"),
        ({"url": "cybertrace.example"}, "must look like https://HOST"),
        ({"read_timeout": "soon"}, "the instance: read_timeout: 'soon' is not of type number"),
        ({"read_timeout": "nan"}, "the instance: read_timeout: 'nan' is not of type number"),
        ({"authentication": "guess"}, "the instance: authentication: 'guess' is not one of basic"),
        ({"retries": "9"}, "retries"),
        ({"proxy": "perhaps"}, "the instance: proxy: 'perhaps' is not true or false"),
        ({"protected": "192.0.2.1/24"}, "guards.protected"),
        ({"snapshot": "never"}, "guards.snapshot"),
        ({"disabled": ["empty"]}, "guards.disabled"),
        ({"stop_after_percent": "200"}, "guards.stop_after.percent"),
        ({"nodes": "https://one.example\nhttps://one.example"}, "nodes"),
        ({"tenant": ".."}, "tenant"),
    ],
)
def test_a_wrong_parameter_is_named_and_nothing_is_sent(
    changes: dict[str, Any], told: str, pack: Path, sandboxes: tuple[Sandbox, Sandbox]
) -> None:
    sandbox, _ = sandboxes
    server = server_for(pack, sandbox, changes)
    args = {"supplier": "InternalTI", "indicators": "192.0.2.10"}
    [entry] = server.on("cybertrace", "cybertrace-indicators-delete", args)
    assert entry["Type"] == ERROR
    assert told in entry["Contents"]
    assert "\n" not in entry["Contents"]
    assert not sandbox.requests


def test_a_command_that_is_not_there_is_refused(
    pack: Path, sandboxes: tuple[Sandbox, Sandbox]
) -> None:
    [entry] = server_for(pack, sandboxes[0]).on("waf", "cybertrace-indicators-delete", {})
    assert entry["Contents"] == "Command cybertrace-indicators-delete is not implemented."


def test_each_server_of_an_instance_and_each_instance_has_its_rows(
    pack: Path, sandboxes: tuple[Sandbox, Sandbox]
) -> None:
    one, other = sandboxes
    server = server_for(pack, one, {"nodes": other.url})
    server.instances = {"both": server.instances["cybertrace"]}
    server.add(
        "alone", "KasperskyCyberTrace", params_of(one.settings()["connections"]["cybertrace"])
    )
    args = {"supplier": "InternalTI", "indicators": "192.0.2.10,tux.example.com"}
    server.execute("cybertrace-indicators-delete", args)
    rows = server.context["CyberTrace"]["IndicatorRemoval"]
    places = [(row["instance"], row.get("node"), row["value"], row["outcome"]) for row in rows]
    hosts = [sandbox.url.removeprefix("http://") for sandbox in sandboxes]
    assert sorted(places, key=str) == sorted(
        [
            *(("both", host, value, "removed") for host in hosts for value in VALUES),
            *(("alone", None, value, "absent") for value in VALUES),
        ],
        key=str,
    )


def test_what_was_removed_stays_in_the_context_when_it_is_asked_for_again(
    pack: Path, sandboxes: tuple[Sandbox, Sandbox]
) -> None:
    server = server_for(pack, sandboxes[0])
    for more in ({"dry_run": "true"}, {}, {}):
        server.execute("secmaster-indicators-delete", {"batch_ids": KNOWN, **more})
    rows = server.context["SecMaster"]["IndicatorRemoval"]
    assert [row["outcome"] for row in rows] == ["planned", "removed", "absent"]
    assert rows[1]["snapshot"]["id"] == KNOWN


def test_the_history_of_each_indicator_tells_what_was_done(
    pack: Path, sandboxes: tuple[Sandbox, Sandbox]
) -> None:
    args = {"supplier": "InternalTI", "indicators": "192.0.2.10,tux.example.com,nowhere.example"}
    [entry] = server_for(pack, sandboxes[0]).on("cybertrace", "cybertrace-indicators-delete", args)
    assert [row["Value"] for row in entry["IndicatorTimeline"]] == VALUES
    assert all("removed: InternalTI, Kaspersky" in r["Message"] for r in entry["IndicatorTimeline"])
    assert entry["IgnoreAutoExtract"]
    assert "| 192.0.2.10 | InternalTI | removed |" in entry["HumanReadable"]


def test_a_token_of_iam_is_kept_for_the_next_command(
    pack: Path, sandboxes: tuple[Sandbox, Sandbox]
) -> None:
    sandbox, _ = sandboxes
    connection = sandbox.settings("iam_password")
    auth = connection["credentials"]["huawei"]
    server = Server(pack)
    server.add(
        "secmaster",
        "HuaweiCloudSecMaster",
        {
            "url": sandbox.url,
            "authentication": "iam_password",
            "credentials": {"identifier": auth["username"], "password": auth["password"]},
            **{name: auth[name] for name in ("domain", "project", "iam_url")},
            **connection["connections"]["secmaster"]["defaults"],
        },
    )
    for _ in range(3):
        [entry] = server.execute("secmaster-indicators-search", {"values": "malware.example"})
        assert entry["Type"] != ERROR
    logins = [row for row in sandbox.requests if row["target"].startswith("/v3/auth/tokens")]
    assert len(logins) == 1
    assert auth["password"] not in json.dumps(server.kept)
    assert auth["password"] not in json.dumps(server.context)


def test_a_false_positive_that_is_unmarked_is_gone_and_so_are_its_marks(
    pack: Path, sandboxes: tuple[Sandbox, Sandbox], tmp_path: Path, capsys: Any
) -> None:
    ours, theirs = sandboxes
    arguments = {"indicators": ["192.0.2.53", "intranet.example.com"], "unmark_detections": True}
    action = "cybertrace-false-positives-unmark"
    case = {"action": action, "arguments": arguments}
    server_for(pack, theirs).execute(action, {
        "indicators": ["192.0.2.53", "intranet.example.com"], "unmark_detections": "true",
    })  # fmt: skip
    called(case, ours, tmp_path, capsys)
    state = theirs.state()["cybertrace"]
    assert state == ours.state()["cybertrace"]
    assert "192.0.2.53" not in json.dumps(state["suppliers"]["FalsePositive"])
