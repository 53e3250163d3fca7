"""Settings of a connection -> an authenticated session, with its limits."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from ssl import create_default_context
from threading import Lock, Semaphore
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

from .authentication import authentication, check_authentication, secrets_of
from .endpoint import segment
from .errors import ClosedError, SettingsError
from .quotes import Quotes
from .refusals import Rule
from .regions import Service, address_of
from .settings import PREFIX, Settings
from .wire import open_wire

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class System(Service):
    """One of the systems, as integration.yml describes it.

    base: path below the address, by {api_version} and {tenant}; required: settings without which
    nothing can be sent; auth: the kinds it accepts; in_flight: requests at a time by default;
    test: the action, and its arguments, that reads something harmless; refusals: what its refusals
    mean, the first that matches; iam: the service that gives tokens for it.
    """

    base: str = ""
    tenant_base: str = ""
    auth: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    in_flight: int = 1
    test: Mapping[str, Any] | None = None
    refusals: tuple[Rule, ...] = ()
    iam: Service | None = None


class Connection:
    """An authenticated session to one system, for one run.

    name: as in the settings; a 401 closes it, a 403 closes an action at a target.
    """

    def __init__(self, name: str, settings: Settings, system: System) -> None:
        own = settings.connections[name]
        _check(name, own, system, settings.source)
        self.name = name
        self.system = system
        self.api_version: str | None = own.get("api_version")
        self.tenant: str | None = own.get("tenant")
        self.defaults: Mapping[str, str] = own.get("defaults", {})
        self.limits: Mapping[str, Any] = own.get("limits", {})
        self.in_flight: int = self.limits.get("in_flight", system.in_flight)
        url = own.get("url") or address_of(system, own["region"], settings.sdk)
        base = system.tenant_base if self.tenant else system.base
        tenant = segment("tenant", self.tenant) if self.tenant else None
        path = base.format(api_version=self.api_version, tenant=tenant)
        self.warnings = tuple(_warnings(name, url, own))
        self._closed: dict[object, str] = {}
        self._accepted = False
        self._first = Lock()
        address = url.rstrip("/") + path
        self.wire = open_wire(own, address, authentication(own["auth"]), Quotes(), self.in_flight)
        self.wire.quotes.mask(*secrets_of(own["auth"], self.wire.session.proxies.values()))
        self._places = Semaphore(self.in_flight)
        self._pace = _Pace(self.limits.get("per_second"))

    @contextmanager
    def turn(self, *keys: object) -> Iterator[None]:
        """Wait for a place among the requests in flight; raises ClosedError when closed.

        Until the system accepts the credentials, one request goes alone: a few wrong ones at a
        time would lock a key. keys: what else may have been closed, such as an action at a target.
        """
        with self._places, ExitStack() as alone:
            if not self._accepted:
                alone.enter_context(self._first)
            if self._accepted:
                alone.close()
            for key in (None, *keys):
                if key in self._closed:
                    raise ClosedError(self._closed[key])
            self._pace.wait()
            yield

    def accept(self) -> None:
        """Let requests go side by side from now on: the credentials are accepted."""
        self._accepted = True

    def close(self, reason: str, key: object = None) -> None:
        """Send nothing more on this connection, or for this key on it, in this run."""
        self._closed.setdefault(key, reason)
        self.wire.closed |= key is None

    def hang_up(self) -> None:
        """End what is in flight, whatever it waits for, and let go of the sockets."""
        self.close("the run was ended")
        self.wire.hang_up()


class _Pace:
    """At most so many starts a second, evenly spaced."""

    def __init__(self, per_second: float | None) -> None:
        self._pause = 1 / per_second if per_second else 0.0
        self._next = 0.0
        self._lock = Lock()

    def wait(self) -> None:
        if not self._pause:
            return
        with self._lock:
            start = max(monotonic(), self._next)
            self._next = start + self._pause
        sleep(max(0.0, start - monotonic()))


def _check(name: str, own: Mapping[str, Any], system: System, source: str) -> None:
    """Refuse settings with which nothing could be sent, naming where each is set."""

    def missing(key: str, what: str) -> SettingsError:
        variable = f"{PREFIX}{name}_{key.removeprefix('auth.')}".upper().replace("-", "_")
        hint = f"connections.{name}.{key} in {source}"
        if key == "auth":
            hint += f" ({own['no_auth']})" if "no_auth" in own else ""
        else:
            hint += f", or {variable} in the environment"
        return SettingsError(f"connection {name}: {what} is missing; set {hint}")

    for key in system.required:
        choices = key.split("|")
        if not any(choice in own for choice in choices):
            raise missing(choices[0], " or ".join(choices))
    check_authentication(name, own["auth"], system.title, system.auth, missing)
    _check_files(name, own)
    if own.get("tenant") and own.get("api_version") != "1.3":
        raise SettingsError(f"connection {name}: tenant needs api_version 1.3")


def _check_files(name: str, own: Mapping[str, Any]) -> None:
    """Refuse certificates that cannot be read, before a handshake fails because of them."""
    context = create_default_context()
    for key, load in (
        ("ca_bundle", context.load_verify_locations),
        ("client_certificate", context.load_cert_chain),
    ):
        try:
            if key in own:
                load(Path(own[key]))
        except OSError as error:  # of ssl too
            why = error.strerror or type(error).__name__
            raise SettingsError(
                f"connection {name}: {key}: cannot read certificates from {own[key]!r}: {why}"
            ) from error


def _warnings(name: str, url: str, own: Mapping[str, Any]) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        yield f"connection {name}: {url} is not encrypted: credentials can be read on the way"
    if parts.scheme == "https" and own.get("verify") is False:
        yield f"connection {name}: the server's certificate is not verified (verify: false)"
