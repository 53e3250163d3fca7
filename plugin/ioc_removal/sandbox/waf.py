"""A stand-in for the data-centre IP reputation rules of Huawei Cloud WAF.

Where the documents are silent, a choice was made: "not found" is WAF.00014001 (the documents
give the status 404 and the text; of the code only that it starts with WAF.0001400); a deletion
in `all_granted_eps` is refused, for that value is documented for lists, and so is any other
request that changes something; a caller without the
right gets the documented 401 with WAF.00012003.
"""

from collections.abc import Mapping
from copy import deepcopy
from time import time
from typing import Any

from .authentication import Gateway, RefusedError
from .exchange import Answer, Request
from .huawei import answered, identify, no_such_api
from .rules import BODY, Rule, new_rule, refused_rule, status_of

DEFAULT_PROJECT = "0"
ALL_PROJECTS = "all_granted_eps"
HIDDEN = ("enterprise_project_id",)


class Waf:
    """Policies of rules.

    seed: the section `waf` of a seed; project_id: the one project that exists.
    """

    def __init__(self, seed: Mapping[str, Any], project_id: str, gateway: Gateway) -> None:
        self._project_id = project_id
        self._gateway = gateway
        self._policies: dict[str, dict[str, Any]] = deepcopy(dict(seed["policies"]))

    def state(self) -> dict[str, Any]:
        """Return the rules that are left, by policy, each with its enterprise project."""
        return {"policies": {name: deepcopy(row["rules"]) for name, row in self._policies.items()}}

    def answer(self, request: Request) -> Answer:
        """Answer a request below /v1/{project_id}/waf."""
        try:
            caller = identify(self._gateway, request)
        except RefusedError:
            return _refusal(400, "00012001", "invalid.token")
        return caller if isinstance(caller, Answer) else self._route(request, caller)

    def _route(self, request: Request, caller: Mapping[str, Any]) -> Answer:
        _, project_id, _, *path = request.path
        place = (request.method, len(path))
        below_rules = path[2:3] in ([], ["ip-reputation"]) and path[4:] in ([], ["status"])
        if path[:1] != ["policy"] or not below_rules or place not in _PLACES:
            return no_such_api(request)
        if caller.get("role") == "reader" and request.method != "GET":
            return _refusal(401, "00012003", "permission.denied")
        if "Content-Type" in request.headers and request.media_type("Content-Type") not in _TYPES:
            return _refusal(400, "00011014", "request.header.illegal")
        if {project_id, caller.get("project_id", project_id)} != {self._project_id}:
            return _refusal(400, "00012002", "invalid.project")
        if len(path) == 1:
            return self._list_policies(request)
        policy = self._policies.get(path[1])
        return _not_found() if policy is None else _in_policy(request, path, policy)

    def _list_policies(self, request: Request) -> Answer:
        page, size = _number(request, "page", 1, 65535, 1), _number(request, "pagesize", 1, 100, 10)
        if page is None or size is None:
            return _refusal(400, "00011011", "pageOrPageSize.illegal")
        name, project = request.query.get("name", ""), _enterprise_project(request)
        found = [
            _shown_policy(policy_id, policy)
            for policy_id, policy in self._policies.items()
            if name in policy["name"] and project in (ALL_PROJECTS, policy["enterprise_project_id"])
        ]
        items = found[(page - 1) * size : page * size]
        return answered(200, {"total": len(found), "items": items})


_PLACES = (
    *(("GET", 1), ("GET", 2), ("GET", 3), ("GET", 4)),
    *(("DELETE", 4), ("POST", 3), ("PUT", 5)),
)
_TYPES = [("application/json", charset) for charset in ("", "utf8", "utf-8")]


def _in_policy(request: Request, path: list[str], policy: dict[str, Any]) -> Answer:
    if len(path) == 2:
        return answered(200, _shown_policy(path[1], policy))
    if request.method != "GET" and _enterprise_project(request) == ALL_PROJECTS:
        return _refusal(400, "00011002", "url.param.illegal")
    if request.method == "POST":
        return _create_rule(request, path[1], policy)
    if len(path) == 3:
        return _list_rules(request, policy["rules"])
    return _one_rule(request, policy["rules"], path[3])


def _list_rules(request: Request, rules: list[Rule]) -> Answer:
    offset = _number(request, "offset", 0, 65535, 0)
    limit = _number(request, "limit", 1, 65535, 10)
    page, size = _number(request, "page", 1, 65535, 1), _number(request, "pagesize", 1, 65535, 10)
    if offset is None or limit is None:
        return _refusal(400, "00011010", "offsetOrLimit.illegal")
    if page is None or size is None:
        return _refusal(400, "00011011", "pageOrPageSize.illegal")
    if "page" in request.query:
        offset, limit = (page - 1) * size, size
    project = _enterprise_project(request)
    found = [rule for rule in rules if project in (ALL_PROJECTS, rule["enterprise_project_id"])]
    items = [_shown(rule, without="timestamp") for rule in found[offset : offset + limit]]
    return answered(200, {"total": len(found), "items": items})


def _one_rule(request: Request, rules: list[Rule], rule_id: str) -> Answer:
    project = _enterprise_project(request)
    for rule in rules:
        if rule["id"] == rule_id and project in (ALL_PROJECTS, rule["enterprise_project_id"]):
            if request.method == "GET":
                return answered(200, _shown(rule))
            if request.method == "PUT":
                return _set_status(request, rule)
            rules.remove(rule)
            return answered(200, {**_shown(rule), "timestamp": int(time() * 1000), "status": 0})
    return _not_found()


def _create_rule(request: Request, policy_id: str, policy: dict[str, Any]) -> Answer:
    if refused := refused_rule(request.document, policy["rules"]):
        return _refusal(400, *refused)
    rule = new_rule(request.document, policy_id, _enterprise_project(request))
    policy["rules"].append(rule)
    return answered(200, {**_shown(rule), "policyname": policy["name"]})


def _set_status(request: Request, rule: Rule) -> Answer:
    status = status_of(request.document)
    if status is None:
        return _refusal(400, *BODY)
    rule["status"] = status
    shown = ("id", "policyid", "timestamp", "description", "status")
    return answered(200, {name: rule[name] for name in shown})


def _enterprise_project(request: Request) -> str:
    return request.query.get("enterprise_project_id") or DEFAULT_PROJECT


def _number(request: Request, name: str, least: int, most: int, default: int) -> int | None:
    text = request.query.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else -1
    return number if least <= number <= most else None


def _shown(rule: Rule, without: str = "") -> dict[str, Any]:
    return {name: value for name, value in rule.items() if name not in (*HIDDEN, without)}


def _shown_policy(policy_id: str, policy: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": policy_id, "name": policy["name"], "timestamp": policy["timestamp"]}


def _not_found() -> Answer:
    return _refusal(404, "00014001", "resource.not.found")


def _refusal(status: int, code: str, text: str) -> Answer:
    return answered(status, {"error_code": f"WAF.{code}", "error_msg": text})
