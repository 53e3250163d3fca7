"""The command, called in this process against a sandbox."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.cli import main
from ioc_removal.integration import load_integration
from ioc_removal.sandbox import Sandbox
from recorded import unused_address

DELETE = "cybertrace-indicators-delete"
RULE_ID = "11842c5779204842bfe51c3e8b7981ca"
SECRETS = ("sandbox-password", "sandbox-secret-key", "sandbox-iam-token")


class Said:
    """What a command printed, and its exit status."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err
        for secret in SECRETS:
            assert secret not in out + err

    @property
    def record(self) -> dict[str, Any]:
        """The JSON of standard output, which holds nothing else."""
        record: dict[str, Any] = json.loads(self.out)
        return record

    @property
    def error(self) -> str:
        """The only line of standard error."""
        [line] = self.err.splitlines()
        return line


Command = Callable[..., Said]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def bare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Return the command with a store of its own, and nothing set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IOC_REMOVAL_STORE", str(tmp_path / "store.db"))
    monkeypatch.delenv("IOC_REMOVAL_SETTINGS", raising=False)

    def command(*words: str) -> Said:
        status = main(words)
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return command


@pytest.fixture
def command(bare: Command, sandbox: Sandbox, tmp_path: Path) -> Command:
    """Return the command with settings that lead to the sandbox."""
    (tmp_path / "ioc-removal.yml").write_text(json.dumps(sandbox.settings()))
    return bare


def remove(*values: str, supplier: str = "InternalTI") -> list[str]:
    arguments = [word for value in values for word in ("--arg", f"indicators={value}")]
    return ["call", DELETE, "--arg", f"supplier={supplier}", *arguments]


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


