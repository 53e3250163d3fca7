"""The exported StackStorm pack, with nothing else of the plugin: what its actions do and tell."""

import json
import subprocess
import sys
from collections.abc import Mapping
from os import environ
from pathlib import Path
from typing import Any

import pytest

from asking import sandbox
from ioc_removal.cli import main
from ioc_removal.hosts.stackstorm.inside.configuration import MOST
from ioc_removal.sandbox import Sandbox
from ioc_removal.store.location import Location, Server
from stackstorm.compare import config_of

__all__ = ["sandbox"]
# Reads [name, parameters, config] a line, from the pack's own library alone.
RUN = """
import json, sys
import ioc_removal
from ioc_removal.hosts.stackstorm.inside.performed import performed
assert ioc_removal.__file__.startswith(sys.argv[1]), ioc_removal.__file__
for line in sys.stdin:
    print(json.dumps(performed(*json.loads(line))))
"""
# As StackStorm starts the entry point, whose Action the folder in the last place has.
ENTER = """
import json, sys
from types import SimpleNamespace
from perform import Perform
name, parameters, config = json.load(sys.stdin)
service = SimpleNamespace(_action_wrapper=SimpleNamespace(_user="ann"))
print(json.dumps(Perform(config, service).run(name, **parameters)))
"""
ACTION = """
class Action:
    def __init__(self, config=None, action_service=None):
        self.config, self.action_service = config, action_service
"""


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs") / "ioc_removal"
    assert main(["export", "stackstorm", "--out", str(folder)]) == 0
    return folder


def performed(
    pack: Path, *calls: tuple[str, Mapping[str, Any], Mapping[str, Any]]
) -> list[tuple[bool, dict[str, Any]]]:
    """Perform calls with nothing of the plugin but what the pack carries."""
    lib = str(pack / "actions" / "lib")
    done = subprocess.run(
        [sys.executable, "-c", RUN, lib],
        input="".join(json.dumps(call) + "\n" for call in calls),
        env={**environ, "PYTHONPATH": lib},
        cwd=pack,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def test_the_pack_alone_removes_and_tells_what_became_of_each(pack: Path, sandbox: Sandbox) -> None:
    config = config_of(sandbox.settings())
    delete = "cybertrace-indicators-delete"
    given = {"supplier": "InternalTI", "indicators": ["192.0.2.10", "192.0.2.99"]}
    dry, done, partly, rows, found = performed(
        pack,
        (delete, {**given, "dry_run": True}, config),
        (delete, {**given, "connection": None, "override": None}, config),
        (delete, {**given, "indicators": ["tux.example.com", "co.uk"]}, config),
        ("cybertrace-suppliers-list", {}, config),
        ("secmaster-indicators-search", {"values": ["192.0.2.10"]}, config),
    )
    assert (dry[0], dry[1]["counts"]) == (True, {"planned": 2})
    assert (done[0], done[1]["counts"]) == (True, {"removed": 1, "absent": 1})
    assert (partly[0], partly[1]["result"]) == (False, "partial")
    assert [row["outcome"] for row in partly[1]["outcomes"]] == ["removed", "refused"]
    assert rows[0]
    assert rows[1]["outputs"][0]["name"] == "InternalTI"
    assert found[1]["outputs"][0]["id"]
    assert "context" not in done[1]
    held = sandbox.state()["cybertrace"]["suppliers"]["InternalTI"]
    assert "192.0.2.10" not in json.dumps(held)


def test_a_read_that_knows_nothing_succeeds_with_what_it_knows(
    pack: Path, sandbox: Sandbox
) -> None:
    sandbox.misbehave(system="secmaster", status=403, times=20)
    call = (
        "secmaster-indicators-search",
        {"values": ["192.0.2.10"]},
        config_of(sandbox.settings()),
    )
    [(succeeded, record)] = performed(pack, call)
    assert succeeded
    assert [row["outcome"] for row in record["outputs"]] == ["unknown"]
    assert (record["result"], record["counts"]) == ("succeeded", {"unknown": 1})


def test_what_is_refused_is_told_in_one_line_and_nothing_is_sent(
    pack: Path, sandbox: Sandbox
) -> None:
    config = config_of(sandbox.settings())
    secret = config["credentials"]["secmaster"]["secret_key"]
    twice = {**config["connections"], "other": config["connections"]["cybertrace"]}
    several = {**config, "connections": twice}
    delete, given = "cybertrace-indicators-delete", {"supplier": "InternalTI"}
    many = [f"a{number}.example.com" for number in range(MOST + 1)]
    calls: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
        (delete, {**given, "indicators": many}, config,
         "indicators: 10,001 are given, and 10,000 are the most of one call: give them in parts, "
         "or raise guards.max_per_call in the pack's config"),
        (delete, {**given, "indicators": [f"{secret}.example.com"]}, config,
         "indicators: it holds a secret of the pack's config; StackStorm evaluates {{ }} in "
         "inputs"),
        (delete, {**given, "indicators": ["a.example.com"]}, several,
         "cybertrace has several connections: name one of cybertrace, other by the input "
         "connection, or in chosen.cybertrace of the pack's config"),
        (delete, {**given, "indicators": ["a.example.com"], "connection": "nosuch"}, config,
         "there is no cybertrace connection 'nosuch' (there is: cybertrace)"),
        ("waf-policies-list", {}, {}, "there is no connection to waf: add it to the pack's config"),
        (delete, {**given, "indicators": []}, config,
         "indicators: must not be empty"),
        ("run-refuse", {"reason": "not today"}, {}, "not today"),
    ]  # fmt: skip
    results = performed(pack, *(call[:3] for call in calls))
    for (succeeded, record), (*_, line) in zip(results, calls, strict=True):
        assert not succeeded
        assert record["result"] == "failed"
        [error] = record["errors"]
        assert error["message"] == line
        assert secret not in json.dumps(record)
    assert sandbox.requests == []
    chosen = {**several, "chosen": {"cybertrace": "other"}}
    asked = (delete, {**given, "indicators": ["192.0.2.10"], "connection": "other"}, several)
    plain = (delete, {**given, "indicators": ["malware.example"]}, chosen)
    assert [succeeded for succeeded, _ in performed(pack, asked, plain)] == [True, True]


