"""Wrong use of the command is one line, and sends nothing."""

import pytest

from commanding import DELETE, Command, bare, command, remove, sandbox
from ioc_removal.sandbox import Sandbox

__all__ = ["bare", "command", "sandbox"]


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


def test_without_a_command_it_prints_its_help(bare: Command) -> None:
    said = bare()
    assert said.status == 2
    assert "first steps:" in said.err
