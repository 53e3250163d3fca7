"""Which version of its API a server speaks, when the settings do not say it."""

from threading import Lock

from .endpoint import Endpoint, segment
from .errors import ApiError
from .system import System
from .wire import Wire

NOT_FOUND = 404


class Version:
    """The version of the API of one server, which is a part of its address.

    wire: to the server, its address without a version; tenant: as set, if any; api_version: as
    set, else None. Source of 404 for a version that it does not speak:
    https://support.kaspersky.com/CyberTrace/4.4/en-US/198539.htm
    """

    def __init__(
        self, system: System, wire: Wire, tenant: str | None, api_version: str | None
    ) -> None:
        self._wire, self._server = wire, wire.address
        self._base = system.tenant_base if tenant else system.base
        self._tenant = segment("tenant", tenant) if tenant else None
        self._versions = system.tenant_versions if tenant else system.versions
        self._test = Endpoint("GET", system.version_test, {"Accept": "application/json"})
        self._lock = Lock()
        self._known = api_version or (self._versions[0] if len(self._versions) == 1 else None)
        if self._known or not self._versions:
            self._go_to(self._known)

    def known(self) -> str | None:
        """Return the version; raises what asking the server for it raises."""
        if self._known is None and self._versions:
            with self._lock:
                if self._known is None:
                    self._known = self._asked()
        return self._known

    def _asked(self) -> str:
        """Return the newest version that the server speaks."""
        for version in self._versions:
            self._go_to(version)
            try:
                self._test.send(self._wire)
            except ApiError as error:
                if error.status != NOT_FOUND or version == self._versions[-1]:
                    raise
            else:
                return version
        raise AssertionError

    def _go_to(self, version: str | None) -> None:
        self._wire.address = self._server + self._base.format(
            api_version=version, tenant=self._tenant
        )