def test_an_unforeseen_error_is_one_line_without_what_may_be_secret(pack: Path) -> None:
    [(succeeded, record)] = performed(pack, ("waf-policies-list", {}, {"connections": 7}))
    assert not succeeded
    assert "\n" not in record["errors"][0]["message"]


def entered(pack: Path, folder: Path, execution: str, *call: Any) -> tuple[bool, dict[str, Any]]:
    """Perform a call by the pack's entry point, in a process of its own."""
    runners = folder / "st2common" / "runners"
    runners.mkdir(parents=True, exist_ok=True)
    (runners / "base_action.py").write_text(ACTION)
    paths = (pack / "actions" / "lib", pack / "actions", folder)
    known = {"PYTHONPATH": ":".join(map(str, paths)), "ST2_ACTION_EXECUTION_ID": execution}
    done = subprocess.run(
        [sys.executable, "-c", ENTER],
        input=json.dumps(call),
        env={**environ, **known},
        cwd=pack,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    succeeded, record = json.loads(done.stdout)
    return succeeded, record


def test_with_a_store_an_action_is_a_run_that_is_journaled_counted_and_undone(
    pack: Path,
    sandbox: Sandbox,
    store: Location,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    where = store.url.reveal() if isinstance(store, Server) else str(store)
    monkeypatch.setenv("STORE_OF_THE_PACK", where)
    key = {"key": "a key of the journal"}
    shared = {"store": {"env": "STORE_OF_THE_PACK"}, "journal": key}
    config = {**config_of(sandbox.settings()), **shared, "guards": {"max_per_hour": 2}}
    call = "secmaster-indicators-delete"
    rows = next(iter(sandbox.state()["secmaster"]["workspaces"].values()))
    first, *others = (row["id"] for row in rows)
    one, some = {"batch_ids": [first], "reason": "INC7"}, {"batch_ids": others[:2]}
    done, record = entered(pack, tmp_path, "65a1", call, one, config)
    assert (done, record["counts"]) == (True, {"removed": 1})
    done, refused = entered(pack, tmp_path, "65a2", call, some, config)
    assert not done
    assert refused["counts"] == {"refused": 2}
    assert "max_per_hour" in json.dumps(refused["outcomes"])
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({**sandbox.settings(), "journal": key}))
    command = ["--store", where, "--settings", str(settings), "--json"]
    assert main([*command, "journal", "--run", record["run"]]) == 0
    [row] = json.loads(capsys.readouterr().out)
    told = {name: row[name] for name in ("outcome", "actor", "ticket", "why")}
    assert told == {"outcome": "removed", "actor": "ann", "ticket": "65a1", "why": "INC7"}
    assert main([*command, "journal", "verify"]) == 0
    assert main([*command, "undo", record["run"]]) == 0
    after = next(iter(sandbox.state()["secmaster"]["workspaces"].values()))
    assert len(after) == len(rows)


def test_a_store_that_cannot_be_used_is_told_in_one_line_and_nothing_is_sent(
    pack: Path, sandbox: Sandbox, tmp_path: Path
) -> None:
    config = config_of(sandbox.settings())
    (tmp_path / "text").write_text("no store")
    call: tuple[str, dict[str, Any]] = ("cybertrace-suppliers-list", {})
    login = "soar:hidden-one@127.0.0.1"
    stores: dict[str, Any] = {
        "the store postgresql://soar:***@127.0.0.1:1/ioc": f"postgresql://{login}:1/ioc",
        f"cannot use the store {tmp_path}/text/store.db": f"{tmp_path}/text/store.db",
        "cannot use a store at mysql://": f"mysql://{login}/ioc",
        "store: the environment has no NO_SUCH": {"env": "NO_SUCH"},
        "store: it is a path, postgresql://NAME@HOST/DATABASE, or": {"path": "x"},
    }
    results = performed(pack, *((*call, {**config, "store": one}) for one in stores.values()))
    hourly = (*call, {**config, "guards": {"max_per_hour": 2}})
    results += performed(pack, hourly)
    for (done, record), words in zip(results, [*stores, "set store, too"], strict=True):
        [error] = record["errors"]
        assert not done
        assert words in error["message"]
        assert "\n" not in error["message"]
        assert "--store" not in error["message"]
        assert "hidden-one" not in json.dumps(record)
    assert sandbox.requests == []
