"""Tell of a long list of texts at once that a schema refuses none of them.

Most lists hold printable ASCII without a space, which one look at all of it tells.
"""

import json
from collections.abc import Mapping
from typing import Any

ODD = {"pattern": "[\\x00-\\x1f\\x7f]|^ *$"}  # a control character, or blank
_PLAIN = bytes(range(ord("!"), ord("~") + 1))
_SAID = frozenset({"type", "minLength", "maxLength", "not", "description", "examples"})
_LONGEST = 1 << 30


def plain_lists(part: Mapping[str, Any]) -> dict[str, int]:
    """Return the lists of a schema that may hold any plain texts, with how long a text may be."""
    others = {**part, "properties": None, "examples": None}
    elsewhere = json.dumps(others)  # such as a rule for one version of the API
    return {
        name: rule["items"].get("maxLength", _LONGEST)
        for name, rule in part.get("properties", {}).items()
        if rule.get("type") == "array"
        and _keys(rule) <= {"type", "items", "minItems", "description", "examples"}
        and rule.get("minItems", 0) <= 1
        and _takes_plain(rule.get("items", {}))
        and f'"{name}": ' not in elsewhere
    }


def _takes_plain(rule: Mapping[str, Any]) -> bool:
    return (
        rule.get("type") == "string"
        and _keys(rule) <= _SAID
        and rule.get("minLength", 0) <= 1
        and rule.get("not", ODD) == ODD
    )


def _keys(rule: Mapping[str, Any]) -> set[str]:
    return {key for key in rule if not key.startswith("x-")}


def are_plain(texts: object, longest: int) -> bool:
    """Tell of a list that all it holds are plain texts, none empty nor longer than so much."""
    if not isinstance(texts, list) or not texts:
        return False
    try:
        whole = "".join(texts)
    except TypeError:  # not all are texts
        return False
    if not whole.isascii() or whole.encode().translate(None, _PLAIN) or not all(texts):
        return False
    return longest == _LONGEST or max(map(len, texts)) <= longest
