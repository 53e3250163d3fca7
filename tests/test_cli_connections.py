"""Connections of the command: chosen, tested in a line each, and warned of."""

import json
from pathlib import Path

import pytest

from commanding import Command, bare, command, remove, sandbox
from ioc_removal.sandbox import Sandbox
from recorded import unused_address

__all__ = ["bare", "command", "sandbox"]


def test_what_a_connection_filled_in_is_told(command: Command) -> None:
    said = command("call", "secmaster-indicators-search", "--arg", "values=192.0.2.10", "--json")
    assert said.record["filled_defaults"] == ["project_id", "workspace_id"]
    assert "from the defaults of connection secmaster: project_id=0123" in said.error


def test_the_environment_alone_is_enough(
    bare: Command, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in {
        "URL": sandbox.url,
        "API_VERSION": "1.3",
        "USERNAME": "sandbox-operator",
        "PASSWORD": "sandbox-password",
    }.items():
        monkeypatch.setenv(f"IOC_REMOVAL_CYBERTRACE_{key}", value)
    monkeypatch.setenv("IOC_REMOVAL_DEBUG", "1")
    assert bare(*remove("192.0.2.10")).status == 0


def test_options_of_every_command_stand_before_or_after_it(
    bare: Command, sandbox: Sandbox, tmp_path: Path
) -> None:
    settings = sandbox.settings()
    one = settings["connections"]["cybertrace"]
    settings["connections"]["other"] = {**one, "url": "http://127.0.0.1:1"}
    (tmp_path / "two.yml").write_text(json.dumps(settings))
    several = bare("--settings", "two.yml", *remove("192.0.2.10"))
    assert "cybertrace has several connections: choose" in several.error
    chosen = ("--connection", "cybertrace=cybertrace")
    before = bare("--json", "--settings", "two.yml", *chosen, *remove("192.0.2.10"))
    after = bare(*remove("192.0.2.10"), "--settings", "two.yml", *chosen, "--json")
    assert before.record["counts"] == {"removed": 1}
    assert after.record["counts"] == {"absent": 1}
    assert bare(*chosen, *remove("a.example"), "--connection", "cybertrace=other").status == 2


def test_an_unreachable_server_is_status_3(bare: Command, tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        settings = sandbox.settings()
    for connection in settings["connections"].values():
        connection |= {"url": unused_address(), "retries": 0}
    (tmp_path / "ioc-removal.yml").write_text(json.dumps(settings))
    assert bare(*remove("192.0.2.10")).status == 3
    assert bare("call", "cybertrace-suppliers-list").status == 3
    tested = bare("test", "cybertrace")
    assert tested.status == 3
    assert tested.out.startswith("cybertrace: ")
    assert "ok" not in tested.out.split()[1]


def test_connections_are_tested_in_one_line_each(command: Command, sandbox: Sandbox) -> None:
    said = command("test")
    address = f"{sandbox.url}/api/1.3"
    assert said.status == 0
    assert said.out.splitlines() == [
        f"cybertrace: ok, Kaspersky CyberTrace REST API 1.3 at {address}, 3 suppliers",
        f"secmaster: ok, Huawei Cloud SecMaster at {sandbox.url}, its search answers",
        f"waf: ok, Huawei Cloud WAF at {sandbox.url}, 2 policies",
    ]


def test_a_connection_without_permission_is_not_ok(bare: Command, tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        settings = sandbox.settings()
        settings["connections"]["waf"]["auth"]["secret_key"] = "wrong"
        del settings["connections"]["secmaster"]["defaults"]["workspace_id"]
        (tmp_path / "ioc-removal.yml").write_text(json.dumps(settings))
        said = bare("test", "--json")
    rows = {row["connection"]: row for row in json.loads(said.out)}
    assert said.status == 1
    assert rows["waf"]["error"] == "ApiError"
    origin = "; credentials: connections.waf.auth of ./ioc-removal.yml"
    assert rows["waf"]["message"].endswith(origin)
    assert "connections.secmaster.defaults" in rows["secmaster"]["message"]
    assert rows["cybertrace"]["ok"]


def test_a_warning_is_told_at_each_start(bare: Command, tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        settings = sandbox.settings()
    settings["connections"]["cybertrace"]["url"] = "https://127.0.0.1:1"
    settings["connections"]["cybertrace"]["verify"] = False
    (tmp_path / "ioc-removal.yml").write_text(json.dumps(settings))
    warning = "warning: connection cybertrace: the server's certificate is not verified"
    assert warning in bare(*remove("192.0.2.10"), "--dry-run").err
    assert not bare(*remove("192.0.2.10"), "--dry-run", "--quiet").err
