"""Which version of its API a server speaks, when the settings do not say it."""

from threading import Lock

from .endpoint import Endpoint, segment
from .errors import ApiError, ResponseError, TransportError
from .system import System
from .version_cache import VersionCache
from .wire import Wire

NOT_FOUND = 404
UNTOLD = "the version of the REST API could not be found out"


class Version:
    """The version of the API of one server, which is a part of its address.

    wire: to the server, its address without a version; tenant: as set, if any; api_version: as
    set, else None; cache: of what was found before. Source of 404 for a version that it does not
    speak: https://support.kaspersky.com/CyberTrace/4.4/en-US/198539.htm
    """

    def __init__(
        self,
        system: System,
        wire: Wire,
        tenant: str | None,
        api_version: str | None,
        cache: VersionCache,
    ) -> None:
        self._wire, self._server, self._cache = wire, wire.address, cache
        self._place = (wire.address, tenant)
        self._base = system.tenant_base if tenant else system.base
        self._tenant = segment("tenant", tenant) if tenant else None
        self._versions = system.tenant_versions if tenant else system.versions
        self._test = Endpoint("GET", system.version_test, {"Accept": "application/json"})
        self._lock = Lock()
        self._known = api_version or (self._versions[0] if len(self._versions) == 1 else None)
        self._may_change = not self.settled
        if self.settled:
            self._go_to(self._known)

    @property
    def settled(self) -> bool:
        """Whether the server need not be asked."""
        return self._known is not None or not self._versions

    def known(self) -> str | None:
        """Return the version; raises what asking the server for it raises.

        What the version is asked for was not sent: a TransportError says so, with no attempts.
        """
        if not self.settled:
            with self._lock:
                if self._known is None:
                    self._known = self._kept() or self._asked()
        return self._known

    def forget(self) -> None:
        """Let the next run ask the server: what was found before may be out of date."""
        if self._may_change:
            self._cache.drop(*self._place)

    def _kept(self) -> str | None:
        """Return the version that was found by a run before."""
        version = self._cache.find(*self._place)
        if version not in self._versions:
            return None
        self._go_to(version)
        return version

    def _asked(self) -> str:
        """Return the newest version that the server speaks."""
        for version in self._versions:
            self._go_to(version)
            try:
                answer = self._test.send(self._wire)
                if not isinstance(answer.body, list | dict):
                    raise answer.undocumented("no list of suppliers")
            except ApiError as error:
                if error.status == NOT_FOUND and version != self._versions[-1]:
                    continue
                error.unclear = False
                raise
            except (ResponseError, TransportError) as error:
                hint = "; check url, or set api_version" if isinstance(error, ResponseError) else ""
                told = f"{UNTOLD}: {error}{hint}"
                raise TransportError(told, sent=False, attempts=0) from error
            else:
                self._cache.keep(*self._place, version)
                return version
        raise AssertionError

    def _go_to(self, version: str | None) -> None:
        self._wire.address = self._server + self._base.format(
            api_version=version, tenant=self._tenant
        )
