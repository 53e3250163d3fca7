"""Check the shape of a seed: a line for every key that is unknown, missing or of a wrong kind."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# A mapping lists its keys, with "!" behind one that must be there and "*" for any other; a list
# holds the shape of its items; a type is a type, and object is anything.
_KINDS: Mapping[type, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}
_SUPPLIER = {
    "status": str,
    "confidence": int,
    "retention": int,
    "vendor": str,
    "broken": bool,
    "indicators": [str],
}
_RULE = {
    "id!": str,
    "tags!": [str],
    "name": str,
    "description": str,
    "status": int,
    "action": str,
    "timestamp": int,
    "enterprise_project_id": str,
}
FAULT: Mapping[str, Any] = {
    "system": str,
    "method": str,
    "path": str,
    "carries": str,
    "times": int,
    "skip": int,
    "chance": float,
    "random": int,
    "answer": str,
    "status": int,
    "body": object,
    "headers": {"*": str},
    "acted": bool,
    "acts_after": float,
    "expire_tokens": bool,
    "delay": float,
    "hang_up": str,
    "reset": str,
    "cut": int,
    "content_length": int,
    "drip_headers": float,
    "drip_body": float,
}
SEED: Mapping[str, Any] = {
    "cybertrace": {
        "users": [{"name!": str, "password!": str, "role!": str}],
        "suppliers": {"*": _SUPPLIER},
        "tenants": {"*": {"*": _SUPPLIER}},
        "tags": [str],
    },
    "huawei": {
        "project_id": str,
        "auth": [
            {
                "type!": str,
                "access_key": str,
                "secret_key": str,
                "security_token": str,
                "token": str,
                "expires_at": str,
                "role": str,
            }
        ],
        "iam": {
            "domain": str,
            "project": str,
            "other_projects": {"*": str},
            "users": [{"name!": str, "password!": str, "role": str}],
            "token_seconds": int,
        },
    },
    "secmaster": {
        "workspaces": {
            "*": {"indicators": [{"value": str, "*": object}], "networks": {"*": {"*": object}}}
        }
    },
    "waf": {
        "policies": {
            "*": {
                "name": str,
                "timestamp": int,
                "enterprise_project_id": str,
                "rules": [_RULE],
            }
        }
    },
    "faults": [FAULT],
}


def problems(value: Any, shape: Any, where: str) -> Iterator[str]:
    """Yield a line for each mistake; where: the place of the value, for the line."""
    if isinstance(shape, Mapping):
        yield from _in_mapping(value, shape, where)
    elif isinstance(shape, list):
        if not isinstance(value, Sequence) or isinstance(value, str):
            yield f"{where}: must be a list"
            return
        for place, item in enumerate(value):
            yield from problems(item, shape[0], f"{where}[{place}]")
    elif not _is_a(value, shape):
        yield f"{where}: must be {_KINDS[shape]}"


def _is_a(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return kind in (bool, object)
    return isinstance(value, (int, float) if kind is float else kind)


def _in_mapping(value: Any, shape: Mapping[str, Any], where: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{where}: must be a mapping"
        return
    known = {key.rstrip("!"): inner for key, inner in shape.items() if key != "*"}
    for key in shape:
        if key.endswith("!") and key[:-1] not in value:
            yield f"{where}.{key[:-1]}: is missing"
    for key, item in value.items():
        inner = known.get(key, shape.get("*"))
        if inner is None:
            yield f"{where}.{key}: unknown; known are {', '.join(known)}"
        else:
            yield from problems(item, inner, f"{where}.{key}")
