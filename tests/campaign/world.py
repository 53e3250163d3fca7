"""What the sandboxes of a schedule hold, and what of it the call names."""

from collections.abc import Mapping, Sequence
from typing import Any

from ioc_removal.sandbox import Sandbox

from .schedule import CONNECT, READ, Schedule

PROJECT = "0123456789abcdef0123456789abcdef"
WORKSPACE, OTHER_WORKSPACE = "workspace-1", "workspace-2"
POLICY, OTHER_POLICY = "policy-1", "policy-2"
BYSTANDERS = tuple(f"{number:032x}" for number in range(3))
USER = {"name": "sandbox-operator", "password": "sandbox-password", "role": "administrator"}
READER = {"name": "sandbox-reader", "password": "sandbox-password", "role": "analyst"}
BASIC = {
    "basic": {"username": USER["name"], "password": USER["password"]},
    "wrong": {"username": USER["name"], "password": "not-the-password"},
    "reader": {"username": READER["name"], "password": READER["password"]},
}
KEY = {"access_key": "KEY1", "secret_key": "secret-1"}
TEMPORARY = {"access_key": "KEY2", "secret_key": "secret-2", "security_token": "temporary-2"}
IAM_USER = {"username": "sandbox-iam-user", "password": "sandbox-iam-password"}
ELSEWHERE = "e" * 32
HUAWEI: Mapping[str, Mapping[str, str]] = {
    "aksk": {"type": "aksk", **KEY},
    "temporary": {"type": "aksk", **TEMPORARY},
    "iam_token": {"type": "iam_token", "token": "good-token"},
    "wrong aksk": {"type": "aksk", **KEY, "secret_key": "wrong"},
    "wrong token": {"type": "iam_token", "token": "no-token"},
    "expired": {"type": "iam_token", "token": "old-token"},
    "reader": {"type": "iam_token", "token": "reader-token"},
}


def seed_of(schedule: Schedule, node: int) -> dict[str, Any]:
    """Return what a sandbox holds: the target, and beside it the same items where none may go."""
    here = [*schedule.there, *BYSTANDERS, *(f"{n:032x}" for n in range(16, 16 + schedule.crowd))]
    everywhere = [*schedule.items, *BYSTANDERS]
    system = schedule.system
    target = _supplier(schedule)
    suppliers: dict[str, Any] = {}
    tenants: dict[str, Any] = {}
    workspaces: dict[str, Any] = {}
    policies: dict[str, Any] = {}
    if system == "cybertrace":
        tenants = {"Branch": {}, "Other": {}}
        for tenant, place in ((None, suppliers), *tenants.items()):
            for name in ("InternalTI", "FalsePositive", "TriageFeed", "Broken"):
                mine = (name, tenant) == (target, schedule.tenant)
                place[name] = {"indicators": here if mine else everywhere}
            place["Broken"]["broken"] = True
    elif system == "secmaster":
        for workspace, ids in ((WORKSPACE, here), (OTHER_WORKSPACE, everywhere)):
            rows = [{"value": f"v{id_}", "id": id_} for id_ in dict.fromkeys(ids)]
            workspaces[workspace] = {"indicators": rows}
    else:
        for policy, ids in ((POLICY, here), (OTHER_POLICY, everywhere)):
            policies[policy] = {"rules": [_rule(id_) for id_ in dict.fromkeys(ids)]}
    return {
        "cybertrace": {"users": [USER, READER], "suppliers": suppliers, "tenants": tenants},
        "huawei": {
            "project_id": PROJECT,
            "auth": [
                {"type": "aksk", **KEY},
                {"type": "aksk", **TEMPORARY},
                {"type": "iam_token", "token": "good-token"},
                {"type": "iam_token", "token": "reader-token", "role": "reader"},
                {"type": "iam_token", "token": "old-token",
                 "expires_at": "2020-01-04T09:05:22.701000+00:00"},
            ],
            "iam": {
                "domain": "sandbox-domain",
                "project": "sandbox",
                "other_projects": {"elsewhere": ELSEWHERE},
                "users": [{"name": IAM_USER["username"], "password": IAM_USER["password"]}],
                "token_seconds": schedule.token_seconds,
            },
        },
        "secmaster": {"workspaces": workspaces},
        "waf": {"policies": policies},
        "faults": list(schedule.faults[node]),
    }  # fmt: skip


