"""Huawei Cloud WAF: one function a request.

Source: https://support.huaweicloud.com/api-waf/DeleteIpReputationRule.html
"""

from collections.abc import Callable, Mapping, Sequence
from re import IGNORECASE
from re import compile as pattern
from typing import Any

from ..call import Call
from ..errors import ApiError, ArgumentError, PluginError, TransportError
from ..outcome import ABSENT, FAILED, REMOVED, UNKNOWN, Outcome
from ..schema import outputs_of
from .waf_rules import chosen_rules, refused_addresses

LIST = "waf-ip-reputation-rules-list"
PAGE = 100  # rows
LAST_OFFSET = 65_535
# A 404 that speaks of one of these says nothing about the rule.
ELSEWHERE = pattern(r"policy|project|permission|denied|api\.not\.found", IGNORECASE)


def delete_ip_reputation_rule(
    call: Call,
    project_id: str,
    policy_id: str,
    rule_id: str,
    enterprise_project_id: str | None = None,
) -> list[Outcome]:
    """DELETE .../waf/policy/{policy_id}/ip-reputation/{rule_id}."""
    target = {"policy_id": policy_id}
    scope = {"project_id": project_id, "policy_id": policy_id}
    try:
        answer = call.send(
            path={**scope, "rule_id": rule_id},
            query={"enterprise_project_id": enterprise_project_id},
        )
    except (TransportError, ApiError) as error:
        if not _to_settle(error):
            raise
        outcome, reason = _settled(call, scope, rule_id, enterprise_project_id, error)
        refusal = error if isinstance(error, ApiError) else None
        return [
            Outcome(
                outcome,
                target,
                id=rule_id,
                reason=reason,
                http_status=refusal.status if refusal else None,
                request_id=refusal.request_id if refusal else None,
                attempts=error.attempts,
                maybe_ours=outcome == ABSENT and _may_be_ours(error),
                response=refusal.fields if refusal else {},
            )
        ]
    said = call.documented(answer)
    if (said["id"], said["policyid"]) != (rule_id, policy_id):
        raise answer.undocumented(
            f"it speaks of rule {said['id']!r} of policy {said['policyid']!r}"
        )
    return [
        Outcome(
            REMOVED,
            target,
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
        raise ArgumentError(*refused)
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
        if error.status != 404 or ELSEWHERE.search(str(error)):
            raise
        reason = f"{error}; a rule of another enterprise project would not be found either"
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
        rows.update({row["id"]: outputs_of(schema, row) for row in said["items"]})
        page, offset = page + 1, offset + len(said["items"])
        if len(rows) == said["total"]:
            return list(rows.values())
        if len(rows) == seen or len(rows) > said["total"] or max(PAGE * page, offset) > LAST_OFFSET:
            break
    raise answer.undocumented(f"the list ended after {len(rows)} of {said['total']} {what}")


def _to_settle(error: TransportError | ApiError) -> bool:
    """Tell whether only the policy's rule list can say what became of the rule."""
    if isinstance(error, TransportError):
        return error.sent
    if error.status == 404:
        return not ELSEWHERE.search(str(error))
    return _may_be_ours(error)


def _may_be_ours(error: TransportError | ApiError) -> bool:
    return isinstance(error, TransportError) or error.unclear or error.status >= 500


def _settled(
    call: Call,
    scope: Mapping[str, str],
    rule_id: str,
    enterprise_project_id: str | None,
    error: TransportError | ApiError,
) -> tuple[str, str]:
    """Look the rule up in its policy's list: still there is failed, gone is absent."""
    optional = {"enterprise_project_id": enterprise_project_id} if enterprise_project_id else {}
    try:
        rows = call.read(LIST, **scope, **optional)
    except PluginError as unread:
        outcome = UNKNOWN if _may_be_ours(error) else FAILED
        return outcome, f"{error}; and the rules of the policy could not be read: {unread}"
    if any(row["id"] == rule_id for row in rows):
        return FAILED, f"{error}; the rule is still there"
    return ABSENT, f"{error}; the policy has no such rule"
