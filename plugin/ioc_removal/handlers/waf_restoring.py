"""How outcomes of WAF are undone, from the rules that a policy's list showed before.

Source: https://support.huaweicloud.com/api-waf/CreateIpReputationRule.html
"""

from collections.abc import Mapping
from typing import Any

from ..errors import ArgumentError
from ..restoring import Restoring, left_out, without_none

ON = 1
# What the new rule has of its own, or is set after it.
_OF_ITS_OWN = frozenset({"id", "policyid", "policyname", "timestamp", "status"})


def create_rule_again(
    row: Mapping[str, Any], given: Mapping[str, Any], fields: Mapping[str, Any]
) -> Restoring:
    """Return how a rule that was deleted is created again, and switched off if it was off."""
    snapshot = _rule_of(row)
    written = {
        name: _known(value, fields[name])
        for name, value in snapshot.items()
        if name in fields and value is not None
    }
    lost = sorted(left_out(snapshot, fields, _OF_ITS_OWN))
    status = _switch(snapshot.get("status"))
    off = isinstance(status, int) and status != ON
    return Restoring(
        _policy(row, given) | written,
        _policy(row, given) | {"status": status} if off else None,
        (
            "its id, in place of which it has a new one",
            "when it was created",
            *([] if isinstance(status, int) else ["whether it was on, which it is now"]),
            *(f"its {name}, which no new rule takes" for name in lost),
        ),
        "the rule is in force now, although it was off" if off else "",
    )


def delete_created_rule(
    row: Mapping[str, Any], given: Mapping[str, Any], _fields: Mapping[str, Any]
) -> Restoring:
    """Return how a rule that was created is deleted."""
    if not row.get("id"):
        raise ArgumentError("it cannot be taken away again: its id is not known")
    tags = {"expect_tags": given["tags"]} if given.get("tags") else {}
    return Restoring(_policy(row, given) | {"rule_id": row["id"], **tags})


def set_rule_status_again(
    row: Mapping[str, Any], given: Mapping[str, Any], _fields: Mapping[str, Any]
) -> Restoring:
    """Return how a rule is switched as it was."""
    status = _switch(_rule_of(row).get("status"))
    if not isinstance(status, int):
        raise ArgumentError("it cannot be put back: its snapshot does not show its status")
    return Restoring(_policy(row, given) | {"rule_id": row["id"], "status": status})


def _switch(shown: Any) -> Any:
    """Return a status that is shown as a text as the number that it is."""
    return int(shown) if isinstance(shown, str) and shown in {"0", "1"} else shown


def _known(value: Any, rule: Mapping[str, Any]) -> Any:
    """Return a value with those of its fields that a new rule takes."""
    if not isinstance(value, Mapping):
        return value
    return {name: field for name, field in value.items() if name in rule.get("properties", {})}


def _policy(row: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    names = ("project_id", "enterprise_project_id")
    return without_none(
        {"policy_id": row["policy_id"], **{name: given.get(name) for name in names}}
    )


def _rule_of(row: Mapping[str, Any]) -> Mapping[str, Any]:
    snapshot = row.get("snapshot")
    if not isinstance(snapshot, Mapping):
        raise ArgumentError("it cannot be put back: no snapshot tells what it was")
    return snapshot