def settings_of(schedule: Schedule, sandbox: Sandbox, urls: list[str]) -> dict[str, Any]:
    """Return the settings of the one connection of a schedule; sandbox: the first node."""
    own = {key: value for key, value in sandbox.settings()["connections"][schedule.system].items()
           if key in ("system", "ca_bundle")}  # fmt: skip
    own |= {"nodes": urls} if len(urls) > 1 else {"url": urls[0]}
    own |= {"limits": dict(schedule.limits), "connect_timeout": CONNECT, "read_timeout": READ}
    own["total_timeout"] = schedule.total
    credentials: dict[str, Any]
    if schedule.system == "cybertrace":
        own |= {"api_version": schedule.api_version} if schedule.api_version else {}
        own |= {"tenant": schedule.tenant} if schedule.tenant else {}
        credentials = {"type": "basic", **BASIC[schedule.auth]}
    elif schedule.auth in HUAWEI:
        credentials = dict(HUAWEI[schedule.auth])
    else:
        project = "elsewhere" if schedule.auth == "elsewhere" else "sandbox"
        credentials = {"type": "iam_password", **IAM_USER, "domain": "sandbox-domain"}
        credentials |= {"project": project, "iam_url": sandbox.url, "token_cache": False}
        if schedule.auth == "wrong password":
            credentials["password"] = "not-the-password"
    document = {"connections": {schedule.system: {**own, "auth": credentials}}}
    return {**document, "guards": dict(schedule.guards or {})}


def arguments_of(schedule: Schedule, items: Sequence[str]) -> dict[str, Any]:
    """Return the arguments of the call, or of a part of it: a rule is deleted alone."""
    if schedule.system == "cybertrace":
        return {**schedule.arguments, "indicators": list(items)}
    project = {"project_id": PROJECT} if schedule.project_known else {}
    if schedule.system == "secmaster":
        place = {**project, "workspace_id": WORKSPACE}
        return {**place, **schedule.arguments, "batch_ids": list(items)}
    return {**project, "policy_id": POLICY, **schedule.arguments, "rule_id": items[0]}


def held(schedule: Schedule, state: Mapping[str, Any]) -> set[str]:
    """Return which items the target of a call holds; state: of a sandbox."""
    place: Any
    if schedule.system == "cybertrace":
        suppliers = state["cybertrace"]["tenants"][schedule.tenant or "General"]
        place = suppliers.get(_supplier(schedule), ())
    elif schedule.system == "secmaster":
        workspace = schedule.arguments.get("workspace_id", WORKSPACE)
        place = (row["id"] for row in state["secmaster"]["workspaces"].get(workspace, ()))
    else:
        policy = schedule.arguments.get("policy_id", POLICY)
        project = schedule.arguments.get("enterprise_project_id", "0")
        rows = state["waf"]["policies"].get(policy, ())
        place = (row["id"] for row in rows if row["enterprise_project_id"] == project)
    return set(place) & set(schedule.items)


def beside(schedule: Schedule, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the systems hold but for the items of the call at its target."""
    mine = set(schedule.items)
    own = _supplier(schedule), schedule.tenant or "General"
    return {
        "cybertrace": {
            (tenant, name): [one for one in values if (name, tenant) != own or one not in mine]
            for tenant, suppliers in state["cybertrace"]["tenants"].items()
            for name, values in suppliers.items()
        },
        "secmaster": {
            workspace: [row for row in rows if workspace != WORKSPACE or row["id"] not in mine]
            for workspace, rows in state["secmaster"]["workspaces"].items()
        },
        "waf": {
            policy: [
                row
                for row in rows
                if policy != POLICY
                or row["id"] not in mine
                or row["enterprise_project_id"]
                != schedule.arguments.get("enterprise_project_id", "0")
            ]
            for policy, rows in state["waf"]["policies"].items()
        },
    }


def _supplier(schedule: Schedule) -> str:
    return str(schedule.arguments.get("supplier", "FalsePositive"))


def _rule(id_: str) -> dict[str, Any]:
    """Return a rule; every fourth one is of another enterprise project."""
    project = "eps-1" if int(id_[-1:], 16) % 4 == 3 else "0"
    return {"id": id_, "tags": ["HW"], "enterprise_project_id": project}
