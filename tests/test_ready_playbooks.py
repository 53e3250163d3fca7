"""The ready playbooks, run against the sandbox: what they remove, report and refuse."""

from collections.abc import Mapping
from typing import Any

import pytest

from conducting import INTEGRATION, IOCS, Runner, runner
from ioc_removal.operations.playbooks import list_playbooks

__all__ = ["runner"]
NOBODY = {"url": "http://127.0.0.1:9", "retries": 0}  # listens there


def outcomes(record: Mapping[str, Any], action: str) -> dict[str, str]:
    return {
        row.get("value", row.get("id")): row["outcome"]
        for row in record["outcomes"]
        if row["action"] == action
    }


def test_removes_from_both_systems_and_reports_each_indicator(runner: Runner) -> None:
    record = runner.run("remove-iocs-after-triage", indicators=IOCS)
    expected = {"192.0.2.10": "removed", "malware.example": "removed", "nowhere.example": "absent"}
    assert outcomes(record, "cybertrace-indicators-delete") == expected
    assert outcomes(record, "secmaster-indicators-search") == {"nowhere.example": "absent"}
    assert set(outcomes(record, "secmaster-indicators-delete").values()) == {"removed"}
    assert record["counts"] == {"removed": 4, "absent": 2}
    report = {
        (line["value"], line["target"].split()[0]): line["outcome"]
        for line in record["output"]["report"]
    }
    assert report == {
        (value, target): outcome
        for value, outcome in expected.items()
        for target in ("supplier", "workspace")
    }
    assert runner.status == 0


def test_a_value_with_two_ids_counts_once(runner: Runner) -> None:
    record = runner.run("remove-iocs-after-triage", indicators=["203.0.113.7"])
    deleted = [r for r in record["outcomes"] if r["action"] == "secmaster-indicators-delete"]
    assert [row["value"] for row in deleted] == ["203.0.113.7"] * 2
    assert record["counts"] == {"removed": 2}


@pytest.mark.parametrize(
    ("suppliers", "said"),
    [
        (["FalsePositive"], "not FalsePositive"),
        (["InternalTI", "FalsePositive"], "not FalsePositive"),
        (["NoSuch", "InternalTI"], "CyberTrace has no NoSuch"),
        ([], "suppliers: must not be empty"),
        (["../x"], "suppliers[0]: "),
        ("InternalTI", "suppliers: "),
    ],
)
def test_suppliers_are_refused_before_anything_is_removed(
    runner: Runner, suppliers: Any, said: str
) -> None:
    record = runner.run("remove-iocs-after-triage", indicators=IOCS, suppliers=suppliers)
    assert said in record["errors"][0]["message"]
    assert runner.sent() == []
    assert (runner.status, record["result"]) == (2, "failed")


def test_one_system_down_does_not_stop_the_other(runner: Runner) -> None:
    runner.document["connections"]["cybertrace"] |= NOBODY
    record = runner.run("remove-iocs-after-triage", indicators=IOCS)
    assert set(outcomes(record, "cybertrace-indicators-delete").values()) == {"failed"}
    assert set(outcomes(record, "secmaster-indicators-delete").values()) == {"removed"}
    assert sum(record["counts"].values()) == 2 * len(IOCS)
    assert (runner.status, record["result"]) == (3, "partial")


def test_the_search_down_leaves_its_values_unknown(runner: Runner) -> None:
    runner.document["connections"]["secmaster"] |= NOBODY
    record = runner.run("remove-iocs-after-triage", indicators=IOCS)
    assert outcomes(record, "secmaster-indicators-search") == dict.fromkeys(IOCS, "unknown")
    assert sum(record["counts"].values()) == 2 * len(IOCS)
    assert (runner.status, record["result"]) == (3, "partial")


def test_wrong_credentials_refuse_the_rest(runner: Runner) -> None:
    runner.document["connections"]["cybertrace"]["auth"]["password"] = "wrong"
    record = runner.run("remove-iocs-after-triage", indicators=IOCS)
    assert set(outcomes(record, "cybertrace-indicators-delete").values()) == {"refused"}
    assert len([r for r in runner.sandbox.requests if r["system"] == "cybertrace"]) == 1


