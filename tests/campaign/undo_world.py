"""What the sandbox of a schedule of undos holds, and how much of it is where."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from .undo_schedule import CLOSING, TAGS, UndoSchedule

PROJECT = "0123456789abcdef0123456789abcdef"
PLACE = "place-1"  # a workspace, or a policy
BESIDE = "bystander.example"
OF_ITS_OWN = frozenset({"id", "create_time", "update_time", "timestamp", "dataclass_ref"})


def seed_of(schedule: UndoSchedule) -> dict[str, Any]:
    """Return a seed with all items where they are removed from, and a bystander."""
    items = schedule.items
    suppliers: dict[str, Any] = {name: {"indicators": [BESIDE]} for name in _suppliers()}
    workspaces: dict[str, Any] = {PLACE: {"indicators": [{"value": BESIDE}]}}
    policies: dict[str, Any] = {PLACE: {"rules": [{"id": "0" * 32, "tags": ["VNET"]}]}}
    if schedule.system == "cybertrace":
        values = dict.fromkeys(item.value for item in items)
        suppliers[supplier_of(schedule)] = {"indicators": [*values, BESIDE]}
    elif schedule.system == "secmaster":
        rows = [{"value": item.value, "id": item.id} for item in items]
        workspaces[PLACE] = {"indicators": [*rows, {"value": BESIDE}]}
    else:
        policies[PLACE]["rules"] += [
            {"id": item.id, "name": item.value, "tags": [tag], "status": int(not item.off)}
            for item, tag in zip(items, TAGS, strict=False)
        ]
    return {
        "cybertrace": {"suppliers": suppliers, "tenants": {}},
        "huawei": {"project_id": PROJECT},
        "secmaster": {"workspaces": workspaces},
        "waf": {"policies": policies},
        "faults": [],
    }


def arguments_of(schedule: UndoSchedule) -> Iterator[dict[str, Any]]:
    """Yield the arguments of each removal: a rule is deleted alone."""
    if schedule.system == "cybertrace":
        values = dict.fromkeys(item.value for item in schedule.items)
        yield {**schedule.arguments, "indicators": list(values)}
    elif schedule.system == "secmaster":
        place = {"project_id": PROJECT, "workspace_id": PLACE}
        yield {**place, "batch_ids": [item.id for item in schedule.items]}
    else:
        for item in schedule.items:
            yield {"project_id": PROJECT, "policy_id": PLACE, "rule_id": item.id}


def supplier_of(schedule: UndoSchedule) -> str:
    """Return the supplier of a schedule."""
    return str(schedule.arguments.get("supplier", "FalsePositive"))


def held(schedule: UndoSchedule, state: Mapping[str, Any]) -> Counter[str]:
    """Return how often each value is where it was removed from; of a closing, how often open."""
    if schedule.system == "cybertrace":
        return Counter(state["cybertrace"]["suppliers"][supplier_of(schedule)])
    if schedule.system == "secmaster":
        rows = [row["data_object"] for row in state["secmaster"]["workspaces"][PLACE]]
        if schedule.action == CLOSING:
            rows = [row for row in rows if row["status"] == "Open"]
        return Counter(row["value"] for row in rows)
    return Counter(row["name"] for row in state["waf"]["policies"][PLACE])


def switched(state: Mapping[str, Any]) -> dict[str, int]:
    """Return the status of each rule, by its id."""
    return {row["id"]: row["status"] for row in state["waf"]["policies"][PLACE]}


def alike(state: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what the systems hold, in order, without what no system takes back."""
    places = {
        **{f"cybertrace {k}": list(v) for k, v in state["cybertrace"]["suppliers"].items()},
        **{f"secmaster {k}": v for k, v in state["secmaster"]["workspaces"].items()},
        **{f"waf {k}": v for k, v in state["waf"]["policies"].items()},
    }
    return {
        place: sorted(json.dumps(_plain(row), sort_keys=True) for row in rows)
        for place, rows in places.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {k: _plain(v) for k, v in value.items() if k not in OF_ITS_OWN}
        return {k: v for k, v in kept.items() if v not in ("", None)}
    return value


def _suppliers() -> tuple[str, ...]:
    return ("InternalTI", "FalsePositive", "TriageFeed")
