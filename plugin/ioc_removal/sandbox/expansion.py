"""Write out the short rows of a seed: every field of every supplier, indicator and rule."""

from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from ipaddress import ip_network
from typing import Any
from uuid import NAMESPACE_URL, uuid5

_SUPPLIER = {"status": "enabled", "confidence": 100, "retention": 525600, "vendor": "Sandbox"}
_TIME = "2026-01-20T08:00:00.000+08:00"
_TIMESTAMP = 1768867200000


def expanded(seed: Mapping[str, Any]) -> dict[str, Any]:
    """Write out the short rows of a complete seed: every field of every supplier and indicator."""
    cybertrace = seed["cybertrace"]
    workspaces = seed["secmaster"]["workspaces"]
    return {
        "cybertrace": {
            "users": cybertrace["users"],
            "suppliers": _suppliers(cybertrace["suppliers"]),
            "tenants": {name: _suppliers(rows) for name, rows in cybertrace["tenants"].items()},
            "tags": cybertrace["tags"],
        },
        "huawei": seed["huawei"],
        "secmaster": {
            "workspaces": {
                workspace: _indicators(rows, workspace, seed["huawei"]["project_id"])
                for workspace, rows in workspaces.items()
            }
        },
        "waf": {
            "policies": {name: _policy(name, row) for name, row in seed["waf"]["policies"].items()}
        },
    }


def _suppliers(suppliers: Mapping[str, Any]) -> dict[str, Any]:
    rows = {"InternalTI": {}, "FalsePositive": {}, **suppliers}
    return {
        name: {**_SUPPLIER, "indicators": [], "broken": False, **row} for name, row in rows.items()
    }


def _indicators(rows: Mapping[str, Any], workspace: str, project: str) -> list[dict[str, Any]]:
    short = list(rows.get("indicators", []))
    for network, fields in rows.get("networks", {}).items():
        short += [{"value": str(one), **fields} for one in ip_network(str(network))]
    return [_indicator(row, workspace, project, place) for place, row in enumerate(short)]


def _indicator(row: Mapping[str, Any], workspace: str, project: str, place: int) -> dict[str, Any]:
    """Return the documented object (IndicatorDetail) for a short row.

    A row that has a data_object is taken to be complete.
    """
    if "data_object" in row:
        return deepcopy(dict(row))
    where = f"{workspace}/{place}/{row['value']}"
    kind = row.get("type", "IPv4")
    identity = str(row.get("id") or _identity(where))
    kind_id = _identity(f"{workspace}/type/{kind}")
    owner = {"domain_id": "sandbox-domain", "region_id": "sandbox", "project_id": project}
    fields = {
        "indicator_type": {"indicator_type": kind, "id": kind_id, "category": kind},
        "value": row["value"],
        "update_time": _TIME,
        "create_time": _TIME,
        "environment": {"vendor_type": "Sandbox", **owner},
        "data_source": {
            "source_type": 3,
            "product_name": "Sandbox",
            "product_feature": "Sandbox",
            **owner,
        },
        "first_report_time": _TIME,
        "is_deleted": False,
        "last_report_time": _TIME,
        "granular_marking": 1,
        "name": row.get("name", f"sandbox-{place}"),
        "id": identity,
        "project_id": project,
        "revoked": False,
        "status": "Open",
        "verdict": "Black",
        "workspace_id": workspace,
        "confidence": 80,
        "labels": "",
        "defanged": False,
    }
    fields.update({key: value for key, value in row.items() if key in fields})
    return {
        "id": identity,
        "name": fields["name"],
        "data_object": fields,
        "workspace_id": workspace,
        "project_id": project,
        "dataclass_ref": {"id": _identity(workspace), "name": "Indicator"},
        "create_time": fields["create_time"],
        "update_time": fields["update_time"],
    }


@lru_cache(maxsize=4096)
def _identity(name: str) -> str:
    """Return the same id for the same name, in every sandbox."""
    return str(uuid5(NAMESPACE_URL, name))


def _policy(policy_id: str, row: Mapping[str, Any]) -> dict[str, Any]:
    project = str(row.get("enterprise_project_id", "0"))
    rules = [
        {
            "id": rule["id"],
            "policyid": policy_id,
            "name": rule.get("name", "rule"),
            "timestamp": rule.get("timestamp", _TIMESTAMP),
            "description": rule.get("description", ""),
            "status": rule.get("status", 1),
            "type": "idc",
            "tags": rule["tags"],
            "action": {"category": rule.get("action", "block")},
            "enterprise_project_id": str(rule.get("enterprise_project_id", project)),
        }
        for rule in row.get("rules", [])
    ]
    return {
        "name": row.get("name", policy_id),
        "timestamp": row.get("timestamp", _TIMESTAMP),
        "enterprise_project_id": project,
        "rules": rules,
    }
