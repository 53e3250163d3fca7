"""What WAF takes as an IP reputation rule, and makes of it.

Where the documents are silent, a choice was made: an unknown field, a provider that the documents
do not name and one named twice are an illegal body; a tag that another rule of the policy has is
WAF.00011012, a name that one has is WAF.00011016, in whatever enterprise project that rule is.
"""

from collections.abc import Mapping, Sequence
from re import compile as pattern
from time import time
from typing import Any
from uuid import uuid4

NAME = pattern(r"[\w.-]{1,64}")
PROVIDERS = {
    *("Dr.Peng", "Google", "Tencent", "MeiTuan", "AliCloud", "Microsoft", "Amazon", "HW", "VNET"),
}
ACTIONS = ("pass", "log", "block")
BODY = ("00011003", "request.body.illegal")

Rule = dict[str, Any]


def refused_rule(document: Any, rules: Sequence[Rule]) -> tuple[str, str] | None:
    """Return the code and the text that refuse a new rule; None when it can be created.

    rules: of the policy.
    """
    known = {"name", "type", "tags", "action", "description"}
    if not isinstance(document, dict) or not known - {"description"} <= set(document) <= known:
        return BODY
    action, description = document["action"], document.get("description", "")
    if document["type"] != "idc" or not _is_action(action) or not _are_tags(document["tags"]):
        return BODY
    if not isinstance(document["name"], str) or not NAME.fullmatch(document["name"]):
        return "00011005", "name.illegal"
    if not isinstance(description, str):
        return "00011013", "description.illegal"
    if any(rule["name"] == document["name"] for rule in rules):
        return "00011016", "name.duplicate"
    taken = {tag for rule in rules for tag in rule["tags"]}
    return ("00011012", "standard.violated") if taken & set(document["tags"]) else None


def new_rule(document: Mapping[str, Any], policy_id: str, project: str) -> Rule:
    """Return a rule that is enabled; project: its enterprise project."""
    return {
        "id": uuid4().hex,
        "policyid": policy_id,
        "name": document["name"],
        "timestamp": int(time() * 1000),
        "description": document.get("description", ""),
        "status": 1,
        "type": "idc",
        "tags": list(document["tags"]),
        "action": {"category": document["action"]["category"]},
        "enterprise_project_id": project,
    }


def status_of(document: Any) -> int | None:
    """Return the status that a request sets; None when it is not the documented one."""
    status = document.get("status") if isinstance(document, dict) else None
    fits = isinstance(status, int) and not isinstance(status, bool) and status in (0, 1)
    return status if fits and set(document) == {"status"} else None


def _is_action(action: Any) -> bool:
    return (
        isinstance(action, dict)
        and set(action) == {"category"}
        and isinstance(action["category"], str)
        and action["category"] in ACTIONS
    )


def _are_tags(tags: Any) -> bool:
    fits = isinstance(tags, list) and tags and all(isinstance(tag, str) for tag in tags)
    return bool(fits) and len(set(tags)) == len(tags) and set(tags) <= PROVIDERS
