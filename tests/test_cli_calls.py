"""What a call and its run show: outcomes, sums, effects of a dry run, and the exit status."""

import json
from pathlib import Path
from typing import Any

import pytest

from commanding import DELETE, Command, bare, command, remove, sandbox
from ioc_removal.sandbox import Sandbox

__all__ = ["bare", "command", "sandbox"]
RULE_ID = "11842c5779204842bfe51c3e8b7981ca"


def test_a_call_shows_each_outcome_and_the_sum(command: Command) -> None:
    said = command(*remove("192.0.2.10", "gone.example"))
    assert said.status == 0
    assert "192.0.2.10    removed" in said.out
    assert "gone.example  absent   Indicator doesn't exist" in said.out
    assert "2 of 2 done: 1 removed, 1 absent · run 2" in said.out


def test_one_value_makes_a_list_and_commas_stay(command: Command, sandbox: Sandbox) -> None:
    assert command(*remove("http://a.example/?q=1,2")).status == 0
    assert sandbox.requests[-1]["body"] == [{"indicator": "http://a.example/?q=1,2"}]


def test_arguments_get_the_types_of_the_schema(command: Command, sandbox: Sandbox) -> None:
    said = command(
        *("call", "cybertrace-false-positives-unmark", "--arg", "unmark_detections=false"),
        *("--arg", 'indicators:=["192.0.2.53"]', "--json"),
    )
    assert said.record["counts"] == {"removed": 1}
    assert sandbox.requests[-1]["body"] == [{"indicator": "192.0.2.53", "unmark_detections": False}]


@pytest.mark.parametrize(
    "text",
    ['{"supplier": "InternalTI", "indicators": ["192.0.2.10"]}',
     "supplier: InternalTI\nindicators:\n  - 192.0.2.10\n"],
)  # fmt: skip
def test_arguments_from_a_file(text: str, command: Command, tmp_path: Path) -> None:
    (tmp_path / "arguments").write_text(text)
    said = command("call", DELETE, "--args", "arguments", "--json")
    assert said.record["counts"] == {"removed": 1}


def test_an_indicator_file_tells_its_sums(command: Command, tmp_path: Path) -> None:
    (tmp_path / "iocs.txt").write_text("192.0.2.10\n192.0.2.10\nno indicator\n")
    said = command("call", DELETE, "--arg", "supplier=InternalTI", "--indicators", "iocs.txt")
    assert "read 3 = 1 used + 1 duplicate + 1 unused (1 ipv4)" in said.out
    assert "unused: no indicator (line 3)" in said.out
    run = said.out.split()[-1]
    assert "no indicator  line 3" in command("show", run, "--unused").out


def test_a_dry_run_tells_the_effect_and_removes_nothing(command: Command, sandbox: Sandbox) -> None:
    disarms = command(*remove("192.0.2.10"), "--dry-run")
    rearms = command(*remove("192.0.2.53", supplier="FalsePositive"), "--dry-run")
    assert "1 would be removed, nothing was · these will no longer be detected" in disarms.out
    assert "would be removed: alerts on it come back" in rearms.out
    assert "alerts on these will come back · run" in rearms.out
    assert "these will no longer" in command("show", disarms.out.split()[-1]).out
    assert not sandbox.requests


@pytest.mark.parametrize(
    ("supplier", "one", "all_"),
    [
        ("InternalTI", "it is detected or blocked", "these will be detected or blocked"),
        ("FalsePositive", "alerts on it are silenced", "alerts on these will be silenced"),
    ],
)
def test_a_dry_run_of_an_addition_tells_its_own_effect(
    command: Command, sandbox: Sandbox, supplier: str, one: str, all_: str
) -> None:
    call = ("call", "cybertrace-indicators-add", "--arg", f"supplier={supplier}")
    said = command(*call, "--arg", "indicators=192.0.2.77", "--dry-run")
    assert f"would be added: {one}" in said.out
    assert f"dry run: 1 would be added, nothing was · {all_} · run" in said.out
    assert not sandbox.requests


def test_a_read_shows_its_rows(command: Command) -> None:
    said = command("call", "cybertrace-suppliers-list")
    assert "TriageFeed     enabled" in said.out
    assert "3 rows" in said.out


def test_of_many_rows_those_not_done_come_first(bare: Command, tmp_path: Path) -> None:
    values = [f"host{number}.example" for number in range(120)]
    with Sandbox() as sandbox:
        settings = sandbox.settings()
        settings["connections"]["cybertrace"]["limits"] = {"items": 60}
        (tmp_path / "ioc-removal.yml").write_text(json.dumps(settings))
        sandbox.misbehave(method="DELETE", path="/indicators", status=200, body="[]")
        said = bare(*remove(*values))
    rows = [line for line in said.out.splitlines() if line.startswith("host")]
    assert len(rows) == 50
    assert all("unknown" in row for row in rows)
    assert "… and 60 absent, 10 unknown; `ioc-removal show " in said.out
    assert said.status == 3


@pytest.mark.parametrize(
    ("fault", "status", "outcome"),
    [
        ({"status": 500}, 1, "failed"),
        ({"status": 401}, 1, "failed"),
        ({"status": 200, "body": "not JSON"}, 3, "unknown"),
        ({"hang_up": "after", "times": 2}, 3, "unknown"),
    ],
)
def test_the_exit_status_tells_the_worst(
    fault: dict[str, Any], status: int, outcome: str, command: Command, sandbox: Sandbox
) -> None:
    sandbox.misbehave(**{"method": "DELETE", "times": 9, **fault})
    said = command(*remove("192.0.2.10"), "--json")
    assert (said.status, said.record["counts"]) == (status, {outcome: 1})


def test_no_answer_steers_a_terminal(command: Command, sandbox: Sandbox) -> None:
    row = {"indicator": "192.0.2.10", "reason": "\x1b[2Jcleared\u202e"}
    sandbox.misbehave(
        method="DELETE", status=202, body=[{"status": "x", "error_indicators": [row]}]
    )
    said = command(*remove("192.0.2.10"))
    assert "[2Jcleared" in said.out
    assert not set("\x1b\u202e") & set(said.out + said.err)


def test_runs_are_listed_and_shown(command: Command) -> None:
    assert command("runs").out == "no runs yet\n"
    record = command(*remove("192.0.2.10"), "--json").record
    command("call", "cybertrace-suppliers-list")
    assert command("runs", "--limit", "1").out.count("\n") == 3  # the last tells of more
    newest, oldest = json.loads(command("runs", "--json").out)
    assert (newest["name"], oldest["run"]) == ("cybertrace-suppliers-list", record["run"])
    shown = command("show", record["run"][:-2])
    assert "supplier    InternalTI\n" in shown.out
    assert "1 of 1" in shown.out
    assert command("show", record["run"], "--json").record == {**record, "status": "ended"}
    assert "TriageFeed" in command("show", newest["run"]).out


def test_what_may_be_ours_is_told_as_what_was_asked(command: Command, sandbox: Sandbox) -> None:
    rule = {"policy_id": "6d392034d94c4e8a95a78c98127453b6", "rule_id": RULE_ID, "status": 0}
    words = [
        word for name, value in rule.items() for word in ("--arg", f"{name}:={json.dumps(value)}")
    ]
    sandbox.misbehave(system="waf", method="PUT", hang_up="after")
    said = command("call", "waf-ip-reputation-rule-status-set", *words)
    assert said.status == 0
    assert "its status is 0; perhaps changed by this run" in said.out
    assert "1 of 1 done: 1 changed" in said.out
