"""Huawei Cloud WAF: one function a request.

Source: https://support.huaweicloud.com/api-waf/DeleteIpReputationRule.html
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..call import Call
from ..errors import ApiError, ArgumentError, HungUpError, PluginError
from ..outcome import ADDED, CHANGED, REMOVED, UNKNOWN, Outcome
from ..refusals import MISSING
from .waf_rules import chosen_rules, refused_addresses, tags_taken

LIST = "waf-ip-reputation-rules-list"
RULES, POLICIES = 1_000, 100  # of a page; of the latter the documented maximum
LAST_OFFSET = 65_535
MOST_PAGES = 655  # whatever a server that gives a few rows each time may count


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


def create_ip_reputation_rule(
    call: Call,
    project_id: str,
    policy_id: str,
    name: str,
    type: str,  # noqa: A002  # the vendor's name of the parameter
    tags: Sequence[str],
    action: Mapping[str, str],
    description: str | None = None,
    enterprise_project_id: str | None = None,
) -> list[Outcome]:
    """POST .../waf/policy/{policy_id}/ip-reputation."""
    path = {"project_id": project_id, "policy_id": policy_id}
    query = {"enterprise_project_id": enterprise_project_id}
    body = {"name": name, "type": type, "tags": list(tags), "action": dict(action)}
    try:
        answer = call.send(
            path=path,
            query=query,
            body=body if description is None else {**body, "description": description},
        )
    except ApiError as error:
        _explain(error, call, tags, {**path, **{k: v for k, v in query.items() if v}})
        raise
    said = call.documented(answer)
    if (said["policyid"], said["name"]) != (policy_id, name):
        raise answer.undocumented(
            f"it speaks of rule {said['name']!r} of policy {said['policyid']!r}"
        )
    return [
        Outcome(
            ADDED,
            {"policy_id": policy_id, **call.place},
            value=name,
            id=said["id"],
            http_status=answer.status,
            request_id=answer.request_id,
            attempts=answer.attempts,
            response=call.outputs(answer),
        )
    ]


def set_ip_reputation_rule_status(
    call: Call,
    project_id: str,
    policy_id: str,
    rule_id: str,
    status: int,
    enterprise_project_id: str | None = None,
) -> list[Outcome]:
    """PUT .../waf/policy/{policy_id}/ip-reputation/{rule_id}/status."""
    path = {"project_id": project_id, "policy_id": policy_id, "rule_id": rule_id}
    answer = call.send(
        path={**path, "ruletype": "ip-reputation"},
        query={"enterprise_project_id": enterprise_project_id},
        body={"status": status},
    )
    said = call.documented(answer)
    if (said["id"], said["policyid"], said["status"]) != (rule_id, policy_id, status):
        raise answer.undocumented(
            f"it speaks of rule {said['id']!r} of policy {said['policyid']!r} "
            f"with status {said['status']!r}"
        )
    return [
        Outcome(
            CHANGED,
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
        lambda _, offset: {"offset": offset, "limit": RULES},
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
        lambda page, _: {"page": page, "pagesize": POLICIES},
    )


def _explain(
    refusal: ApiError, call: Call, tags: Sequence[str], arguments: Mapping[str, str]
) -> None:
    """Let a refusal of a rule name the rules that have its tags already, if there are some."""
    if refusal.status >= 500 or refusal.about not in {None, "request"}:
        return
    try:
        taken = tags_taken(tags, call.read(LIST, **arguments))
    except HungUpError:
        raise
    except PluginError:
        return  # the refusal itself is told
    if taken:
        refusal.meaning = call.connection.wire.quotes.line(taken, 1500)


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
        said, seen = call.listed(answer, "items"), len(rows)
        schema = call.answers[answer.status].part["properties"]["items"]["items"]
        rows.update({row["id"]: call.row(schema, row) for row in said["items"]})
        page, offset = page + 1, offset + len(said["items"])
        if len(rows) == said["total"]:
            return list(rows.values())
        ended = len(rows) == seen or len(rows) > said["total"]
        if ended or offset > LAST_OFFSET or page > MOST_PAGES:
            break
    raise answer.undocumented(f"the list ended after {len(rows)} of {said['total']} {what}")
