"""Settings for the plugin under which a sandbox accepts it."""

from collections.abc import Mapping
from typing import Any

from ..errors import ArgumentError

AKSK, IAM_TOKEN, IAM_PASSWORD = "aksk", "iam_token", "iam_password"
HUAWEI_AUTH = (AKSK, IAM_TOKEN, IAM_PASSWORD)

_AUTH_KEYS = ("type", "access_key", "secret_key", "security_token", "token")


def settings_for(
    seed: Mapping[str, Any], url: str, huawei: str | None, certificates: Mapping[str, str]
) -> dict[str, Any]:
    """Return three connections to one address, with the first credentials of a seed.

    huawei: the type of those for Huawei Cloud; None means the first of any type.
    certificates: settings of each connection for TLS, empty without.
    """
    user = seed["cybertrace"]["users"][0]
    basic = {"type": "basic", "username": user["name"], "password": user["password"]}
    project = {"project_id": seed["huawei"]["project_id"]}
    workspace = next(iter(seed["secmaster"]["workspaces"]), None)
    in_workspace = {**project, **({"workspace_id": workspace} if workspace else {})}
    auth = _auth(seed["huawei"], url, huawei)
    shared = {"credentials": {"huawei": auth}} if huawei == IAM_PASSWORD else {}
    named: Any = "huawei" if shared else auth
    address = {"url": url, **certificates}
    return {
        "connections": {
            "cybertrace": {
                "system": "cybertrace",
                **address,
                "api_version": "1.3",
                "auth": basic,
            },
            "secmaster": {
                "system": "secmaster",
                **address,
                "auth": named,
                "defaults": in_workspace,
            },
            "waf": {"system": "waf", **address, "auth": named, "defaults": project},
        },
        **shared,
    }


def _auth(seed: Mapping[str, Any], url: str, kind: str | None) -> dict[str, Any]:
    """Return the credentials of a type, with the keys that settings have for it."""
    if kind not in (None, *HUAWEI_AUTH):
        raise ArgumentError(f"huawei: must be one of {', '.join(HUAWEI_AUTH)}, not {kind!r}")
    if kind == IAM_PASSWORD:
        iam = seed["iam"]
        return {
            "type": IAM_PASSWORD,
            "username": iam["users"][0]["name"],
            "password": iam["users"][0]["password"],
            "domain": iam["domain"],
            "project": iam["project"],
            "iam_url": url,
        }
    for row in seed["auth"]:
        if kind in (None, row["type"]):
            return {key: value for key, value in row.items() if key in _AUTH_KEYS}
    raise ArgumentError(f"huawei: the seed has no credential of type {kind} in huawei.auth")
