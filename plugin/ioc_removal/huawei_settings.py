"""What a connection to Huawei Cloud takes from elsewhere when the settings say nothing."""

from collections.abc import Mapping
from typing import Any

from .errors import SettingsError
from .huawei_sdk import HuaweiSdk

HUAWEI = ("secmaster", "waf")


def completed(own: Mapping[str, Any], sdk: HuaweiSdk) -> Mapping[str, Any]:
    """Give a connection to Huawei Cloud what the SDK would find, and what follows from the rest."""
    found: dict[str, Any] = dict(own)
    if "auth" not in own:
        try:
            found["auth"], found["auth_from"] = sdk.credentials()
        except SettingsError as error:
            found["no_auth"] = str(error)
    auth, defaults = found.get("auth", {}), own.get("defaults", {})
    if auth.get("type") == "iam_password" and not {"project", "project_id"} & auth.keys():
        if "project_id" in defaults:
            found["auth"] = {**auth, "project_id": defaults["project_id"]}
        elif "region" in own:
            found["auth"] = {**auth, "project": own["region"]}
    project = defaults.get("project_id") or found.get("auth", {}).get("project_id")
    if project := project or sdk.project_id():
        found["defaults"] = {**defaults, "project_id": project}
    return found
