"""What the official SDK of Huawei Cloud would find: nothing, as XSOAR has no environment of it."""

from collections.abc import Mapping
from typing import Any

from ....errors import SettingsError


class HuaweiSdk:
    """What the SDK would find in an environment; here everything is a parameter."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment

    def credentials(self) -> tuple[dict[str, Any], str]:
        """Raise SettingsError: there are none."""
        raise SettingsError("the instance has no credentials")

    def project_id(self) -> str | None:
        """Return the project of the environment: none."""
        return None

    def endpoint(self, service: str, region: str) -> tuple[str, str] | None:  # noqa: ARG002
        """Return the address that was set for a service in a region: none."""
        return None

    def iam_endpoint(self) -> tuple[str, str] | None:
        """Return the address of IAM of the environment: none."""
        return None
