"""One of the systems, as integration.yml describes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .refusals import Rule
from .regions import Service


@dataclass(frozen=True)
class System(Service):
    """A system: where it is, what it takes, and what its refusals mean.

    base: path below the address, by {api_version}, tenant_base: and by {tenant}; versions: of the
    API, the newest first, tenant_versions: those with tenants; version_test: what each of them can
    be asked for, GET; required: settings without which
    nothing can be sent; auth: the kinds it accepts; in_flight: requests at a time by default;
    test: the action, and its arguments, that reads something harmless; refusals: what its refusals
    mean, the first that matches; iam: the service that gives tokens for it.
    """

    base: str = ""
    tenant_base: str = ""
    versions: tuple[str, ...] = ()
    tenant_versions: tuple[str, ...] = ()
    version_test: str = ""
    auth: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    in_flight: int = 1
    test: Mapping[str, Any] | None = None
    refusals: tuple[Rule, ...] = ()
    iam: Service | None = None
