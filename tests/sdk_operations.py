"""Operations of SecMaster and WAF: what Huawei's SDK and this plugin are given for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from official_sdk import secmaster, waf

POLICY, RULE = "6d392034d94c4e8a95a78c98127453b6", "11842c5779204842bfe51c3e8b7981ca"
INDICATOR = "909494e3-558e-46b6-a9eb-07a8e18ca62f"


@dataclass(frozen=True)
class Pair:
    """One operation of both: what each is given, and what the server answers to a body of both.

    requests: of the plugin, whose last one is the SDK's.
    """

    action: str
    arguments: Mapping[str, Any]
    sdk: Callable[[Any], object]
    answer: Callable[[Any], Mapping[str, Any]]
    requests: int = 1


def deleted_indicators(odd: str) -> Pair:
    ids = [INDICATOR, odd]
    body = secmaster.DeleteIndicatorRequestBody(batch_ids=ids)
    return Pair(
        "secmaster-indicators-delete",
        {"workspace_id": odd, "batch_ids": ids},
        lambda sdk: sdk.delete_indicator(secmaster.DeleteIndicatorRequest(None, odd, body)),
        lambda _: {"code": "00000000", "data": {"success_ids": ids, "error_ids": []}},
    )


def checked_indicators(odd: str) -> Pair:
    # The plugin pages with the documented limits; the SDK's caller gives them.
    body = secmaster.IndicatorListSearchRequest(ids=[odd], offset=0, limit=100)
    return Pair(
        "secmaster-indicators-search",
        {"workspace_id": odd, "ids": [odd]},
        lambda sdk: sdk.list_indicators(secmaster.ListIndicatorsRequest(None, odd, body)),
        lambda _: {"total": 1, "data": [{"id": odd}]},
    )


def searched_indicators(odd: str) -> Pair:
    # The plugin makes the condition of a value, after a page and a search that prove it works.
    value = "192.0.2.1"
    item = secmaster.DataobjectSearchConditionConditions("value", ["value", "=", value])
    condition = secmaster.DataobjectSearchCondition([item], ["value"])
    body = secmaster.IndicatorListSearchRequest(condition=condition, offset=0, limit=100)
    return Pair(
        "secmaster-indicators-search",
        {"workspace_id": odd, "values": [value]},
        lambda sdk: sdk.list_indicators(secmaster.ListIndicatorsRequest(None, odd, body)),
        lambda body: {
            "total": 1 if "condition" in body else 300,
            "data": [{"id": INDICATOR, "data_object": {"value": value}}],
        },
        requests=3,
    )


def got_indicator(odd: str) -> Pair:
    request = secmaster.ShowIndicatorDetailRequest(None, "w", odd)
    return Pair(
        "secmaster-indicator-get",
        {"workspace_id": "w", "indicator_id": odd},
        lambda sdk: sdk.show_indicator_detail(request),
        lambda _: {"code": 0, "data": {"id": odd, "name": "demo"}},
    )


def created_indicator(odd: str) -> Pair:
    # The plugin looks first what is there, so that a lost answer can be settled.
    owner = {"domain_id": "d", "region_id": "r", "project_id": "p"}
    kind = {"indicator_type": "Domain", "id": "t"}
    source = {"source_type": 1, "product_name": "n", "product_feature": "f", **owner}
    fields: dict[str, Any] = {
        "name": "demo",
        "value": "malicious.example.com",
        "verdict": "Black",
        "status": "Open",
        "confidence": 80,
        "labels": "标签",
        "granular_marking": "1",
        "defanged": False,
        "first_report_time": "2023-10-24T17:23:55.000Z+0800",
        "last_report_time": "2023-10-24T17:23:55.000Z+0800",
    }
    theirs = secmaster.CreateIndicatorDetail(
        **fields,
        indicator_type=secmaster.CreateIndicatorDetailIndicatorType(**kind),
        environment=secmaster.CreateIndicatorDetailEnvironment(vendor_type="v", **owner),
        data_source=secmaster.CreateIndicatorDetailDataSource(**source),
        workspace_id=odd,
    )
    environment = {"vendor_type": "v", **owner}
    ours = {**fields, "indicator_type": kind, "environment": environment, "data_source": source}
    body = secmaster.IndicatorCreateRequest(theirs)
    return Pair(
        "secmaster-indicator-create",
        {"workspace_id": odd, "data_object": ours},
        lambda sdk: sdk.create_indicator(secmaster.CreateIndicatorRequest(None, odd, body)),
        lambda body: (
            {"total": 0, "data": []}
            if "data_object" not in body
            else {"data": {"id": "new", "data_object": {"value": fields["value"]}}}
        ),
        requests=2,
    )


def changed_status(odd: str) -> Pair:
    body = secmaster.UpdateIndicatorRequestBody(
        secmaster.IndicatorDataObjectDetail(status="Revoked")
    )
    request = secmaster.UpdateIndicatorRequest(None, "w", odd, body)
    return Pair(
        "secmaster-indicator-status-set",
        {"workspace_id": "w", "indicator_id": odd, "status": "Revoked"},
        lambda sdk: sdk.update_indicator(request),
        lambda _: {"data": {"id": odd, "data_object": {"status": "Revoked"}}},
    )


def closed_indicator(odd: str) -> Pair:
    body = secmaster.UpdateIndicatorRequestBody(
        secmaster.IndicatorDataObjectDetail(status="Closed")
    )
    request = secmaster.UpdateIndicatorRequest(None, odd, INDICATOR, body)
    return Pair(
        "secmaster-indicators-close",
        {"workspace_id": odd, "batch_ids": [INDICATOR]},
        lambda sdk: sdk.update_indicator(request),
        lambda _: {"data": {"id": INDICATOR, "data_object": {"status": "Closed"}}},
    )


def created_rule(odd: str) -> Pair:
    # The plugin lists first what is there, so that a lost answer can be settled.
    action = waf.CreateIpReputationRuleRequestBodyAction("log")
    body = waf.CreateIpReputationRuleRequestBody(
        name="标签", type="idc", tags=["HW", "Google"], action=action, description="text"
    )
    request = waf.CreateIpReputationRuleRequest(odd, odd, body)
    return Pair(
        "waf-ip-reputation-rule-create",
        {
            "enterprise_project_id": odd,
            "policy_id": odd,
            "name": "标签",
            "type": "idc",
            "tags": ["HW", "Google"],
            "action": {"category": "log"},
            "description": "text",
        },
        lambda sdk: sdk.create_ip_reputation_rule(request),
        lambda body: (
            {"id": RULE, "policyid": odd, "name": "标签"} if body else {"total": 0, "items": []}
        ),
        requests=2,
    )


def switched_rule(odd: str) -> Pair:
    body = waf.UpdatePolicyRuleStatusRequestBody(0)
    request = waf.UpdatePolicyRuleStatusRequest(odd, POLICY, "ip-reputation", odd, body)
    return Pair(
        "waf-ip-reputation-rule-status-set",
        {"enterprise_project_id": odd, "policy_id": POLICY, "rule_id": odd, "status": 0},
        lambda sdk: sdk.update_policy_rule_status(request),
        lambda _: {"id": odd, "policyid": POLICY, "status": 0},
    )


def deleted_rule(odd: str) -> Pair:
    request = waf.DeleteIpReputationRuleRequest(
        enterprise_project_id=odd, policy_id=POLICY, rule_id=odd
    )
    return Pair(
        "waf-ip-reputation-rule-delete",
        {"enterprise_project_id": odd, "policy_id": POLICY, "rule_id": odd},
        lambda sdk: sdk.delete_ip_reputation_rule(request),
        lambda _: {"id": odd, "policyid": POLICY},
    )


def listed_rules(odd: str) -> Pair:
    # The plugin pages by offset and limit; the SDK's caller gives them, or page and pagesize.
    request = waf.ListIpReputationRulesRequest(
        enterprise_project_id=odd, policy_id=odd, offset=0, limit=1000
    )
    return Pair(
        "waf-ip-reputation-rules-list",
        {"enterprise_project_id": odd, "policy_id": odd},
        lambda sdk: sdk.list_ip_reputation_rules(request),
        lambda _: {"total": 1, "items": [{"id": RULE}]},
    )


def got_rule(odd: str) -> Pair:
    return Pair(
        "waf-ip-reputation-rule-get",
        {"policy_id": odd, "rule_id": RULE},
        lambda sdk: sdk.confirm_ip_reputation_rule(waf.ConfirmIpReputationRuleRequest(odd, RULE)),
        lambda _: {"id": RULE, "policyid": odd},
    )


def listed_policies(odd: str) -> Pair:
    # The plugin pages by page and pagesize; the SDK's caller gives them.
    request = waf.ListPolicyRequest(enterprise_project_id=odd, page=1, pagesize=100)
    return Pair(
        "waf-policies-list",
        {"enterprise_project_id": odd},
        lambda sdk: sdk.list_policy(request),
        lambda _: {"total": 1, "items": [{"id": POLICY}]},
    )


PATHS = (
    deleted_indicators, checked_indicators, searched_indicators, got_indicator,
    deleted_rule, listed_rules, got_rule,
    created_indicator, changed_status, closed_indicator, created_rule, switched_rule,
)  # fmt: skip
