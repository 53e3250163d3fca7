"""The systems, and the services beside them, as integration.yml describes them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from .refusals import Rules


class Service(NamedTuple):
    """A service and its addresses by region, as integration.yml lists them.

    region_url: address by {region}; regions: where it is; region_urls: addresses that differ.
    """

    name: str
    title: str
    region_url: str | None = None
    regions: tuple[str, ...] = ()
    region_urls: Mapping[str, str] = MappingProxyType({})


class System(NamedTuple):
    """A system: where it is, as of a Service, what it takes, and what its refusals mean.

    base: path below the address, by {api_version}, tenant_base: and by {tenant}; versions: of the
    API, the newest first, tenant_versions: those with tenants; version_test: what each of them can
    be asked for, GET; required: settings without which nothing can be sent; auth: the kinds it
    accepts; in_flight: requests at a time by default; test: the action, and its arguments, that
    reads something harmless; refusals: what its refusals mean, the first that matches; iam: the
    service that gives tokens for it.
    """

    name: str
    title: str
    region_url: str | None = None
    regions: tuple[str, ...] = ()
    region_urls: Mapping[str, str] = MappingProxyType({})
    base: str = ""
    tenant_base: str = ""
    versions: tuple[str, ...] = ()
    tenant_versions: tuple[str, ...] = ()
    version_test: str = ""
    auth: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    in_flight: int = 1
    test: Mapping[str, Any] | None = None
    refusals: Rules = Rules()
    iam: Service | None = None
