"""The stand-in for WAF answers as the documents say, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest

from asking import POLICY, PROJECT, RULE, RULES, huawei
from ioc_removal.sandbox import Sandbox

SHOP_RULE = "11842c5779204842bfe51c3e8b7981ce"
SHOP = "5a1b2c3d-0000-4000-8000-000000000001"


@pytest.fixture(name="sandbox")
def _sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def test_deleting_a_rule_answers_with_the_rule(sandbox: Sandbox) -> None:
    answer = huawei(sandbox, "DELETE", f"{RULES}/{RULE}?enterprise_project_id=0")
    assert answer.status_code == 200
    document = answer.json()
    assert isinstance(document.pop("timestamp"), int)
    assert document == {
        "id": RULE,
        "policyid": POLICY,
        "name": "name",
        "description": "description",
        "status": 0,
        "type": "idc",
        "tags": ["AliCloud"],
        "action": {"category": "log"},
    }
    assert answer.headers["X-request-id"]
    assert RULE not in [rule["id"] for rule in sandbox.state()["waf"]["policies"][POLICY]]
    again = huawei(sandbox, "DELETE", f"{RULES}/{RULE}")
    assert (again.status_code, again.json()["error_msg"]) == (404, "resource.not.found")
    assert again.json()["error_code"].startswith("WAF.0001400")


def test_a_rule_of_another_enterprise_project_must_be_asked_for(sandbox: Sandbox) -> None:
    assert huawei(sandbox, "DELETE", f"{RULES}/{SHOP_RULE}").status_code == 404
    assert huawei(sandbox, "GET", f"{RULES}/{SHOP_RULE}").status_code == 404
    everywhere = f"{RULES}/{SHOP_RULE}?enterprise_project_id=all_granted_eps"
    assert huawei(sandbox, "GET", everywhere).json()["tags"] == ["MeiTuan"]
    assert huawei(sandbox, "DELETE", everywhere).json()["error_code"] == "WAF.00011002"
    there = f"{RULES}/{SHOP_RULE}?enterprise_project_id={SHOP}"
    assert huawei(sandbox, "DELETE", there).status_code == 200


def test_rules_are_listed_by_page_and_enterprise_project(sandbox: Sandbox) -> None:
    def ids(query: str) -> tuple[int, list[str]]:
        document = huawei(sandbox, "GET", f"{RULES}?{query}").json()
        return document["total"], [item["id"][-1] for item in document["items"]]

    assert ids("") == (4, ["a", "b", "c", "d"])
    assert ids("offset=1&limit=2") == (4, ["b", "c"])
    assert ids("page=2&pagesize=3") == (4, ["d"])
    assert ids("enterprise_project_id=all_granted_eps") == (5, ["a", "b", "c", "d", "e"])
    assert ids(f"enterprise_project_id={SHOP}") == (1, ["e"])
    item = huawei(sandbox, "GET", RULES).json()["items"][0]
    assert "timestamp" not in item
    assert item["status"] == 1


def test_a_list_gives_ten_rules_unless_told() -> None:
    rules = [{"id": f"{number:032}", "tags": ["HW"]} for number in range(25)]
    seed = {"waf": {"policies": {POLICY: {"rules": rules}}}}
    with Sandbox(seed) as sandbox:
        assert len(huawei(sandbox, "GET", RULES).json()["items"]) == 10
        assert len(huawei(sandbox, "GET", RULES + "?offset=20").json()["items"]) == 5
        assert len(huawei(sandbox, "GET", RULES + "?limit=100").json()["items"]) == 25


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "WAF.00011010"),
        ("limit=65536", "WAF.00011010"),
        ("offset=-1", "WAF.00011010"),
        ("offset=x", "WAF.00011010"),
        ("page=0", "WAF.00011011"),
        ("pagesize=" + "9" * 5000, "WAF.00011011"),
    ],
)
def test_pages_beyond_the_documented_limits_are_400(
    sandbox: Sandbox, query: str, code: str
) -> None:
    answer = huawei(sandbox, "GET", f"{RULES}?{query}")
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)


def test_policies_are_listed_and_shown(sandbox: Sandbox) -> None:
    policies = f"/v1/{PROJECT}/waf/policy"
    document = huawei(sandbox, "GET", policies).json()
    assert document["total"] == 2
    assert [item["name"] for item in document["items"]] == ["public-site", "partner-portal"]
    assert (
        huawei(sandbox, "GET", policies + "?page=2&pagesize=1").json()["items"][0]["id"] != POLICY
    )
    assert huawei(sandbox, "GET", policies + "?name=partner").json()["total"] == 1
    assert huawei(sandbox, "GET", policies + "?pagesize=101").status_code == 400
    assert huawei(sandbox, "GET", f"{policies}/{POLICY}").json()["id"] == POLICY
    assert huawei(sandbox, "GET", policies + "/x").status_code == 404
    assert huawei(sandbox, "GET", policies + "/x/ip-reputation").status_code == 404
    assert huawei(sandbox, "DELETE", f"{policies}/{POLICY}").json()["error_code"] == "APIGW.0101"


def test_what_waf_refuses(sandbox: Sandbox) -> None:
    expired = {"X-Auth-Token": "sandbox-expired-iam-token"}
    answer = huawei(sandbox, "DELETE", f"{RULES}/{RULE}", headers=expired)
    assert answer.status_code == 400
    assert answer.json() == {"error_code": "WAF.00012001", "error_msg": "invalid.token"}
    text = {"X-Auth-Token": "sandbox-iam-token", "Content-Type": "text/plain"}
    answer = huawei(sandbox, "DELETE", f"{RULES}/{RULE}", headers=text)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "WAF.00011014")
    answer = huawei(sandbox, "DELETE", f"{RULES}/{RULE}".replace(PROJECT, "f" * 32))
    assert (answer.status_code, answer.json()["error_code"]) == (400, "WAF.00012002")


NEW: dict[str, Any] = {
    "name": "new-rule",
    "type": "idc",
    "tags": ["VNET"],
    "action": {"category": "block"},
    "description": "text",
}


def test_a_rule_is_created_and_enabled(sandbox: Sandbox) -> None:
    answer = huawei(sandbox, "POST", f"{RULES}?enterprise_project_id={SHOP}", NEW)
    assert answer.status_code == 200
    rule = answer.json()
    assert isinstance(rule.pop("timestamp"), int)
    identity, policy = rule.pop("id"), rule.pop("policyname")
    assert (len(identity), policy) == (32, "public-site")
    assert rule == {**NEW, "policyid": POLICY, "status": 1}
    held = sandbox.state()["waf"]["policies"][POLICY][-1]
    assert (held["id"], held["enterprise_project_id"]) == (identity, SHOP)
    assert huawei(sandbox, "GET", f"{RULES}/{identity}").status_code == 404
    shown = huawei(sandbox, "GET", f"{RULES}/{identity}?enterprise_project_id={SHOP}").json()
    assert shown["tags"] == ["VNET"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tags": ["VNET", "AliCloud"]}, "WAF.00011012"),
        ({"tags": ["MeiTuan"]}, "WAF.00011012"),  # of a rule in another enterprise project
        ({"name": "name"}, "WAF.00011016"),
        ({"name": "a b"}, "WAF.00011005"),
        ({"name": "x" * 65}, "WAF.00011005"),
        ({"description": 1}, "WAF.00011013"),
        ({"tags": []}, "WAF.00011003"),
        ({"tags": ["VNET", "VNET"]}, "WAF.00011003"),
        ({"tags": ["Nobody"]}, "WAF.00011003"),
        ({"tags": None}, "WAF.00011003"),
        ({"type": "ip"}, "WAF.00011003"),
        ({"action": "block"}, "WAF.00011003"),
        ({"action": {"category": "deny"}}, "WAF.00011003"),
        ({"status": 0}, "WAF.00011003"),
    ],
    ids=str,
)
def test_a_rule_that_does_not_fit_is_not_created(
    sandbox: Sandbox, change: dict[str, Any], code: str
) -> None:
    before = sandbox.state()["waf"]
    answer = huawei(sandbox, "POST", RULES, {**NEW, **change})
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)
    assert sandbox.state()["waf"] == before


def test_a_rule_is_switched_off_and_on(sandbox: Sandbox) -> None:
    for status in (0, 1):
        answer = huawei(sandbox, "PUT", f"{RULES}/{RULE}/status", {"status": status})
        assert answer.status_code == 200
        document = answer.json()
        assert (document["id"], document["policyid"], document["status"]) == (RULE, POLICY, status)
        assert set(document) == {"id", "policyid", "timestamp", "description", "status"}
        assert huawei(sandbox, "GET", RULES).json()["items"][0]["status"] == status
    for body in (None, {}, {"status": 2}, {"status": True}, {"status": 0, "name": "x"}):
        wrong = huawei(sandbox, "PUT", f"{RULES}/{RULE}/status", body)
        assert (wrong.status_code, wrong.json()["error_code"]) == (400, "WAF.00011003")
    missing = huawei(sandbox, "PUT", f"{RULES}/{'f' * 32}/status", {"status": 0})
    assert (missing.status_code, missing.json()["error_msg"]) == (404, "resource.not.found")


def test_a_change_names_one_enterprise_project_and_a_known_path(sandbox: Sandbox) -> None:
    everywhere = "?enterprise_project_id=all_granted_eps"
    for method, path in (("POST", RULES), ("PUT", f"{RULES}/{RULE}/status")):
        answer = huawei(sandbox, method, path + everywhere, NEW)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "WAF.00011002")
    for method, path in (("PUT", f"{RULES}/{RULE}/other"), ("POST", f"{RULES}/{RULE}")):
        assert huawei(sandbox, method, path, NEW).json()["error_code"] == "APIGW.0101"