def test_a_missing_connection_is_named_before_anything_is_sent(runner: Runner) -> None:
    del runner.document["connections"]["secmaster"]
    record = runner.run("remove-iocs-after-triage", indicators=IOCS)
    assert "no connection to secmaster" in record["errors"][0]["message"]
    assert runner.sandbox.requests == []
    assert runner.status == 2


def test_a_dry_run_reads_and_removes_nothing(runner: Runner) -> None:
    record = runner.run("remove-iocs-after-triage", indicators=IOCS, dry_run=True)
    assert runner.sent() == []
    assert record["counts"] == {"planned": 5, "absent": 1}
    assert runner.status == 0


def test_unmarking_needs_the_choice(runner: Runner) -> None:
    record = runner.run("unmark-false-positives", indicators=["192.0.2.53"])
    assert "unmark_detections is missing" in record["errors"][0]["message"]
    assert runner.sent() == []


def test_unmarks_false_positives(runner: Runner) -> None:
    record = runner.run(
        "unmark-false-positives", indicators=["192.0.2.53"], unmark_detections=False
    )
    assert record["counts"] == {"removed": 1}
    assert runner.sent()[0]["body"] == [{"indicator": "192.0.2.53", "unmark_detections": False}]


def test_unmarks_on_an_api_that_does_not_know_the_choice(runner: Runner) -> None:
    runner.document["connections"]["cybertrace"]["api_version"] = "1.1"
    record = runner.run("unmark-false-positives", indicators=["192.0.2.53"])
    assert record["counts"] == {"removed": 1}
    assert runner.sent()[0]["body"] == [{"indicator": "192.0.2.53"}]


def rules_of(runner: Runner) -> tuple[str, list[dict[str, Any]]]:
    policy, rules = next(iter(runner.sandbox.state()["waf"]["policies"].items()))
    return policy, rules


@pytest.mark.parametrize("way", ["rule_ids", "names", "tags"])
def test_lifts_rules(runner: Runner, way: str) -> None:
    policy, rules = rules_of(runner)
    wanted = {"rule_ids": rules[1]["id"], "names": rules[1]["name"], "tags": rules[1]["tags"][0]}
    record = runner.run(
        "lift-ip-reputation-rules", rules=[{"policy_id": policy, way: [wanted[way]]}]
    )
    assert record["counts"] == {"removed": 1}
    assert rules[1]["id"] not in [rule["id"] for rule in rules_of(runner)[1]]
    [row] = record["context"]["WAF"]["IpReputationRuleRemoval"]
    assert (row["name"], row["tags"]) == (rules[1]["name"], rules[1]["tags"])


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"tags": ["203.0.113.7"]}, "no address names such a rule"),
        ({"names": ["203.0.113.0/24"]}, "no address names such a rule"),
        ({"tags": ["NoSuch"]}, "names no one rule; the candidates are: "),
        ({"names": ["Block-Tencent"]}, "names no one rule"),
        ({"names": ["block-tencent", "none"]}, "names no one rule"),
        ({}, "exactly one of rule_ids, names, tags"),
    ],
)
def test_refuses_what_names_no_one_rule(
    runner: Runner, wanted: dict[str, list[str]], said: str
) -> None:
    policy, _ = rules_of(runner)
    record = runner.run("lift-ip-reputation-rules", rules=[{"policy_id": policy, **wanted}])
    assert said in record["errors"][0]["message"]
    assert runner.sent() == []
    assert runner.status == 2


def test_lists_the_ready_playbooks() -> None:
    listed = {playbook.name: playbook for playbook in list_playbooks(INTEGRATION)}
    assert {
        "remove-iocs-after-triage",
        "unmark-false-positives",
        "lift-ip-reputation-rules",
    } == set(listed)
    assert listed["remove-iocs-after-triage"].inputs["indicators"]["required"]