def test_what_a_connection_filled_in_is_told(command: Command) -> None:
    said = command("call", "secmaster-indicators-search", "--arg", "values=192.0.2.10", "--json")
    assert said.record["filled_defaults"] == ["project_id", "workspace_id"]
    assert "from the defaults of connection secmaster: project_id=0123" in said.error


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
    ("words", "message"),
    [
        (["cal"], "error: there is no command 'cal'; did you mean 'call'? (see"),
        (["call"], "error: ACTION is missing (see ioc-removal call --help)"),
        (["call", "cybertrace-indicator-delete"], f"did you mean '{DELETE}'"),
        (["describe", "waf"], "error: there is no action 'waf'"),
        ([*remove("192.0.2.10"), "--arg", "indicator=x"], "did you mean 'indicators'?"),
        ([*remove("192.0.2.10"), "--arg", "supplier=x"], "error: supplier: is given twice"),
        ([*remove("192.0.2.10"), "--arg", "unmark_detections=yes"],
         "error: unmark_detections: 'yes' is not true or false"),
        ([*remove(), "--arg", "indicators:=[1"], "error: indicators: not JSON: "),
        ([*remove(), "--arg", "indicators"], "error: 'indicators': write it NAME=VALUE"),
        (remove(), "error: 'indicators' is missing"),
        (remove(" "), "error: indicators[0]: must be a text that is not blank"),
        ([*remove("192.0.2.10"), "--dry"], "there is no option --dry; did you mean '--dry-run'"),
        (["runs", "2024"], "2024: too much is given (see ioc-removal --help)"),
        ([*remove("192.0.2.10"), "--connection", "cybertrase=x"], "there is no system"),
        ([*remove("192.0.2.10"), "--connection", "cybertrace=x"], "no cybertrace connection 'x'"),
        ([*remove(), "--indicators", "none.csv"], "error: none.csv: cannot be read: No such file"),
        ([*remove("192.0.2.10"), "--column", "2"], "--column: goes with --indicators FILE"),
        ([*remove(), "--args", "-", "--indicators", "-"], "cannot both be standard input"),
        (["call", "run-refuse", "--arg", "reason=not now"], "error: not now"),
        (["show", "2020"], "error: there is no run '2020'"),
        (["runs", "--limit", "0"], "error: --limit: 0 is not 1 or more"),
        (["test", "cybertrase"], "did you mean 'cybertrace'?"),
        (["run", "remove-iocs-after-triag"], "did you mean 'remove-iocs-after-triage'"),
        (["run", "remove-iocs-after-triage", "--input", "suplier=x"], "did you mean 'suppliers'?"),
        (["resume"], "error: no run can go on"),
        (["sandbox", "--seed", "none.yml"], "none.yml: cannot be read"),
        (["sandbox", "--port", "x"], "invalid int value: 'x'"),
        (["sandbox", "--faults", "none.yml"], "faults none.yml: cannot be read"),
        (["sandbox", "--faults", "ioc-removal.yml"], "ioc-removal.yml: must hold a list, as exam"),
        (["sandbox", "--huawei-auth", "basic"], "there is no --huawei-auth 'basic'"),
        (["sandbox", "--tls", "--write-settings", "no/where.yml"], "where-ca.pem: cannot be writ"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_line_and_sends_nothing(
    words: list[str], message: str, command: Command, sandbox: Sandbox
) -> None:
    said = command(*words)
    assert said.status == 2
    assert message in said.error
    assert not sandbox.requests


def test_with_json_a_mistake_is_a_record_too(command: Command) -> None:
    said = command(*remove(), "--json")
    assert said.status == 2
    assert said.record["errors"][0]["error"] == "ArgumentError"
    assert command("call", "--json").record["result"] == "failed"


def test_without_settings_it_says_what_to_set(bare: Command) -> None:
    said = bare(*remove("192.0.2.10"))
    assert said.status == 2
    assert "set IOC_REMOVAL_CYBERTRACE_URL" in said.error
    assert "ioc-removal.yml" in bare("test").error


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


def test_every_action_is_listed_and_described(bare: Command) -> None:
    names = list(load_integration().definitions)
    assert [row["action"] for row in json.loads(bare("actions", "--json").out)] == names
    listed = bare("actions").out
    for name in names:
        assert name in listed
        described = bare("describe", name)
        assert described.status == 0
        assert f"ioc-removal call {name}" in described.out
        assert bare("describe", name, "--json").record["action"] == name


def test_a_described_action_tells_what_a_default_can_fill(bare: Command) -> None:
    record = bare("describe", "waf-ip-reputation-rule-delete", "--json").record
    assert {row["argument"]: row["mandatory"] for row in record["arguments"]} == {
        "project_id": "yes, or the connection's default",
        "policy_id": "yes, or the connection's default",
        "rule_id": "yes",
        "enterprise_project_id": "no",
        "expect_tags": "no",
    }
    assert "a request  one rule_id\n" in bare("describe", "waf-ip-reputation-rule-delete").out


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


def test_a_described_action_tells_the_fields_of_an_object_and_what_undoes_it(bare: Command) -> None:
    record = bare("describe", "secmaster-indicator-create", "--json").record
    mandatory = {row["argument"]: row["mandatory"] for row in record["arguments"]}
    assert mandatory["data_object.value"] == "yes"
    assert mandatory["data_object.indicator_type.id"] == "no"
    described = bare("describe", "secmaster-indicators-delete").out
    assert re.search(r"\nundo +secmaster-indicator-create\n", described)
    assert re.search(r"\ninstead +secmaster-indicators-close\n", described)
    assert (
        "what is added is no longer detected" in bare("describe", "cybertrace-indicators-add").out
    )


def test_a_described_action_tells_its_effect(bare: Command) -> None:
    said = bare("describe", DELETE)
    assert "effect                  what is removed is no longer detected or blocked" in said.out
    assert "supplier FalsePositive  alerts on what is removed come back" in said.out
    assert "unmark_detections  boolean         no" in said.out


def test_playbooks_are_listed_with_their_inputs(bare: Command) -> None:
    said = bare("playbooks")
    assert "remove-iocs-after-triage\n" in said.out
    assert "suppliers   list of string  no" in said.out
    names = [row["playbook"] for row in json.loads(bare("playbooks", "--json").out)]
    assert "lift-ip-reputation-rules" in names


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_commands_and_actions(shell: str, bare: Command) -> None:
    said = bare("completion", shell)
    assert said.status == 0
    assert DELETE in said.out
    assert "remove-iocs-after-triage" in said.out


def test_help_has_an_example_of_each_command(bare: Command) -> None:
    listed = bare("--help").out.partition("  COMMAND\n")[2].partition("\nexit status")[0]
    names = [line.split()[0] for line in listed.splitlines() if line[4:5].strip()]
    assert len(names) >= 12
    for name in names:
        said = bare(name, "--help")
        assert said.status == 0
        assert f"ioc-removal {name}" in said.out.partition("\nexample")[2]


def test_without_a_command_it_prints_its_help(bare: Command) -> None:
    said = bare()
    assert said.status == 2
    assert "first steps:" in said.err


def test_version(bare: Command) -> None:
    assert bare("--version").out.startswith("ioc-removal 0.")
