"""What SecMaster takes as an indicator, and makes of it.

Where the documents are silent, a choice was made: an unknown field, a missing one that the table
calls mandatory and a time in the form of the answers are a parameter error; a type of indicator
may have a category; an empty text is none.
"""

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime, timedelta, timezone
from re import compile as pattern
from typing import Any
from uuid import uuid4

TIME = pattern(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?Z([+-]\d\d)(\d\d)")
STATUSES = ("Open", "Closed", "Revoked")
VERDICTS = ("Black", "White", "Gray")

_OWNER = {"domain_id": 64, "project_id": 64, "region_id": 64}
# By field: the longest text, or what else a value must be.
_FIELDS: Mapping[str, Any] = {
    "name": 64,
    "value": 128,
    "verdict": VERDICTS,
    "status": STATUSES,
    "labels": 64,
    "granular_marking": ("1", "2", "3", "4"),
    "confidence": range(100),
    "defanged": bool,
    "first_report_time": TIME,
    "last_report_time": TIME,
    "create_time": TIME,
    "update_time": TIME,
    "id": 64,
    "project_id": 64,
    "workspace_id": 64,
    "indicator_type": {"indicator_type": 32, "id": 64, "category": 64},
    "environment": {"vendor_type": 1024, **_OWNER},
    "data_source": {
        "source_type": range(10_000),
        "product_name": 64,
        "product_feature": 64,
        **_OWNER,
    },
}
_MANDATORY = {
    *("data_source", "verdict", "value", "granular_marking", "environment", "defanged"),
    *("first_report_time", "indicator_type", "name", "workspace_id"),
}
_TIMES = ("first_report_time", "last_report_time")
_GIVEN = ("id", "project_id", "workspace_id", "create_time", "update_time")


def wrong_field(document: Any, *, whole: bool) -> str | None:
    """Name the first field of a request that is wrong or missing; None when none is.

    whole: every mandatory field is to be there.
    """
    fields = document.get("data_object") if isinstance(document, dict) else None
    if not isinstance(fields, dict) or set(document) != {"data_object"} or not fields:
        return "data_object"
    missing = sorted(_MANDATORY - set(fields)) if whole else []
    return missing[0] if missing else _wrong(fields, _FIELDS)


def created(fields: Mapping[str, Any], workspace: str, project: str) -> dict[str, Any]:
    """Return a new indicator in the form of the answers."""
    now, identity = _now(), str(uuid4())
    given = {name: value for name, value in fields.items() if name not in _GIVEN}
    kind = {"category": fields["indicator_type"]["indicator_type"], **fields["indicator_type"]}
    row = {
        "status": "Open",
        "is_deleted": False,
        "revoked": False,
        "labels": "",
        **_shown(given),
        "indicator_type": kind,
        "id": identity,
        "project_id": project,
        "workspace_id": workspace,
        "create_time": now,
        "update_time": now,
    }
    return {
        "id": identity,
        "name": fields["name"],
        "data_object": row,
        "workspace_id": workspace,
        "project_id": project,
        "dataclass_ref": {"id": str(uuid4()), "name": "Indicator"},
        "create_time": now,
        "update_time": now,
    }


def update(row: dict[str, Any], fields: Mapping[str, Any]) -> None:
    """Change the fields of an indicator that a request names."""
    given = {name: value for name, value in fields.items() if name not in _GIVEN}
    row["update_time"] = row["data_object"]["update_time"] = _now()
    row["data_object"].update(_shown(given))
    row["name"] = row["data_object"].get("name", row["name"])


def _wrong(fields: Mapping[str, Any], known: Mapping[str, Any]) -> str | None:
    for name, value in fields.items():
        if name not in known or not _fits(value, known[name]):
            return name
        inner = _wrong(value, known[name]) if isinstance(known[name], dict) else None
        if inner is not None:
            return f"{name}.{inner}"
    return None


def _fits(value: Any, rule: Any) -> bool:
    if isinstance(rule, dict):
        return isinstance(value, dict)
    if rule is bool:
        return isinstance(value, bool)
    if isinstance(rule, range):
        return isinstance(value, int) and not isinstance(value, bool) and value in rule
    if not isinstance(value, str):
        return False
    if isinstance(rule, int):
        return 1 <= len(value) <= rule
    return value in rule if isinstance(rule, tuple) else rule.fullmatch(value) is not None


def _shown(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields in the form of the answers: a number for the marking, times with a colon."""
    shown = deepcopy(dict(fields))
    for name in _TIMES:
        if name in shown and (said := TIME.fullmatch(shown[name])):
            whole, part, hours, minutes = said.groups()
            shown[name] = f"{whole}{(part or '.')[:4].ljust(4, '0')}{hours}:{minutes}"
    if "granular_marking" in shown:
        shown["granular_marking"] = int(shown["granular_marking"])
    return shown


def _now() -> str:
    there = timezone(timedelta(hours=8))
    return datetime.now(there).isoformat(timespec="milliseconds")
