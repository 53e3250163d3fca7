"""What the command can do is listed, described, completed and told with an example."""

import json
import re

import pytest

from commanding import DELETE, Command, bare
from ioc_removal.integration import load_integration

__all__ = ["bare"]


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


def test_version(bare: Command) -> None:
    assert bare("--version").out.startswith("ioc-removal 0.")
