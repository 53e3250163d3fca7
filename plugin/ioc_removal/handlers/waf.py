"""Huawei Cloud WAF: one function a request.

Source: https://support.huaweicloud.com/api-waf/DeleteIpReputationRule.html
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..call import Call
from ..errors import ApiError, ArgumentError
from ..outcome import REMOVED, UNKNOWN, Outcome
from ..refusals import MISSING
from .waf_rules import chosen_rules, refused_addresses

LIST = "waf-ip-reputation-rules-list"
PAGE = 100  # rows
LAST_OFFSET = 65_535


def delete_ip_reputation_rule(
    call: Call,
    project_id: str,
    policy_id: str,
    rule_id: str,
    enterprise_project_id: str | None = None,
) -> list[Outcome]:
    """DELETE .../waf/policy/{policy_id}/ip-reputation/{rule_id}."""
    answer = call.send(
        path={"project_id": project_id, "policy_id": policy_id, "rule_id": rule_id},
        query={"enterprise_project_id": enterprise_project_id},
    )
    said = call.documented(answer)
    if (said["id"], said["policyid"]) != (rule_id, policy_id):
        raise answer.undocumented(
            f"it speaks of rule {said['id']!r} of policy {said['policyid']!r}"
        )
    return [
        Outcome(
            REMOVED,
            {"policy_id": policy_id, **call.place},
            id=rule_id,
            http_status=answer.status,
            request_id=answer.request_id,
            attempts=answer.attempts,
            response=call.outputs(answer),
        )
    ]


def list_ip_reputation_rules(
    call: Call, project_id: str, policy_id: str, enterprise_project_id: str | None = None
) -> list[dict[str, Any]]:
    """GET .../waf/policy/{policy_id}/ip-reputation, all pages."""
    return _listed(
        call,
        "rules",
        {"project_id": project_id, "policy_id": policy_id},
        enterprise_project_id,
        lambda _, offset: {"offset": offset, "limit": PAGE},
    )


def find_ip_reputation_rules(
    call: Call,
    project_id: str,
    rules: Sequence[Mapping[str, Any]],
    enterprise_project_id: str | None = None,
) -> list[dict[str, Any]]:
    """GET .../waf/policy/{policy_id}/ip-reputation, and choose the rules that are meant."""
    if problems := refused_addresses(rules):
        raise ArgumentError(*problems)
    optional = {"enterprise_project_id": enterprise_project_id} if enterprise_project_id else {}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    refused: list[str] = []
    for wanted in rules:
        policy_id = wanted["policy_id"]
        there = call.read(LIST, project_id=project_id, policy_id=policy_id, **optional)
        rows, problems = chosen_rules(wanted, there)
        refused += problems
        found.update({(policy_id, row["id"]): {**row, "policyid": policy_id} for row in rows})
    if refused:
        raise ArgumentError(*(call.connection.wire.quotes.line(text, 1500) for text in refused))
    return list(found.values())


def get_ip_reputation_rule(
    call: Call, project_id: str, policy_id: str, rule_id: str
) -> list[dict[str, Any]]:
    """GET .../waf/policy/{policy_id}/ip-reputation/{rule_id}."""
    try:
        answer = call.send(
            path={"project_id": project_id, "policy_id": policy_id, "rule_id": rule_id}
        )
    except ApiError as error:
        if error.about != MISSING:
            raise
        reason = f"{error.said}; a rule of another enterprise project would not be found either"
        return [{"id": rule_id, "policyid": policy_id, "outcome": UNKNOWN, "reason": reason}]
    said = call.documented(answer)
    if (said["id"], said["policyid"]) != (rule_id, policy_id):
        raise answer.undocumented(
            f"it speaks of rule {said['id']!r} of policy {said['policyid']!r}"
        )
    return [call.outputs(answer)]


def list_policies(
    call: Call, project_id: str, enterprise_project_id: str | None = None
) -> list[dict[str, Any]]:
    """GET .../waf/policy, all pages."""
    return _listed(
        call,
        "policies",
        {"project_id": project_id},
        enterprise_project_id,
        lambda page, _: {"page": page, "pagesize": PAGE},
    )


def _listed(
    call: Call,
    what: str,
    path: Mapping[str, str],
    enterprise_project_id: str | None,
    position: Callable[[int, int], Mapping[str, int]],
) -> list[dict[str, Any]]:
    """Read every page of a list; raises ResponseError unless the rows are as many as counted.

    position: the query of a page, by its number and the rows before it.
    """
    rows: dict[str, dict[str, Any]] = {}
    page, offset = 1, 0
    while True:
        query = {"enterprise_project_id": enterprise_project_id, **position(page, offset)}
        answer = call.send(path=path, query=query)
        said, seen = call.documented(answer), len(rows)
        schema = call.answers[answer.status].part["properties"]["items"]["items"]
        rows.update({row["id"]: call.row(schema, row) for row in said["items"]})
        page, offset = page + 1, offset + len(said["items"])
        if len(rows) == said["total"]:
            return list(rows.values())
        if len(rows) == seen or len(rows) > said["total"] or max(PAGE * page, offset) > LAST_OFFSET:
            break
    raise answer.undocumented(f"the list ended after {len(rows)} of {said['total']} {what}")
