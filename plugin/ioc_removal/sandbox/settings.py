"""Settings for the plugin under which a sandbox accepts it."""

from collections.abc import Mapping
from typing import Any

_AUTH_KEYS = ("type", "access_key", "secret_key", "security_token", "token")


def settings_for(seed: Mapping[str, Any], url: str) -> dict[str, Any]:
    """Return three connections to one address, with the first credentials of a seed."""
    user, credential = seed["cybertrace"]["users"][0], seed["huawei"]["auth"][0]
    project = {"project_id": seed["huawei"]["project_id"]}
    workspace = next(iter(seed["secmaster"]["workspaces"]), None)
    return {
        "connections": {
            "cybertrace": {
                "system": "cybertrace",
                "url": url,
                "api_version": "1.3",
                "auth": {
                    "type": "basic",
                    "username": user["name"],
                    "password": user["password"],
                },
            },
            "secmaster": {
                "system": "secmaster",
                "url": url,
                "auth": _auth(credential),
                "defaults": {**project, **({"workspace_id": workspace} if workspace else {})},
            },
            "waf": {"system": "waf", "url": url, "auth": _auth(credential), "defaults": project},
        }
    }


def _auth(credential: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in credential.items() if key in _AUTH_KEYS}
