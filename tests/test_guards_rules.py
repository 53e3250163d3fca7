"""A rule of WAF goes only with the tags that were named, and never as the last of its policy."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from guarding import DELETE, RULE, RULES, SITE, Desk, desk
from ioc_removal.connection import Connection
from ioc_removal.integration import load_integration
from ioc_removal.operations.call import call_action
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.store.database import Database
from ioc_removal.trust.guards import Guards
from ioc_removal.trust.terms import Terms

__all__ = ["desk"]


def test_a_rule_has_the_tags_that_were_named(desk: Desk) -> None:
    said = desk.remove_rule(RULES[0], more=["--expect-tags", "Tencent"])
    assert said.reasons[RULES[0]].startswith(
        "expect_tags: the rule's provider tags are AliCloud, not Tencent; "
    )
    assert not said.sent
    for tags in (["Google"], ["Google", "Microsoft", "Amazon"]):
        said = desk.remove_rule(RULES[2], more=["--expect-tags", *tags])
        assert said.outcomes == {RULES[2]: "refused"}
    said = desk.remove_rule(RULES[2], more=["--expect-tags", "Microsoft", "Google"])
    assert said.outcomes == {RULES[2]: "removed"}
    assert all("expect" not in str(row["target"]) for row in said.sent)
    wrong = desk("call", DELETE, "--arg", "indicators=a.example", "--expect-tags", "Google")
    assert wrong.status == 2
    assert "--expect-tags: cybertrace-indicators-delete removes no rule" in wrong.err


def test_tags_have_to_be_named_when_the_settings_say_so(desk: Desk) -> None:
    desk.guards(expect_tags=True)
    said = desk.remove_rule(RULES[0])
    assert said.reasons[RULES[0]].startswith("expect_tags: the rule's provider tags have to be")
    wanted = json.dumps([{"policy_id": SITE, "tags": ["AliCloud"]}])
    run = ("run", "lift-ip-reputation-rules", "--input", f"rules:={wanted}", "--json")
    assert desk(*run).outcomes == {RULES[0]: "refused"}
    assert desk(*run, "--input", "expect_tags=Tencent").outcomes == {RULES[0]: "refused"}
    assert desk(*run, "--input", "expect_tags=AliCloud").outcomes == {RULES[0]: "removed"}


def test_a_protected_tag_keeps_a_rule(desk: Desk) -> None:
    desk.guards(protected=["alicloud", "block-tencent"])
    assert desk.remove_rule(RULES[0]).outcomes == {RULES[0]: "refused"}
    assert desk.remove_rule(RULES[1]).outcomes == {RULES[1]: "refused"}
    assert desk.remove_rule(RULES[2]).outcomes == {RULES[2]: "removed"}


def test_the_last_rule_stays(desk: Desk) -> None:
    rules = json.dumps([{"policy_id": SITE, "rule_ids": RULES}])
    run = ("run", "lift-ip-reputation-rules", "--input", f"rules:={rules}", "--json")
    planned = desk(*run, "--dry-run")
    assert sorted(planned.outcomes.values()) == ["planned"] * 3 + ["refused"]
    said = desk(*run)
    assert sorted(said.outcomes.values()) == ["refused"] + ["removed"] * 3
    [(last, reason)] = [(id_, text) for id_, text in said.reasons.items() if "last_rule" in text]
    assert reason.startswith("last_rule: it is the last rule of its policy; keep one rule, or ")
    assert desk.remove_rule(last).outcomes == {last: "refused"}
    more = ["--override", "last_rule", "--reason", "INC-1"]
    assert desk.remove_rule(last, more=more).outcomes == {last: "removed"}


def test_two_runs_at_once_leave_a_rule(tmp_path: Path) -> None:
    rules = [f"{number:032x}" for number in (16, 17)]
    seed = {
        "waf": {"policies": {SITE: {"rules": [{"id": rule, "tags": ["HW"]} for rule in rules]}}}
    }
    integration = load_integration()
    with Sandbox(seed) as sandbox:
        settings = settings_from(sandbox.settings(), "test")
        sandbox.misbehave(system="waf", method="DELETE", delay=0.2, times=9)
        barrier = Barrier(2)

        def one(rule: str) -> str:
            database = Database(tmp_path / "store.db")
            action = integration.bind(RULE, Connection("waf", settings, integration.systems["waf"]))
            terms = Terms(guards=Guards())
            barrier.wait(10)
            given = {"policy_id": SITE, "rule_id": rule}
            record, _ = call_action(database, action, given, terms=terms)
            database.close()
            return str(record["outcomes"][0]["outcome"])

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(one, rules)) == ["refused", "removed"]
        assert len(sandbox.state()["waf"]["policies"][SITE]) == 1


def test_a_list_of_rules_that_cannot_be_read_refuses(desk: Desk) -> None:
    desk.sandbox.misbehave(system="waf", method="GET", status=403, times=99)
    said = desk.remove_rule(RULES[0])
    assert said.reasons[RULES[0]].startswith(
        "last_rule: the rules of the policy could not be listed: "
    )
    assert (said.status, bool(said.sent)) == (2, False)
